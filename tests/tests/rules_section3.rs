//! Section 3 of the contract, "Which passcode is accepted", rule by rule, through libpam, with `oathtool` as the token.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{ALICE, BOB, Machine};
use otpair_tests::scenario::{T, alice, machine_with_dated, machine_with_paired};
use otpair_tests::token::Token;

/// What is asked after a passcode: the next one means that it was outside the window.
fn asked_after(machine: &Machine, time: u64, passcode: &str) -> String {
    let mut dialog = alice().at_time(time).begin(machine);
    dialog.expect(PASSCODE);
    dialog.answer(passcode);
    let asked = match dialog.next_prompt() {
        Some((_, prompt)) => {
            dialog.hang_up();
            dialog.next_prompt();
            prompt
        }
        None => "nothing".to_owned(),
    };
    dialog.kill();
    asked
}

// HOTP and TOTP, SHA-1/256/512, 6 to 8 digits, time intervals 10 to 300 s, seeds of 10 to 128 bytes.

#[test]
fn every_kind_of_totp_token_signs_on() {
    let machine = Machine::new();
    machine.config("[sign_on]\nattempts = 1\n");
    let mut serial = 10_000_000;
    for algorithm in ["SHA1", "SHA256", "SHA512"] {
        for (digits, interval, length) in [
            (6, 30, 20),
            (7, 10, 10),
            (8, 300, 128),
            (6, 60, 32),
            (8, 30, 64),
        ] {
            serial += 1;
            let token = Token::totp(&serial.to_string())
                .algorithm(algorithm)
                .digits(digits)
                .interval(interval)
                .seed_length(length);
            machine.pair(ALICE, &token);
            alice()
                .at_time(T)
                .granted(&machine, &[(PASSCODE, &token.at(T))]);
            machine.admin(&["user", "unpair", "alice"]);
        }
    }
}

#[test]
fn every_kind_of_hotp_token_signs_on_from_the_counter_in_its_seed_file() {
    let machine = Machine::new();
    for (serial, digits, length, counter) in [
        ("11111111", 6, 10, 0),
        ("22222222", 7, 20, 1),
        ("33333333", 8, 128, 4_000_000_000),
    ] {
        let token = Token::hotp(serial)
            .digits(digits)
            .seed_length(length)
            .imported_counter(counter);
        machine.pair(ALICE, &token);
        alice().granted(&machine, &[(PASSCODE, &token.press(counter))]);
        alice().granted(&machine, &[(PASSCODE, &token.press(counter + 1))]);
        machine.admin(&["user", "unpair", "alice"]);
    }
}

// TOTP: the drift window around now, corrected by the remembered drift.

#[test]
fn a_time_step_either_side_of_now_is_accepted_and_two_are_not() {
    for (shift, accepted) in [
        (-60_i64, false),
        (-30, true),
        (0, true),
        (30, true),
        (60, false),
    ] {
        let token = Token::totp("12345678");
        let machine = machine_with_paired(&token);
        let passcode = token.at(T.checked_add_signed(shift).unwrap());
        let expected = if accepted { "nothing" } else { NEXT };
        assert_eq!(asked_after(&machine, T, &passcode), expected, "{shift} s");
    }
}

#[test]
fn the_drift_window_can_be_set() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[passcode]\ndrift_window = 3\n");
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &token.at(T + 90))]);
}

#[test]
fn drift_moves_up_at_most_one_step_at_an_accept() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[passcode]\ndrift_window = 3\n");
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &token.at(T + 90))]);
    assert_eq!(machine.token(&token)["drift"], 1);
}

#[test]
fn drift_moves_downward_only_when_two_accepts_running_were_below_it() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    let late = |time: u64| {
        alice()
            .at_time(time)
            .granted(&machine, &[(PASSCODE, &token.at(time - 30))]);
        machine.token(&token)["drift"].clone()
    };
    assert_eq!(late(T), 0);
    assert_eq!(late(T + 300), -1);
}

