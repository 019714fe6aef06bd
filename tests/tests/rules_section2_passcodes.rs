//! Section 2 of the contract, "The sign-on, as a person sees it", through libpam: rules 6 to 11, what becomes of a
//! passcode and what is said about it, and who the user is.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{ALICE, GHOST, Machine};
use otpair_tests::scenario::{T, alice, machine_with_paired, machine_with_stock};
use otpair_tests::token::Token;

// Rule 6: resynchronization.

#[test]
fn a_token_out_of_step_is_asked_for_its_next_passcode_and_is_back_in_step() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    let fast = T + 3600;
    let script = [(PASSCODE, &*token.at(fast)), (NEXT, &token.at(fast + 30))];
    let done = alice().at_time(T).granted(&machine, &script);
    assert!(
        done.says("step"),
        "the person was not told why: {}",
        done.transcript()
    );
    assert_eq!(machine.token(&token)["drift"], 121);
    assert_eq!(machine.events("resynchronized").len(), 1);
    alice()
        .at_time(T + 60)
        .granted(&machine, &[(PASSCODE, &token.at(fast + 60))]);
}

#[test]
fn a_token_out_of_step_is_resynchronized_in_pairing_too() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    alice().granted(
        &machine,
        &[
            (SERIAL, "12345678"),
            (PASSCODE, &token.press(900)),
            (NEXT, &token.press(901)),
        ],
    );
    alice().granted(&machine, &[(PASSCODE, &token.press(902))]);
}

#[test]
fn only_the_very_next_passcode_resynchronizes() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let script = [
        (PASSCODE, &*token.press(50)),
        (NEXT, &token.press(52)),
        (PASSCODE, &token.press(50)),
        (NEXT, &token.press(51)),
    ];
    // The right ones come too late here: each passcode uses an attempt.
    let mut dialog = alice().begin(&machine);
    for (prompt, answer) in &script[..2] {
        dialog.expect(prompt);
        dialog.answer(answer);
    }
    let (_, prompt) = dialog.next_prompt().expect("an attempt is left");
    assert!(prompt.ends_with("asscode: "), "{prompt}");
    dialog.hang_up();
    dialog.finish();
    assert_eq!(machine.user(ALICE)["failures"], 2);
}

#[test]
fn the_first_passcode_is_a_failure_before_the_next_one_is_asked_and_stays_pending_for_the_next_sign_on()
 {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.press(50));
    dialog.expect(NEXT);
    assert_eq!(machine.user(ALICE)["failures"], 1);
    dialog.kill();
    alice().granted(&machine, &[(PASSCODE, &token.press(51))]);
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn a_door_that_asks_once_resynchronizes_in_two_sign_ons() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nattempts = 1\n");
    let fast = T + 3600;
    let first = alice().at_time(T).begin(&machine);
    answer_once(first, &token.at(fast));
    alice()
        .at_time(T + 30)
        .granted(&machine, &[(PASSCODE, &token.at(fast + 30))]);
}

/// Answers the first prompt, and hangs up at any further one.
fn answer_once(mut dialog: otpair_tests::dialog::Dialog, passcode: &str) {
    dialog.expect(PASSCODE);
    dialog.answer(passcode);
    while dialog.next_prompt().is_some() {
        dialog.hang_up();
    }
    dialog.kill();
}

#[test]
fn a_pending_first_passcode_is_forgotten_after_ten_minutes() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    answer_once(alice().at_time(T).begin(&machine), &token.press(50));
    // Too late: it is itself a first passcode again.
    let script = [(PASSCODE, &*token.press(51)), (NEXT, &token.press(52))];
    alice().at_time(T + 601).granted(&machine, &script);
}

#[test]
fn a_pending_first_passcode_of_a_slow_token_lives_for_three_time_intervals() {
    let token = Token::totp("12345678").interval(300);
    let machine = machine_with_paired(&token);
    let fast = T + 3600;
    answer_once(alice().at_time(T).begin(&machine), &token.at(fast));
    alice()
        .at_time(T + 890)
        .granted(&machine, &[(PASSCODE, &token.at(fast + 300))]);
}

