//! FreeRADIUS, set up as docs/doors/freeradius.md says.

use otpair_tests::door::{radtest, start_freeradius};
use otpair_tests::machine::{ALICE, BOB, Machine};
use otpair_tests::page::Page;
use otpair_tests::token::Token;

const PAGE: &str = "doors/freeradius.md";

/// A machine on which the page was followed, with FreeRADIUS as root.
fn set_up() -> Machine {
    let machine = Machine::with_system_users(&["freerad"]);
    Page::read(PAGE).follow(&machine);
    assert!(
        machine
            .systemctl()
            .contains(&"restart freeradius".to_owned())
    );
    start_freeradius(&machine, "root");
    machine
}

#[test]
fn what_the_page_tries_and_teaches_works() {
    let machine = set_up();
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let pairing = format!("alice-pw,token 12345678 {}", token.press(0));
    assert!(radtest(&machine, "alice", &pairing));
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    let attempt = Page::read(PAGE)
        .block("sh try")
        .replace("123456", &token.press(1));
    let output = machine.done("sh", &["-c", &attempt]);
    assert!(output.contains("Access-Accept"), "{output}");
}

#[test]
fn password_and_passcode_are_accepted_with_and_without_a_comma() {
    let machine = set_up();
    for (user, digits) in [(ALICE, 6), (BOB, 8)] {
        let token = Token::hotp(&format!("1111111{digits}")).digits(digits);
        machine.pair(user, &token);
        let with_comma = format!("{},{}", user.password, token.press(0));
        assert!(radtest(&machine, user.name, &with_comma));
        let without = format!("{}{}", user.password, token.press(1));
        assert!(radtest(&machine, user.name, &without));
    }
}

#[test]
fn a_wrong_and_a_spent_passcode_are_rejected_and_a_locked_user_too() {
    let machine = set_up();
    machine.config("[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n");
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let typed = |passcode: &str| format!("alice-pw,{passcode}");
    let first = token.press(0);
    assert!(!radtest(&machine, "alice", &typed(&token.wrong())));
    assert_eq!(machine.user(ALICE)["failures"], 1);
    assert!(radtest(&machine, "alice", &typed(&first)));
    assert!(!radtest(&machine, "alice", &typed(&first)));
    let denied = machine.events("denied");
    assert_eq!(denied.last().unwrap()["reason"], "passcode already used");
    for _ in 0..2 {
        assert!(!radtest(&machine, "alice", &typed(&token.wrong())));
    }
    assert!(!radtest(&machine, "alice", &typed(&token.press(1))));
    machine.admin(&["user", "unlock", "alice"]);
    assert!(radtest(&machine, "alice", &typed(&token.press(1))));
}

#[test]
fn a_wrong_password_spends_and_counts_nothing() {
    let machine = set_up();
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    let before = machine.read(&Machine::record(ALICE));
    assert!(!radtest(
        &machine,
        "alice",
        &format!("wrong,{}", token.press(0))
    ));
    assert!(!radtest(&machine, "alice", "alice-pw"));
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
    assert!(radtest(
        &machine,
        "alice",
        &format!("alice-pw,{}", token.press(0))
    ));
}

#[test]
fn as_freerad_the_helper_decides_if_the_config_names_it() {
    let machine = set_up_as_freerad();
    let (hers, his) = (Token::hotp("11111111"), Token::hotp("22222222"));
    machine.pair(ALICE, &hers);
    machine.import(&[&his]);
    let typed = |token: &Token, press: u64| format!("directory-pw,{}", token.press(press));
    assert!(!radtest(&machine, "alice", &typed(&hers, 0)));
    machine.config("[helper]\nmay_ask_for_others = [\"freerad\"]\n");
    assert!(radtest(&machine, "alice", &typed(&hers, 0)));
    assert!(!radtest(&machine, "alice", &typed(&hers, 0)));
    let pairing = format!("directory-pw,token 22222222 {}", his.press(0));
    assert!(!radtest(&machine, "bob", &pairing));
    machine.admin(&["user", "pair", "bob", "22222222"]);
    assert!(radtest(&machine, "bob", &typed(&his, 1)));
}

/// FreeRADIUS as its own user, with the helper, and a first factor that needs no root, as a directory's.
fn set_up_as_freerad() -> Machine {
    let machine = Machine::with_system_users(&["freerad"]);
    Page::read(PAGE).follow(&machine);
    machine.done(
        "sed",
        &[
            "-i",
            "s/^\tuser = root$/\tuser = freerad/",
            "/etc/freeradius/3.0/radiusd.conf",
        ],
    );
    machine.write(
        "/run/machine/directory",
        "#!/bin/sh\ntr -d '\\0' | grep -qx directory-pw\n",
    );
    machine.chmod("/run/machine/directory", 0o755);
    machine.pam_service(
        "radiusd",
        &[
            "requisite pam_otpair.so passcode=split",
            "requisite pam_exec.so expose_authtok quiet /run/machine/directory",
            "required pam_otpair.so passcode=appended",
        ],
    );
    machine.serve_helper();
    start_freeradius(&machine, "freerad");
    machine
}

#[test]
fn taken_out_again_it_is_as_debian_had_it() {
    let machine = Machine::with_system_users(&["freerad"]);
    let look = "cd /etc/freeradius/3.0 && ls -l sites-enabled mods-enabled | grep -o '[^ ]* -> .*' && sha256sum radiusd.conf";
    let before = machine.done("sh", &["-c", look]);
    let page = Page::read(PAGE);
    page.follow(&machine);
    assert_ne!(machine.done("sh", &["-c", look]), before);
    machine.done("sh", &["-eu", "-c", page.block("sh undo")]);
    assert_eq!(machine.done("sh", &["-c", look]), before);
    let service = String::from_utf8(machine.read("/etc/pam.d/radiusd")).unwrap();
    assert!(!service.contains("pam_otpair"), "{service}");
}
