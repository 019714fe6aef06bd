//! Parallel guesses against the throttle.

use crate::figures::Figures;
use crate::scratch::{Programs, Scratch};
use crate::together::Holder;
use crate::worker::{Meet, Reply, Visit, Worker, monotonic};
use otpair_tests::chance::Chance;
use serde_json::Value;
use std::env::temp_dir;
use std::fs;

/// How many sessions guess at once, one of them right.
pub const GUESSES: usize = 12;
const MAX_FAILURES: u64 = 5;
const CONFIG: &str = r#"
[sign_on]
attempts = 1
[throttle]
max_failures = 5
[audit]
syslog = false
file = "{folder}/audit.jsonl"
"#;
/// The audit log in the scratch folder.
const LOG: &str = "audit.jsonl";
/// How long before they meet the sessions are told when, in nanoseconds: enough for all to be at their prompt.
const NOTICE: u64 = 20_000_000;

/// Rounds of 12 sessions at once with one user's name, 11 of them with a wrong passcode, after up to 4 failures: never
/// more than `max_failures` passcodes are looked at.
pub fn guesses(programs: &Programs, rounds: usize) -> bool {
    let scratch = Scratch::new(programs, &temp_dir(), CONFIG);
    let (mut holder, token) = Holder::new("root", 10_000_004, rounds * 2 + 20);
    scratch.import([token]);
    let mut workers: Vec<_> = (0..GUESSES).map(|_| Worker::start()).collect();
    holder.sign_on(&scratch, &mut workers[0]);
    let mut chance = Chance::new();
    let mut figures = Figures::new("guesses", &["over the limit", "right ones granted"]);
    for _ in 0..rounds {
        figures.tried();
        let before = chance.below(MAX_FAILURES);
        let wrong = holder.wrong(GUESSES, &mut chance);
        for passcode in wrong
            .iter()
            .take(usize::try_from(before).unwrap_or_default())
        {
            workers[0].hold(&holder.visit(&scratch, passcode));
        }
        fs::remove_file(scratch.path(LOG)).expect("the log is there");
        let right = usize::try_from(chance.below(GUESSES as u64)).unwrap_or_default();
        let mut passcodes = wrong;
        passcodes[right] = holder.press();
        let visits = passcodes
            .iter()
            .map(|passcode| holder.visit(&scratch, passcode));
        let replies = at_once(&mut workers, visits);
        let evaluated = wrong_in_log(&scratch);
        let round = Round {
            before,
            evaluated,
            failures: failures(&scratch, holder.user),
        };
        if replies[right].is_granted() {
            figures.count("right ones granted");
        }
        round.check(&replies, right, &mut figures);
        scratch.admin(&["user", "unlock", holder.user]);
        if !replies[right].is_granted() {
            // Else some rounds later the next right one would be beyond the look-ahead window.
            holder.sign_on(&scratch, &mut workers[0]);
        }
    }
    figures.finish()
}

/// A sign-on in each process, all of them at their prompt in the same moment.
pub fn at_once(workers: &mut [Worker], visits: impl Iterator<Item = Visit>) -> Vec<Reply> {
    let at = Meet::AtPasscode(monotonic() + NOTICE);
    for (worker, visit) in workers.iter_mut().zip(visits) {
        worker.begin(&visit, at);
    }
    let replies = workers.iter_mut().map(Worker::reply);
    replies
        .map(|reply| reply.expect("a session's process died"))
        .collect()
}

/// The figures of one round.
struct Round {
    /// Failures in a row before it.
    before: u64,
    /// Wrong passcodes that were looked at, by the audit log.
    evaluated: u64,
    /// Failures in a row after it, by the record.
    failures: u64,
}

impl Round {
    fn check(&self, replies: &[Reply], right: usize, figures: &mut Figures) {
        // A grant clears the count: what was looked at and is not in it any more came before.
        let counted = if replies[right].is_granted() {
            self.evaluated
                .checked_sub(self.failures)
                .map(|earlier| self.before + earlier)
                .filter(|earlier| *earlier < MAX_FAILURES)
        } else {
            (self.before + self.evaluated == self.failures).then_some(self.failures)
        };
        if counted.is_none() || self.failures > MAX_FAILURES {
            let &Self {
                before,
                evaluated,
                failures,
            } = self;
            let detail = format!(
                "{before} before, {evaluated} looked at, {failures} in the record: {replies:?}"
            );
            figures.violation("over the limit", &detail);
        }
        for (place, reply) in replies.iter().enumerate() {
            if place == right && !reply.is_granted() && !reply.is_locked() {
                figures.violation("right ones refused unlocked", &format!("{reply:?}"));
            }
            if place != right && reply.is_granted() {
                figures.violation("wrong ones granted", &format!("{reply:?}"));
            }
        }
    }
}

fn failures(scratch: &Scratch, user: &str) -> u64 {
    let users: Value = serde_json::from_str(&scratch.admin(&["user", "list", "--json"]))
        .expect("user list --json prints JSON");
    users
        .as_array()
        .into_iter()
        .flatten()
        .find(|listed| listed["user"] == user)
        .and_then(|listed| listed["failures"].as_u64())
        .expect("user list --json gives the user's failures")
}

fn wrong_in_log(scratch: &Scratch) -> u64 {
    let text = fs::read_to_string(scratch.path(LOG)).expect("the log can be read");
    let is_wrong = |line: &&str| {
        let event: Value = serde_json::from_str(line).expect("a line of the log is JSON");
        event["event"] == "denied" && event["reason"] == "wrong passcode"
    };
    let count = text.lines().filter(is_wrong).count();
    count.try_into().expect("a small number")
}
