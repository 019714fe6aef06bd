//! Whether time tells who is a user and who has a token: `timing N` lets N people of each kind sign on by turns, in
//! another order each time, through libpam and the built module, and compares how long they wait for the first prompt and
//! for the refusal. As root.
//!
//! Two comparisons with somebody paired: the rank test of Mann and Whitney, as its standardized U, and the t-test of Welch
//! as dudect does it, without the slowest tenth. Beyond 5 either says that the two can be told apart, given so many tries
//! on an idle machine; the difference of the medians says how well.

#[path = "../races/scratch.rs"]
mod scratch;

use otpair_tests::libpam::{self, Answer, Person, Request, Style};
use otpair_tests::token::Token;
use scratch::{Programs, SERVICE, Scratch};
use std::time::Instant;

/// Nobody is ever locked by failures but the one that is to be.
const CONFIG: &str = "[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 1000000\nmax_total = 100000000\n[audit]\nsyslog = false\n";

/// A kind of person: how it is called, and a user of this system who is one; every Debian has these.
const KINDS: [(&str, &str); 5] = [
    ("paired", "daemon"),
    ("paired, too", "bin"),
    ("unknown", "no-such-user"),
    ("paired, HOTP", "sys"),
    ("paired, SHA-512, 8 digits", "games"),
];

/// When a person was asked first, and answered.
struct Watch {
    passcode: String,
    asked: Option<Instant>,
}

impl Person for Watch {
    fn asked(&mut self, _: Style, _: &str) -> Answer {
        self.asked = Some(Instant::now());
        Answer::Text(self.passcode.clone().into_bytes())
    }

    fn told(&mut self, _: Style, _: &str) {}
}

/// The waits of one kind, in microseconds.
#[derive(Default)]
struct Waits {
    prompt: Vec<f64>,
    refusal: Vec<f64>,
}

fn sign_on(scratch: &Scratch, user: &str, passcode: &str) -> (f64, f64) {
    let confdir = scratch.confdir();
    let confdir = confdir.to_str().expect("the path is UTF-8");
    let request = Request::new(SERVICE, Some(user)).in_folder(confdir);
    let mut person = Watch {
        passcode: passcode.to_owned(),
        asked: None,
    };
    let start = Instant::now();
    let code = libpam::authenticate(&request, &mut person);
    let end = Instant::now();
    assert_eq!(libpam::name(code), "PAM_MAXTRIES", "{user}");
    let asked = person.asked.expect("everybody is asked");
    let micros = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e6;
    (micros(start, asked), micros(asked, end))
}

fn prepare() -> (Scratch, String) {
    let scratch = Scratch::new(&Programs::find(), &std::env::temp_dir(), CONFIG);
    let tokens = [
        Token::totp("1"),
        Token::totp("2"),
        Token::hotp("3"),
        Token::totp("4").algorithm("SHA512").digits(8),
    ];
    scratch.import(tokens.clone());
    for (user, token) in ["daemon", "bin", "sys", "games"].iter().zip(&tokens) {
        scratch.admin(&["user", "pair", user, &token.serial]);
    }
    (scratch, tokens[0].wrong())
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn count(values: &[f64]) -> f64 {
    f64::from(u32::try_from(values.len()).expect("fewer than four thousand million tries"))
}

/// Mann and Whitney's U, standardized: how far it is from what chance would give.
fn rank_test(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<_> = one
        .iter()
        .map(|value| (*value, true))
        .chain(other.iter().map(|value| (*value, false)))
        .collect();
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let ranks = (1_u32..).zip(&all).filter(|(_, (_, is_one))| *is_one);
    let sum: f64 = ranks.map(|(rank, _)| f64::from(rank)).sum();
    let (m, n) = (count(one), count(other));
    let u = sum - m * (m + 1.0) / 2.0;
    (u - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}

/// Welch's t of what is below the slowest tenth of both.
fn t_test(a: &[f64], b: &[f64]) -> f64 {
    let limit = percentile(&sorted(&[a, b].concat()), 90);
    let [(mean_a, error_a), (mean_b, error_b)] = [a, b].map(|values| {
        let quick: Vec<_> = values.iter().copied().filter(|x| *x <= limit).collect();
        let mean = quick.iter().sum::<f64>() / count(&quick);
        let squares: f64 = quick.iter().map(|x| (x - mean).powi(2)).sum();
        (mean, squares / (count(&quick) - 1.0) / count(&quick))
    });
    (mean_a - mean_b) / (error_a + error_b).sqrt()
}

fn print(what: &str, waits: &[Waits], of: fn(&Waits) -> &[f64]) {
    println!(
        "\n{what}\n{:28} {:>8} {:>8} {:>8} {:>8}",
        "", "median", "p90", "rank", "t"
    );
    let paired = of(&waits[0]);
    for ((kind, _), waits) in KINDS.iter().zip(waits) {
        let (times, by_rank, t) = (
            sorted(of(waits)),
            rank_test(of(waits), paired),
            t_test(of(waits), paired),
        );
        println!(
            "{kind:28} {:8.1} {:8.1} {by_rank:8.1} {t:8.1}",
            percentile(&times, 50),
            percentile(&times, 90)
        );
    }
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok());
    let rounds: usize = rounds.expect("usage: timing N");
    let (scratch, wrong) = prepare();
    let mut waits: Vec<Waits> = KINDS.iter().map(|_| Waits::default()).collect();
    let mut order: Vec<_> = (0..KINDS.len()).collect();
    for round in 0..rounds {
        let kinds = order.len();
        order.rotate_left(1 + round % (kinds - 1));
        order.swap(round % kinds, round / kinds % kinds);
        for kind in &order {
            let (prompt, refusal) = sign_on(&scratch, KINDS[*kind].1, &wrong);
            waits[*kind].prompt.push(prompt);
            waits[*kind].refusal.push(refusal);
        }
    }
    print("until the first prompt, in microseconds", &waits, |waits| {
        &waits.prompt
    });
    print("from a wrong passcode to the refusal", &waits, |waits| {
        &waits.refusal
    });
}
