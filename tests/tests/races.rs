//! Short runs of the stress programs; CONTRIBUTING.md has the long ones.

use otpair_tests::artefacts::Artefacts;
use std::process::Command;

/// Runs one and shows its figures; fails if something happened that must never happen.
fn races(what: &str, rounds: u32) {
    let artefacts = Artefacts::find();
    let output = Command::new(env!("CARGO_BIN_EXE_races"))
        .args([what, &rounds.to_string()])
        .env("OTPAIR_SO", &artefacts.module)
        .env("OTPAIR_BIN", &artefacts.otpair)
        .output()
        .expect("races can't be started");
    let figures = String::from_utf8_lossy(&output.stdout);
    println!("{figures}");
    assert!(
        output.status.success(),
        "{figures}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(figures.contains(&format!("{what}: {rounds} tried, 0 violations")));
}

#[test]
fn the_same_passcode_in_two_sessions_at_once_counts_once() {
    races("same-passcode", 300);
}

#[test]
fn two_users_at_once_do_not_lose_each_others_sign_ons() {
    races("two-users", 200);
}

#[test]
fn a_kill_at_any_moment_stops_no_later_sign_on_and_lets_no_passcode_count_twice() {
    races("kills", 60);
}

#[test]
fn parallel_guesses_do_not_pass_the_throttle() {
    races("guesses", 20);
}
