//! Whole dialogs against records in memory.

mod language;
mod one_field;

use super::*;
use crate::bypass::BypassCode;
use crate::decision::tests::{OpenSecrets, held, otp, stock};
use crate::policy::{Unpaired, Who};
use crate::records::{
    Claim, Commit, FaultKind, Holder, IssuedBypass, Revision, Secrets, Snapshot, Stock, UserRecord,
};
use crate::seed::Seed;
use crate::throttle::{Throttle, ThrottlePolicy};
use crate::token::{Token, TokenState, TokenType};
use proptest::prelude::*;
use std::collections::HashMap;

const NOW: u64 = 1_800_000_000;
const STEP: u64 = NOW / 30;

/// Records in memory, with a compare-and-set and a switch for faults.
#[derive(Default)]
struct Memory {
    users: HashMap<String, (u64, UserRecord)>,
    tokens: HashMap<String, Stock>,
    commits: usize,
    decoy_commits: usize,
    conflicts_to_come: usize,
    stolen_before_confirm: Option<String>,
    fails: bool,
}

impl Secrets for Memory {
    fn unseal(&self, token: &Token) -> Result<Seed, Fault> {
        OpenSecrets.unseal(token)
    }
    fn bypass_tag(&self, user: &str, code: &BypassCode) -> [u8; 32] {
        OpenSecrets.bypass_tag(user, code)
    }
}

impl Memory {
    fn with_token(user: &str, held: HeldToken) -> Self {
        let mut memory = Self::default();
        memory.put(
            user,
            UserRecord {
                tokens: vec![held],
                ..UserRecord::default()
            },
        );
        memory
    }

    fn with_stock(serials: &[&str]) -> Self {
        let tokens = serials
            .iter()
            .map(|s| (stock(s).token.serial.canonical().to_owned(), stock(s)))
            .collect();
        Self {
            tokens,
            ..Self::default()
        }
    }

    fn put(&mut self, user: &str, record: UserRecord) {
        self.users.insert(user.to_owned(), (1, record));
    }

    fn record(&self, user: &str) -> UserRecord {
        self.users
            .get(user)
            .map(|(_, record)| record.clone())
            .unwrap_or_default()
    }

    fn check(&self) -> Result<(), Fault> {
        if self.fails {
            Err(Fault::new(FaultKind::Io, "the disk is gone"))
        } else {
            Ok(())
        }
    }
}

impl Records for Memory {
    fn read(&mut self, account: &Account) -> Result<Snapshot, Fault> {
        self.check()?;
        let (revision, record) = self.users.get(&account.name).cloned().unwrap_or_default();
        Ok(Snapshot {
            record,
            revision: Revision(revision),
        })
    }

    fn commit(
        &mut self,
        account: &Account,
        base: Revision,
        record: &UserRecord,
    ) -> Result<Commit, Fault> {
        self.check()?;
        if self.conflicts_to_come > 0 {
            self.conflicts_to_come -= 1;
            return Ok(Commit::Conflict);
        }
        let entry = self.users.entry(account.name.clone()).or_default();
        if entry.0 != base.0 {
            return Ok(Commit::Conflict);
        }
        *entry = (base.0 + 1, record.clone());
        self.commits += 1;
        Ok(Commit::Durable)
    }

    fn decoy(&self) -> Token {
        stock("decoy").token
    }

    fn commit_decoy(&mut self) -> Result<(), Fault> {
        self.decoy_commits += 1;
        self.check()
    }

    fn find(&mut self, serial: &Serial) -> Result<Option<Stock>, Fault> {
        Ok(self.tokens.get(serial.canonical()).cloned())
    }

    fn claim(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        may_claim: &dyn Fn(&Stock) -> bool,
    ) -> Result<Claim, Fault> {
        let Some(stock) = self.tokens.get_mut(serial.canonical()) else {
            return Ok(Claim::Lost);
        };
        if !may_claim(stock) {
            return Ok(Claim::Lost);
        }
        stock.holder = Holder::Pairing(account.name.clone());
        stock.state = *state;
        Ok(Claim::Granted)
    }

    fn confirm(&mut self, serial: &Serial, account: &Account) -> Result<Claim, Fault> {
        if let Some(thief) = self.stolen_before_confirm.take() {
            self.tokens.get_mut(serial.canonical()).unwrap().holder = Holder::Pairing(thief);
        }
        let stock = self.tokens.get_mut(serial.canonical()).unwrap();
        if stock.holder != Holder::Pairing(account.name.clone()) {
            return Ok(Claim::Lost);
        }
        stock.holder = Holder::Paired(account.name.clone());
        Ok(Claim::Granted)
    }
}

