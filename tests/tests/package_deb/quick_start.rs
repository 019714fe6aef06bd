//! docs/quick-start.md, followed to the letter.

use crate::server::{assert_signs_on, assert_socket_is_open, assert_unchanged, clean, pam_files};
use otpair_tests::cleanroot::typed;
use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, told};
use otpair_tests::page::{Page, Step};
use otpair_tests::scenario::pskc;
use otpair_tests::token::Token;
use serde_json::Value;

/// What the page has people type from the package on, until they have signed on at SSH too.
const MOST_COMMANDS: usize = 10;

#[test]
fn ten_commands_lead_from_the_package_to_sign_ons_with_a_token() {
    let mut server = clean();
    let token = Token::hotp("12345678");
    server.write("/root/tokens.pskc.xml", pskc(&token, ""));
    server.write(
        "/etc/ssh/ssh_config.d/test.conf",
        "StrictHostKeyChecking no\n",
    );
    let before = pam_files(&server);
    let packages_before = packages(&server);
    let page = Page::read("quick-start.md");
    let steps = page.steps();
    // A line that ends in a backslash or in && goes on in the next.
    let count = |commands: &str| {
        let whole = commands.replace("\\\n", "").replace("&&\n", "");
        whole.lines().count()
    };
    let commands: usize = steps.iter().map(|step| count(step.commands)).sum();
    assert!(commands <= MOST_COMMANDS, "{commands} commands");
    let mut presses = token.presses(10).into_iter();
    for (number, step) in steps.iter().enumerate() {
        match step.by {
            "" => root_types(&server, step),
            "alice" => alice_types(&server, step, &mut presses),
            other => panic!("the page has {other} type something"),
        }
        if number == 0 {
            assert_unchanged(&server, &before);
            assert_eq!(packages(&server) - packages_before, 1, "it needs others");
            assert_socket_is_open(&server);
            server.write("/root/time.toml", page.block("toml"));
            let config = ["--config", "/root/time.toml", "config", "check"];
            server.done("otpair", &config);
        }
        if step.commands.starts_with("otpair import") {
            assert_doctor_misses(&server, &["login", "sshd", "su", "sudo", "sudo-i"]);
        }
    }
    assert_doctor_misses(&server, &["login", "su"]);
    server.power_cycle();
    assert_socket_is_open(&server);
    assert!(!server.path("/root/tokens.pskc.xml").exists());
    let two: Vec<_> = presses.take(2).collect();
    assert_signs_on(&server, ALICE, &two);
}

/// How many packages there are.
fn packages(server: &Container) -> usize {
    server.done("dpkg-query", &["-W"]).lines().count()
}

fn root_types(server: &Container, step: &Step) {
    let output = server.run("sh", &["-euc", &format!("cd /root\n{}", step.commands)]);
    let said = told(&output);
    assert!(output.status.success(), "{}{said}", step.commands);
    step.assert_printed(&said);
    // A reload is over before sshd listens again, and a restart is not.
    if step.commands.contains("reload ssh") {
        server.done("systemctl", &["restart", "ssh"]);
    }
}

/// Types what each line of the page asks for, and must see every other one.
fn alice_types(server: &Container, step: &Step, presses: &mut impl Iterator<Item = String>) {
    let mut terminal = typed(server, ALICE, step.commands);
    for line in step.prints.lines() {
        let (prompt, shown) = line
            .split_once(':')
            .map_or((line, ""), |(a, b)| (a, b.trim()));
        terminal.expect(prompt);
        if prompt.to_lowercase().contains("password") {
            terminal.send_line(ALICE.password);
        } else if prompt.ends_with("Passcode") {
            terminal.send_line(&presses.next().unwrap());
        } else if !shown.is_empty() {
            terminal.send_line(shown);
        }
    }
    let (status, transcript) = terminal.finish();
    assert!(status.success(), "{transcript}");
}

/// `doctor` finds nothing that stops anybody, and no more than that these services ask for no passcode, that the clock of
/// the machine under the tests may not be synchronized, and that a key opens sshd.
fn assert_doctor_misses(server: &Container, services: &[&str]) {
    let output = server.run("otpair", &["doctor", "--json"]);
    assert!(output.status.success(), "{}", told(&output));
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let found = findings.iter().map(|found| {
        let field = |name: &str| found[name].as_str().unwrap().to_owned();
        (field("about"), field("what"))
    });
    let missed: Vec<_> = found
        .filter(|(about, what)| about != "clock" && !what.starts_with("a key alone"))
        .collect();
    let expected: Vec<_> = services
        .iter()
        .map(|service| {
            (
                format!("service {service}"),
                "asks for no passcode".to_owned(),
            )
        })
        .collect();
    assert_eq!(missed, expected);
}
