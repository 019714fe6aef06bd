//! Screen lockers, as docs/doors/lockers.md sets them up, run by an ordinary user: otpair is reached through the helper.

use otpair_tests::desktop::locker::{Kind, Locker};
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::page::Page;
use otpair_tests::token::Token;
use serde_json::Value;

/// One passcode a sign-on, so that every locker asks as often.
const ONE_ATTEMPT: &str = "[sign_on]\nattempts = 1\n";

/// A machine that was set up by the page, with a helper, and a HOTP token that is Alice's.
fn set_up() -> (Machine, Token) {
    let (machine, token) = without_helper();
    machine.serve_helper();
    (machine, token)
}

fn without_helper() -> (Machine, Token) {
    let machine = Machine::new();
    Page::read("doors/lockers.md").follow(&machine);
    assert_eq!(
        machine.systemctl(),
        ["enable --now otpair-helper.socket"],
        "the page asks for more than the test does"
    );
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    (machine, token)
}

/// What was decided at a service, in order.
fn decided(machine: &Machine, service: &str) -> Vec<String> {
    let events = machine.audit().into_iter();
    events
        .filter(|event| event["service"] == service)
        .filter_map(|event| event["event"].as_str().map(str::to_owned))
        .collect()
}

fn the_right_passcode_unlocks(kind: Kind) {
    let (machine, token) = set_up();
    let locker = Locker::lock(kind, &machine, ALICE);
    locker.answer(ALICE.password, &token.press(0));
    locker.unlocked();
    assert_eq!(decided(&machine, kind.service()), ["granted"]);
}

fn a_wrong_passcode_leaves_the_screen_locked(kind: Kind) {
    let (machine, token) = set_up();
    machine.config(ONE_ATTEMPT);
    let mut locker = Locker::lock(kind, &machine, ALICE);
    locker.answer(ALICE.password, &token.wrong());
    locker.refused();
    locker.answer(ALICE.password, &token.press(0));
    locker.unlocked();
    assert_eq!(decided(&machine, kind.service()), ["denied", "granted"]);
}

