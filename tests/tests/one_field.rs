//! Doors with one field (contract section 2): `passcode=split` before the password's line, `passcode=appended` after it.

use otpair_tests::dialog::{Done, SignOn};
use otpair_tests::machine::{ALICE, AUDIT_FILE, BOB, CAROL, GHOST, MODULE, Machine, User};
use otpair_tests::scenario::paired;
use otpair_tests::token::Token;

const PASSWORD: &str = "Password: ";

/// The stack that the docs tell people to use at such a door.
fn one_field(machine: &Machine) {
    let config = "config=/etc/otpair/otpair.toml";
    machine.pam_service(
        "otptest",
        &[
            &format!("requisite {MODULE} {config} passcode=split"),
            "requisite pam_unix.so use_first_pass",
            &format!("required {MODULE} {config} passcode=appended"),
        ],
    );
}

/// One sign-on: all of it typed at the one prompt.
fn sign_on(machine: &Machine, user: User, rest: &str, code: &str) -> Done {
    let typed = format!("{}{rest}", user.password);
    SignOn::of(user)
        .at_service("otptest")
        .hold(machine, &[(PASSWORD, &typed)], code)
}

/// A machine with the stack, on which Alice has this token.
fn with(token: &Token) -> Machine {
    let machine = Machine::new();
    one_field(&machine);
    machine.pair(ALICE, token);
    machine
}

#[test]
fn password_and_passcode_sign_on_with_a_comma_and_without() {
    for digits in [6, 7, 8] {
        let token = Token::hotp("12345678").digits(digits);
        let machine = with(&token);
        sign_on(
            &machine,
            ALICE,
            &format!(",{}", token.press(0)),
            "PAM_SUCCESS",
        );
        sign_on(&machine, ALICE, &token.press(1), "PAM_SUCCESS");
        assert_eq!(machine.events("granted").len(), 2);
    }
}

#[test]
fn the_lines_after_it_see_the_password_alone() {
    let token = Token::hotp("12345678");
    let machine = with(&token);
    let config = "config=/etc/otpair/otpair.toml";
    // A second check of the password, by what the first line has left in PAM_AUTHTOK.
    machine.pam_service(
        "otptest",
        &[
            &format!("requisite {MODULE} {config} passcode=split"),
            &format!("required {MODULE} {config} passcode=appended"),
            "required pam_unix.so use_first_pass",
        ],
    );
    sign_on(&machine, ALICE, &token.press(0), "PAM_SUCCESS");
}

