//! What tests begin with, and what happens at a door, the same at every door: pairing, sign-on, wrong passcode, replay,
//! resynchronization, lock and unlock, bypass code, second user, exempt user, unknown user.

use crate::dialog::{NEXT, PASSCODE, SERIAL, SignOn};
use crate::door::{Door, Visit};
use crate::machine::{ALICE, BOB, CAROL, GHOST, Machine, User};
use crate::token::{Token, now};

/// A moment, 5 s into a time step of 10, 30, 60 and 300 s. Tests that are about TOTP happen around it.
pub const T: u64 = 1_800_000_005;

/// A sign-on of Alice's.
pub fn alice() -> SignOn {
    SignOn::of(ALICE)
}

/// A machine on which Alice has a HOTP token, and the token.
pub fn paired() -> (Machine, Token) {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    (machine, token)
}

/// A machine on which Alice has this token.
pub fn machine_with_paired(token: &Token) -> Machine {
    let machine = Machine::new();
    machine.pair(ALICE, token);
    machine
}

/// A machine with tokens that are nobody's yet.
pub fn machine_with_stock(tokens: &[&Token]) -> Machine {
    let machine = Machine::new();
    machine.import(tokens);
    machine
}

/// A machine with a HOTP token that is nobody's yet and is good in January 2027.
pub fn machine_with_dated(token: &Token) -> Machine {
    let machine = Machine::new();
    let dates = "<Policy><StartDate>2027-01-01T00:00:00Z</StartDate><ExpiryDate>2027-01-31T00:00:00Z</ExpiryDate></Policy>";
    machine.write("/root/dated.xml", pskc(token, dates));
    machine.admin(&["import", "/root/dated.xml"]);
    machine
}

/// A plain PSKC file (RFC 6030) with one HOTP key, and its policy if it has one.
pub fn pskc(token: &Token, policy: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
  <KeyPackage>
    <DeviceInfo><Manufacturer>Example</Manufacturer><SerialNo>{}</SerialNo></DeviceInfo>
    <Key Id="{0}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
      <AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data>
        <Secret><PlainValue>{}</PlainValue></Secret>
        <Counter><PlainValue>0</PlainValue></Counter>
      </Data>
      {policy}
    </Key>
  </KeyPackage>
</KeyContainer>
"#,
        token.serial,
        token.base64(),
    )
}

/// A sign-on: the first factor, if the door asks for one, then what otpair asks.
fn visit(door: &dyn Door, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
    let password = door.password_prompt().map(|prompt| (prompt, user.password));
    let script: Vec<_> = password.into_iter().chain(script.iter().copied()).collect();
    door.sign_on(machine, user, &script)
}

fn granted(door: &dyn Door, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
    let visit = visit(door, machine, user, script);
    assert!(
        visit.granted,
        "this sign-on was to be granted:\n{}\nsyslog: {:#?}",
        visit.transcript,
        machine.syslog()
    );
    visit
}

fn refused(door: &dyn Door, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
    let visit = visit(door, machine, user, script);
    assert!(
        !visit.granted,
        "this sign-on was to be refused:\n{}",
        visit.transcript
    );
    visit
}

/// Serial number and passcode pair the token and sign on in one go.
pub fn a_first_sign_on_pairs_the_token(door: &dyn Door, machine: &Machine) {
    let token = Token::totp("12345678");
    machine.import(&[&token]);
    let start = now();
    granted(
        door,
        machine,
        ALICE,
        &[(SERIAL, "12345678"), (PASSCODE, &token.at(start))],
    );
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    granted(door, machine, ALICE, &[(PASSCODE, &token.at(start + 30))]);
}

/// A user with a token is asked for a passcode.
pub fn a_passcode_signs_on(door: &dyn Door, machine: &Machine) {
    let token = Token::totp("12345678")
        .algorithm("SHA256")
        .digits(8)
        .interval(60);
    machine.pair(ALICE, &token);
    granted(door, machine, ALICE, &[(PASSCODE, &token.now())]);
    assert_eq!(machine.events("granted").len(), 1);
    assert_eq!(machine.events("granted")[0]["service"], door.service());
}

/// Three wrong passcodes end the dialog; after one, the right one still counts.
pub fn a_wrong_passcode_is_refused(door: &dyn Door, machine: &Machine) {
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let wrong = token.wrong();
    refused(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)],
    );
    granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &wrong), (PASSCODE, &token.press(0))],
    );
}

