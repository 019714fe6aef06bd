//! What happens at the same moment, at any moment, or very often.

use crate::answer::{Answer, Asked, Question, USER, counted, exact};
use crate::figures::Figures;
use crate::guesses::{GUESSES, at_once};
use crate::kills::killed;
use crate::module::{Module, Wish};
use crate::together::{self, Holder, SAME, TWO};
use crate::worker::{Reply, Worker};
use otpair_tests::chance::Chance;
use otpair_tests::token::Token;
use std::fs;
use std::path::PathBuf;

/// The limit of wrong passcodes.
const LIMIT: u32 = 3;

/// The questions.
pub const QUESTIONS: [Question; 6] = [
    Question {
        rows: &[counted(
            "One passcode in two sessions at once counts once: accepted twice",
        )],
        ask: one_passcode_in_two_sessions,
    },
    Question {
        rows: &[counted(
            "The same with a token that goes by the clock: accepted twice",
        )],
        ask: one_passcode_by_the_clock,
    },
    Question {
        rows: &[
            counted("Two users at once are both let in: valid sign-ons denied"),
            counted("An accepted passcode of theirs is not accepted again: accepted again"),
        ],
        ask: two_users,
    },
    Question {
        rows: &[
            counted(
                "Of 12 guesses at once no more are looked at than a limit of 3: rounds in which more were",
            ),
            counted("A right one among 12 guesses at once is not accepted again: accepted again"),
        ],
        ask: twelve_guesses,
    },
    Question {
        rows: &[exact(
            "Somebody who guesses on and on is stopped: guesses that were looked at",
        )],
        ask: guesses_one_after_the_other,
    },
    Question {
        rows: &[
            counted("kill -9 at any moment leaves nothing that denies anybody: left it"),
            counted("kill -9 at any moment leaves no more files with the seed: left one"),
            counted("kill -9 at any moment lets no passcode count twice: counted twice"),
        ],
        ask: kills,
    },
];

fn figures(asked: &Asked<'_>, name: &'static str) -> Figures {
    let figures = Figures::new(name, &[]);
    if asked.candidate.is_ours() {
        figures
    } else {
        figures.quiet()
    }
}

fn one_passcode_in_two_sessions(asked: &Asked<'_>) -> Vec<Answer> {
    let mut figures = figures(asked, "same-passcode");
    let rounds = asked.rounds.sessions;
    together::same_passcode(asked.candidate, asked.surroundings, rounds, &mut figures);
    let answer = Answer::never(figures.of(SAME[0]), figures.rounds());
    let neither = figures.of(SAME[1]);
    let answer = if neither > 0 {
        let held = answer.held && !asked.candidate.is_ours();
        Answer { held, ..answer }.beside(&format!("{neither} without a grant"))
    } else {
        answer
    };
    vec![answer]
}

fn one_passcode_by_the_clock(asked: &Asked<'_>) -> Vec<Answer> {
    let token = Token::totp("11000003");
    let mut timed = asked.timed(&token, None);
    let mut workers = [(); 2].map(|()| Worker::start_by(Some(&timed.clock)));
    let (mut time, mut twice, mut chance) = (timed.start + 60, 0, Chance::new());
    timed.must_let_in(time, &token.at(time));
    time += 30;
    let length = timed.must_let_in(time, &token.at(time));
    for round in 0..asked.rounds.steps {
        time += 30;
        timed.clock.set(time);
        let visit = timed.module.visit(USER, &token.at(time));
        let meet = together::meetings(round, length, &mut chance);
        let replies = together::at_once(&mut workers, [&visit, &visit], meet);
        twice += usize::from(replies.iter().all(Reply::is_granted));
    }
    vec![Answer::never(twice, asked.rounds.steps)]
}

fn two_users(asked: &Asked<'_>) -> Vec<Answer> {
    let mut figures = figures(asked, "two-users");
    let rounds = asked.rounds.users;
    together::two_users(asked.candidate, asked.surroundings, rounds, &mut figures);
    TWO.map(|what| Answer::never(figures.of(what), 2 * figures.rounds()))
        .to_vec()
}

/// A set-up with the limit, a user with passcodes for so many rounds, and the processes.
fn limited(asked: &Asked<'_>, rounds: usize) -> (Box<dyn Module>, Holder, Vec<Worker>) {
    let (mut holder, token) = Holder::new("root", 11_000_004, rounds * 2 + 20);
    let wish = Wish {
        limit: Some(LIMIT),
        ..Wish::plain(&asked.surroundings.parent)
    };
    let holdings = [(holder.user, &token)];
    let module = asked.candidate.set_up(asked.surroundings, &wish, &holdings);
    let mut workers: Vec<_> = (0..GUESSES).map(|_| Worker::start()).collect();
    holder.sign_on(module.scratch(), &mut workers[0]);
    (module, holder, workers)
}