#[test]
fn a_wrong_password_spends_counts_and_pairs_nothing() {
    let token = Token::hotp("12345678");
    let machine = with(&token);
    let free = Token::hotp("22222222");
    machine.import(&[&free]);
    let before = machine.read(&Machine::record(ALICE));
    let pairing = format!(",token 22222222 {}", free.press(0));
    for (user, rest) in [
        (ALICE, token.press(0)),
        (ALICE, token.wrong()),
        (ALICE, format!(",{}", token.press(0))),
        (BOB, pairing),
    ] {
        let wrong = User {
            password: "wrong",
            ..user
        };
        sign_on(&machine, wrong, &rest, "PAM_AUTH_ERR");
    }
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
    assert_eq!(machine.token(&free)["state"], "available");
    assert!(!machine.path(Machine::record(BOB)).exists());
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn a_token_is_paired_in_one_field() {
    let machine = Machine::new();
    one_field(&machine);
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let rest = format!(",token 12345678 {}", token.press(0));
    sign_on(&machine, ALICE, &rest, "PAM_SUCCESS");
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    sign_on(&machine, ALICE, &token.press(1), "PAM_SUCCESS");
    sign_on(&machine, ALICE, &token.press(1), "PAM_AUTH_ERR");
}

#[test]
fn in_one_field_nobody_pairs_by_less_than_serial_number_and_passcode() {
    let machine = Machine::new();
    one_field(&machine);
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    for rest in [",token 12345678", ",other", &*token.press(0)] {
        sign_on(&machine, ALICE, rest, "PAM_AUTH_ERR");
    }
    assert_eq!(machine.token(&token)["state"], "available");
    assert!(machine.serials(ALICE).is_empty());
    assert_eq!(machine.events("denied").len(), 3);
}

#[test]
fn a_wrong_passcode_is_counted_and_a_spent_one_told() {
    let (machine, token) = paired();
    one_field(&machine);
    sign_on(&machine, ALICE, &token.wrong(), "PAM_AUTH_ERR");
    assert_eq!(machine.user(ALICE)["failures"], 1);
    let passcode = token.press(0);
    sign_on(&machine, ALICE, &passcode, "PAM_SUCCESS");
    let spent = sign_on(&machine, ALICE, &passcode, "PAM_AUTH_ERR");
    assert!(spent.says("already used"), "{}", spent.transcript());
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn the_bare_password_is_refused_and_counts_nothing() {
    let (machine, _) = paired();
    one_field(&machine);
    let before = machine.read(&Machine::record(ALICE));
    sign_on(&machine, ALICE, "", "PAM_AUTH_ERR");
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
    assert_eq!(machine.events("denied").len(), 1);
}

#[test]
fn a_locked_user_is_told_at_a_door_with_one_field() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n");
    one_field(&machine);
    sign_on(&machine, ALICE, &token.wrong(), "PAM_AUTH_ERR");
    let locks = sign_on(&machine, ALICE, &token.wrong(), "PAM_MAXTRIES");
    assert!(locks.says("locked"), "{}", locks.transcript());
    let locked = sign_on(&machine, ALICE, &token.press(0), "PAM_MAXTRIES");
    assert!(locked.says("locked"), "{}", locked.transcript());
    machine.admin(&["user", "unlock", "alice"]);
    sign_on(&machine, ALICE, &token.press(0), "PAM_SUCCESS");
}

#[test]
fn a_bypass_code_needs_the_comma() {
    let (machine, _) = paired();
    one_field(&machine);
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let code = issued["code"].as_str().expect("a bypass code");
    sign_on(&machine, ALICE, code, "PAM_AUTH_ERR");
    sign_on(&machine, ALICE, &format!(",{code}"), "PAM_SUCCESS");
}

#[test]
fn a_token_out_of_step_is_back_after_two_sign_ons_in_one_field() {
    let (machine, token) = paired();
    one_field(&machine);
    let first = sign_on(&machine, ALICE, &token.press(50), "PAM_AUTH_ERR");
    assert!(first.says("next passcode"), "{}", first.transcript());
    sign_on(&machine, ALICE, &token.press(51), "PAM_SUCCESS");
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn the_password_of_somebody_who_is_asked_for_nothing_is_not_split() {
    let (machine, _) = paired();
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    one_field(&machine);
    sign_on(&machine, CAROL, "", "PAM_SUCCESS");
    machine.config("[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = 2099-01-01\n");
    sign_on(&machine, CAROL, "", "PAM_SUCCESS");
    // What ends like a passcode is part of the password, and so a wrong one.
    sign_on(&machine, CAROL, ",123456", "PAM_AUTH_ERR");
}

#[test]
fn an_unknown_user_gets_nowhere_leaves_no_file_and_no_name() {
    let (machine, _) = paired();
    // A first factor that says yes, so that otpair meets the stranger at all.
    machine.pam_service(
        "otptest",
        &[
            &format!("requisite {MODULE} passcode=split"),
            "requisite pam_debug.so auth=success",
            &format!("required {MODULE} passcode=appended"),
        ],
    );
    let done = sign_on(&machine, GHOST, "123456", "PAM_AUTH_ERR");
    assert!(done.says("wrong passcode"), "{}", done.transcript());
    assert!(!machine.path(Machine::record(GHOST)).exists());
    let log = String::from_utf8(machine.read(AUDIT_FILE)).unwrap();
    assert!(log.contains("denied") && !log.contains("ghost"), "{log}");
}

#[test]
fn appended_without_a_line_that_splits_is_a_fault_that_the_log_explains() {
    let (machine, token) = paired();
    let appended = format!("required {MODULE} config=/etc/otpair/otpair.toml passcode=appended");
    machine.pam_service("otptest", &["requisite pam_unix.so", &appended]);
    sign_on(&machine, ALICE, &token.press(0), "PAM_AUTH_ERR");
    sign_on(&machine, ALICE, "", "PAM_AUTHINFO_UNAVAIL");
    assert!(
        machine.syslog_tells("passcode=split"),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn no_log_holds_what_was_typed_into_the_field() {
    let (machine, token) = paired();
    one_field(&machine);
    let (wrong, right) = (token.wrong(), token.press(0));
    sign_on(&machine, ALICE, &wrong, "PAM_AUTH_ERR");
    sign_on(&machine, ALICE, &right, "PAM_SUCCESS");
    let audit = machine.read(AUDIT_FILE);
    let log = String::from_utf8(audit).unwrap() + &machine.syslog().concat();
    for secret in [&*wrong, &*right, ALICE.password] {
        assert!(!log.contains(secret), "{secret} stands in the log: {log}");
    }
}

#[test]
fn a_cache_at_fault_denies_before_anything_is_tried_as_a_password_and_says_so() {
    let token = Token::hotp("12345678").digits(8);
    let machine = with(&token);
    machine.chmod("/var/lib/otpair/users", 0o777);
    let done = sign_on(&machine, ALICE, &token.press(0), "PAM_AUTHINFO_UNAVAIL");
    assert!(done.says("fault of this machine"), "{}", done.transcript());
    // Nothing was tried as a password: pam_unix would have said so in the log.
    assert!(
        machine
            .syslog()
            .iter()
            .all(|line| !line.contains("pam_unix")),
        "{:#?}",
        machine.syslog()
    );
    assert_eq!(machine.events("fault").len(), 1);
}

#[test]
fn a_split_at_fault_tries_nothing_as_a_password_of_an_exempt_user() {
    let (machine, _) = paired();
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    one_field(&machine);
    machine.chmod("/etc/otpair/otpair.toml", 0o666);
    sign_on(&machine, CAROL, "", "PAM_AUTHINFO_UNAVAIL");
    machine.chmod("/etc/otpair/otpair.toml", 0o644);
    sign_on(&machine, CAROL, "", "PAM_SUCCESS");
}