#[test]
fn a_slow_token_is_followed_for_a_year_without_resynchronization() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    // A month apart; each time the token is 20 s slower still.
    for month in 1..=12 {
        let time = T + month * 30 * 86_400;
        alice()
            .at_time(time)
            .granted(&machine, &[(PASSCODE, &token.at(time - 20 * month))]);
        alice()
            .at_time(time + 120)
            .granted(&machine, &[(PASSCODE, &token.at(time + 120 - 20 * month))]);
    }
}

// HOTP: counters from the expected one to `look_ahead_window` after it.

#[test]
fn a_counter_up_to_ten_after_the_expected_one_is_accepted_and_eleven_is_not() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    assert_eq!(asked_after(&machine, T, &token.press(11)), NEXT);
    assert_eq!(asked_after(&machine, T, &token.press(10)), "nothing");
    assert_eq!(machine.token(&token)["last_accepted"], 10);
    assert_eq!(asked_after(&machine, T, &token.press(22)), NEXT);
    assert_eq!(asked_after(&machine, T, &token.press(21)), "nothing");
}

// Strictly above `last_accepted`.

#[test]
fn a_passcode_passed_over_is_never_accepted() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    alice().granted(&machine, &[(PASSCODE, &token.press(7))]);
    for counter in 0..=7 {
        assert_ne!(
            asked_after(&machine, T, &token.press(counter)),
            "nothing",
            "counter {counter} was accepted"
        );
    }
}

#[test]
fn a_spent_passcode_is_refused_in_a_second_session_that_was_already_waiting() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let mut first = alice().begin(&machine);
    let mut second = alice().begin(&machine);
    first.expect(PASSCODE);
    second.expect(PASSCODE);
    first.answer(&token.press(0));
    assert_eq!(first.finish().code, "PAM_SUCCESS");
    second.answer(&token.press(0));
    second.expect(PASSCODE);
    second.answer(&token.press(1));
    assert_eq!(second.finish().code, "PAM_SUCCESS");
}

// `resync_window`, and how far back it reaches.

#[test]
fn the_resynchronization_window_ends_at_its_edge() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    assert_eq!(asked_after(&machine, T, &token.press(1001)), PASSCODE);
    machine.config("[passcode]\nresync_window = 40\n");
    assert_eq!(asked_after(&machine, T, &token.press(41)), PASSCODE);
    assert_eq!(asked_after(&machine, T, &token.press(40)), NEXT);
}

#[test]
fn totp_searches_ahead_by_the_resynchronization_window() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    let (inside, outside) = (T + 1000 * 30, T + 1001 * 30);
    assert_eq!(asked_after(&machine, T, &token.at(outside)), PASSCODE);
    assert_eq!(asked_after(&machine, T, &token.at(inside)), NEXT);
}

#[test]
fn passcodes_noted_more_than_two_hours_ago_are_dead() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    assert_eq!(asked_after(&machine, T, &token.at(T - 7200 - 30)), PASSCODE);
    assert_eq!(asked_after(&machine, T, &token.at(T - 7200)), NEXT);
}

#[test]
fn in_pairing_and_token_resync_a_token_may_be_further_behind() {
    let token = Token::totp("12345678");
    let machine = Machine::new();
    machine.import(&[&token]);
    let slow = T - 20_000;
    let script = [
        (SERIAL, "12345678"),
        (PASSCODE, &*token.at(slow)),
        (NEXT, &token.at(slow + 30)),
    ];
    alice().at_time(T).granted(&machine, &script);
    // Again far behind, but above what was accepted.
    let later = T + 10_000;
    let slower = later - 25_000;
    let (first, next) = (token.at(slower), token.at(slower + 30));
    machine.admin_at(later, &["token", "resync", "12345678", &first, &next]);
    alice()
        .at_time(later + 60)
        .granted(&machine, &[(PASSCODE, &token.at(slower + 60))]);
}

// Several tokens for one user.

#[test]
fn each_of_a_users_tokens_is_tried_and_failures_count_against_the_user() {
    let (one, two) = (Token::hotp("11111111"), Token::totp("22222222").digits(8));
    let machine = Machine::new();
    machine.config("[sign_on]\nmax_tokens_per_user = 2\n");
    machine.pair(ALICE, &one);
    machine.pair(ALICE, &two);
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &one.press(0))]);
    alice().at_time(T).granted(
        &machine,
        &[(PASSCODE, &two.wrong_around(T)), (PASSCODE, &two.at(T))],
    );
    machine.admin(&["token", "disable", "11111111"]);
    alice().at_time(T).granted(
        &machine,
        &[(PASSCODE, &one.press(1)), (PASSCODE, &two.at(T + 30))],
    );
}