struct NoGroups;
impl Groups for NoGroups {
    fn has_member(&self, _group: &str, _user: &str) -> Option<bool> {
        None
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a dialog takes")]
fn account(name: &str) -> Option<Account> {
    Some(Account {
        name: name.to_owned(),
        uid: 1000,
    })
}

/// Plays a dialog: the prompts and notices as lines, in the order in which a person meets them, and the outcome. The
/// script's answers have to be used up exactly.
fn play(
    memory: &mut Memory,
    policy: &Policy,
    user: Option<Account>,
    now: u64,
    answers: &[&str],
) -> (Vec<String>, Outcome) {
    let dialog = Dialog::new(user, "alice", None, policy.clone(), &NoGroups);
    play_out(dialog, memory, now, answers)
}

fn play_out(
    mut dialog: Dialog,
    memory: &mut Memory,
    now: u64,
    answers: &[&str],
) -> (Vec<String>, Outcome) {
    let (mut lines, mut answers) = (Vec::new(), answers.iter());
    let mut step = dialog.begin(memory, now);
    loop {
        step = match step {
            Step::Ask(prompt) => {
                lines.push(prompt.text.clone());
                let answer = answers
                    .next()
                    .unwrap_or_else(|| panic!("no answer left to {lines:?}"));
                dialog.answer(Some(answer.as_bytes()), memory, now)
            }
            Step::Tell(notice) => {
                lines.push(notice.text(dialog.language()));
                dialog.proceed()
            }
            Step::Done(outcome) => {
                assert_eq!(
                    answers.next(),
                    None,
                    "an answer was left over after {lines:?}"
                );
                return (lines, outcome);
            }
        };
    }
}

fn alice(memory: &mut Memory, answers: &[&str]) -> (Vec<String>, Outcome) {
    play(memory, &Policy::default(), account("alice"), NOW, answers)
}

const SERIAL: &str = "Serial number: ";
const PASSCODE: &str = "Passcode: ";
const NEXT: &str = "Next passcode: ";
const WRONG: &str = "Wrong passcode.";
const NOT_PAIRED: &str = "This serial number and passcode were not accepted.";

#[test]
fn rule_1_out_of_scope_nothing_is_asked_and_nothing_is_granted() {
    let policy = Policy {
        exempt: vec![Who::User("alice".into())],
        ..Policy::default()
    };
    let result = play(&mut Memory::default(), &policy, account("alice"), NOW, &[]);
    assert_eq!(result, (vec![], Outcome::NotAsked));
}

#[test]
fn rule_2_a_user_with_a_paired_token_is_asked_for_a_passcode() {
    let token = held("1");
    let mut memory = Memory::with_token("alice", token.clone());
    let result = alice(&mut memory, &[&otp(&token.token, STEP)]);
    assert_eq!(result, (vec![PASSCODE.into()], Outcome::Granted));
    assert_eq!(memory.commits, 1);
}

#[test]
fn rule_2_a_user_whose_tokens_are_all_disabled_counts_as_paired() {
    let mut token = held("1");
    token.state.disabled = true;
    let good = otp(&token.token, STEP);
    let (lines, outcome) = alice(
        &mut Memory::with_token("alice", token),
        &[&good, &good, &good],
    );
    assert_eq!(lines, [PASSCODE, WRONG, PASSCODE, WRONG, PASSCODE, WRONG]);
    assert_eq!(outcome, Outcome::TooManyTries);
}

#[test]
fn rule_2_a_bypass_code_is_accepted_at_the_passcode_prompt_paired_or_not() {
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let issued = IssuedBypass {
        tag: OpenSecrets.bypass_tag("alice", &code),
        issued: NOW,
        expires: NOW + 9,
        uses_left: 1,
    };
    for tokens in [vec![], vec![held("1")]] {
        let mut memory = Memory::default();
        memory.put(
            "alice",
            UserRecord {
                tokens,
                bypass: vec![issued.clone()],
                ..UserRecord::default()
            },
        );
        assert_eq!(
            alice(&mut memory, &["ABCD EFGH JKMN"]),
            (vec![PASSCODE.into()], Outcome::Granted)
        );
        assert!(memory.record("alice").bypass.is_empty());
    }
}

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
fn rule_9_junk_uses_an_attempt_is_no_failure_and_writes_nothing() {
    let mut memory = Memory::with_token("alice", held("1"));
    let (_, outcome) = alice(&mut memory, &["\u{8}\n\r\u{7f}INCORRECT", "hunter2", ""]);
    assert_eq!((outcome, memory.commits), (Outcome::TooManyTries, 0));
    let mut memory = Memory::with_stock(&["1"]);
    let (_, outcome) = alice(&mut memory, &["", "\u{8}\n\r\u{7f}INCORRECT", "1", "junk!"]);
    assert_eq!((outcome, memory.commits), (Outcome::TooManyTries, 0));
}

#[test]
fn rule_10_what_must_be_known_stands_in_the_next_prompt() {
    let policy = Policy {
        messages: Messages::InPrompt,
        help: "Call 555.".into(),
        ..Policy::default()
    };
    let mut memory = Memory::with_token("alice", held("1"));
    let (lines, outcome) = play(
        &mut memory,
        &policy,
        account("alice"),
        NOW,
        &["000000", "000000", "000000", "ignored"],
    );
    assert_eq!(
        lines,
        [
            PASSCODE,
            "Wrong passcode. Passcode: ",
            "Wrong passcode. Passcode: ",
            "Wrong passcode. Call 555. Press Enter. "
        ]
    );
    assert_eq!(outcome, Outcome::TooManyTries);
    let mut memory = Memory::with_stock(&["1"]);
    let (lines, _) = play(
        &mut memory,
        &policy,
        account("alice"),
        NOW,
        &["1", &otp(&stock("1").token, STEP)],
    );
    assert_eq!(
        lines,
        [SERIAL, PASSCODE],
        "nobody has to press Enter to hear that all is well"
    );
}

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

/// An answer of any kind for the property tests: passcodes around now, serial numbers, and junk.
fn any_answer() -> impl Strategy<Value = String> {
    let totp = (STEP - 250..STEP + 1100).prop_map(|m| otp(&stock("1").token, m));
    let near = (STEP - 2..STEP + 3).prop_map(|m| otp(&stock("1").token, m));
    let words = prop::sample::select(vec![
        "other",
        "1",
        "token 1",
        "2",
        "",
        "abcd-efgh-jkmn",
        "\u{7}junk",
        "000000",
    ]);
    let both = (STEP - 2..STEP + 3).prop_map(|m| format!("token 1 {}", otp(&stock("1").token, m)));
    prop_oneof![totp, near, words.prop_map(str::to_owned), both]
}

proptest! {
    #[test]
    fn every_dialog_ends_within_its_attempts(
        answers in prop::collection::vec(any_answer(), 40), attempts in 1_u32..5, in_prompt: bool, paired: bool, known: bool
    ) {
        let mut memory = Memory::with_stock(&["1"]);
        if paired {
            memory.put("alice", UserRecord { tokens: vec![held("1")], ..UserRecord::default() });
        }
        let messages = if in_prompt { Messages::InPrompt } else { Messages::Shown };
        let policy = Policy { attempts, messages, ..Policy::default() };
        let user = if known { account("alice") } else { None };
        let mut dialog = Dialog::new(user, "alice", None, policy, &NoGroups);
        let (mut asked, mut answers) = (0, answers.iter());
        let mut step = dialog.begin(&mut memory, NOW);
        loop {
            step = match step {
                Step::Ask(_) => {
                    asked += 1;
                    dialog.answer(Some(answers.next().unwrap().as_bytes()), &mut memory, NOW)
                }
                Step::Tell(_) => dialog.proceed(),
                Step::Done(_) => break,
            };
        }
        // In pairing two prompts an attempt; two more for the free `other`; and the last message.
        prop_assert!(asked <= 2 * attempts + 3, "{asked} prompts for {attempts} attempts");
    }

    #[test]
    fn no_moving_factor_counts_twice_over_any_interleaving_of_sign_ons(
        turns in prop::collection::vec((0_usize..4, any_answer(), 0_u64..40), 1..60), hotp: bool, paired: bool
    ) {
        let mut memory = Memory::with_stock(&["1"]);
        if hotp {
            let stock = memory.tokens.get_mut("1").unwrap();
            stock.token.parameters.token_type = TokenType::Hotp;
            stock.state.last_accepted = Some(STEP - 1);
        }
        if paired {
            let stock = memory.tokens.get_mut("1").unwrap();
            stock.holder = Holder::Paired("alice".into());
            let held = HeldToken { token: stock.token.clone(), state: stock.state };
            memory.put("alice", UserRecord { tokens: vec![held], ..UserRecord::default() });
        }
        let policy = Policy { throttle: ThrottlePolicy { max_failures: 10_000, max_total: 10_000, ..ThrottlePolicy::default() }, ..Policy::default() };
        let mut now = NOW;
        let (mut sessions, mut grants): (Vec<Option<Dialog>>, Vec<u64>) = (vec![None, None, None, None], Vec::new());
        for (place, answer, pause) in turns {
            now += pause;
            // Two people at two doors each; bob may only ever try to pair what alice has.
            let name = if place == 3 { "bob" } else { "alice" };
            let mut dialog = sessions[place].take().unwrap_or_else(|| {
                let mut dialog = Dialog::new(account(name), name, None, policy.clone(), &NoGroups);
                dialog.begin(&mut memory, now);
                dialog
            });
            let mut step = dialog.answer(Some(answer.as_bytes()), &mut memory, now);
            while let Step::Tell(_) = step {
                step = dialog.proceed();
            }
            match step {
                Step::Done(Outcome::Granted) => {
                    let holders: Vec<_> = ["alice", "bob"].iter().filter(|n| !memory.record(n).tokens.is_empty()).collect();
                    prop_assert_eq!(holders.len(), 1, "a token is with one person");
                    grants.push(memory.record(holders[0]).tokens[0].state.last_accepted.unwrap());
                }
                Step::Done(_) => {}
                _ => sessions[place] = Some(dialog),
            }
        }
        prop_assert!(grants.windows(2).all(|pair| pair[0] < pair[1]), "accepted in this order: {grants:?}");
    }
}