fn twelve_guesses(asked: &Asked<'_>) -> Vec<Answer> {
    let rounds = asked.rounds.volleys;
    let (module, mut holder, mut workers) = limited(asked, rounds);
    let mut chance = Chance::new();
    let (mut over, mut most, mut let_in, mut again) = (0, 0, 0, 0);
    for _ in 0..rounds {
        let wrong = holder.wrong(GUESSES, &mut chance);
        let (_, looked_at) = volley(asked, &*module, &mut workers, holder.user, &wrong);
        over += usize::from(looked_at > LIMIT as usize);
        most = most.max(looked_at);
        let right = usize::try_from(chance.below(GUESSES as u64)).unwrap_or_default();
        let mut guesses = holder.wrong(GUESSES, &mut chance);
        guesses[right] = holder.press();
        let (replies, _) = volley(asked, &*module, &mut workers, holder.user, &guesses);
        module.unlock(holder.user);
        if replies[right].is_granted() {
            let_in += 1;
            let visit = module.visit(holder.user, &guesses[right]);
            again += usize::from(workers[0].hold(&visit).is_granted());
        } else {
            // Else some rounds later the next right one would be beyond the window.
            holder.sign_on(module.scratch(), &mut workers[0]);
        }
    }
    let told = format!("at most {most}; a right one among 12 got in in {let_in}");
    vec![
        Answer::never(over, rounds).beside(&told),
        Answer::never(again, let_in),
    ]
}

/// Guesses of a user who need not wait, all at once: what they were told, and how many wrong ones were looked at.
fn volley(
    asked: &Asked<'_>,
    module: &dyn Module,
    workers: &mut [Worker],
    user: &str,
    guesses: &[String],
) -> (Vec<Reply>, usize) {
    module.unlock(user);
    asked.surroundings.news();
    let visits = guesses.iter().map(|guess| module.visit(user, guess));
    let replies = at_once(workers, visits);
    let looked_at = module.looked_at(&replies, &asked.surroundings.news());
    (replies, looked_at)
}

fn guesses_one_after_the_other(asked: &Asked<'_>) -> Vec<Answer> {
    let token = Token::hotp("11000005");
    let mut timed = asked.timed(&token, Some(LIMIT));
    asked.surroundings.news();
    let rounds = asked.rounds.guesses;
    let replies: Vec<_> = token
        .wrong_passcodes_around(0, rounds)
        .iter()
        .map(|guess| timed.worker.hold(&timed.module.visit(USER, guess)))
        .collect();
    let looked_at = timed.module.looked_at(&replies, &asked.surroundings.news());
    vec![if looked_at == rounds {
        Answer::new(false, "all of them")
    } else {
        Answer::new(true, looked_at.to_string())
    }]
}

/// What is counted over kills.
#[derive(Default)]
struct Left {
    denied: usize,
    seeds: usize,
    twice: usize,
}

fn kills(asked: &Asked<'_>) -> Vec<Answer> {
    let rounds = asked.rounds.kills;
    let (mut holder, token) = Holder::new("root", 11_000_006, rounds * 4 + 20);
    let (mut other, other_token) = Holder::new("daemon", 11_000_007, rounds * 2 + 20);
    let holdings = [(holder.user, &token), (other.user, &other_token)];
    let module = asked.set_up(&holdings);
    let length = usual_length(&*module, &mut holder);
    let mut survivor = Worker::start();
    other.sign_on(module.scratch(), &mut survivor);
    let mut chance = Chance::new();
    let mut left = Left::default();
    for _ in 0..rounds {
        let before = module.files();
        let passcode = holder.press();
        let visit = holder.visit(module.scratch(), &passcode);
        let first = killed(&visit, length, &mut chance);
        let files = new_files(&*module, &before);
        left.seeds += usize::from(
            files
                .iter()
                .any(|file| holds_seed(file, &[&token, &other_token])),
        );
        let next = other.press();
        if !survivor
            .hold(&other.visit(module.scratch(), &next))
            .is_granted()
        {
            left.denied += 1;
        }
        // As an administrator does.
        for file in files {
            let _ = fs::remove_file(file);
        }
        let again = survivor.hold(&visit).is_granted();
        let third = survivor.hold(&visit).is_granted();
        let granted = first.is_some_and(|reply| reply.is_granted());
        let times = [granted, again, third].into_iter().filter(|counts| *counts);
        left.twice += usize::from(times.count() > 1);
        holder.sign_on(module.scratch(), &mut survivor);
        other.sign_on(module.scratch(), &mut survivor);
    }
    [left.denied, left.seeds, left.twice]
        .map(|count| Answer::never(count, rounds))
        .to_vec()
}

/// How long a sign-on takes a process that is new: the median of some.
fn usual_length(module: &dyn Module, holder: &mut Holder) -> u64 {
    let mut times = [(); 7].map(|()| holder.sign_on(module.scratch(), &mut Worker::start()).whole);
    times.sort_unstable();
    times[times.len() / 2]
}

fn new_files(module: &dyn Module, before: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = module.files();
    files.retain(|file| !before.contains(file));
    files
}

fn holds_seed(file: &PathBuf, tokens: &[&Token]) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    tokens
        .iter()
        .any(|token| text.contains(&token.hex()) || text.contains(&token.base32()))
}
