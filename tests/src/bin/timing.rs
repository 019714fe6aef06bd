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

/// Nobody is ever locked by failures.
const CONFIG: &str = "[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 1000000\nmax_total = 100000000\n\
                      [service.strict]\nunpaired = \"deny\"\n[audit]\nsyslog = false\n";

/// One failure locks, for longer than this runs.
const LOCKING: &str = "[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 1\nfirst_wait = \"1d\"\nmax_wait = \"1d\"\n\
                       [audit]\nsyslog = false\n";

/// The service at which whoever has no token is turned away.
const STRICT: &str = "strict";

/// A kind of person.
struct Kind {
    name: &'static str,
    /// A user of this system who is one; every Debian has these.
    user: &'static str,
    service: &'static str,
    locked: bool,
}

const fn kind(name: &'static str, user: &'static str) -> Kind {
    Kind {
        name,
        user,
        service: SERVICE,
        locked: false,
    }
}

const KINDS: [Kind; 8] = [
    kind("paired", "daemon"),
    kind("paired, too", "bin"),
    kind("unknown", "no-such-user"),
    kind("paired, HOTP", "sys"),
    kind("paired, SHA-512, 8 digits", "games"),
    kind("without a token, who may pair", "man"),
    Kind {
        service: STRICT,
        ..kind("without a token, denied", "man")
    },
    Kind {
        locked: true,
        ..kind("locked", "daemon")
    },
];

/// When a person was asked first, and answered.
struct Watch {
    passcode: String,
    asked: Option<Instant>,
}

impl Person for Watch {
    fn asked(&mut self, _: Style, text: &str) -> Answer {
        self.asked.get_or_insert_with(Instant::now);
        if text.contains("Serial") {
            return Answer::Text(b"no such serial number".to_vec());
        }
        Answer::Text(self.passcode.clone().into_bytes())
    }

    fn told(&mut self, _: Style, _: &str) {}
}

/// The waits of one kind, in microseconds.
#[derive(Default)]
struct Waits {
    prompt: Vec<f64>,
    refusal: Vec<f64>,
    whole: Vec<f64>,
}

fn sign_on(scratch: &Scratch, kind: &Kind, passcode: &str, waits: &mut Waits) {
    let confdir = scratch.confdir();
    let confdir = confdir.to_str().expect("the path is UTF-8");
    let request = Request::new(kind.service, Some(kind.user)).in_folder(confdir);
    let mut person = Watch {
        passcode: passcode.to_owned(),
        asked: None,
    };
    let start = Instant::now();
    let code = libpam::authenticate(&request, &mut person);
    let end = Instant::now();
    assert_ne!(code, libpam::PAM_SUCCESS, "{}", kind.name);
    let micros = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e6;
    if let Some(asked) = person.asked {
        waits.prompt.push(micros(start, asked));
        waits.refusal.push(micros(asked, end));
    }
    waits.whole.push(micros(start, end));
}

/// Where people are paired, where one of them is locked, and a passcode that is nobody's.
fn prepare() -> (Scratch, Scratch, String) {
    let programs = Programs::find();
    let [scratch, locking] =
        [CONFIG, LOCKING].map(|config| Scratch::new(&programs, &std::env::temp_dir(), config));
    scratch.service(STRICT, &scratch.line());
    let tokens = [
        Token::totp("1"),
        Token::totp("2"),
        Token::hotp("3"),
        Token::totp("4").algorithm("SHA512").digits(8),
    ];
    scratch.import(tokens.clone());
    for (kind, token) in KINDS
        .iter()
        .filter(|kind| kind.name.starts_with("paired"))
        .zip(&tokens)
    {
        scratch.admin(&["user", "pair", kind.user, &token.serial]);
    }
    locking.import([tokens[0].clone()]);
    locking.admin(&["user", "pair", KINDS[0].user, &tokens[0].serial]);
    let wrong = tokens[0].wrong();
    sign_on(&locking, &KINDS[0], &wrong, &mut Waits::default());
    (scratch, locking, wrong)
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
fn rank_test(these: &[f64], others: &[f64]) -> f64 {
    let mine = these.iter().map(|time| (*time, true));
    let mut all: Vec<_> = mine
        .chain(others.iter().map(|time| (*time, false)))
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks = (1_u32..).zip(&all).filter(|(_, (_, is_mine))| *is_mine);
    let sum: f64 = ranks.map(|(rank, _)| f64::from(rank)).sum();
    let (m, n) = (count(these), count(others));
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
    println!("\n{what}");
    println!(
        "{:30} {:>8} {:>8} {:>8} {:>8}",
        "", "median", "p90", "rank", "t"
    );
    let paired = of(&waits[0]);
    for (kind, waits) in KINDS
        .iter()
        .zip(waits)
        .filter(|(_, waits)| !of(waits).is_empty())
    {
        let (times, by_rank, t) = (
            sorted(of(waits)),
            rank_test(of(waits), paired),
            t_test(of(waits), paired),
        );
        println!(
            "{:30} {:8.1} {:8.1} {by_rank:8.1} {t:8.1}",
            kind.name,
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
    let (scratch, locking, wrong) = prepare();
    let mut waits: Vec<Waits> = KINDS.iter().map(|_| Waits::default()).collect();
    let mut order: Vec<_> = (0..KINDS.len()).collect();
    for round in 0..rounds {
        let kinds = order.len();
        order.rotate_left(1 + round % (kinds - 1));
        order.swap(round % kinds, round / kinds % kinds);
        for place in &order {
            let kind = &KINDS[*place];
            let scratch = if kind.locked { &locking } else { &scratch };
            sign_on(scratch, kind, &wrong, &mut waits[*place]);
        }
    }
    print("until the first prompt, in microseconds", &waits, |waits| {
        &waits.prompt
    });
    print("from the first answer to the refusal", &waits, |waits| {
        &waits.refusal
    });
    print("the whole of it", &waits, |waits| &waits.whole);
}
