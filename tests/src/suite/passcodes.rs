//! Which passcodes count: by the clock, after one another, of which tokens.

use crate::answer::{Answer, Asked, Question, exact, of};
use otpair_tests::token::Token;

/// The questions.
pub const QUESTIONS: [Question; 8] = [
    Question {
        rows: &[exact(
            "Tokens with seeds of 20 and 64 bytes and SHA-1, SHA-256 and SHA-512 sign on",
        )],
        ask: kinds,
    },
    Question {
        rows: &[exact(
            "A spent passcode is refused by a program that starts later",
        )],
        ask: restart,
    },
    Question {
        rows: &[exact(
            "A spent passcode is refused when a newer one was spent since",
        )],
        ask: older,
    },
    Question {
        rows: &[exact("A clock set back makes no spent passcode good again")],
        ask: set_back,
    },
    Question {
        rows: &[exact(
            "A lock from a clock a year ahead is over an hour after the first try with the clock set right",
        )],
        ask: lock_ahead,
    },
    Question {
        rows: &[exact(
            "One passcode five minutes or an hour old, or ahead, lets nobody in",
        )],
        ask: far,
    },
    Question {
        rows: &[exact(
            "Passcodes noted from an unattended token, five hours old, let nobody in",
        )],
        ask: noted,
    },
    Question {
        rows: &[exact(
            "A token that loses two seconds a day is good for a year, with three tries: days on which one got in",
        )],
        ask: slow,
    },
];

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn totp() -> Token {
    Token::totp("12000001")
}

fn kinds(asked: &Asked<'_>) -> Vec<Answer> {
    let lengths = [20, 64].into_iter();
    let kinds: Vec<_> = lengths
        .flat_map(|length| ["SHA1", "SHA256", "SHA512"].map(|hash| (length, hash)))
        .collect();
    let good = |(length, hash): &&(u8, &'static str)| {
        let token = totp().seed_length(*length).algorithm(hash);
        let mut timed = asked.timed(&token, None);
        let start = timed.start;
        timed.lets_in(start + 60, &token.at(start + 60))
    };
    let count = kinds.iter().filter(good).count();
    vec![Answer::new(count == kinds.len(), of(count, kinds.len()))]
}

/// "refused", which is what has to come of it, or "accepted".
fn refused(is_let_in: bool) -> Vec<Answer> {
    let told = if is_let_in {
        "accepted again"
    } else {
        "refused"
    };
    vec![Answer::new(!is_let_in, told)]
}

fn restart(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let mut timed = asked.timed(&token, None);
    let time = timed.start + 60;
    timed.must_let_in(time, &token.at(time));
    timed.worker = crate::worker::Worker::start_by(Some(&timed.clock));
    refused(timed.lets_in(time, &token.at(time)))
}

fn older(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let mut timed = asked.timed(&token, None);
    let time = timed.start + 60;
    timed.must_let_in(time, &token.at(time));
    timed.must_let_in(time + 30, &token.at(time + 30));
    refused(timed.lets_in(time + 30, &token.at(time)))
}

fn set_back(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let mut timed = asked.timed(&token, None);
    let time = timed.start + 60;
    timed.must_let_in(time, &token.at(time));
    timed.must_let_in(time + HOUR, &token.at(time + HOUR));
    refused(timed.lets_in(time, &token.at(time)))
}

fn lock_ahead(asked: &Asked<'_>) -> Vec<Answer> {
    let token = Token::hotp("12000002");
    let mut timed = asked.timed(&token, Some(3));
    let (start, ahead) = (timed.start, timed.start + 365 * DAY);
    for guess in token.wrong_passcodes_around(0, 4) {
        assert!(!timed.lets_in(ahead, &guess), "a wrong passcode got in");
    }
    timed.lets_in(start, &token.wrong());
    let is_over = timed.lets_in(start + HOUR, &token.press(1));
    let told = if is_over { "let in" } else { "locked" };
    vec![Answer::new(is_over, told)]
}

fn far(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let distances: [(i64, &str); 4] = [
        (-300, "5 minutes old"),
        (300, "5 minutes ahead"),
        (-3600, "an hour old"),
        (3600, "an hour ahead"),
    ];
    let accepted: Vec<_> = distances
        .into_iter()
        .filter(|(distance, _)| {
            let mut timed = asked.timed(&token, None);
            let time = timed.start + 60;
            let shown = token.at(time.saturating_add_signed(*distance));
            timed.lets_in(time, &shown)
        })
        .map(|(_, name)| name)
        .collect();
    vec![if accepted.is_empty() {
        Answer::new(true, "refused")
    } else {
        Answer::new(false, format!("accepted: {}", accepted.join(", ")))
    }]
}

fn noted(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let mut timed = asked.timed(&token, None);
    let time = timed.start + 60;
    let got_in = (0..4).find(|n| {
        let now = time + 30 * n;
        timed.lets_in(now, &token.at(now - 5 * HOUR))
    });
    vec![match got_in {
        Some(n) => Answer::new(false, format!("number {} in a row got in", n + 1)),
        None => Answer::new(true, "refused"),
    }]
}

/// How many passcodes in a row somebody tries before giving up for the day.
const TRIES: u64 = 3;

fn slow(asked: &Asked<'_>) -> Vec<Answer> {
    let token = totp();
    let mut timed = asked.timed(&token, None);
    let days: Vec<_> = (3..=365).step_by(3).collect();
    let mut refused = 0;
    let mut good = 0;
    for day in &days {
        let tries = (0..TRIES).take_while(|n| {
            let time = timed.start + day * DAY + 30 * n;
            !timed.lets_in(time, &token.at(time - 2 * day))
        });
        let misses = tries.count() as u64;
        refused += misses;
        good += usize::from(misses < TRIES);
    }
    let told = format!("{refused} passcodes refused");
    vec![Answer::new(good == days.len(), of(good, days.len())).beside(&told)]
}
