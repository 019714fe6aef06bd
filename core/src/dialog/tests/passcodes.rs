//! Passcodes of somebody who has a token: contract section 2, rules 6 to 9.

use super::*;

#[test]
fn rule_6_a_passcode_out_of_step_asks_for_the_next_and_resynchronizes() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let (lines, outcome) = alice(
        &mut memory,
        &[
            &otp(&token.token, STEP + 120),
            &otp(&token.token, STEP + 121),
        ],
    );
    assert_eq!(
        lines,
        [PASSCODE, &Notice::OutOfStep.text(Language::English), NEXT]
    );
    assert_eq!(outcome, Outcome::Granted);
    assert_eq!(memory.record("alice").tokens[0].state.drift, 121);
}

#[test]
fn rule_6_the_first_passcode_is_committed_as_a_failure_before_the_next_is_asked() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    );
    dialog.begin(&mut memory, NOW);
    let step = dialog.answer(
        Some(otp(&token.token, STEP + 120).as_bytes()),
        &mut memory,
        NOW,
    );
    assert_eq!(step, Step::Tell(Notice::OutOfStep));
    let record = memory.record("alice");
    assert_eq!(
        (
            record.throttle.failures,
            record.pending.unwrap().moving_factor
        ),
        (1, STEP + 120)
    );
}

#[test]
fn rule_6_a_door_that_asks_once_gets_there_in_two_sign_ons() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let once = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let first = play(
        &mut memory,
        &once,
        account("alice"),
        NOW,
        &[&otp(&token.token, STEP + 120)],
    );
    assert_eq!(
        first,
        (
            vec![PASSCODE.into(), Notice::OutOfStep.text(Language::English)],
            Outcome::TooManyTries
        )
    );
    let second = play(
        &mut memory,
        &once,
        account("alice"),
        NOW + 30,
        &[&otp(&token.token, STEP + 121)],
    );
    assert_eq!(second, (vec![PASSCODE.into()], Outcome::Granted));
}

#[test]
fn rule_6_at_the_next_prompt_no_other_passcode_counts() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let (lines, outcome) = alice(
        &mut memory,
        &[
            &otp(&token.token, STEP + 120),
            &otp(&token.token, STEP),
            &otp(&token.token, STEP),
        ],
    );
    assert_eq!(
        lines,
        [
            PASSCODE,
            &Notice::OutOfStep.text(Language::English),
            NEXT,
            WRONG,
            PASSCODE
        ]
    );
    assert_eq!(outcome, Outcome::Granted);
}

#[test]
fn rule_7_a_spent_passcode_is_told_uses_an_attempt_and_is_no_failure() {
    let mut token = held("1");
    token.state.last_accepted = Some(STEP);
    let mut memory = Memory::with_token("alice", token.clone());
    let spent = otp(&token.token, STEP);
    let (lines, outcome) = alice(&mut memory, &[&spent, &spent, &otp(&token.token, STEP + 1)]);
    let told = "That passcode was already used. Wait for the next one.";
    assert_eq!(lines, [PASSCODE, told, PASSCODE, told, PASSCODE]);
    assert_eq!(outcome, Outcome::Granted);
    assert_eq!(memory.commits, 1);
}

#[test]
fn rule_8_a_wrong_passcode_asks_again_up_to_the_attempts() {
    let mut memory = Memory::with_token("alice", held("1"));
    let (lines, outcome) = alice(&mut memory, &["000000", "000000", "000000"]);
    assert_eq!(lines, [PASSCODE, WRONG, PASSCODE, WRONG, PASSCODE, WRONG]);
    assert_eq!(outcome, Outcome::TooManyTries);
    assert_eq!(memory.record("alice").throttle.failures, 3);
}

#[test]
fn rule_9_junk_uses_an_attempt_is_no_failure_and_writes_nothing() {
    let mut memory = Memory::with_token("alice", held("1"));
    let (_, outcome) = alice(&mut memory, &["\u{8}\n\r\u{7f}INCORRECT", "hunter2", ""]);
    assert_eq!((outcome, memory.commits), (Outcome::TooManyTries, 0));
    let mut memory = Memory::with_stock(&["1"]);
    let (_, outcome) = alice(&mut memory, &["", "\u{8}\n\r\u{7f}INCORRECT", "1", "junk!"]);
    assert_eq!((outcome, memory.commits), (Outcome::TooManyTries, 0));
}

#[test]
fn a_decision_that_loses_the_race_is_taken_again_from_the_fresh_record() {
    let token = held("1");
    let mut memory = Memory {
        conflicts_to_come: 7,
        ..Memory::with_token("alice", token.clone())
    };
    assert_eq!(
        alice(&mut memory, &[&otp(&token.token, STEP)]).1,
        Outcome::Granted
    );
    let mut memory = Memory {
        conflicts_to_come: usize::MAX,
        ..Memory::with_token("alice", token.clone())
    };
    assert_eq!(
        alice(&mut memory, &[&otp(&token.token, STEP)]).1,
        Outcome::Unavailable
    );
}