/// A passcode counts once.
pub fn a_passcode_is_refused_the_second_time(door: &dyn Door, machine: &Machine) {
    let token = Token::totp("12345678");
    machine.pair(ALICE, &token);
    let start = now();
    let passcode = token.at(start);
    let next = token.at(start + 30);
    granted(door, machine, ALICE, &[(PASSCODE, &passcode)]);
    let visit = granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &passcode), (PASSCODE, &next)],
    );
    assert!(visit.says("already used"), "{}", visit.transcript);
}

/// A TOTP token whose clock is an hour fast is back in step after two passcodes.
pub fn a_totp_token_an_hour_off_is_resynchronized(door: &dyn Door, machine: &Machine) {
    let token = Token::totp("12345678");
    machine.pair(ALICE, &token);
    let fast = now() + 3600;
    granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &token.at(fast)), (NEXT, &token.at(fast + 30))],
    );
    granted(door, machine, ALICE, &[(PASSCODE, &token.at(fast + 60))]);
}

/// A HOTP token whose button was pressed 50 times is back in step after two passcodes.
pub fn a_hotp_token_fifty_presses_ahead_is_resynchronized(door: &dyn Door, machine: &Machine) {
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &token.press(50)), (NEXT, &token.press(51))],
    );
    granted(door, machine, ALICE, &[(PASSCODE, &token.press(52))]);
}

/// After too many failures nothing is checked any more, until an admin unlocks.
pub fn a_locked_user_waits_until_an_admin_unlocks(door: &dyn Door, machine: &Machine) {
    machine.config("[throttle]\nmax_failures = 3\nfirst_wait = \"30m\"\n");
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let wrong = token.wrong();
    refused(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)],
    );
    let locked = refused(door, machine, ALICE, &[]);
    if door.shows_last_messages() {
        assert!(locked.says("locked"), "{}", locked.transcript);
    }
    assert_eq!(machine.events("locked").len(), 1);
    machine.admin(&["user", "unlock", "alice"]);
    granted(door, machine, ALICE, &[(PASSCODE, &token.press(0))]);
}

/// A bypass code takes a passcode's place, once.
pub fn a_bypass_code_signs_on_once(door: &dyn Door, machine: &Machine) {
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let code = issued["code"].as_str().expect("a bypass code");
    granted(door, machine, ALICE, &[(PASSCODE, code)]);
    granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, code), (PASSCODE, &token.press(0))],
    );
    assert_eq!(machine.events("bypass_used").len(), 1);
}

/// Each user's own token counts, and nobody else's.
pub fn a_second_user_has_a_token_of_their_own(door: &dyn Door, machine: &Machine) {
    let (hers, his) = (Token::hotp("11111111"), Token::hotp("22222222"));
    machine.pair(ALICE, &hers);
    machine.import(&[&his]);
    granted(
        door,
        machine,
        BOB,
        &[(SERIAL, "22222222"), (PASSCODE, &his.press(0))],
    );
    granted(
        door,
        machine,
        ALICE,
        &[(PASSCODE, &his.press(1)), (PASSCODE, &hers.press(0))],
    );
    granted(door, machine, BOB, &[(PASSCODE, &his.press(1))]);
}

/// A user who needs no token is asked for none, and is in by the first factor alone.
pub fn an_exempt_user_is_asked_for_no_passcode(door: &dyn Door, machine: &Machine) {
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    granted(door, machine, CAROL, &[]);
}

/// A user whom the system does not know sees what a paired user with a wrong passcode sees, and gets no record.
pub fn an_unknown_user_is_asked_and_refused(door: &dyn Door, machine: &Machine) {
    if !door.asks_strangers() {
        return assert_no_way_in(door, machine);
    }
    // A stack in which a failed password still gets to otpair, so that otpair meets the stranger at all.
    let otpair = "required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml";
    machine.pam_service(door.service(), &["required pam_unix.so", otpair]);
    refused(
        door,
        machine,
        GHOST,
        &[
            (PASSCODE, "123456"),
            (PASSCODE, "234567"),
            (PASSCODE, "345678"),
        ],
    );
    assert!(!machine.path(Machine::record(GHOST)).exists());
    let log = String::from_utf8(machine.read(crate::machine::AUDIT_FILE)).unwrap();
    assert!(
        !log.contains("ghost"),
        "what a stranger typed as a name stands in the log: {log}"
    );
}

/// The door itself turns strangers away, before PAM.
fn assert_no_way_in(door: &dyn Door, machine: &Machine) {
    let visit = door.sign_on(machine, GHOST, &[]);
    assert!(!visit.granted, "{}", visit.transcript);
}
