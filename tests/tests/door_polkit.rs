//! polkit, as docs/doors/polkit.md sets it up: pkexec with an agent on a terminal, through polkit's own setuid helper.

use otpair_tests::desktop::polkit::Polkit;
use otpair_tests::dialog::PASSCODE;
use otpair_tests::door::Door;
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::page::Page;
use otpair_tests::scenario;
use otpair_tests::token::Token;

const PASSWORD: &str = "Password: ";

fn set_up() -> (Machine, Polkit) {
    let machine = Machine::new();
    Page::read("doors/polkit.md").follow(&machine);
    assert!(machine.systemctl().is_empty());
    let polkit = Polkit::start(&machine);
    (machine, polkit)
}

macro_rules! scenarios {
    ($($scenario:ident)*) => {
        $(#[test]
        fn $scenario() {
            let (machine, polkit) = set_up();
            scenario::$scenario(&polkit, &machine);
        })*
    };
}

scenarios! {
    a_first_sign_on_pairs_the_token
    a_passcode_signs_on
    a_wrong_passcode_is_refused
    a_passcode_is_refused_the_second_time
    a_hotp_token_fifty_presses_ahead_is_resynchronized
    a_locked_user_waits_until_an_admin_unlocks
    a_bypass_code_signs_on_once
    a_second_user_has_a_token_of_their_own
    an_exempt_user_is_asked_for_no_passcode
}

#[test]
fn a_wrong_password_never_reaches_otpair() {
    let (machine, polkit) = set_up();
    machine.pair(ALICE, &Token::hotp("12345678"));
    let visit = polkit.sign_on(&machine, ALICE, &[(PASSWORD, "wrong")]);
    assert!(!visit.granted, "{}", visit.transcript);
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn the_program_runs_as_root_and_the_page_shows_what_was_seen() {
    let (machine, polkit) = set_up();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let script = [
        (PASSWORD, ALICE.password),
        (PASSCODE, &*token.wrong()),
        (PASSCODE, &*token.press(0)),
    ];
    let visit = polkit.sign_on(&machine, ALICE, &script);
    for text in [
        "==== AUTHENTICATING FOR org.freedesktop.policykit.exec ====",
        "Authenticating as: alice",
        "Error: Wrong passcode.",
        "==== AUTHENTICATION COMPLETE ====",
        "signed on as root",
    ] {
        assert!(visit.says(text), "{text}: {}", visit.transcript);
    }
}

#[test]
fn taken_out_as_the_page_says_otpair_is_asked_no_more() {
    let (machine, polkit) = set_up();
    machine.pair(ALICE, &Token::hotp("12345678"));
    machine.done(
        "sh",
        &["-eu", "-c", Page::read("doors/polkit.md").block("sh undo")],
    );
    let visit = polkit.sign_on(&machine, ALICE, &[(PASSWORD, ALICE.password)]);
    assert!(visit.granted, "{}", visit.transcript);
}