#[test]
fn pairing_without_a_token_yet_keeps_failures_and_pending_marks() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let mut dialog = alice().begin(&machine);
    dialog.expect(SERIAL);
    dialog.answer("12345678");
    dialog.expect(PASSCODE);
    dialog.answer(&token.press(50));
    dialog.expect(NEXT);
    dialog.kill();
    assert_eq!(machine.user(ALICE)["failures"], 1);
    alice().granted(
        &machine,
        &[(SERIAL, "12345678"), (PASSCODE, &token.press(51))],
    );
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

// Rule 7: a spent passcode.

#[test]
fn a_spent_passcode_is_named_as_such_and_is_no_failure() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    alice().granted(&machine, &[(PASSCODE, &token.press(4))]);
    let old = token.press(2);
    let done = alice().hold(
        &machine,
        &[(PASSCODE, &old), (PASSCODE, &old), (PASSCODE, &old)],
        "PAM_MAXTRIES",
    );
    let said = "That passcode was already used. Wait for the next one.";
    assert!(
        done.messages().iter().any(|message| message == said),
        "{}",
        done.transcript()
    );
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn a_spent_totp_passcode_is_named_as_such_inside_the_drift_window() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &token.at(T))]);
    let script = [
        (PASSCODE, &*token.at(T)),
        (PASSCODE, &token.at(T - 30)),
        (PASSCODE, &token.at(T + 30)),
    ];
    let done = alice().at_time(T + 20).granted(&machine, &script);
    let used = done
        .messages()
        .iter()
        .filter(|message| message.contains("already used"))
        .count();
    assert_eq!(used, 2, "{}", done.transcript());
}

// Rule 8: attempts.

#[test]
fn a_wrong_passcode_asks_again_up_to_three_times() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let wrong = token.wrong_passcodes_around(0, 3);
    let script: Vec<_> = wrong
        .iter()
        .map(|passcode| (PASSCODE, passcode.as_str()))
        .collect();
    let done = alice().hold(&machine, &script, "PAM_MAXTRIES");
    assert!(done.says("wrong passcode"), "{}", done.transcript());
    alice().granted(&machine, &[script[0], (PASSCODE, &token.press(0))]);
}

#[test]
fn attempts_can_be_set_and_for_one_service_only() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nattempts = 1\n[service.otpcodes]\nattempts = 2\n");
    let wrong = token.wrong();
    alice().hold(
        &machine,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong)],
        "PAM_MAXTRIES",
    );
    machine.pam_service("elsewhere", &otpair_tests::machine::OTPAIR_CODES);
    alice()
        .at_service("elsewhere")
        .hold(&machine, &[(PASSCODE, &wrong)], "PAM_MAXTRIES");
}

#[test]
fn every_kind_of_answer_uses_an_attempt_so_every_dialog_ends() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    for answer in ["", "hello", "000", "other", "token", "12345678901234567890"] {
        let mut dialog = alice().begin(&machine);
        let mut prompts = 0;
        while dialog.next_prompt().is_some() {
            prompts += 1;
            assert!(prompts <= 4, "{answer:?} is asked for without end");
            dialog.answer(answer);
        }
        assert_eq!(dialog.into_done().code, "PAM_MAXTRIES", "{answer:?}");
    }
}

// Rule 9: an answer that can be no passcode by its form.

