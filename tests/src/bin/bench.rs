//! The benchmark: a sign-on through libpam, from `pam_start` to `pam_end`, next to `pam_permit`, a bare in-place flush,
//! `pam_oath` and google-authenticator, interleaved in one run. It prints ratios: times say more of the disk than of
//! the programs. `./bench` builds what it wants and runs it as root; docs/performance.md says how to read it. It fails if an
//! aim is missed.

#[path = "../bench/contender.rs"]
mod contender;
#[path = "../bench/crew.rs"]
mod crew;
#[path = "../bench/figure.rs"]
mod figure;
#[path = "../bench/instructions.rs"]
mod instructions;
#[path = "../bench/measure.rs"]
mod measure;
#[path = "../bench/options.rs"]
mod options;
#[path = "../bench/otpair.rs"]
mod otpair;
#[path = "../bench/peers.rs"]
mod peers;
#[path = "../bench/plot.rs"]
mod plot;
#[path = "../bench/probe.rs"]
mod probe;
#[path = "../bench/results.rs"]
mod results;
#[path = "../bench/rounds.rs"]
mod rounds;
#[path = "../bench/rows.rs"]
mod rows;
#[path = "../races/scratch.rs"]
mod scratch;
#[path = "../bench/surroundings.rs"]
mod surroundings;
#[path = "../bench/syslog.rs"]
mod syslog;
#[path = "../bench/table.rs"]
mod table;
#[path = "../bench/together.rs"]
mod together;

use options::{Options, USAGE};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["one", service, user, answers @ ..] => probe::one(service, user, answers),
        ["syslog", path] => syslog::run(Path::new(path)),
        ["worker", folder] => crew::run(folder),
        ["inside", arguments @ ..] => match Options::parse(arguments) {
            Some(options) => return bench(&options),
            None => return usage(),
        },
        arguments => return outside(arguments),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// Goes where nothing of this machine's own is touched.
fn outside(arguments: &[&str]) -> ExitCode {
    let Some(options) = Options::parse(arguments) else {
        return usage();
    };
    let error = surroundings::enter(&options, measure::users(&options), arguments);
    eprintln!("unshare can't be started: {error}");
    ExitCode::FAILURE
}

fn bench(options: &Options) -> ExitCode {
    let (csv, plot) = (
        output(options.csv.as_deref()),
        output(options.plot.as_deref()),
    );
    let syslog = syslog::Syslog::listen(Path::new("/dev/log"));
    let (results, head) = measure::all(options);
    drop(syslog);
    let table = results.table();
    write(csv, || table.csv());
    write(plot, || plot::draw(&table, &head));
    let head = wrapped(&head);
    if options.markdown {
        println!("{head}\n{}", table.markdown().trim_end());
    } else {
        println!("{head}\n{table}\n{}", table.verdicts().trim_end());
    }
    if table.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Makes a file that is written in the end: minutes later is too late to hear that it can't be.
fn output(path: Option<&Path>) -> Option<File> {
    path.map(|path| {
        File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

fn write(file: Option<File>, text: impl FnOnce() -> String) {
    if let Some(mut file) = file {
        file.write_all(text().as_bytes())
            .expect("the figures can't be written");
    }
}

/// The same words in lines as long as those of the docs.
fn wrapped(text: &str) -> String {
    let (mut lines, mut length) = (String::new(), 0);
    for word in text.split(' ') {
        let width = word.chars().count() + 1;
        if length + width > 120 {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
        }
        lines.push_str(word);
        length += width;
    }
    lines + "\n"
}