#[test]
fn failures_never_count_against_a_token_of_somebody_else() {
    let (hers, his) = (Token::hotp("11111111"), Token::hotp("22222222"));
    let machine = machine_with_paired(&hers);
    machine.pair(BOB, &his);
    let wrong = hers.press(0);
    SignOn::of(BOB).hold(
        &machine,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)],
        "PAM_MAXTRIES",
    );
    assert_eq!(machine.user(BOB)["failures"], 3);
    assert_eq!(machine.user(ALICE)["failures"], 0);
    alice().granted(&machine, &[(PASSCODE, &hers.press(0))]);
}

// Throttle.

/// One failure at a time.
fn fail_at(machine: &Machine, time: u64, token: &Token) -> otpair_tests::dialog::Done {
    let wrong = token.wrong_around(0);
    let mut dialog = alice().at_time(time).begin(machine);
    dialog.expect(PASSCODE);
    dialog.answer(&wrong);
    assert!(dialog.next_prompt().is_none());
    dialog.into_done()
}

fn throttled(config: &str) -> (Machine, Token) {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config(&format!("[sign_on]\nattempts = 1\n[throttle]\n{config}"));
    (machine, token)
}

#[test]
fn after_five_failures_a_user_waits_a_minute_and_then_twice_as_long_each_time() {
    let (machine, token) = throttled("");
    for _ in 0..5 {
        fail_at(&machine, T, &token);
    }
    let right = token.press(0);
    alice().at_time(T + 50).hold(&machine, &[], "PAM_MAXTRIES");
    fail_at(&machine, T + 70, &token);
    alice()
        .at_time(T + 70 + 110)
        .hold(&machine, &[], "PAM_MAXTRIES");
    fail_at(&machine, T + 70 + 130, &token);
    alice()
        .at_time(T + 200 + 230)
        .hold(&machine, &[], "PAM_MAXTRIES");
    alice()
        .at_time(T + 200 + 250)
        .granted(&machine, &[(PASSCODE, &right)]);
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn a_wait_never_grows_above_max_wait() {
    let (machine, token) = throttled("max_failures = 1\nfirst_wait = \"1m\"\nmax_wait = \"2m\"\n");
    for i in 0..5 {
        fail_at(&machine, T + i * 130, &token);
    }
    alice()
        .at_time(T + 4 * 130 + 130)
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn while_locked_nothing_is_checked_and_nothing_is_counted() {
    let (machine, token) = throttled("max_failures = 1\n");
    fail_at(&machine, T, &token);
    let before = machine.read(&Machine::record(ALICE));
    for _ in 0..5 {
        alice().at_time(T + 10).hold(&machine, &[], "PAM_MAXTRIES");
    }
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
}

#[test]
fn a_session_that_was_asked_before_the_lock_is_not_checked_after_it() {
    let (machine, token) = throttled("max_failures = 1\n");
    let mut waiting = alice().at_time(T).begin(&machine);
    waiting.expect(PASSCODE);
    fail_at(&machine, T, &token);
    waiting.answer(&token.press(0));
    assert_eq!(waiting.finish().code, "PAM_MAXTRIES");
}

#[test]
fn after_max_total_failures_only_an_admin_unlocks() {
    let (machine, token) =
        throttled("max_failures = 1\nfirst_wait = \"1s\"\nmax_wait = \"1s\"\nmax_total = 3\n");
    for i in 0..3 {
        fail_at(&machine, T + i * 10, &token);
    }
    let told = alice()
        .at_time(T + 365 * 86_400)
        .hold(&machine, &[], "PAM_MAXTRIES");
    assert!(told.says("locked"), "{}", told.transcript());
    machine.admin(&["user", "unlock", "alice"]);
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_clock_set_back_locks_nobody_for_years() {
    let (machine, token) = throttled("max_failures = 1\nfirst_wait = \"1m\"\nmax_wait = \"1m\"\n");
    fail_at(&machine, T + 10 * 365 * 86_400, &token);
    alice().at_time(T).hold(&machine, &[], "PAM_MAXTRIES");
    alice()
        .at_time(T + 70)
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_failure_asks_pam_for_a_delay_and_a_grant_does_not() {
    let (machine, token) = throttled("");
    assert!(fail_at(&machine, T, &token).delay() > 0);
    assert_eq!(
        alice()
            .granted(&machine, &[(PASSCODE, &token.press(0))])
            .delay(),
        0
    );
}

// Bypass codes.

#[test]
fn a_bypass_code_is_twelve_characters_with_a_letter_and_issuing_one_unlocks() {
    let (machine, token) = throttled("max_failures = 1\nfirst_wait = \"1h\"\n");
    fail_at(&machine, T, &token);
    let issued = machine.admin_json_at(T, &["user", "bypass", "alice"]);
    let code = issued["code"].as_str().unwrap();
    let groups: Vec<_> = code.split('-').collect();
    assert!(
        groups.len() == 3 && groups.iter().all(|group| group.len() == 4),
        "{code}"
    );
    assert!(code.bytes().any(|b| b.is_ascii_alphabetic()), "{code}");
    alice().at_time(T).granted(&machine, &[(PASSCODE, code)]);
}

#[test]
fn a_bypass_code_is_valid_for_its_time_and_its_uses() {
    let (machine, token) = throttled("");
    let issued = machine.admin_json_at(
        T,
        &["user", "bypass", "alice", "--for", "1h", "--uses", "2"],
    );
    let code = issued["code"].as_str().unwrap();
    alice()
        .at_time(T + 3500)
        .granted(&machine, &[(PASSCODE, code)]);
    alice()
        .at_time(T + 3700)
        .hold(&machine, &[(PASSCODE, code)], "PAM_MAXTRIES");
    alice()
        .at_time(T - 60)
        .hold(&machine, &[(PASSCODE, code)], "PAM_MAXTRIES");
    alice()
        .at_time(T + 3500)
        .granted(&machine, &[(PASSCODE, code)]);
    alice()
        .at_time(T + 3500)
        .hold(&machine, &[(PASSCODE, code)], "PAM_MAXTRIES");
    alice()
        .at_time(T + 3500)
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_bypass_code_is_good_for_its_own_user_only() {
    let (hers, his) = (Token::hotp("11111111"), Token::hotp("22222222"));
    let machine = machine_with_paired(&hers);
    machine.pair(BOB, &his);
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let code = issued["code"].as_str().unwrap();
    SignOn::of(BOB).granted(&machine, &[(PASSCODE, code), (PASSCODE, &his.press(0))]);
    alice().granted(&machine, &[(PASSCODE, code)]);
}

#[test]
fn a_bypass_code_is_kept_as_a_keyed_hash() {
    let (machine, _) = throttled("");
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let code = issued["code"].as_str().unwrap().replace('-', "");
    let record = machine.read(&Machine::record(ALICE));
    assert!(
        !record
            .windows(code.len())
            .any(|part| part.eq_ignore_ascii_case(code.as_bytes()))
    );
}

// Start and expiry dates.

#[test]
fn a_token_counts_from_its_start_date_to_its_expiry_date() {
    let token = Token::hotp("12345678");
    let machine = machine_with_dated(&token);
    machine.admin_at(T, &["user", "pair", "alice", "12345678"]);
    machine.config("[sign_on]\nattempts = 1\n");
    let day = 86_400;
    alice()
        .at_time(T - 30 * day)
        .hold(&machine, &[(PASSCODE, &token.press(0))], "PAM_MAXTRIES");
    alice()
        .at_time(T + 30 * day)
        .hold(&machine, &[(PASSCODE, &token.press(0))], "PAM_MAXTRIES");
    machine.admin(&["user", "unlock", "alice"]);
    alice()
        .at_time(T)
        .granted(&machine, &[(PASSCODE, &token.press(0))]);
}
