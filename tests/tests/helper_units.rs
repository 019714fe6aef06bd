//! The helper's systemd units, in a machine booted by systemd: what they take away keeps nobody from signing on, and a
//! flood of connections does not close the socket.

use otpair_tests::artefacts::Artefacts;
use otpair_tests::container::Container;
use otpair_tests::machine::told;
use otpair_tests::token::Token;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const AS_ALICE: [&str; 6] = [
    "--reuid",
    "alice",
    "--regid",
    "alice",
    "--init-groups",
    "pamtester",
];

/// A container with the socket enabled as the manual says, on which Alice has a HOTP token.
fn booted(token: &Token) -> Container {
    let container = Container::boot();
    container.done("systemctl", &["enable", "--now", "otpair-helper.socket"]);
    container.write(
        "/etc/pam.d/otptest",
        "auth required pam_otpair.so\nauth required pam_permit.so\n",
    );
    container.write("/root/tokens.txt", token.uri());
    container.done("chmod", &["0600", "/root/tokens.txt"]);
    container.done("otpair", &["import", "/root/tokens.txt"]);
    container.done("otpair", &["user", "pair", "alice", &token.serial]);
    container
}

/// A sign-on in a program of Alice's; what she saw, and whether she was let in.
fn sign_on(container: &Container, answers: &[&str]) -> (bool, String) {
    let words = [&AS_ALICE[..], &["otptest", "alice", "authenticate"]].concat();
    let output = container.run_with("setpriv", &words, &(answers.join("\n") + "\n"));
    (output.status.success(), told(&output))
}

#[test]
fn what_the_units_take_away_keeps_nobody_from_signing_on() {
    let token = Token::hotp("12345678");
    let container = booted(&token);
    let (granted, said) = sign_on(&container, &[&token.press(0)]);
    assert!(granted, "{said}\n{}", journal(&container));
    let (granted, said) = sign_on(
        &container,
        &[&token.press(0), &token.wrong(), &token.press(1)],
    );
    assert!(granted && said.contains("already used"), "{said}");
    let audit = String::from_utf8(container.read("/var/log/otpair.jsonl")).unwrap();
    assert_eq!(audit.matches("\"granted\"").count(), 2, "{audit}");
    let journal = journal(&container);
    assert!(journal.contains("event=granted user=alice"), "{journal}");
}

fn journal(container: &Container) -> String {
    container.done("journalctl", &["--no-pager", "-o", "cat", "--sync"]);
    container.done("journalctl", &["--no-pager", "-o", "cat"])
}

#[test]
fn the_helper_has_no_capability_no_network_and_no_way_to_gain_any() {
    let token = Token::hotp("12345678");
    let container = booted(&token);
    let mut program = container.command("setpriv");
    program
        .args(AS_ALICE)
        .args(["otptest", "alice", "authenticate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let pid = helper_of(&container);
    let status = String::from_utf8(container.read(&format!("/proc/{pid}/status"))).unwrap();
    let has = |line: &str| {
        assert!(
            status.lines().any(|l| l == line),
            "{line} is missing:\n{status}"
        );
    };
    has("CapBnd:\t0000000000000000");
    has("CapEff:\t0000000000000000");
    has("NoNewPrivs:\t1");
    has("Seccomp:\t2");
    let network = container.done("nsenter", &["-t", &pid, "-n", "ip", "-brief", "link"]);
    assert_eq!(
        network.lines().count(),
        1,
        "more than a loopback: {network}"
    );
    let environment = container.read(&format!("/proc/{pid}/environ"));
    assert!(
        environment.is_empty(),
        "{}",
        String::from_utf8_lossy(&environment)
    );
    writeln!(child.stdin.take().unwrap(), "{}", token.press(0)).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

/// The process id of the one helper that is serving somebody.
fn helper_of(container: &Container) -> String {
    let serves = "pgrep -x otpair-helper";
    container.wait_until("a helper serves", |c| {
        c.run("sh", &["-c", serves]).status.success()
    });
    container.done("sh", &["-c", serves]).trim().to_owned()
}

#[test]
fn a_flood_of_connections_does_not_close_the_socket() {
    let token = Token::hotp("12345678");
    let container = booted(&token);
    container.write("/run/hostile", fs::read(Artefacts::find().hostile).unwrap());
    container.done("chmod", &["0755", "/run/hostile"]);
    let hostile = |words: &[&str]| -> Command {
        let mut command = container.command("setpriv");
        command.args([
            "--reuid",
            "games",
            "--regid",
            "games",
            "--clear-groups",
            "/run/hostile",
        ]);
        command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    };
    let mut holder = hostile(&["hold", "250", "0"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let flooded = hostile(&["frames", "20"]).output().unwrap();
    let told_it = String::from_utf8_lossy(&flooded.stdout).into_owned();
    assert!(
        flooded.status.success() && told_it.contains("\"granted\": 0"),
        "{told_it}"
    );
    let (granted, said) = sign_on(&container, &[&token.press(0)]);
    assert!(granted, "{said}\n{}", journal(&container));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let state = container.done("systemctl", &["is-active", "otpair-helper.socket"]);
    assert_eq!(state, "active\n");
}
