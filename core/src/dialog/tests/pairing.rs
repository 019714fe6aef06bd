//! Pairing at the prompt: contract section 2, rules 3 to 5, and what can come in between.

use super::*;

#[test]
fn rule_3_serial_number_and_passcode_pair_the_token_and_sign_on_in_one_go() {
    let mut memory = Memory::with_stock(&["12345678"]);
    let result = alice(
        &mut memory,
        &["1234-5678", &otp(&stock("12345678").token, STEP)],
    );
    let told = "Token 12345678 is now paired with your account.";
    assert_eq!(
        result,
        (
            vec![SERIAL.into(), PASSCODE.into(), told.into()],
            Outcome::Granted
        )
    );
    assert_eq!(
        memory.tokens["12345678"].holder,
        Holder::Paired("alice".into())
    );
    assert_eq!(
        memory.record("alice").tokens[0].state.last_accepted,
        Some(STEP)
    );
}

#[test]
fn rule_3_unpaired_deny_says_where_to_turn_and_denies() {
    let policy = Policy {
        unpaired: Unpaired::Deny,
        help: "Call 555.".into(),
        ..Policy::default()
    };
    let (lines, outcome) = play(&mut Memory::default(), &policy, account("alice"), NOW, &[]);
    assert_eq!(
        lines,
        [
            "No token is paired with your account. Ask your administrator for one.",
            "Call 555."
        ]
    );
    assert_eq!(outcome, Outcome::Refused);
}

#[test]
fn rule_3_under_deny_nobody_pairs_by_naming_a_token_at_the_prompt_of_a_bypass_code() {
    let policy = Policy {
        unpaired: Unpaired::Deny,
        ..Policy::default()
    };
    let mut memory = Memory::with_stock(&["12345678"]);
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let bypass = IssuedBypass {
        tag: OpenSecrets.bypass_tag("alice", &code),
        issued: NOW,
        expires: NOW + 9,
        uses_left: 1,
    };
    memory.put(
        "alice",
        UserRecord {
            bypass: vec![bypass],
            ..UserRecord::default()
        },
    );
    let pairing = format!("token 12345678 {}", otp(&stock("12345678").token, STEP));
    let answers = [pairing.as_str(), "ABCD EFGH JKMN"];
    let (_, outcome) = play(&mut memory, &policy, account("alice"), NOW, &answers);
    assert_eq!(outcome, Outcome::Granted);
    assert_eq!(memory.tokens["12345678"].holder, Holder::Nobody);
    assert!(memory.record("alice").tokens.is_empty());
}

#[test]
fn rule_3_unpaired_allow_reminds_and_ends_at_its_date() {
    let policy = Policy {
        unpaired: Unpaired::AllowUntil(NOW + 1),
        ..Policy::default()
    };
    let (lines, outcome) = play(&mut Memory::default(), &policy, account("alice"), NOW, &[]);
    assert_eq!((lines.len(), outcome), (1, Outcome::NotAsked));
    let (lines, _) = play(
        &mut Memory::default(),
        &policy,
        account("alice"),
        NOW + 1,
        &["", "", ""],
    );
    assert_eq!(lines[0], SERIAL);
}

#[test]
fn rule_4_the_first_other_is_free_and_the_second_uses_an_attempt() {
    let policy = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let (lines, outcome) = play(
        &mut Memory::default(),
        &policy,
        account("alice"),
        NOW,
        &["other", "OTHER"],
    );
    assert_eq!(
        (lines, outcome),
        (vec![SERIAL.into(), SERIAL.into()], Outcome::TooManyTries)
    );
}

#[test]
fn rule_4_token_serial_passcode_pairs_in_one_answer() {
    let mut memory = Memory::with_stock(&["12345678"]);
    let answer = format!("token 12345678 {}", otp(&stock("12345678").token, STEP));
    assert_eq!(alice(&mut memory, &["other", &answer]).1, Outcome::Granted);
}

#[test]
fn rule_4_a_paired_user_may_name_the_token_with_the_passcode() {
    let token = held("12345678");
    let mut memory = Memory::with_token("alice", token.clone());
    let answer = format!("token 12345678 {}", otp(&token.token, STEP));
    assert_eq!(alice(&mut memory, &[&answer]).1, Outcome::Granted);
    let elsewhere = format!("token 87654321 {}", otp(&token.token, STEP + 1));
    assert_eq!(
        alice(&mut memory, &[&elsewhere, "", ""]).1,
        Outcome::TooManyTries
    );
}

