//! ocserv and openconnect, set up as docs/doors/ocserv.md says: every scenario of every door, and what VPN users are taught.

use otpair_tests::dialog::PASSCODE;
use otpair_tests::door::{
    OCSERV_PAGE, Visit, machine_with_ocserv, machine_with_ocserv_and, openconnect,
    openconnect_as_taught, openconnect_that_comes_back,
};
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::page::Page;
use otpair_tests::token::Token;

const PASSWORD: &str = "Please enter your password.";

/// The client comes from another network: ocserv shuts out nobody from its own.
const FROM_AFAR: &str = "
ip route add 198.51.100.2 dev server
ip -n client address add 198.51.100.2/32 dev client
ip -n client route replace 192.0.2.0/24 dev client src 198.51.100.2
";

macro_rules! scenarios {
    ($($scenario:ident)*) => {
        $(#[test]
        fn $scenario() {
            otpair_tests::scenario::$scenario(openconnect().as_ref(), &machine_with_ocserv());
        })*
    };
}

scenarios! {
    a_first_sign_on_pairs_the_token
    a_passcode_signs_on
    a_wrong_passcode_is_refused
    a_passcode_is_refused_the_second_time
    a_totp_token_an_hour_off_is_resynchronized
    a_hotp_token_fifty_presses_ahead_is_resynchronized
    a_locked_user_waits_until_an_admin_unlocks
    a_bypass_code_signs_on_once
    a_second_user_has_a_token_of_their_own
    an_exempt_user_is_asked_for_no_passcode
    an_unknown_user_is_asked_and_refused
}

/// What the page has Alice type, with her own passcode.
fn taught(block: &str, passcode: &str) -> String {
    let page = Page::read(OCSERV_PAGE);
    let typed = page
        .block(block)
        .replace(" 123456 |", &format!(" {passcode} |"));
    assert!(typed.contains(passcode), "{typed}");
    typed
}

/// Alice types it.
fn as_taught(machine: &Machine, block: &str, passcode: &str) -> Visit {
    openconnect_as_taught(machine, &taught(block, passcode))
}

#[test]
fn what_vpn_users_are_taught_pairs_and_brings_a_tunnel_up() {
    let machine = machine_with_ocserv();
    assert!(machine.systemctl().contains(&"restart ocserv".to_owned()));
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let first = as_taught(&machine, "sh alice", &token.press(0));
    assert!(first.granted, "{}", first.transcript);
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    let later = as_taught(&machine, "sh alice later", &token.press(1));
    assert!(later.granted, "{}", later.transcript);
    let spent = as_taught(&machine, "sh alice later", &token.press(1));
    assert!(!spent.granted, "{}", spent.transcript);
    assert!(spent.says("That passcode was already used. Wait for the next one."));
}

#[test]
fn a_wrong_password_never_reaches_otpair() {
    let machine = machine_with_ocserv();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let before = machine.read(&Machine::record(ALICE));
    let visit = openconnect().sign_on(&machine, ALICE, &[(PASSWORD, "wrong")]);
    assert!(!visit.granted, "{}", visit.transcript);
    assert!(!visit.says("passcode"), "{}", visit.transcript);
    assert_eq!(machine.events("denied").len(), 0);
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
}

#[test]
fn a_locked_user_reads_until_when_above_a_field() {
    let machine = machine_with_ocserv();
    machine.config("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let wrong = token.wrong();
    let door = openconnect();
    let script = [(PASSWORD, ALICE.password), (PASSCODE, &*wrong)];
    assert!(!door.sign_on(&machine, ALICE, &script).granted);
    let locked = door.sign_on(&machine, ALICE, &[(PASSWORD, ALICE.password)]);
    assert!(!locked.granted, "{}", locked.transcript);
    assert!(
        locked.says("Locked after too many wrong passcodes until ") && locked.says("Press Enter. "),
        "{}",
        locked.transcript
    );
}

#[test]
fn without_otpairs_line_the_password_alone_brings_the_tunnel_up() {
    let machine = machine_with_ocserv();
    let out = ["-i", "/pam_otpair.so/d", "/etc/pam.d/ocserv"];
    machine.done("sed", &out);
    let visit = openconnect().sign_on(&machine, ALICE, &[(PASSWORD, ALICE.password)]);
    assert!(visit.granted, "{}", visit.transcript);
}

#[test]
fn an_address_that_ocserv_has_shut_out_is_let_in_again_by_what_the_page_says() {
    let machine = machine_with_ocserv_and("ban-points-wrong-password = 80\n");
    machine.done("sh", &["-eu", "-c", FROM_AFAR]);
    let script = [(PASSWORD, ALICE.password)];
    let door = openconnect();
    assert!(
        !door
            .sign_on(&machine, ALICE, &[(PASSWORD, "wrong")])
            .granted
    );
    machine.config("[sign_on]\nexempt = [\"alice\"]\n");
    let banned = door.sign_on(&machine, ALICE, &[]);
    assert!(!banned.granted, "{}", banned.transcript);
    let page = Page::read(OCSERV_PAGE);
    let said = machine.done("sh", &["-eu", "-c", page.block("sh unban")]);
    assert!(said.contains("was unbanned"), "{said}");
    assert!(door.sign_on(&machine, ALICE, &script).granted);
}

#[test]
fn a_connection_that_comes_back_is_not_asked_again() {
    let machine = machine_with_ocserv();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    openconnect_that_comes_back(&machine, &taught("sh alice later", &token.press(0)));
    assert_eq!(machine.events("granted").len(), 1);
    assert_eq!(machine.events("denied").len(), 0);
}
