//! What docs/people.md says that people see at ssh and sudo: it is held for real, on a terminal, word for word. The same
//! is drawn for docs/pictures.md; `OTPAIR_DRAW=1 cargo test -p otpair-tests --test people` renews the pictures.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL};
use otpair_tests::door::start_sshd;
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::page::Page;
use otpair_tests::picture;
use otpair_tests::scenario::{alice, machine_with_stock, paired};
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The locked person's time, in the picture and on the page.
const UNTIL: &str = "2026-11-23 14:05:30";

fn ssh(machine: &Machine) -> Command {
    let hosts = String::from_utf8(machine.read("/etc/hosts")).unwrap();
    machine.write("/etc/hosts", hosts + "127.0.0.1 server\n");
    start_sshd(machine, "keyboard-interactive");
    let options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "NumberOfPasswordPrompts=1",
        "PreferredAuthentications=keyboard-interactive",
    ];
    let mut command = machine.command("setsid");
    command.args(["-c", "ssh", "-F", "none"]);
    command.args(options.iter().flat_map(|option| ["-o", option]));
    command.args(["alice@server", "id", "-un"]);
    command
}

fn sudo(machine: &Machine) -> Command {
    let mut command = machine.command("setsid");
    let alice = ["setpriv", "--reuid", "alice", "--regid", "alice"];
    command.arg("-c").args(alice);
    command.args(["--init-groups", "sudo", "id", "-un"]);
    command
}

/// A text console of a machine that is called "server".
fn console(machine: &Machine) -> Command {
    machine.write("/home/alice/.profile", "PS1='alice@server:~$ '\n");
    let mut command = machine.command("setsid");
    let named = ["unshare", "--uts", "sh", "-c"];
    command.arg("-c").args(named);
    command.arg("hostname server && exec login");
    command
}

/// Types the answers at the prompts, and gives what was on the screen in the end: behind a command that was typed to a
/// shell, if it was.
fn held(command: Command, typed: &str, script: &[(&str, &str)]) -> String {
    let mut terminal = Terminal::start(command);
    for (prompt, answer) in script {
        terminal.expect(prompt);
        terminal.send_line(answer);
    }
    let (_, shown) = terminal.finish();
    let shown = shown.replace('\r', "");
    let lines = shown.lines().map(str::trim_end);
    let lines: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(at_the_pages_time)
        .collect();
    let first = if typed.is_empty() {
        String::new()
    } else {
        format!("$ {typed}\n")
    };
    format!("{first}{}\n", lines.join("\n"))
}

/// A line with the page's time in the place of the real one.
fn at_the_pages_time(line: &str) -> String {
    match (line.split_once(" until "), line.split_once(" UTC.")) {
        (Some((before, _)), Some((_, after))) => format!("{before} until {UNTIL} UTC.{after}"),
        _ => line.to_owned(),
    }
}

/// The page has this, word for word, and so has the picture.
#[track_caller]
fn assert_told(block: &str, seen: &str) {
    assert_eq!(
        Page::read("people.md").block(&format!("text {block}")),
        seen
    );
    let name = block.replace(' ', "-");
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/pictures/terminal/{name}.svg"));
    let svg = picture::terminal(block, seen);
    if std::env::var_os("OTPAIR_DRAW").is_some() {
        fs::write(&file, &svg).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == svg,
        "{} is out of date: OTPAIR_DRAW=1 cargo test -p otpair-tests --test people",
        file.display()
    );
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures.md"));
    assert!(
        page.unwrap()
            .contains(&format!("(pictures/terminal/{name}.svg)"))
    );
}

#[track_caller]
fn ssh_is_as_told(block: &str, machine: &Machine, script: &[(&str, &str)]) {
    let script = [&[("Password: ", ALICE.password)], script].concat();
    let seen = held(ssh(machine), "ssh alice@server id -un", &script);
    assert_told(block, &seen);
}

#[track_caller]
fn sudo_is_as_told(block: &str, machine: &Machine, script: &[(&str, &str)]) {
    let script = [&[("for alice: ", ALICE.password)], script].concat();
    let seen = held(sudo(machine), "sudo id -un", &script);
    assert_told(block, &seen);
}

#[test]
fn the_first_time_at_ssh_is_as_people_are_told() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let script = [(SERIAL, "12345678"), (PASSCODE, &*token.press(0))];
    ssh_is_as_told("ssh first", &machine, &script);
}

#[test]
fn ever_after_at_ssh_is_as_people_are_told() {
    let (machine, token) = paired();
    ssh_is_as_told("ssh later", &machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_wrong_passcode_at_ssh_is_as_people_are_told() {
    let (machine, token) = paired();
    let script = [(PASSCODE, &*token.wrong()), (PASSCODE, &token.press(0))];
    ssh_is_as_told("ssh wrong", &machine, &script);
}

#[test]
fn a_used_passcode_at_ssh_is_as_people_are_told() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let script = [(PASSCODE, &*token.press(0)), (PASSCODE, &token.press(1))];
    ssh_is_as_told("ssh used", &machine, &script);
}

#[test]
fn a_token_out_of_step_at_ssh_is_as_people_are_told() {
    let (machine, token) = paired();
    let script = [(PASSCODE, &*token.press(50)), (NEXT, &token.press(51))];
    ssh_is_as_told("ssh step", &machine, &script);
}

#[test]
fn a_text_console_is_as_people_are_told() {
    let (machine, token) = paired();
    let script = [
        ("server login: ", ALICE.name),
        ("Password: ", ALICE.password),
        (PASSCODE, &token.press(0)),
        ("alice@server:~$ ", "exit"),
    ];
    assert_told("login", &held(console(&machine), "", &script));
}

#[test]
fn sudo_is_as_people_are_told() {
    let (machine, token) = paired();
    sudo_is_as_told("sudo later", &machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_wrong_passcode_at_sudo_is_as_people_are_told() {
    let (machine, token) = paired();
    let script = [(PASSCODE, &*token.wrong()), (PASSCODE, &token.press(0))];
    sudo_is_as_told("sudo wrong", &machine, &script);
}

#[test]
fn a_lock_at_sudo_is_as_people_are_told() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let script = [(PASSCODE, &*token.wrong())];
    alice().hold(&machine, &script, "PAM_MAXTRIES");
    sudo_is_as_told("sudo locked", &machine, &[("Press Enter. ", "")]);
}
