//! Cockpit's web console in a real browser, set up as `docs/doors/cockpit.md` says.

use otpair_tests::dialog::{PASSCODE, SERIAL};
use otpair_tests::machine::{ALICE, CAROL, Machine};
use otpair_tests::page::Page;
use otpair_tests::token::Token;
use otpair_tests::web::cockpit::{self, Cockpit, Shown};

/// What the page of the docs tells people.
const TOLD: &str = include_str!("../../docs/doors/cockpit.md");
const WRONG: &str = "Wrong passcode.";
const SPENT: &str = "That passcode was already used. Wait for the next one.";
const ENDED: &str = "Authentication failed: internal-error: Wrong passcode.";
const LOCKED: &str =
    "Authentication failed: internal-error: Locked after too many wrong passcodes until ";
const WRONG_PASSWORD: &str = "Wrong user name or password";

/// A machine with a web console that an admin has set up by the page.
fn with_cockpit() -> Machine {
    let machine = Machine::new();
    cockpit::install(&machine);
    Page::read("doors/cockpit.md").follow(&machine);
    cockpit::start(&machine);
    machine
}

/// That, and Alice has a token.
fn paired() -> (Machine, Token) {
    let machine = with_cockpit();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    (machine, token)
}

/// The passcode's prompt, below a message.
fn asked_again(message: &str) -> Shown {
    Shown::Asked {
        message: message.to_owned(),
        prompt: PASSCODE.trim_end().to_owned(),
    }
}

#[test]
fn the_page_has_every_text_that_people_see_here() {
    for text in [
        WRONG,
        SPENT,
        ENDED,
        LOCKED,
        WRONG_PASSWORD,
        SERIAL.trim_end(),
    ] {
        assert!(TOLD.contains(text), "the page does not say {text:?}");
    }
}

#[test]
fn a_first_sign_on_pairs_the_token_and_opens_the_console() {
    let machine = with_cockpit();
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let mut page = Cockpit::visit(&machine);
    assert_eq!(page.log_in(ALICE, ALICE.password), Shown::asked(SERIAL));
    page.picture("serial");
    assert_eq!(page.answer("12345678"), Shown::asked(PASSCODE));
    page.picture("passcode");
    assert_eq!(page.answer(&token.press(0)), Shown::is_in(ALICE));
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    assert_eq!(page.log_in(ALICE, ALICE.password), Shown::asked(PASSCODE));
    assert_eq!(page.answer(&token.press(1)), Shown::is_in(ALICE));
    let granted = machine.events("granted");
    assert_eq!(granted.last().expect("a grant")["service"], "cockpit");
}

#[test]
fn after_a_wrong_passcode_the_right_one_opens_the_console() {
    let (machine, token) = paired();
    let mut page = Cockpit::visit(&machine);
    page.log_in(ALICE, ALICE.password);
    assert_eq!(page.answer(&token.wrong()), asked_again(WRONG));
    assert_eq!(page.answer(&token.press(0)), Shown::is_in(ALICE));
}

#[test]
fn after_three_wrong_passcodes_the_sign_on_is_over() {
    let (machine, token) = paired();
    let mut page = Cockpit::visit(&machine);
    page.log_in(ALICE, ALICE.password);
    assert_eq!(page.answer(&token.wrong()), asked_again(WRONG));
    assert_eq!(page.answer(&token.wrong()), asked_again(WRONG));
    let ended = page.answer(&token.wrong());
    page.picture("refused");
    assert_eq!(ended, Shown::Ended(ENDED.to_owned()));
    assert_eq!(machine.user(ALICE)["failures"], 3);
}

#[test]
fn a_spent_passcode_is_refused_in_a_second_session() {
    let (machine, token) = paired();
    let mut first = Cockpit::visit(&machine);
    first.log_in(ALICE, ALICE.password);
    assert_eq!(first.answer(&token.press(0)), Shown::is_in(ALICE));
    let mut second = Cockpit::visit(&machine);
    second.log_in(ALICE, ALICE.password);
    assert_eq!(second.answer(&token.press(0)), asked_again(SPENT));
    second.picture("spent");
    assert_eq!(second.answer(&token.press(1)), Shown::is_in(ALICE));
}

#[test]
fn a_locked_user_is_told_until_when_and_is_in_once_an_admin_unlocks() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let mut page = Cockpit::visit(&machine);
    page.log_in(ALICE, ALICE.password);
    page.answer(&token.wrong());
    let locked = page.log_in(ALICE, ALICE.password);
    page.picture("locked");
    assert!(
        matches!(&locked, Shown::Ended(why) if why.starts_with(LOCKED)),
        "{locked:?}"
    );
    machine.admin(&["user", "unlock", "alice"]);
    page.log_in(ALICE, ALICE.password);
    assert_eq!(page.answer(&token.press(0)), Shown::is_in(ALICE));
}

#[test]
fn a_wrong_password_never_reaches_otpair() {
    let (machine, token) = paired();
    let mut page = Cockpit::visit(&machine);
    let refused = page.log_in(ALICE, "wrong");
    assert_eq!(refused, Shown::Refused(WRONG_PASSWORD.to_owned()));
    assert_eq!(machine.events("denied").len(), 0);
    page.log_in(ALICE, ALICE.password);
    assert_eq!(page.answer(&token.press(0)), Shown::is_in(ALICE));
}

#[test]
fn under_substack_a_wrong_password_would_reach_otpair() {
    let (machine, _) = paired();
    let back = "s/include  *common-auth/substack common-auth/";
    machine.done("sed", &["-i", back, "/etc/pam.d/cockpit"]);
    let mut page = Cockpit::visit(&machine);
    assert_eq!(page.log_in(ALICE, "wrong"), Shown::asked(PASSCODE));
}

#[test]
fn an_exempt_user_is_asked_for_the_password_only() {
    let machine = with_cockpit();
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    let mut page = Cockpit::visit(&machine);
    assert_eq!(page.log_in(CAROL, CAROL.password), Shown::is_in(CAROL));
}

#[test]
fn a_kerberos_ticket_is_not_taken() {
    let machine = with_cockpit();
    let status = cockpit::offer_ticket(&machine);
    assert_eq!(status, "401 Authentication disabled");
}

#[test]
fn once_taken_out_again_the_files_are_as_they_were() {
    let machine = Machine::new();
    cockpit::install(&machine);
    let files = ["/etc/pam.d/cockpit", "/etc/cockpit/cockpit.conf"];
    machine.write(files[1], "[WebService]\nLoginTo=false\n");
    let before = files.map(|file| machine.read(file));
    let page = Page::read("doors/cockpit.md");
    page.follow(&machine);
    let protected = files.map(|file| machine.read(file));
    assert!(protected[0] != before[0] && protected[1] != before[1]);
    machine.done("sh", &["-euc", page.block("sh undo")]);
    assert_eq!(files.map(|file| machine.read(file)), before);
}
