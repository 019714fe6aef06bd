//! LightDM's greeter, as docs/doors/greeter.md sets it up, from the name to a session of the user's.

use otpair_tests::desktop::greeter::{self, Greeter};
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::page::Page;
use otpair_tests::token::Token;

fn set_up() -> (Machine, Token) {
    let machine = Machine::new();
    greeter::install(&machine);
    Page::read("doors/greeter.md").follow(&machine);
    assert!(machine.systemctl().is_empty());
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    (machine, token)
}

fn set_up_paired() -> (Machine, Token) {
    let (machine, token) = set_up();
    machine.admin(&["user", "pair", "alice", &token.serial]);
    (machine, token)
}

#[test]
fn serial_number_and_passcode_pair_the_token_and_start_the_session() {
    let (machine, token) = set_up();
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.screen().keep("greeter/serial-number.png");
    greeter.answer("12345678", 1);
    greeter.screen().keep("greeter/passcode.png");
    greeter.answer(&token.press(0), 0);
    assert_eq!(greeter.signed_on(), "alice");
    assert_eq!(machine.serials(ALICE), ["12345678"]);
}

#[test]
fn a_passcode_starts_the_session() {
    let (machine, token) = set_up_paired();
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.answer(&token.press(0), 0);
    assert_eq!(greeter.signed_on(), "alice");
    assert_eq!(machine.events("granted")[0]["service"], "lightdm");
}

#[test]
fn a_wrong_passcode_is_refused_and_the_right_one_still_counts() {
    let (machine, token) = set_up_paired();
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.answer(&token.wrong(), 1);
    greeter.screen().keep("greeter/wrong-passcode.png");
    greeter.answer(&token.press(0), 0);
    assert_eq!(greeter.signed_on(), "alice");
    assert_eq!(machine.events("denied").len(), 1);
}

#[test]
fn a_spent_passcode_starts_no_second_session() {
    let (machine, token) = set_up_paired();
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.answer(&token.press(0), 0);
    assert_eq!(greeter.signed_on(), "alice");
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.answer(&token.press(0), 1);
    greeter.screen().keep("greeter/already-used.png");
    assert_eq!(machine.events("granted").len(), 1);
    greeter.answer(&token.press(1), 0);
    assert_eq!(greeter.signed_on(), "alice");
}

#[test]
fn a_locked_user_is_refused_at_once_until_an_admin_unlocks() {
    let (machine, token) = set_up_paired();
    machine.config("[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 1);
    greeter.answer(&token.wrong(), 1);
    greeter.screen().keep("greeter/locked.png");
    greeter.answer("", 0);
    greeter.refused();
    greeter.answer(ALICE.password, 1);
    greeter.answer("", 0);
    greeter.refused();
    machine.admin(&["user", "unlock", "alice"]);
    greeter.answer(ALICE.password, 1);
    greeter.answer(&token.press(0), 0);
    assert_eq!(greeter.signed_on(), "alice");
    assert_eq!(machine.events("locked").len(), 1);
}

#[test]
fn a_wrong_password_never_reaches_otpair() {
    let (machine, _) = set_up_paired();
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", "wrong", 0);
    greeter.refused();
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn taken_out_as_the_page_says_the_password_alone_starts_the_session() {
    let (machine, _) = set_up_paired();
    machine.done(
        "sh",
        &["-eu", "-c", Page::read("doors/greeter.md").block("sh undo")],
    );
    let mut greeter = Greeter::start(&machine);
    greeter.name_and_password("alice", ALICE.password, 0);
    assert_eq!(greeter.signed_on(), "alice");
    assert_eq!(machine.events("granted").len(), 0);
}