#[test]
fn an_answer_that_can_be_no_passcode_uses_an_attempt_is_no_failure_and_writes_nothing() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let before = machine.read(&Machine::record(ALICE));
    let junk = "\u{8}\n\r\u{7f}INCORRECT";
    alice().hold(
        &machine,
        &[(PASSCODE, junk), (PASSCODE, junk), (PASSCODE, junk)],
        "PAM_MAXTRIES",
    );
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn garbage_at_any_prompt_is_refused_politely() {
    let token = Token::hotp("12345678");
    let long = vec![b'7'; 10_000];
    let garbage: [&[u8]; 8] = [
        b"",
        &long,
        b"\x01\x02\x1b[2J",
        b"\xff\xfe123456",
        b"123456\xff",
        "１２３４５６".as_bytes(),
        b"-123456",
        b"+12345",
    ];
    let machine = machine_with_stock(&[&token]);
    for bytes in garbage {
        assert_eq!(
            answer_always(&machine, bytes),
            "PAM_MAXTRIES",
            "{bytes:?} at the serial number's prompt"
        );
    }
    machine.admin(&["user", "pair", "alice", "12345678"]);
    for bytes in garbage {
        assert_eq!(
            answer_always(&machine, bytes),
            "PAM_MAXTRIES",
            "{bytes:?} at the passcode's prompt"
        );
    }
    assert_eq!(machine.user(ALICE)["failures"], 0);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

fn answer_always(machine: &Machine, bytes: &[u8]) -> String {
    let mut dialog = alice().begin(machine);
    while dialog.next_prompt().is_some() {
        dialog.answer_bytes(bytes);
    }
    dialog.into_done().code
}

#[test]
fn garbage_at_the_next_passcode_prompt_is_refused_politely() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.press(50));
    dialog.expect(NEXT);
    dialog.answer_bytes(b"\xff\xff");
    // At which of the two prompts the next passcode is typed makes no difference: the first one is pending.
    assert!(dialog.next_prompt().is_some());
    dialog.answer(&token.press(51));
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
}

// Rule 10: doors that show no messages.

#[test]
fn in_prompt_messages_stand_in_the_next_prompt_and_in_a_last_one_where_nothing_more_is_asked() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nmessages = \"in-prompt\"\nattempts = 2\n");
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.wrong());
    let carried = dialog.expect_carrying(PASSCODE);
    assert!(carried.contains("Wrong passcode"), "{carried}");
    dialog.answer(&token.wrong());
    let (_, last) = dialog.next_prompt().expect("one last prompt");
    assert!(last.contains("Wrong passcode"), "{last}");
    dialog.answer("whatever");
    let done = dialog.finish();
    assert_eq!(done.code, "PAM_MAXTRIES");
    assert!(done.messages().is_empty(), "{}", done.transcript());
}

#[test]
fn the_modules_argument_in_prompt_does_what_the_config_does() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.pam_service(
        "otpcodes",
        &["required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml messages=in-prompt"],
    );
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.wrong());
    let carried = dialog.expect_carrying(PASSCODE);
    assert!(carried.contains("Wrong passcode"), "{carried}");
    dialog.answer(&token.press(0));
    let done = dialog.finish();
    assert_eq!(
        (done.code.as_str(), done.messages().len()),
        ("PAM_SUCCESS", 0)
    );
}

#[test]
fn a_locked_user_at_a_door_without_messages_gets_one_last_prompt() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    lock(&machine, &token);
    machine.config("[sign_on]\nmessages = \"in-prompt\"\n");
    let mut dialog = alice().begin(&machine);
    let (_, text) = dialog.next_prompt().expect("one prompt that tells");
    assert!(text.to_lowercase().contains("locked"), "{text}");
    dialog.answer(&token.press(0));
    assert_eq!(dialog.finish().code, "PAM_MAXTRIES");
}

/// Five failures in a row lock for a minute.
fn lock(machine: &Machine, token: &Token) {
    let wrong = token.wrong();
    alice().hold(
        machine,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)],
        "PAM_MAXTRIES",
    );
    let mut dialog = alice().begin(machine);
    while dialog.next_prompt().is_some() {
        dialog.answer(&wrong);
    }
    assert_eq!(dialog.into_done().code, "PAM_MAXTRIES");
}

// Rule 11: the wordings tell apart, and a locked user is told at once.

