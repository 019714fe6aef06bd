//! Doors with one field: one answer, given before anything was asked.

use super::*;

/// A sign-on at a door with one field, with what was appended to the password.
fn appended(memory: &mut Memory, policy: &Policy, rest: &str) -> (Vec<String>, Outcome) {
    let dialog = Dialog::new(account("alice"), "alice", None, policy.clone(), &NoGroups);
    play_out(dialog.asking_once(), memory, NOW, &[rest])
}

fn split(memory: &mut Memory, policy: &Policy, user: Option<Account>) -> Split {
    let dialog = Dialog::new(user, "alice", None, policy.clone(), &NoGroups);
    dialog.split(memory, NOW).unwrap()
}

fn with_digits(serial: &str, digits: u64) -> HeldToken {
    let mut held = held(serial);
    held.token.parameters.digits = Digits::new(digits).unwrap();
    held
}

#[test]
fn the_one_answer_is_decided_like_any_other() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let policy = Policy::default();
    let good = otp(&token.token, STEP);
    let wrong = appended(&mut memory, &policy, "000000");
    let expected = (
        vec![PASSCODE.to_owned(), WRONG.to_owned()],
        Outcome::Refused,
    );
    assert_eq!(wrong, expected);
    assert_eq!(memory.record("alice").throttle.failures, 1);
    assert_eq!(
        appended(&mut memory, &policy, &good),
        (vec![PASSCODE.to_owned()], Outcome::Granted)
    );
    let (lines, outcome) = appended(&mut memory, &policy, &good);
    assert!(lines[1].contains("already used"), "{lines:?}");
    assert_eq!(outcome, Outcome::Refused);
}

#[test]
fn the_last_attempt_is_told_as_at_any_door() {
    let policy = Policy {
        attempts: 1,
        ..Policy::default()
    };
    let mut memory = Memory::with_token("alice", held("1"));
    let (_, outcome) = appended(&mut memory, &policy, "000000");
    assert_eq!(outcome, Outcome::TooManyTries);
}

#[test]
fn a_token_is_paired_in_one_answer_and_by_no_less() {
    let mut memory = Memory::with_stock(&["12345678"]);
    let policy = Policy::default();
    let good = otp(&stock("12345678").token, STEP);
    for too_little in [good.as_str(), "token 12345678", "other"] {
        let (_, outcome) = appended(&mut memory, &policy, too_little);
        assert_eq!(outcome, Outcome::Refused, "{too_little}");
    }
    assert_eq!(memory.commits, 0);
    let whole = format!("token 12345678 {good}");
    assert_eq!(appended(&mut memory, &policy, &whole).1, Outcome::Granted);
}

#[test]
fn a_token_out_of_step_is_back_after_two_sign_ons() {
    let mut token = held("1");
    token.token.parameters.token_type = TokenType::Hotp;
    let mut memory = Memory::with_token("alice", token.clone());
    let policy = Policy::default();
    let first = appended(&mut memory, &policy, &otp(&token.token, 60));
    assert_eq!(first.1, Outcome::Refused);
    let second = appended(&mut memory, &policy, &otp(&token.token, 61));
    assert_eq!(second.1, Outcome::Granted);
}

#[test]
fn where_no_message_can_be_shown_no_prompt_carries_one() {
    let policy = Policy {
        messages: Messages::InPrompt,
        help: "Call 555.".into(),
        ..Policy::default()
    };
    let mut memory = Memory::with_token("alice", held("1"));
    let (lines, outcome) = appended(&mut memory, &policy, "000000");
    assert_eq!(
        (lines, outcome),
        (vec![PASSCODE.to_owned()], Outcome::Refused)
    );
}

#[test]
fn what_the_door_could_not_ask_is_in_the_log() {
    let mut memory = Memory::with_stock(&["12345678"]);
    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    )
    .asking_once();
    dialog.begin(&mut memory, NOW);
    dialog.answer(Some(b"token 12345678"), &mut memory, NOW);
    let events = dialog.take_events();
    let reason = events[0].reason.clone().unwrap();
    assert_eq!(events.len(), 1);
    assert!(reason.contains("this door"), "{reason}");
}

#[test]
fn it_is_split_by_the_length_of_the_users_passcodes() {
    let policy = Policy::default();
    let mut memory = Memory::with_token("alice", with_digits("1", 8));
    assert_eq!(
        split(&mut memory, &policy, account("alice")),
        Split::BeforeDigits(8)
    );
    for stranger in [account("bob"), None] {
        let how = split(&mut memory, &policy, stranger);
        assert_eq!(how, Split::BeforeDigits(6));
    }
    let both = UserRecord {
        tokens: vec![with_digits("1", 8), with_digits("2", 6)],
        ..UserRecord::default()
    };
    memory.put("alice", both);
    assert_eq!(
        split(&mut memory, &policy, account("alice")),
        Split::AtComma
    );
}

#[test]
fn the_password_of_somebody_who_is_asked_for_nothing_stays_whole() {
    let exempt = Policy {
        exempt: vec![Who::User("alice".into())],
        ..Policy::default()
    };
    let mut memory = Memory::default();
    assert_eq!(
        split(&mut memory, &exempt, account("alice")),
        Split::Nowhere
    );
    let for_now = Policy {
        unpaired: Unpaired::AllowUntil(NOW + 1),
        ..Policy::default()
    };
    assert_eq!(
        split(&mut memory, &for_now, account("alice")),
        Split::Nowhere
    );
    let after = Policy {
        unpaired: Unpaired::AllowUntil(NOW),
        ..Policy::default()
    };
    assert_eq!(
        split(&mut memory, &after, account("alice")),
        Split::BeforeDigits(6)
    );
}

#[test]
fn somebody_unpaired_is_told_what_to_type_into_the_one_field() {
    let mut memory = Memory::with_stock(&["12345678"]);
    let (lines, _) = appended(&mut memory, &Policy::default(), "123456");
    assert!(lines[1].contains("token SERIAL PASSCODE"), "{lines:?}");
}
