//! The benchmark: a sign-on through libpam, from `pam_start` to `pam_end`, against `pam_permit`, a bare in-place flush,
//! `pam_oath` and google-authenticator, interleaved in one run. It prints ratios: times say more of the disk than of
//! the programs.
//!
//! `bench [--folder DIR] [--rounds N] [--most-tokens N] [--listen PATH]`: DIR lies on the disk to measure (default: the
//! folder for temporary files), N rounds (300), at most so many tokens cached (100000). With `--listen /dev/log` it is
//! the syslog daemon too, which wants a `/dev` of its own: `./bench` makes one. As root, in release builds.

#[path = "../bench/contender.rs"]
mod contender;
#[path = "../bench/probe.rs"]
mod probe;
#[path = "../bench/rounds.rs"]
mod rounds;
#[path = "../races/scratch.rs"]
mod scratch;
#[path = "../bench/syslog.rs"]
mod syslog;
#[path = "../bench/table.rs"]
mod table;

use contender::Contender;
use probe::InPlace;
use rounds::Rounds;
use scratch::{Programs, Scratch};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use table::{Measured, Scale, percentile};

/// How many sign-ons in a process of its own each contender does.
const ALONE: usize = 15;
/// Sign-ons that are not counted, at the beginning.
const WARM_UP: usize = 5;

struct Options {
    folder: PathBuf,
    rounds: usize,
    most_tokens: usize,
    listen: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["one", confdir, service, user, passcode] => {
            probe::one(confdir, service, user, passcode);
            return ExitCode::SUCCESS;
        }
        ["syslog", path] => {
            syslog::run(Path::new(path));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let Some(options) = options(&arguments) else {
        eprintln!("usage: bench [--folder DIR] [--rounds N] [--most-tokens N] [--listen PATH]");
        return ExitCode::from(2);
    };
    bench(&options);
    ExitCode::SUCCESS
}

fn options(arguments: &[&str]) -> Option<Options> {
    let mut options = Options {
        folder: std::env::temp_dir(),
        rounds: 300,
        most_tokens: 100_000,
        listen: None,
    };
    for pair in arguments.chunks(2) {
        match *pair {
            ["--folder", folder] => options.folder = PathBuf::from(folder),
            ["--rounds", rounds] => options.rounds = rounds.parse().ok().filter(|n| *n > 0)?,
            ["--most-tokens", most] => options.most_tokens = most.parse().ok()?,
            ["--listen", path] => options.listen = Some(PathBuf::from(path)),
            _ => return None,
        }
    }
    Some(options)
}

fn bench(options: &Options) {
    let syslog = options.listen.as_deref().map(syslog::Syslog::listen);
    let (scratches, mut contenders) = contenders(options);
    let in_place = InPlace::new(&options.folder);
    let rounds = Rounds::run(&mut contenders, &in_place, WARM_UP, options.rounds);
    let mut measured: Vec<_> = contenders
        .iter()
        .enumerate()
        .map(|(place, contender)| Measured::new(&contender.name, rounds.quiet_times(place)))
        .collect();
    for _ in 0..ALONE {
        for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
            let alone = probe::alone(contender);
            measured.alone.push(alone.time);
            measured.peaks.push(alone.peak);
        }
    }
    for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
        measured.flushes = probe::flushes(contender, &options.folder);
    }
    drop((scratches, syslog));
    report(options, &measured, &rounds);
}

/// Everything that is compared, `pam_permit` first, with the scratch folders that it lives in.
fn contenders(options: &Options) -> (Vec<Scratch>, Vec<Contender>) {
    let programs = Programs::find();
    let uses = WARM_UP + options.rounds + ALONE + 1;
    let sizes = [1, 1000, 100_000].into_iter();
    let (scratches, otpairs): (Vec<_>, Vec<_>) = sizes
        .filter(|tokens| *tokens <= options.most_tokens.max(1))
        .map(|tokens| contender::otpair(&programs, &options.folder, tokens, uses))
        .unzip();
    let mut contenders = contender::peers(&scratches[0], uses);
    let wrong = contender::otpair_wrong(&scratches[0]);
    contenders.splice(1..1, otpairs.into_iter().chain([wrong]));
    (scratches, contenders)
}

fn report(options: &Options, measured: &[Measured], rounds: &Rounds) {
    let flushes = rounds.quiet_flushes();
    let permit = &measured[0];
    let scale = Scale {
        permit: percentile(&permit.times, 50),
        permit_alone: percentile(&permit.alone, 50),
        permit_peak: percentile(&permit.peaks, 50),
        flush: percentile(&flushes, 50),
    };
    println!(
        "Rounds: {}, flushes on a quiet disk: {} of {}. File system: {}. One in-place flush: {:.0} µs (half of them {:.0} to {:.0}), pam_permit: {:.0} µs.\n",
        options.rounds,
        flushes.len(),
        rounds.flush_count(),
        file_system(&options.folder),
        scale.flush / 1000.0,
        percentile(&flushes, 25) / 1000.0,
        percentile(&flushes, 75) / 1000.0,
        scale.permit / 1000.0,
    );
    println!("{}", table::HEAD);
    let is_good = |measured: &Measured| measured.name.starts_with("otpair, good");
    let one = &measured[1];
    for measured in measured {
        println!("{}", scale.line(measured, is_good(measured).then_some(one)));
    }
    println!();
    let good: Vec<_> = measured
        .iter()
        .filter(|measured| is_good(measured))
        .collect();
    let most = |figure: &dyn Fn(&Measured) -> f64| {
        good.iter()
            .map(|good| figure(good))
            .fold(f64::MIN, f64::max)
    };
    let wrong = measured
        .iter()
        .find(|measured| measured.name == "otpair, wrong");
    aim("a good sign-on, in flushes", scale.median(one), 2.0);
    aim(
        "with more tokens, over 1 token",
        most(&|good| scale.median(good) / scale.median(one)),
        1.1,
    );
    aim(
        "a wrong passcode, in flushes",
        wrong.map_or(f64::NAN, |wrong| scale.median(wrong)),
        4.0,
    );
    aim(
        "peak memory over pam_permit, in MB",
        most(&|good| scale.memory(good)),
        4.0,
    );
}

fn aim(what: &str, figure: f64, limit: f64) {
    let met = if figure <= limit { "met" } else { "MISSED" };
    println!("- {what}: {figure:.2}, aim at most {limit:.1}: {met}");
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