#[test]
fn a_locked_user_is_told_at_once_until_when() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    lock(&machine, &token);
    let done = alice().hold(&machine, &[], "PAM_MAXTRIES");
    assert!(
        done.says("locked") && done.says("until"),
        "{}",
        done.transcript()
    );
}

#[test]
fn the_five_wordings_are_all_different() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let said = |script: &[(&str, &str)]| {
        let mut dialog = alice().begin(&machine);
        for (prompt, answer) in script {
            dialog.expect(prompt);
            dialog.answer(answer);
        }
        while dialog.next_prompt().is_some() {
            dialog.hang_up();
        }
        dialog
            .into_done()
            .messages()
            .first()
            .cloned()
            .expect("a message")
    };
    let wrong = said(&[(PASSCODE, &token.wrong())]);
    let used = said(&[(PASSCODE, &token.press(0))]);
    let step = said(&[(PASSCODE, &token.press(50))]);
    machine.admin(&["user", "unlock", "alice"]);
    lock(&machine, &token);
    let locked = said(&[]);
    machine.write(&Machine::record(ALICE), "garbage");
    let fault = said(&[]);
    let mut all = [wrong, used, step, locked, fault];
    all.sort();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:#?}");
}

#[test]
fn the_help_line_is_shown_with_every_refusal() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nhelp = \"Call extension 4711.\"\nattempts = 1\n");
    let done = alice().hold(&machine, &[(PASSCODE, &token.wrong())], "PAM_MAXTRIES");
    assert!(done.says("Call extension 4711."), "{}", done.transcript());
}

// Who the user is.

#[test]
fn a_domain_is_stripped_only_where_the_config_says_so() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nstrip_domain = true\n");
    alice()
        .named("alice@example.com")
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
    alice()
        .named("EXAMPLE\\alice")
        .granted(&machine, &[(PASSCODE, &token.press(1))]);
    machine.config("");
    let passcodes = [token.press(2), token.press(3), token.press(4)];
    let script: Vec<_> = passcodes
        .iter()
        .map(|passcode| (PASSCODE, passcode.as_str()))
        .collect();
    alice()
        .named("alice@example.com")
        .hold(&machine, &script, "PAM_MAXTRIES");
}

#[test]
fn a_stripped_name_counts_only_if_the_full_name_has_the_same_uid() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\nstrip_domain = true\nunpaired = \"deny\"\n");
    let mut passwd = String::from_utf8(machine.read("/etc/passwd")).unwrap();
    passwd.push_str(
        "alice@example.com:x:2099:2099::/:/bin/sh\nalice@same.example:x:2001:2001::/:/bin/sh\n",
    );
    machine.write("/etc/passwd", passwd);
    alice()
        .named("alice@example.com")
        .hold(&machine, &[], "PAM_AUTH_ERR");
    alice()
        .named("alice@same.example")
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn another_uid_under_the_same_name_is_a_fault() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let passwd = String::from_utf8(machine.read("/etc/passwd")).unwrap();
    machine.write(
        "/etc/passwd",
        passwd.replace("alice:x:2001", "alice:x:2999"),
    );
    alice().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    assert!(!machine.events("fault").is_empty());
    machine.write("/etc/passwd", passwd);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn an_unknown_user_sees_the_dialog_of_a_paired_user_with_a_wrong_passcode() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let wrong = token.wrong();
    let script = [(PASSCODE, &*wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)];
    let known = alice().hold(&machine, &script, "PAM_MAXTRIES");
    let unknown = SignOn::of(GHOST).hold(&machine, &script, "PAM_MAXTRIES");
    assert_eq!(known.styled(), unknown.styled());
    assert_eq!(known.delay(), unknown.delay());
    let folder: Vec<_> = std::fs::read_dir(machine.path("/var/lib/otpair/users"))
        .unwrap()
        .collect();
    assert_eq!(folder.len(), 1, "only Alice has a record: {folder:?}");
}