fn a_spent_passcode_is_refused_at_the_next_lock(kind: Kind) {
    let (machine, token) = set_up();
    machine.config(ONE_ATTEMPT);
    let locker = Locker::lock(kind, &machine, ALICE);
    locker.answer(ALICE.password, &token.press(0));
    let mut locker = Locker::lock_again(kind, ALICE, locker.unlocked());
    locker.answer(ALICE.password, &token.press(0));
    locker.refused();
    locker.answer(ALICE.password, &token.press(1));
    locker.unlocked();
    assert_eq!(
        decided(&machine, kind.service()),
        ["granted", "denied", "granted"]
    );
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

fn a_locked_user_waits_until_an_admin_unlocks(kind: Kind) {
    let (machine, token) = set_up();
    machine.config(&format!(
        "{ONE_ATTEMPT}[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n"
    ));
    let mut locker = Locker::lock(kind, &machine, ALICE);
    for _ in 0..2 {
        locker.answer(ALICE.password, &token.wrong());
        locker.refused();
    }
    locker.answer_password(ALICE.password, &token.press(0));
    locker.refused();
    assert_ne!(machine.user(ALICE)["locked_until"], Value::Null);
    machine.admin(&["user", "unlock", "alice"]);
    locker.answer(ALICE.password, &token.press(0));
    locker.unlocked();
    assert_eq!(machine.events("locked").len(), 1);
    assert_eq!(machine.events("granted").len(), 1);
}

fn a_wrong_password_never_reaches_otpair(kind: Kind) {
    let (machine, token) = set_up();
    let mut locker = Locker::lock(kind, &machine, ALICE);
    locker.answer_password_to_the_end("wrong", &token.press(0));
    locker.refused();
    assert_eq!(decided(&machine, kind.service()).len(), 0);
    locker.answer(ALICE.password, &token.press(0));
    locker.unlocked();
    assert_eq!(decided(&machine, kind.service()), ["granted"]);
}

fn without_the_helper_the_screen_stays_locked_and_syslog_says_why(kind: Kind) {
    let (machine, token) = without_helper();
    let mut locker = Locker::lock(kind, &machine, ALICE);
    locker.answer_password_to_the_end(ALICE.password, &token.press(0));
    locker.refused();
    assert_eq!(machine.events("granted").len(), 0);
    machine.serve_helper();
    locker.answer(ALICE.password, &token.press(0));
    locker.unlocked();
    let log = machine.syslog().join("\n");
    assert!(log.contains("otpair-helper.socket"), "{log}");
}

fn somebody_without_a_token_stays_outside_and_pairs_nothing(kind: Kind) {
    let (machine, _) = set_up();
    machine.admin(&["user", "unpair", "alice"]);
    let other = Token::hotp("87654321");
    machine.import(&[&other]);
    let mut locker = Locker::lock(kind, &machine, ALICE);
    locker.answer_password_to_the_end(
        ALICE.password,
        &format!("token 87654321 {}", other.press(0)),
    );
    locker.refused();
    let decided = decided(&machine, kind.service());
    assert!(!decided.is_empty() && decided.iter().all(|event| event == "denied"));
    assert!(machine.serials(ALICE).is_empty());
    machine.admin(&["user", "pair", "alice", "87654321"]);
    locker.answer(ALICE.password, &other.press(0));
    locker.unlocked();
}

fn a_bypass_code_unlocks(kind: Kind) {
    let (machine, _) = set_up();
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let locker = Locker::lock(kind, &machine, ALICE);
    locker.answer(ALICE.password, issued["code"].as_str().unwrap());
    locker.unlocked();
    assert_eq!(machine.events("bypass_used").len(), 1);
}

macro_rules! at_both {
    ($($scenario:ident)*) => {
        mod i3lock {
            $(#[test] fn $scenario() { super::$scenario(super::Kind::I3lock); })*
        }
        mod xsecurelock {
            $(#[test] fn $scenario() { super::$scenario(super::Kind::Xsecurelock); })*
        }
    };
}

at_both! {
    the_right_passcode_unlocks
    a_wrong_passcode_leaves_the_screen_locked
    a_spent_passcode_is_refused_at_the_next_lock
    a_locked_user_waits_until_an_admin_unlocks
    a_wrong_password_never_reaches_otpair
    without_the_helper_the_screen_stays_locked_and_syslog_says_why
    somebody_without_a_token_stays_outside_and_pairs_nothing
    a_bypass_code_unlocks
}

#[test]
fn xsecurelock_asks_again_after_a_wrong_passcode() {
    let (machine, token) = set_up();
    let locker = Locker::lock(Kind::Xsecurelock, &machine, ALICE);
    locker.answer(ALICE.password, &token.wrong());
    locker.type_line(&token.press(0));
    locker.unlocked();
    assert_eq!(decided(&machine, "xsecurelock"), ["denied", "granted"]);
}

#[test]
fn i3lock_with_the_lines_of_login_can_never_be_opened() {
    let (machine, token) = set_up();
    machine.config(ONE_ATTEMPT);
    machine.write("/etc/pam.d/i3lock", "auth include login\n");
    let mut locker = Locker::lock(Kind::I3lock, &machine, ALICE);
    locker.type_line(ALICE.password);
    locker.refused();
    locker.answer(ALICE.password, &token.press(0));
    locker.refused();
    assert_eq!(machine.events("granted").len(), 0);
}

#[test]
fn taken_out_as_the_page_says_the_password_alone_unlocks() {
    let (machine, _) = set_up();
    machine.write("/etc/pam.d/login", "@include common-auth\n");
    machine.done(
        "sh",
        &["-eu", "-c", Page::read("doors/lockers.md").block("sh undo")],
    );
    let locker = Locker::lock(Kind::I3lock, &machine, ALICE);
    locker.type_line(ALICE.password);
    locker.unlocked();
    assert_eq!(machine.events("granted").len(), 0);
}
