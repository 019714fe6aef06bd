//! A question about a module, and what came of asking it.

use crate::clock::Clock;
use crate::module::{Candidate, Holding, Module, Surroundings, Wish};
use crate::together::Holder;
use crate::worker::Worker;
use otpair_tests::number::grouped;
use otpair_tests::token::Token;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the module holds it.
    pub held: bool,
    /// What was counted or seen.
    pub told: String,
}

impl Answer {
    /// Held or not, and what was seen.
    pub fn new(held: bool, told: impl Into<String>) -> Self {
        let told = told.into();
        Self { held, told }
    }

    /// Something that must never happen: how often it did.
    pub fn never(count: usize, rounds: usize) -> Self {
        Self::new(count == 0, of(count, rounds))
    }

    /// The same, and something beside it that may happen.
    pub fn beside(self, told: &str) -> Self {
        Self::new(self.held, format!("{}; {told}", self.told))
    }
}

/// "17 of 10,000".
pub fn of(count: usize, rounds: usize) -> String {
    format!("{} of {}", grouped(count), grouped(rounds))
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The behaviour, as a sentence.
    pub name: &'static str,
    /// Whether it comes out the same at every run.
    pub exact: bool,
}

/// A row that comes out the same at every run.
pub const fn exact(name: &'static str) -> Row {
    Row { name, exact: true }
}

/// A row whose counts are those of one run.
pub const fn counted(name: &'static str) -> Row {
    Row { name, exact: false }
}

/// A question.
pub struct Question {
    /// The rows that it answers.
    pub rows: &'static [Row],
    /// Asks it: an answer for each row, or why it is not asked of this module.
    pub ask: fn(&Asked<'_>) -> Vec<Answer>,
}

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// Of two sessions with one passcode.
    pub sessions: usize,
    /// The same by the clock.
    pub steps: usize,
    /// Of two users.
    pub users: usize,
    /// Of guesses at once.
    pub volleys: usize,
    /// Of kills.
    pub kills: usize,
    /// Of guesses one after the other.
    pub guesses: usize,
}

/// Who is asked, and where.
pub struct Asked<'a> {
    /// The module.
    pub candidate: &'a Candidate,
    /// Where it is set up.
    pub surroundings: &'a Surroundings,
    /// How often what goes by chance is tried.
    pub rounds: Rounds,
}

/// A module by a clock of its own, a user with a token, and a process to sign on in.
pub struct Timed {
    /// The module.
    pub module: Box<dyn Module>,
    /// The clock.
    pub clock: Clock,
    /// What it showed first.
    pub start: u64,
    /// A process that goes by it.
    pub worker: Worker,
}

/// The user of most questions.
pub const USER: &str = "daemon";

impl Asked<'_> {
    /// A plain set-up in which these users have these tokens.
    pub fn set_up(&self, holdings: &[Holding<'_>]) -> Box<dyn Module> {
        let wish = Wish::plain(&self.surroundings.parent);
        self.candidate.set_up(self.surroundings, &wish, holdings)
    }

    /// A set-up with a user who has a token that counts, and has signed on once.
    pub fn signed_on(&self, wish: &Wish<'_>) -> (Box<dyn Module>, Holder, Worker) {
        let (mut holder, token) = Holder::new(USER, 11_000_001, 40);
        let module = self
            .candidate
            .set_up(self.surroundings, wish, &[(USER, &token)]);
        let mut worker = Worker::start();
        holder.sign_on(module.scratch(), &mut worker);
        // What came of that is no news.
        self.surroundings.news();
        (module, holder, worker)
    }

    /// A set-up by a clock of its own, with a limit if one is wished, in which [`USER`] has this token.
    pub fn timed(&self, token: &Token, limit: Option<u32>) -> Timed {
        let (clock, start) = Clock::new();
        let wish = Wish {
            limit,
            clock: Some(&clock),
            ..Wish::plain(&self.surroundings.parent)
        };
        let module = self
            .candidate
            .set_up(self.surroundings, &wish, &[(USER, token)]);
        let worker = Worker::start_by(Some(&clock));
        Timed {
            module,
            clock,
            start,
            worker,
        }
    }
}

impl Timed {
    /// Whether [`USER`] gets in with a passcode, when the clock shows this time.
    pub fn lets_in(&mut self, time: u64, passcode: &str) -> bool {
        self.clock.set(time);
        self.worker
            .hold(&self.module.visit(USER, passcode))
            .is_granted()
    }

    /// The same, where it must be so for anything to be learnt from what follows. How long it took from the answer on, in
    /// nanoseconds.
    ///
    /// # Panics
    /// If it is not accepted.
    pub fn must_let_in(&mut self, time: u64, passcode: &str) -> u64 {
        self.clock.set(time);
        let reply = self.worker.hold(&self.module.visit(USER, passcode));
        assert!(reply.is_granted(), "{USER} can't sign on: {reply:?}");
        reply.decision
    }
}
