//! Everything that is measured, one thing after the other.

use crate::contender::{Contender, What, Who};
use crate::figure::{Figure, percentile};
use crate::options::Options;
use crate::otpair::{MANY, Otpair};
use crate::probe::{Cost, InPlace};
use crate::results::{Measured, Results};
use crate::rounds::Rounds;
use crate::scratch::Programs;
use crate::together::{self, Together};
use crate::{instructions, peers, probe};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// How many times as long as the first the third quartile of the flushes may be, if they are to be a unit.
const UNSTEADY: f64 = 1.5;
/// Sign-ons that are not counted, at the beginning.
const WARM_UP: usize = 5;

/// How many sign-ons a contender has that takes part in so many rounds: these, those in processes of their own, those by
/// `pamtester`, and one each for `strace` and `valgrind`.
fn uses(options: &Options, rounds: usize) -> usize {
    rounds + 2 * options.alone() + 2
}

/// In every so-manyth round somebody takes part who has so many sign-ons in the rounds.
fn every(options: &Options, times: usize) -> usize {
    (options.rounds / times.max(1)).max(1)
}

/// How many sign-ons somebody has in the rounds who takes part in every so-manyth.
fn in_rounds(options: &Options, every: usize) -> usize {
    (WARM_UP + options.rounds).div_ceil(every)
}

fn pairings(options: &Options) -> (usize, usize) {
    let every = every(options, options.pairings());
    (every, uses(options, in_rounds(options, every)))
}

/// How many users it takes.
pub fn users(options: &Options) -> usize {
    MANY + pairings(options).1
}

/// Measures everything. With it comes what is said above the table.
pub fn all(options: &Options) -> (Results, String) {
    let start = Instant::now();
    let say = |what: &str| eprintln!("{:3.0} s: {what} …", start.elapsed().as_secs_f64());
    say("seed caches and peers' files");
    let (otpairs, mut contenders) = contenders(options);
    let in_place = InPlace::new(&options.folder);
    say("sign-ons in one process, by turns");
    let mut in_process = |turns| {
        let takes_part =
            |contender: &Contender, round: usize| round.is_multiple_of(contender.every);
        Rounds::run(
            &mut contenders,
            &in_place,
            turns,
            takes_part,
            Contender::sign_on,
        )
    };
    in_process(0..WARM_UP);
    let rounds = in_process(WARM_UP..WARM_UP + options.rounds);
    let mut measured: Vec<_> = contenders.iter().map(Measured::new).collect();
    for (place, (contender, measured)) in contenders.iter().zip(&mut measured).enumerate() {
        measured.costs = rounds.of(place, contender.is_slow());
    }
    say("sign-ons in processes of their own");
    alone(options, &in_place, &mut contenders, &mut measured);
    // Nobody can trace what is traced already.
    if options.flush_time.is_none() {
        say("system calls and instructions");
        traced(options, &mut contenders, &mut measured);
    }
    let flush = Figure::of_numbers(&rounds.quiet_flushes()).expect("there is a flush");
    let mut together = Vec::new();
    if let Some(first) = otpairs.first().filter(|_| !options.processes().is_empty()) {
        say("many processes at once");
        let places = together::prepare(first, MANY, &contenders);
        together = together::measure(options, &places);
    }
    let results = Results {
        measured,
        flush,
        together,
    };
    let head = head(options, &rounds, &results);
    (results, head)
}

/// Everything that is compared, `pam_permit` first, with the folders that it lives in.
fn contenders(options: &Options) -> (Vec<Otpair>, Vec<Contender>) {
    let programs = Programs::find();
    let symbols = instructions::symbols(&programs.module);
    let sizes = [1].into_iter().chain(options.sizes());
    let otpairs: Vec<_> = sizes
        .map(|tokens| Otpair::new(&programs, &symbols, options, tokens))
        .collect();
    let most = uses(options, in_rounds(options, 1));
    let (every, pairings) = pairings(options);
    let mut contenders = vec![peers::permit()];
    contenders.extend(otpairs.iter().map(|otpair| otpair.good(most)));
    let first = &otpairs[0];
    contenders.push(first.pairing(pairings, every));
    if let Some(last) = otpairs[1..].last() {
        contenders.push(last.pairing(pairings, every));
    }
    contenders.push(first.wrong());
    let scratch = &first.scratch;
    for tokens in otpairs.iter().map(Otpair::tokens) {
        contenders.push(peers::pam_oath(scratch, tokens, most));
    }
    contenders.push(peers::pam_oath_wrong(scratch));
    contenders.push(peers::google_authenticator(scratch, most));
    contenders.push(peers::google_authenticator_wrong(scratch));
    for contender in &mut contenders {
        if contender.who == Who::PamOath && contender.tokens >= 100_000 {
            // It takes milliseconds with a hundred thousand, and tenths of a second with a million.
            let times = if contender.tokens > 100_000 { 10 } else { 40 };
            contender.every = self::every(options, times.min(options.rounds / 4 + 1));
        }
    }
    (otpairs, contenders)
}

