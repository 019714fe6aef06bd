//! Two sessions at the same moment.

use crate::figures::Figures;
use crate::scratch::{Programs, Scratch};
use crate::worker::{Meet, Reply, Worker, monotonic};
use otpair_tests::chance::Chance;
use otpair_tests::token::Token;
use std::env::temp_dir;

/// How long before they meet two sessions are told when, in nanoseconds: enough for both to be waiting by then.
const NOTICE: u64 = 400_000;

/// One attempt a sign-on, so that a session that is refused ends there; and nothing in the machine's own log.
pub const CONFIG: &str = "[sign_on]\nattempts = 1\n[audit]\nsyslog = false\n";

/// How many digits the tokens show. With eight, no two counters in a window show the same: checked for each token.
pub const DIGITS: u32 = 8;

/// Counters that one round's window can reach.
const REACH: usize = 12;

/// A paired user: their token's passcodes, and the next counter.
pub struct Holder {
    /// The user.
    pub user: &'static str,
    /// The token's serial number.
    pub serial: String,
    /// What the token shows, by counter.
    pub shown: Vec<String>,
    /// The next counter.
    pub counter: usize,
}

impl Holder {
    /// A user of the system's and a new token, not imported yet.
    pub fn new(user: &'static str, serial: &str, count: usize) -> (Self, Token) {
        let token = Token::hotp(serial).digits(DIGITS);
        let shown = token.presses(count + REACH);
        let distinct = shown
            .windows(REACH)
            .all(|near| near.iter().skip(1).all(|later| *later != near[0]));
        assert!(
            distinct,
            "token {serial} shows a passcode twice within a window: take another"
        );
        let holder = Self {
            user,
            serial: serial.to_owned(),
            shown,
            counter: 0,
        };
        (holder, token)
    }

    /// The next passcode.
    pub fn press(&mut self) -> String {
        self.counter += 1;
        self.shown[self.counter - 1].clone()
    }

    /// Signs on with the next passcode, which must work; pairs the token if it is not.
    pub fn sign_on(&mut self, scratch: &Scratch, worker: &mut Worker) -> Reply {
        let passcode = self.press();
        let reply = worker.sign_on(scratch, self.user, &self.serial, &passcode);
        assert!(reply.is_granted(), "{} can't sign on: {reply:?}", self.user);
        reply
    }

    /// Some passcodes of the right form that the token shows nowhere in reach.
    pub fn wrong(&self, count: usize, chance: &mut Chance) -> Vec<String> {
        let mut wrong = Vec::new();
        while wrong.len() < count {
            let passcode = format!("{:08}", chance.below(100_000_000));
            if !self.shown.contains(&passcode) && !wrong.contains(&passcode) {
                wrong.push(passcode);
            }
        }
        wrong
    }
}

/// Where the two sessions of a round meet: by turns at the start, at the prompt, and at the prompt with one of them
/// later by up to a decision's length.
fn meetings(round: usize, decision: u64, chance: &mut Chance) -> [Meet; 2] {
    let at = monotonic() + NOTICE;
    match round % 3 {
        0 => [Meet::AtStart(at); 2],
        1 => {
            let at = at + decision;
            [Meet::AtPasscode(at); 2]
        }
        _ => {
            let (at, later) = (at + decision, chance.below(decision));
            [Meet::AtPasscode(at), Meet::AtPasscode(at + later)]
        }
    }
}

/// How long a decision takes, from the answer to the end: the median of some.
fn usual_decision(scratch: &Scratch, holder: &mut Holder, worker: &mut Worker) -> u64 {
    let mut times: Vec<_> = (0..11)
        .map(|_| holder.sign_on(scratch, worker).decision)
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Rounds of two sessions with the same good passcode of one user: exactly one must be granted.
pub fn same_passcode(programs: &Programs, rounds: usize) -> bool {
    let scratch = Scratch::new(programs, &temp_dir(), CONFIG);
    let (mut holder, token) = Holder::new("root", "10000001", rounds + 20);
    scratch.import([token]);
    let mut workers = [Worker::start(), Worker::start()];
    let decision = usual_decision(&scratch, &mut holder, &mut workers[0]);
    let mut chance = Chance::new();
    let mut figures = Figures::new("same-passcode", &["double accepts", "without a grant"]);
    for round in 0..rounds {
        figures.tried();
        let passcode = holder.press();
        let meet = meetings(round, decision, &mut chance);
        for (worker, meet) in workers.iter_mut().zip(meet) {
            worker.ask(&scratch, holder.user, &holder.serial, &passcode, meet);
        }
        let replies = workers
            .each_mut()
            .map(|worker| worker.reply().expect("a session's process died"));
        match replies.iter().filter(|reply| reply.is_granted()).count() {
            1 if replies.iter().any(Reply::is_spent) => {}
            1 => figures.violation("refused for another reason", &format!("{replies:?}")),
            0 => figures.violation("without a grant", &format!("{replies:?}")),
            _ => figures.violation("double accepts", &format!("counter {}", holder.counter - 1)),
        }
    }
    figures.finish()
}

/// Rounds of two users at once, each with a good passcode of their own: both must be granted.
pub fn two_users(programs: &Programs, rounds: usize) -> bool {
    let scratch = Scratch::new(programs, &temp_dir(), CONFIG);
    let (one, token) = Holder::new("daemon", "10000002", rounds + 20);
    let (other, other_token) = Holder::new("bin", "10000003", rounds + 20);
    scratch.import([token, other_token]);
    let mut holders = [one, other];
    let mut workers = [Worker::start(), Worker::start()];
    let decision = holders
        .each_mut()
        .map(|holder| usual_decision(&scratch, holder, &mut workers[0]))[1];
    let mut chance = Chance::new();
    let mut figures = Figures::new("two-users", &["valid sign-ons denied"]);
    for round in 0..rounds {
        figures.tried();
        let meet = meetings(round, decision, &mut chance);
        for ((worker, holder), meet) in workers.iter_mut().zip(&mut holders).zip(meet) {
            let passcode = holder.press();
            worker.ask(&scratch, holder.user, &holder.serial, &passcode, meet);
        }
        for worker in &mut workers {
            let reply = worker.reply().expect("a session's process died");
            if !reply.is_granted() {
                figures.violation("valid sign-ons denied", &format!("{reply:?}"));
            }
        }
    }
    figures.finish()
}
