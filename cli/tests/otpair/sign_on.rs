use crate::scratch::Scratch;
use crate::tokens::{HOTP, TOTP, now};

fn imported() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv() + &HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch
}

#[test]
fn the_first_sign_on_pairs_and_the_second_asks_for_a_passcode() {
    let scratch = imported();
    let begun = now();
    let done = scratch.run_with(
        &["sign-on", "root"],
        &format!("token 12345678\n{}\n", TOTP.at(begun)),
    );
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(
        done.stdout,
        "Serial number: \nPasscode: \nToken 12345678 is now paired with your account.\nSigned on.\n"
    );
    let done = scratch.run_with(&["sign-on", "root"], &format!("{}\n", TOTP.at(begun + 30)));
    assert_eq!(
        (done.status, done.stdout.as_str()),
        (0, "Passcode: \nSigned on.\n")
    );
    let events: Vec<_> = scratch
        .events()
        .iter()
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events, ["imported", "paired", "granted", "granted"]);
}

#[test]
fn a_used_passcode_is_refused_with_its_own_words() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let passcode = format!("{}\n", HOTP.at(0));
    assert_eq!(scratch.run_with(&["sign-on", "root"], &passcode).status, 0);
    let done = scratch.run_with(&["sign-on", "root"], &passcode);
    assert_eq!(done.status, 1);
    assert!(done.stdout.contains("already used"), "{}", done.stdout);
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
}

#[test]
fn a_token_out_of_step_is_asked_for_the_next_passcode() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let done = scratch.run_with(
        &["sign-on", "root"],
        &format!("{}\n{}\n", HOTP.at(50), HOTP.at(51)),
    );
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("Next passcode: "), "{}", done.stdout);
}

#[test]
fn the_end_of_the_input_ends_the_sign_on() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let said = scratch.refused(&["sign-on", "root"]);
    assert!(said.contains("left before its end"), "{said}");
}

#[test]
fn the_rules_are_those_of_the_service_that_is_named() {
    let scratch = imported();
    scratch.config("[service.sshd]\nexempt = [\"root\"]\n");
    assert!(
        scratch
            .done(&["sign-on", "root", "--service", "sshd"])
            .contains("no passcode")
    );
    assert_eq!(scratch.run(&["sign-on", "root"]).status, 1);
}

#[test]
fn somebody_whom_the_system_does_not_know_is_asked_and_refused() {
    let scratch = imported();
    let done = scratch.run_with(&["sign-on", "no-such-user"], "123456\n234567\n345678\n");
    assert_eq!(done.status, 1);
    assert_eq!(
        done.stdout.matches("Passcode: ").count(),
        3,
        "{}",
        done.stdout
    );
    let log = std::fs::read_to_string(scratch.path("audit.jsonl")).unwrap();
    assert!(!log.contains("no-such-user"), "{log}");
}
