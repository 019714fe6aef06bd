//! OpenVPN, set up as docs/doors/openvpn.md says, up to a tunnel that carries something.

use otpair_tests::door::{
    openvpn, openvpn_beside_a_slow_sign_on, openvpn_sign_on, openvpn_through_new_keys, openvpn_with,
};
use otpair_tests::machine::{ALICE, BOB, CAROL, Machine, User};
use otpair_tests::token::Token;

fn sign_on(machine: &Machine, user: User, answer: &str) -> bool {
    openvpn_sign_on(machine, user.name, user.password, answer)
}

#[test]
fn a_token_is_paired_in_the_challenge_and_its_next_passcode_signs_on() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let pairing = format!("token 12345678 {}", token.press(0));
    assert!(sign_on(&machine, ALICE, &pairing));
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    assert!(sign_on(&machine, ALICE, &token.press(1)));
    assert_eq!(machine.events("granted")[1]["service"], "openvpn");
}

#[test]
fn a_wrong_and_a_spent_passcode_open_no_tunnel_and_a_wrong_one_counts_once() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    assert!(!sign_on(&machine, ALICE, &token.wrong()));
    assert_eq!(machine.user(ALICE)["failures"], 1);
    let passcode = token.press(0);
    assert!(sign_on(&machine, ALICE, &passcode));
    assert!(!sign_on(&machine, ALICE, &passcode));
    let denied = machine.events("denied");
    assert!(
        denied
            .iter()
            .any(|event| event["reason"] == "passcode already used"),
        "{denied:#?}"
    );
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn a_locked_user_gets_no_tunnel_until_an_admin_unlocks() {
    let machine = openvpn();
    machine.config("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    assert!(!sign_on(&machine, ALICE, &token.wrong()));
    assert!(!sign_on(&machine, ALICE, &token.press(0)));
    machine.admin(&["user", "unlock", "alice"]);
    assert!(sign_on(&machine, ALICE, &token.press(0)));
}

#[test]
fn a_wrong_password_spends_and_counts_nothing() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.pair(BOB, &token);
    let before = machine.read(&Machine::record(BOB));
    let wrong = User {
        password: "wrong",
        ..BOB
    };
    assert!(!sign_on(&machine, wrong, &token.press(0)));
    assert_eq!(machine.read(&Machine::record(BOB)), before);
    assert_eq!(machine.events("denied").len(), 0);
    assert!(sign_on(&machine, BOB, &token.press(0)));
}

#[test]
fn a_token_out_of_step_takes_two_sign_ons() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    assert!(!sign_on(&machine, ALICE, &token.press(50)));
    assert!(sign_on(&machine, ALICE, &token.press(51)));
}

#[test]
fn a_tunnel_outlives_its_keys_without_another_passcode() {
    let machine = openvpn_with("hand-window 5\nreneg-sec 12\n");
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    openvpn_through_new_keys(&machine, "alice", "alice-pw", &token.press(0));
    assert_eq!(machine.events("granted").len(), 1);
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn a_slow_sign_on_holds_up_nobody_elses_tunnel() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    openvpn_beside_a_slow_sign_on(&machine, ALICE, &token.press(0), BOB);
}

#[test]
fn a_wrong_passcode_in_pairing_pairs_nothing_and_counts_once() {
    let machine = openvpn();
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let pairing = format!("token 12345678 {}", token.wrong());
    assert!(!sign_on(&machine, ALICE, &pairing));
    assert_eq!(machine.token(&token)["state"], "available");
    assert_eq!(machine.user(ALICE)["failures"], 1);
}

#[test]
fn each_user_has_a_token_of_their_own_and_an_exempt_one_needs_none() {
    let machine = openvpn();
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    let (hers, his) = (Token::hotp("11111111"), Token::hotp("22222222"));
    machine.pair(ALICE, &hers);
    machine.pair(BOB, &his);
    assert!(!sign_on(&machine, BOB, &hers.press(0)));
    assert!(sign_on(&machine, BOB, &his.press(0)));
    assert!(sign_on(&machine, ALICE, &hers.press(0)));
    assert!(sign_on(&machine, CAROL, ""));
}

#[test]
fn a_bypass_code_opens_one_tunnel() {
    let machine = openvpn();
    machine.pair(ALICE, &Token::hotp("12345678"));
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let code = issued["code"].as_str().expect("a bypass code");
    assert!(sign_on(&machine, ALICE, code));
    assert!(!sign_on(&machine, ALICE, code));
}
