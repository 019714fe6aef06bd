//! How dialogs end: locks, faults, strangers, people who go away.

use super::*;

#[test]
fn rule_11_a_locked_user_is_told_at_once_and_until_when() {
    let mut memory = Memory::default();
    let throttle = Throttle {
        failures: 5,
        last_failure: NOW,
    };
    memory.put(
        "alice",
        UserRecord {
            tokens: vec![held("1")],
            throttle,
            ..UserRecord::default()
        },
    );
    let (lines, outcome) = alice(&mut memory, &[]);
    assert_eq!(
        lines,
        [
            "Locked after too many wrong passcodes until 2027-01-15 08:01:00 UTC. Try again in 60 seconds."
        ]
    );
    assert_eq!((outcome, memory.commits), (Outcome::TooManyTries, 0));
}

#[test]
fn the_failure_that_locks_ends_the_dialog() {
    let mut memory = Memory::with_token("alice", held("1"));
    let policy = Policy {
        attempts: 9,
        ..Policy::default()
    };
    let (lines, outcome) = play(&mut memory, &policy, account("alice"), NOW, &["000000"; 5]);
    assert!(lines.last().unwrap().starts_with("Locked"));
    assert_eq!(outcome, Outcome::TooManyTries);
}

#[test]
fn a_fault_denies_and_is_told_apart_from_a_wrong_passcode() {
    let mut memory = Memory {
        fails: true,
        ..Memory::default()
    };
    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    );
    assert_eq!(
        dialog.begin(&mut memory, NOW),
        Step::Tell(Notice::Unavailable)
    );
    assert_eq!(dialog.proceed(), Step::Done(Outcome::Unavailable));
    let events = dialog.take_events();
    assert_eq!(events[0].reason.as_deref(), Some("the disk is gone"));
}

#[test]
fn somebody_unknown_gets_a_paired_users_dialog_and_leaves_no_record() {
    let mut memory = Memory::default();
    let (lines, outcome) = play(
        &mut memory,
        &Policy::default(),
        None,
        NOW,
        &["000000", "12345678", "abcd-efgh-jkmn"],
    );
    assert_eq!(lines, [PASSCODE, WRONG, PASSCODE, WRONG, PASSCODE, WRONG]);
    assert_eq!(outcome, Outcome::TooManyTries);
    assert_eq!((memory.users.len(), memory.decoy_commits), (0, 3));
}

#[test]
fn as_much_is_read_and_written_for_somebody_unknown_as_for_somebody_paired() {
    for unpaired in [Unpaired::Pair, Unpaired::Deny] {
        let policy = Policy {
            unpaired,
            attempts: 1,
            ..Policy::default()
        };
        for answer in [
            "000000",
            "12345678",
            "abcd-efgh-jkmn",
            "token 99999999 000000",
            "junk",
            "",
        ] {
            let mut memory = Memory::default();
            let mut record = UserRecord::default();
            record.tokens.push(held("1"));
            memory.put("alice", record);
            play(&mut memory, &policy, account("alice"), NOW, &[answer]);
            play(&mut memory, &policy, None, NOW, &[answer]);
            let paired = (memory.reads, memory.commits);
            let unknown = (memory.decoy_reads, memory.decoy_commits);
            assert_eq!(unknown, paired, "{answer:?}");
        }
    }
}

#[test]
fn a_clock_set_back_is_settled_when_a_locked_user_comes() {
    let mut memory = Memory::default();
    let throttle = Throttle {
        failures: 5,
        last_failure: NOW + 100_000_000,
    };
    let token = held("1");
    memory.put(
        "alice",
        UserRecord {
            tokens: vec![token.clone()],
            throttle,
            ..UserRecord::default()
        },
    );
    assert_eq!(alice(&mut memory, &[]).1, Outcome::TooManyTries);
    let later = play(
        &mut memory,
        &Policy::default(),
        account("alice"),
        NOW + 60,
        &[&otp(&token.token, STEP + 2)],
    );
    assert_eq!(later.1, Outcome::Granted);
}

#[test]
fn somebody_who_goes_away_is_denied_and_a_decision_already_taken_stands() {
    let mut memory = Memory::with_stock(&["1"]);
    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    );
    dialog.begin(&mut memory, NOW);
    assert_eq!(dialog.abandon(), Outcome::NoConversation);

    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    );
    dialog.begin(&mut memory, NOW);
    let answer = format!("token 1 {}", otp(&stock("1").token, STEP));
    assert!(matches!(
        dialog.answer(Some(answer.as_bytes()), &mut memory, NOW),
        Step::Tell(Notice::Paired(_))
    ));
    assert_eq!(dialog.abandon(), Outcome::Granted);
}

#[test]
fn an_answer_that_is_no_text_at_all_is_refused() {
    let mut memory = Memory::with_token("alice", held("1"));
    let mut dialog = Dialog::new(
        account("alice"),
        "alice",
        None,
        Policy::default(),
        &NoGroups,
    );
    dialog.begin(&mut memory, NOW);
    assert_eq!(
        dialog.answer(None, &mut memory, NOW),
        Step::Done(Outcome::Refused)
    );
}

#[test]
fn somebody_is_let_in_unasked_only_where_the_dialog_would_end_so() {
    let throttle = Throttle {
        failures: 5,
        last_failure: NOW,
    };
    let locked = UserRecord {
        throttle,
        ..UserRecord::default()
    };
    let with_token = UserRecord {
        tokens: vec![held("1")],
        ..UserRecord::default()
    };
    let allow = Policy {
        unpaired: Unpaired::AllowUntil(NOW + 1),
        ..Policy::default()
    };
    let exempt = Policy {
        exempt: vec![Who::Everybody],
        ..Policy::default()
    };
    for (policy, record, now, expected) in [
        (&allow, UserRecord::default(), NOW, true),
        (&allow, UserRecord::default(), NOW + 1, false),
        (&allow, locked.clone(), NOW, false),
        (&allow, with_token.clone(), NOW, false),
        (&Policy::default(), UserRecord::default(), NOW, false),
        (&exempt, with_token, NOW, true),
        (&exempt, locked, NOW, true),
    ] {
        let mut memory = Memory::default();
        memory.put("alice", record);
        let dialog = Dialog::new(account("alice"), "alice", None, policy.clone(), &NoGroups);
        assert_eq!(dialog.lets_in_unasked(|| Ok(memory), now), Ok(expected));
    }
}

#[test]
fn a_stranger_is_not_let_in_unasked_and_records_without_a_say_are_not_opened() {
    let allow = Policy {
        unpaired: Unpaired::AllowUntil(NOW + 1),
        ..Policy::default()
    };
    for (policy, user) in [(allow, None), (Policy::default(), account("alice"))] {
        let dialog = Dialog::new(user, "alice", None, policy, &NoGroups);
        let open = || -> Result<Memory, Fault> { panic!("the records were opened") };
        assert_eq!(dialog.lets_in_unasked(open, NOW), Ok(false));
    }
}
