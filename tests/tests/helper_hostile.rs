//! A user's own hostile programs against the helper: nobody else's sign-on suffers, and they learn and get nothing.

use otpair_tests::artefacts::Artefacts;
use otpair_tests::dialog::{PASSCODE, SignOn};
use otpair_tests::machine::{ALICE, BOB, Machine, User};
use otpair_tests::token::Token;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const HOSTILE: &str = "/run/machine/hostile";

/// The hostile program, run by a user of the machine.
fn hostile(machine: &Machine, user: &str, words: &[&str]) -> Command {
    let mut command = machine.command("setpriv");
    command.args(["--reuid", user, "--regid", user, "--init-groups", HOSTILE]);
    command
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

fn machine_with(token: &Token) -> Machine {
    let machine = Machine::new();
    machine.pair(BOB, token);
    let others = Token::hotp("33333333");
    machine.pair(ALICE, &others);
    machine.serve_helper();
    machine.write(HOSTILE, fs::read(Artefacts::find().hostile).unwrap());
    machine.chmod(HOSTILE, 0o755);
    machine
}

fn by_bob() -> SignOn {
    let who = [
        "setpriv",
        "--reuid",
        "bob",
        "--regid",
        "bob",
        "--init-groups",
    ];
    SignOn::of(BOB).under(&who)
}

#[test]
fn ten_thousand_hostile_frames_and_held_connections_do_no_harm_to_sign_ons_beside_them() {
    let token = Token::hotp("12345678");
    let machine = machine_with(&token);
    let record = |user: User| machine.read(&Machine::record(user));
    let (alice_before, bob_before) = (record(ALICE), record(BOB));
    let mut dialog = by_bob().begin(&machine);
    dialog.expect(PASSCODE);

    // Dave holds connections; carol sends nonsense, also for others.
    let mut holder = hostile(&machine, "dave", &["hold", "40", "2000"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "holding\n");
    let flood = hostile(&machine, "carol", &["frames", "10000"])
        .spawn()
        .unwrap();

    for number in 1..=5 {
        by_bob().granted(&machine, &[(PASSCODE, &token.press(number))]);
    }
    let flooded = flood.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&flooded.stdout);
    assert!(
        flooded.status.success() && told.contains("\"granted\": 0"),
        "{told}"
    );
    assert!(
        told.contains("refused"),
        "nothing of it reached the helper: {told}"
    );
    assert_eq!(record(ALICE), alice_before);
    assert_ne!(record(BOB), bob_before);
    assert_eq!(machine.user(BOB)["failures"], 0);

    dialog.answer(&token.press(6));
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
    by_bob().granted(&machine, &[(PASSCODE, &token.press(7))]);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(
        machine
            .events("granted")
            .iter()
            .all(|event| event["user"] == "bob"),
        "{:#?}",
        machine.events("granted")
    );
}

#[test]
fn a_user_has_four_dialogs_at_a_time_and_a_fifth_waits_until_one_ends() {
    let token = Token::hotp("12345678");
    let machine = machine_with(&token);
    let mut dialogs: Vec<_> = (0..4).map(|_| by_bob().begin(&machine)).collect();
    for dialog in &mut dialogs {
        dialog.expect(PASSCODE);
    }
    let refused = by_bob().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    assert!(refused.says("fault of this machine"));
    let mut fifth = by_bob().begin(&machine);
    let mut first = dialogs.remove(0);
    first.hang_up();
    assert_eq!(first.finish().code, "PAM_CONV_ERR");
    fifth.expect(PASSCODE);
    fifth.answer(&token.press(0));
    assert_eq!(fifth.finish().code, "PAM_SUCCESS");
    for mut dialog in dialogs {
        dialog.hang_up();
        assert_eq!(dialog.finish().code, "PAM_CONV_ERR");
    }
}
