//! Short runs of the faults' harness: every system call of each sign-on, with one kind of fault each. `./faults` has them
//! all.

use otpair_tests::artefacts::Artefacts;
use std::path::Path;
use std::process::Command;

/// Tries a scenario; fails if something happened that must never happen, with the line that has it again.
fn faults(scenario: &str) {
    let artefacts = Artefacts::find();
    let private = Path::new(env!("CARGO_MANIFEST_DIR")).join("private-dev");
    let output = Command::new(private)
        .arg(env!("CARGO_BIN_EXE_faults"))
        .args(["--quick", scenario])
        .env("OTPAIR_SO", &artefacts.module)
        .env("OTPAIR_BIN", &artefacts.otpair)
        .env("OTPAIR_HELPER", &artefacts.helper)
        .output()
        .expect("the harness can't be started");
    let figures = String::from_utf8_lossy(&output.stdout);
    println!("{figures}");
    assert!(
        output.status.success(),
        "{figures}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let sum = figures.lines().last().unwrap_or_default();
    let points: usize = sum
        .strip_prefix("faults: ")
        .and_then(|sum| sum.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("the harness says no sum: {sum}"));
    assert!(points > 40, "so few calls are no sign-on: {sum}");
    assert!(sum.contains(" 0 violations"), "{sum}");
}

#[test]
fn no_fault_at_any_call_of_a_hotp_sign_on_breaks_a_promise() {
    faults("hotp");
}

#[test]
fn no_fault_at_any_call_of_a_totp_sign_on_breaks_a_promise() {
    faults("totp");
}

#[test]
fn no_fault_at_any_call_of_a_wrong_guess_leaves_it_uncounted_and_told() {
    faults("wrong");
}

#[test]
fn no_fault_at_any_call_of_a_resynchronization_breaks_a_promise() {
    faults("resync");
}

#[test]
fn no_fault_at_any_call_of_a_first_sign_on_gives_a_token_to_two_people() {
    faults("pairing");
}

#[test]
fn no_fault_at_any_call_lets_a_bypass_code_count_twice() {
    faults("bypass");
}

#[test]
fn no_fault_at_any_call_lets_in_a_user_whom_the_system_does_not_know() {
    faults("unknown");
}

#[test]
fn no_fault_at_any_call_takes_a_user_out_of_a_group_that_has_to_sign_on() {
    faults("group");
}

#[test]
fn no_fault_at_any_call_lets_a_passcode_of_a_one_field_door_count_twice() {
    faults("one-field");
}

#[test]
fn no_fault_at_any_call_of_the_helper_lets_in_who_is_not_root_twice() {
    faults("helper");
}

#[test]
fn no_fault_at_any_call_of_loading_the_module_lets_anybody_in() {
    faults("loading");
}
