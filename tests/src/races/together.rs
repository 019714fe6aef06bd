//! Two sessions at the same moment.

use crate::figures::Figures;
use crate::module::{Candidate, Surroundings, Wish};
use crate::scratch::Scratch;
use crate::worker::{Meet, Reply, Visit, Worker, monotonic};
use otpair_tests::chance::Chance;
use otpair_tests::token::Token;

/// How long before they meet two sessions are told when, in nanoseconds: enough for both to be waiting by then.
const NOTICE: u64 = 400_000;

/// How many digits the tokens show: google-authenticator knows no other number.
const DIGITS: u32 = 6;

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
    /// A user of the system's and a new token, not imported yet: the first from this serial number on, in steps of 100,
    /// that shows no passcode twice within a window.
    pub fn new(user: &'static str, first: u32, count: usize) -> (Self, Token) {
        let distinct = |shown: &[String]| {
            let mut windows = shown.windows(REACH);
            windows.all(|near| near.iter().skip(1).all(|later| *later != near[0]))
        };
        let tokens = (0..100).map(|n| Token::hotp(&(first + 100 * n).to_string()).digits(DIGITS));
        let (token, shown) = tokens
            .map(|token| {
                let shown = token.presses(count + REACH);
                (token, shown)
            })
            .find(|(_, shown)| distinct(shown))
            .expect("every token shows a passcode twice within a window: take fewer rounds");
        let holder = Self {
            user,
            serial: token.serial.clone(),
            shown,
            // google-authenticator knows no counter 0.
            counter: 1,
        };
        (holder, token)
    }

    /// The next passcode.
    pub fn press(&mut self) -> String {
        self.counter += 1;
        self.shown[self.counter - 1].clone()
    }

    /// A sign-on of this user's; with the serial number, where the token is not paired yet.
    pub fn visit(&self, scratch: &Scratch, passcode: &str) -> Visit {
        Visit {
            serial: self.serial.clone(),
            ..Visit::new(scratch, self.user, passcode)
        }
    }

    /// Signs on with the next passcode, which must work; pairs the token if it is not.
    pub fn sign_on(&mut self, scratch: &Scratch, worker: &mut Worker) -> Reply {
        let passcode = self.press();
        let reply = worker.hold(&self.visit(scratch, &passcode));
        assert!(reply.is_granted(), "{} can't sign on: {reply:?}", self.user);
        reply
    }

    /// Some passcodes of the right form that the token shows nowhere in reach.
    pub fn wrong(&self, count: usize, chance: &mut Chance) -> Vec<String> {
        let mut wrong = Vec::new();
        while wrong.len() < count {
            let passcode = format!("{:06}", chance.below(1_000_000));
            if !self.shown.contains(&passcode) && !wrong.contains(&passcode) {
                wrong.push(passcode);
            }
        }
        wrong
    }
}

/// A sign-on in each of two processes, where they meet.
pub fn at_once(workers: &mut [Worker; 2], visits: [&Visit; 2], meet: [Meet; 2]) -> [Reply; 2] {
    for ((worker, visit), meet) in workers.iter_mut().zip(visits).zip(meet) {
        worker.begin(visit, meet);
    }
    workers
        .each_mut()
        .map(|worker| worker.reply().expect("a session's process died"))
}

/// Where the two sessions of a round meet: by turns at the start, at the prompt, and at the prompt with one of them
/// later by up to a decision's length.
pub fn meetings(round: usize, decision: u64, chance: &mut Chance) -> [Meet; 2] {
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

/// The figures of [`same_passcode`].
pub const SAME: [&str; 3] = [
    "double accepts",
    "without a grant",
    "refused for another reason",
];

/// Rounds of two sessions with the same good passcode of one user: exactly one must be granted.
pub fn same_passcode(
    candidate: &Candidate,
    surroundings: &Surroundings,
    rounds: usize,
    figures: &mut Figures,
) {
    let (mut holder, token) = Holder::new("root", 10_000_001, rounds + 20);
    let wish = Wish::plain(&surroundings.parent);
    let module = candidate.set_up(surroundings, &wish, &[(holder.user, &token)]);
    let mut workers = [Worker::start(), Worker::start()];
    let decision = usual_decision(module.scratch(), &mut holder, &mut workers[0]);
    let mut chance = Chance::new();
    for round in 0..rounds {
        figures.tried();
        let passcode = holder.press();
        let meet = meetings(round, decision, &mut chance);
        let visit = holder.visit(module.scratch(), &passcode);
        let replies = at_once(&mut workers, [&visit, &visit], meet);
        match replies.iter().filter(|reply| reply.is_granted()).count() {
            1 if !candidate.is_ours() || replies.iter().any(Reply::is_spent) => {}
            1 => figures.violation(SAME[2], &format!("{replies:?}")),
            0 => figures.violation(SAME[1], &format!("{replies:?}")),
            _ => figures.violation(SAME[0], &format!("counter {}", holder.counter - 1)),
        }
    }
}

/// The figures of [`two_users`].
pub const TWO: [&str; 2] = ["valid sign-ons denied", "accepted again"];

/// Rounds of two users at once, each with a good passcode of their own: both must be granted, and neither passcode
/// again.
pub fn two_users(
    candidate: &Candidate,
    surroundings: &Surroundings,
    rounds: usize,
    figures: &mut Figures,
) {
    let (one, token) = Holder::new("daemon", 10_000_002, rounds + 20);
    let (other, other_token) = Holder::new("bin", 10_000_003, rounds + 20);
    let holdings = [(one.user, &token), (other.user, &other_token)];
    let wish = Wish::plain(&surroundings.parent);
    let module = candidate.set_up(surroundings, &wish, &holdings);
    let mut holders = [one, other];
    let mut workers = [Worker::start(), Worker::start()];
    let decision = holders
        .each_mut()
        .map(|holder| usual_decision(module.scratch(), holder, &mut workers[0]))[1];
    let mut chance = Chance::new();
    for round in 0..rounds {
        figures.tried();
        let meet = meetings(round, decision, &mut chance);
        let visits = holders.each_mut().map(|holder| {
            let passcode = holder.press();
            holder.visit(module.scratch(), &passcode)
        });
        let replies = at_once(&mut workers, visits.each_ref(), meet);
        for (reply, visit) in replies.iter().zip(&visits) {
            if !reply.is_granted() {
                figures.violation(TWO[0], &format!("{reply:?}"));
            } else if workers[0].hold(visit).is_granted() {
                figures.violation(TWO[1], &format!("{visit:?}"));
            }
        }
    }
}
