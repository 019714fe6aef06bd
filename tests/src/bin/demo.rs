//! `./demo`: a seed file, a first sign-on, a second, a replay, sudo; as the person and the admin see it, through a real
//! sshd and a real sudo in a private little machine.

use otpair_tests::door::start_sshd;
use otpair_tests::machine::{ALICE, Machine, told};
use otpair_tests::terminal::Terminal;
use otpair_tests::token::{Token, now};
use std::io::{Write, stdout};

const SERIAL: &str = "SIM-12345678";
const GIVES_UP: &str = "";

/// What a vendor sends with a box of tokens (RFC 6030), here with one token in it.
fn seed_file(token: &Token) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
  <KeyPackage>
    <DeviceInfo><Manufacturer>Simulated</Manufacturer><SerialNo>{SERIAL}</SerialNo></DeviceInfo>
    <Key Id="{SERIAL}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
      <AlgorithmParameters><Suite>HMAC-SHA1</Suite><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>{}</PlainValue></Secret>
        <TimeInterval><PlainValue>{}</PlainValue></TimeInterval>
      </Data>
    </Key>
  </KeyPackage>
</KeyContainer>
"#,
        token.base64(),
        token.seconds()
    )
}

fn headline(text: &str) {
    println!("\n\x1b[1m── {text}\x1b[0m");
}

/// Runs one of the admin's commands and shows it.
fn admin(machine: &Machine, words: &[&str]) {
    println!("# otpair {}", words.join(" "));
    let output = machine.otpair(words);
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(
        output.status.success(),
        "otpair {words:?}: {}",
        told(&output)
    );
}

/// The passcode that the token shows once it has changed from `last`.
fn next_passcode(token: &Token, last: &mut String) -> String {
    let mut waiting = false;
    while token.at(now()) == *last {
        if !waiting {
            println!("  (the token still shows {last}: waiting for its next passcode)");
            waiting = true;
        }
        // The token is a clock: that it has gone on can only be seen by looking.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    *last = token.at(now());
    last.clone()
}

/// Types the answers at a program's prompts and shows the screen, with what is typed unseen in brackets.
fn play(command: std::process::Command, shown: &str, answers: &[(&str, &str)]) -> String {
    println!("$ {shown}");
    let mut terminal = Terminal::start(command);
    let mut printed = 0;
    for (prompt, answer) in answers {
        terminal.expect(prompt);
        print(&terminal.transcript(), &mut printed);
        match *answer {
            GIVES_UP => {
                println!("\x1b[2m[gives up]\x1b[0m");
                // Closing the terminal ends the program.
                return terminal.transcript();
            }
            // Shown as it is typed.
            SERIAL => {}
            unseen => print!("\x1b[2m[types {unseen}]\x1b[0m"),
        }
        terminal.send_line(answer);
    }
    let (_, transcript) = terminal.finish();
    print(&transcript, &mut printed);
    println!();
    transcript
}

fn print(transcript: &str, printed: &mut usize) {
    print!(
        "{}",
        transcript[*printed..]
            .replace('\r', "")
            .trim_end_matches('\n')
    );
    *printed = transcript.len();
    let _ = stdout().flush();
}

/// Alice's `ssh` to the machine.
fn ssh(machine: &Machine) -> std::process::Command {
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
    command.args(["alice@127.0.0.1", HELLO]);
    command
}

/// Alice's `sudo` on the machine.
fn sudo(machine: &Machine) -> std::process::Command {
    let mut command = machine.command("setsid");
    command.args([
        "-c",
        "setpriv",
        "--reuid",
        "alice",
        "--regid",
        "alice",
        "--init-groups",
    ]);
    command.args(["sudo", "id", "-un"]);
    command
}

const HELLO: &str = "echo Hello from $(id -un) on this machine.";

fn main() {
    let token = Token::totp(SERIAL).interval(10);
    let machine = Machine::new();
    start_sshd(&machine, "keyboard-interactive");
    let command = "ssh alice@127.0.0.1";
    let password = ("assword: ", ALICE.password);
    let greeting = "Hello from alice";
    let mut shown = String::new();

    headline("A private little machine with otpair behind the password, for sshd and sudo");
    println!("auth requisite pam_unix.so\nauth required  pam_otpair.so");

    headline("The admin imports the vendor's seed file");
    machine.write("/root/tokens.pskc.xml", seed_file(&token));
    admin(&machine, &["import", "/root/tokens.pskc.xml"]);

    headline(
        "Alice signs on for the first time: the number on her token's back, and what it shows",
    );
    let passcode = next_passcode(&token, &mut shown);
    let answers = [
        password,
        ("Serial number: ", SERIAL),
        ("Passcode: ", &passcode),
    ];
    let said = play(ssh(&machine), command, &answers);
    assert!(said.contains(greeting), "the first sign-on failed");

    headline("Ever after: a passcode");
    let passcode = next_passcode(&token, &mut shown);
    let said = play(
        ssh(&machine),
        command,
        &[password, ("Passcode: ", &passcode)],
    );
    assert!(said.contains(greeting), "the second sign-on failed");

    headline("Somebody who looked over her shoulder tries the same passcode");
    let answers = [
        password,
        ("Passcode: ", &passcode),
        ("Passcode: ", GIVES_UP),
    ];
    let said = play(ssh(&machine), command, &answers);
    assert!(!said.contains(greeting), "a passcode was accepted twice");

    headline("sudo asks for a passcode too");
    let passcode = next_passcode(&token, &mut shown);
    let answers = [("assword for ", ALICE.password), ("Passcode: ", &passcode)];
    let said = play(sudo(&machine), "sudo id -un", &answers);
    assert!(said.ends_with("root\r\n"), "sudo failed");

    headline("What the admin sees");
    admin(&machine, &["user", "list"]);
    admin(&machine, &["log"]);
    println!("\nThat was all real but for the token. Nothing of it is left.");
}