/// Sign-ons in processes of their own, by turns.
fn alone(
    options: &Options,
    in_place: &InPlace,
    contenders: &mut [Contender],
    measured: &mut [Measured],
) {
    let turns = 0..options.alone();
    let quick = |contender: &Contender, _| !contender.is_slow();
    let ours = Rounds::run(contenders, in_place, turns.clone(), quick, probe::alone);
    // A module may ask for seconds of delay after a wrong one, and pamtester keeps it.
    let few = if options.quick { 2 } else { 7 };
    let some = |contender: &Contender, turn| {
        quick(contender, turn) && (turn < few || contender.what != What::Wrong)
    };
    let pamtester = Rounds::run(contenders, in_place, turns, some, probe::pamtester);
    for (place, measured) in measured.iter_mut().enumerate() {
        measured.alone = ours.of(place, false);
        measured.pamtester = pamtester.of(place, false);
    }
}

fn traced(options: &Options, contenders: &mut [Contender], measured: &mut [Measured]) {
    for (contender, measured) in contenders.iter_mut().zip(measured) {
        if contender.is_slow() {
            continue;
        }
        measured.calls = Some(probe::system_calls(contender, &options.folder));
        measured.instructions = Some(instructions::count(contender, &options.folder));
    }
}

fn head(options: &Options, rounds: &Rounds<Cost>, results: &Results) -> String {
    let quiet = rounds.quiet_flushes();
    let micros = |hundredth| percentile(&quiet, hundredth) / 1000.0;
    let permit: Vec<_> = results
        .permit()
        .costs
        .iter()
        .map(|cost| cost.time)
        .collect();
    let mut head = format!(
        "Rounds: {}. One in-place flush takes {:.0} µs (half of them {:.0} to {:.0}), pam_permit {:.0} µs. The disk was quiet at \
         {} of {} flushes. File system: {}. Processor: {}.",
        options.rounds,
        micros(50),
        micros(25),
        micros(75),
        percentile(&permit, 50) / 1000.0,
        quiet.len(),
        rounds.flush_count(),
        file_system(&options.folder),
        processor(),
    );
    if micros(75) > UNSTEADY * micros(25) {
        head += " The flushes differ so much that times in flushes say little: take another run, on an idle machine.";
    }
    if let Some(time) = options.flush_time {
        let _ = write!(
            head,
            " Every flush, the bare one's too, was made {time} µs longer (strace)."
        );
    }
    if !results.together.is_empty() {
        let each = |shown: &dyn Fn(&Together) -> String| {
            let all: Vec<_> = results.together.iter().map(shown).collect();
            all.join(", ")
        };
        let _ = write!(
            head,
            " By {} processes at once: {} flushes a second, {} times as many sign-ons with pam_permit.",
            each(&|one| one.processes.to_string()),
            each(&|one| format!("{:.0}", one.disk.median)),
            each(&|one| format!("{:.2}", one.permit.median)),
        );
    }
    head
}

/// How many processors there are, and what they call themselves.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .filter_map(|line| line.strip_prefix("model name"))
        .find_map(|rest| rest.split(':').nth(1));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} of {}", name.unwrap_or("unknown").trim())
}

/// The file system that a folder lies on, as `findmnt` says.
fn file_system(folder: &Path) -> String {
    Command::new("findmnt")
        .args(["--noheadings", "--output", "FSTYPE,SOURCE", "--target"])
        .arg(folder)
        .output()
        .ok()
        .map(|output| {
            String::from_utf8_lossy(&output.stdout)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" on ")
        })
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
