//! How fast `otpair import` is next to plain SQLite: seed files of a million packages into a scratch cache, and between
//! them the same rows into the same table by prepared statements, on the same disk.
//!
//! `bench_import [--folder DIR] [--packages N] [--csv FILE]`: DIR lies on the disk to measure (default: the folder for
//! temporary files), N packages (1000000), the figures also as CSV. It fails if an aim is missed. As root, in release
//! builds: `./bench import`.

#[path = "../bench_import/plain.rs"]
mod plain;
#[path = "../races/scratch.rs"]
#[expect(dead_code, reason = "it is made for signing on too")]
mod scratch;
#[path = "../bench_import/timed.rs"]
mod timed;

use otpair_tests::seed_file::{self, KEY, Kind, Order};
use scratch::{Programs, Scratch};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use timed::Run;

/// The most tokens in one transaction (contract section 5).
const BATCH: usize = 10_000;
/// How often either is measured.
const TURNS: u32 = 3;
/// The most memory, in KiB, and the least part of SQLite's rate that an import may have.
const MEMORY: u64 = 64 * 1024;
const SHARE: f64 = 0.5;

struct Options {
    folder: PathBuf,
    packages: usize,
    csv: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let Some(options) = options(&arguments) else {
        eprintln!("usage: bench_import [--folder DIR] [--packages N] [--csv FILE]");
        return ExitCode::from(2);
    };
    if bench(&options) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn options(arguments: &[&str]) -> Option<Options> {
    let mut options = Options {
        folder: std::env::temp_dir(),
        packages: 1_000_000,
        csv: None,
    };
    for pair in arguments.chunks(2) {
        match *pair {
            ["--folder", folder] => options.folder = std::path::absolute(folder).ok()?,
            ["--packages", number] => options.packages = number.parse().ok().filter(|n| *n > 0)?,
            ["--csv", file] => options.csv = Some(PathBuf::from(file)),
            _ => return None,
        }
    }
    Some(options)
}

/// Compares every kind of file in every order. Whether all aims are met.
fn bench(options: &Options) -> bool {
    println!("{} packages a file.\n", options.packages);
    println!("| file | order | what | packages a second | of plain SQLite | peak memory | |");
    println!("|---|---|---|---|---|---|---|");
    let mut csv = "file,order,what,packages_a_second,ratio,peak_kib\n".to_owned();
    let mut met = true;
    for order in [Order::Vendor, Order::Shuffled] {
        for kind in Kind::ALL {
            met &= compare(options, kind, order, &mut csv);
        }
    }
    if let Some(path) = &options.csv {
        std::fs::write(path, csv).expect("the figures can't be written");
    }
    met
}

/// The rows of one seed file: plain SQLite and the import in turns, each into a new database. The quicker of either's
/// times is what counts: a machine that others share is slow for a while. Whether the import meets its aims.
fn compare(options: &Options, kind: Kind, order: Order, csv: &mut String) -> bool {
    let programs = Programs::find();
    let begin = || Scratch::new(&programs, &options.folder, "[audit]\nsyslog = false\n");
    let scratch = begin();
    let file = scratch.path("seeds");
    seed_file::write(&file, kind, order, options.packages);
    let rows = order.places(options.packages);
    let database = scratch.path("plain.db");
    let file = file.to_str().expect("the path is UTF-8");
    let import = |into: &Scratch, more: &[&str]| {
        let key = ["--key", KEY];
        let key: &[&str] = if kind == Kind::Encrypted { &key } else { &[] };
        timed::run(&into.otpair(&[&["import", file], key, more].concat()))
    };
    let dry = import(&scratch, &["--dry-run"]);
    let mut best = f64::INFINITY;
    let mut new = Run {
        seconds: f64::INFINITY,
        peak_kib: 0,
    };
    for _ in 0..TURNS {
        best = best.min(plain::insert(&database, &rows, BATCH));
        let run = import(&begin(), &[]);
        new.seconds = new.seconds.min(run.seconds);
        new.peak_kib = new.peak_kib.max(run.peak_kib);
    }
    import(&scratch, &[]);
    let again = import(&scratch, &[]);
    let whole = plain::insert(&database, &rows, usize::MAX);
    let met = best / new.seconds >= SHARE && new.peak_kib < MEMORY;
    let mut line = |what: &str, run: Run, judged: bool| {
        let rate = run.rate(options.packages);
        let ratio = best / run.seconds;
        let verdict = match (judged, met) {
            (false, _) => "",
            (true, true) => "met",
            (true, false) => "MISSED",
        };
        let memory = run.peak_kib / 1024;
        println!(
            "| {kind} | {order} | {what} | {rate:.0} | {ratio:.2} | {memory} MB | {verdict} |"
        );
        let _ = writeln!(
            csv,
            "{kind},{order},{what},{rate:.0},{ratio:.3},{}",
            run.peak_kib
        );
    };
    line("import", new, true);
    line("import again, all unchanged", again, false);
    line("dry run", dry, false);
    let peak_kib = 0;
    line(
        "plain SQLite, batches",
        Run {
            seconds: best,
            peak_kib,
        },
        false,
    );
    line(
        "plain SQLite, one transaction",
        Run {
            seconds: whole,
            peak_kib,
        },
        false,
    );
    met
}