#[test]
fn rule_5_every_refusal_in_pairing_has_the_same_prompts_and_the_same_message() {
    let good = |serial: &str| otp(&stock(serial).token, STEP);
    let mut memory = Memory::with_stock(&["1", "2", "3", "4", "5"]);
    memory.tokens.get_mut("2").unwrap().holder = Holder::Paired("bob".into());
    memory.tokens.get_mut("3").unwrap().reserved_for = Some("bob".into());
    memory.tokens.get_mut("4").unwrap().state.disabled = true;
    memory.tokens.get_mut("5").unwrap().state.last_accepted = Some(STEP);
    let policy = Policy {
        attempts: 1,
        throttle: ThrottlePolicy {
            max_failures: 50,
            ..ThrottlePolicy::default()
        },
        ..Policy::default()
    };
    let wrong = [
        ("9", "123456".into()),
        ("1", "000000".into()),
        ("2", good("2")),
        ("3", good("3")),
        ("4", good("4")),
        ("5", good("5")),
    ];
    for (nth, (serial, passcode)) in (1..).zip(wrong) {
        let (lines, outcome) = play(
            &mut memory,
            &policy,
            account("alice"),
            NOW,
            &[serial, &passcode],
        );
        assert_eq!(lines, [SERIAL, PASSCODE, NOT_PAIRED], "serial {serial}");
        assert_eq!(outcome, Outcome::TooManyTries);
        assert_eq!(memory.record("alice").throttle.failures, nth);
    }
}

#[test]
fn rule_6_resynchronizes_in_pairing_too_also_over_two_sign_ons() {
    let token = stock("1").token;
    let mut memory = Memory::with_stock(&["1"]);
    let (lines, outcome) = alice(
        &mut memory,
        &["1", &otp(&token, STEP - 900), &otp(&token, STEP - 899)],
    );
    assert_eq!(
        lines[..4],
        [
            SERIAL,
            PASSCODE,
            &Notice::OutOfStep.text(Language::English),
            NEXT
        ]
    );
    assert_eq!(outcome, Outcome::Granted);

    let mut memory = Memory::with_stock(&["1"]);
    let once = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let answer = |moving_factor| format!("token 1 {}", otp(&token, moving_factor));
    assert_eq!(
        play(
            &mut memory,
            &once,
            account("alice"),
            NOW,
            &[&answer(STEP + 500)]
        )
        .1,
        Outcome::TooManyTries
    );
    assert_eq!(
        play(
            &mut memory,
            &once,
            account("alice"),
            NOW,
            &[&answer(STEP + 501)]
        )
        .1,
        Outcome::Granted
    );
    assert_eq!(memory.record("alice").throttle, Throttle::default());
}

#[test]
fn rule_8_in_pairing_it_asks_again_from_the_serial_number() {
    let mut memory = Memory::with_stock(&["1"]);
    let (lines, outcome) = alice(
        &mut memory,
        &["1", "000000", "1", &otp(&stock("1").token, STEP)],
    );
    assert_eq!(lines[..5], [SERIAL, PASSCODE, NOT_PAIRED, SERIAL, PASSCODE]);
    assert_eq!(outcome, Outcome::Granted);
}

#[test]
fn a_crash_between_claim_and_commit_is_resumed_by_the_same_user_with_a_newer_passcode() {
    let token = stock("1").token;
    let mut memory = Memory::with_stock(&["1"]);
    let claimed = TokenState {
        last_accepted: Some(STEP),
        ..TokenState::default()
    };
    let who = account("alice").unwrap();
    assert_eq!(
        memory
            .claim(&token.serial, &who, &claimed, &|_| true)
            .unwrap(),
        Claim::Granted
    );
    let policy = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let same = play(
        &mut memory,
        &policy,
        account("alice"),
        NOW,
        &["1", &otp(&token, STEP)],
    );
    assert_eq!(
        same.1,
        Outcome::TooManyTries,
        "the passcode of the crash is spent"
    );
    let bob = play(
        &mut memory,
        &policy,
        account("bob"),
        NOW,
        &["1", &otp(&token, STEP + 1)],
    );
    assert_eq!(bob.1, Outcome::TooManyTries);
    let newer = play(
        &mut memory,
        &policy,
        account("alice"),
        NOW,
        &["1", &otp(&token, STEP + 1)],
    );
    assert_eq!(newer.1, Outcome::Granted);
}

#[test]
fn a_token_that_an_admin_gave_to_somebody_else_before_the_end_of_a_pairing_is_given_back() {
    let mut memory = Memory {
        stolen_before_confirm: Some("bob".into()),
        ..Memory::with_stock(&["1"])
    };
    let policy = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let good = otp(&stock("1").token, STEP);
    let (lines, outcome) = play(&mut memory, &policy, account("alice"), NOW, &["1", &good]);
    assert_eq!(lines, [SERIAL, PASSCODE, NOT_PAIRED]);
    assert_eq!(outcome, Outcome::TooManyTries);
    assert!(memory.record("alice").tokens.is_empty());
}

#[test]
fn rule_2_somebody_with_a_bypass_code_who_fails_to_pair_is_asked_for_it_again() {
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let issued = IssuedBypass {
        tag: OpenSecrets.bypass_tag("alice", &code),
        issued: NOW,
        expires: NOW + 9,
        uses_left: 1,
    };
    let mut memory = Memory::with_stock(&["1"]);
    let record = UserRecord {
        bypass: vec![issued],
        ..UserRecord::default()
    };
    memory.put("alice", record);
    let (lines, outcome) = alice(&mut memory, &["token 1 000000", "abcd-efgh-jkmn"]);
    assert_eq!(lines, [PASSCODE, NOT_PAIRED, PASSCODE]);
    assert_eq!(outcome, Outcome::Granted);
}
