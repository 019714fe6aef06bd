//! Whole dialogs against records in memory.

mod ends;
mod language;
mod one_field;
mod pairing;
mod passcodes;
mod properties;

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
use std::collections::HashMap;

const NOW: u64 = 1_800_000_000;
const STEP: u64 = NOW / 30;

/// Records in memory, with a compare-and-set and a switch for faults.
#[derive(Default)]
struct Memory {
    users: HashMap<String, (u64, UserRecord)>,
    tokens: HashMap<String, Stock>,
    commits: usize,
    reads: usize,
    decoy_reads: usize,
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
        self.reads += 1;
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

    fn read_decoy(&mut self) -> Result<(), Fault> {
        self.decoy_reads += 1;
        self.check()
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
