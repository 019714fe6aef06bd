//! Faults of the machine at every system call of a sign-on; docs/faults.md says which, and what must hold.
//!
//! `faults [--quick] [--tell] [--seed N] [--only SCENARIO:KIND:NUMBER] [SCENARIO...]`, as root and with a `/dev` of its own
//! (tests/private-dev). Exits with 1 if something happened that must never happen, with a line for each that says how to
//! have it again.

#[path = "../faults/calls.rs"]
mod calls;
#[path = "../faults/client/ffi.rs"]
mod client;
#[path = "../faults/clocks.rs"]
mod clocks;
#[path = "../faults/disk.rs"]
mod disk;
#[path = "../faults/helper.rs"]
mod helper;
#[path = "../faults/journal.rs"]
mod journal;
#[path = "../faults/judge.rs"]
mod judge;
#[path = "../faults/kind.rs"]
mod kind;
#[path = "../faults/limits.rs"]
mod limits;
#[path = "../faults/memory/ffi.rs"]
mod memory;
#[path = "../faults/points.rs"]
mod points;
#[path = "../faults/power.rs"]
mod power;
#[path = "../faults/scenario.rs"]
mod scenario;
#[path = "../races/scratch.rs"]
mod scratch;
#[path = "../faults/shortcut.rs"]
mod shortcut;
#[path = "../faults/subject.rs"]
mod subject;
#[path = "../bench/syslog.rs"]
mod syslog;
#[path = "../faults/tally.rs"]
mod tally;
#[path = "../faults/trace.rs"]
mod trace;
#[path = "../faults/traced/ffi.rs"]
mod traced;
#[path = "../faults/which.rs"]
mod which;
#[path = "../faults/world.rs"]
mod world;

use scenario::Scenario;
use scratch::Programs;
use std::path::Path;
use std::process::ExitCode;
use subject::From;
use syslog::Syslog;
use tally::{Name, Tally};
use which::Which;

const USAGE: &str =
    "usage: faults [--quick] [--tell] [--seed N] [--only SCENARIO:KIND:NUMBER] [SCENARIO...]";
/// What this program is started with again.
const INSIDE: &str = "inside";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["syslog", path] => {
            syslog::run(Path::new(path));
            ExitCode::SUCCESS
        }
        [INSIDE, options @ ..] => inside(options),
        _ => {
            let again: Vec<_> = [INSIDE.to_owned()].into_iter().chain(arguments).collect();
            let status = shortcut::run_without(&again);
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn inside(options: &[&str]) -> ExitCode {
    let Some((which, names)) = read(options) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let programs = Programs::find();
    let _syslog = Syslog::listen(Path::new("/dev/log"));
    memory::stay_on_one_processor();
    let mut tally = Tally::new(&which);
    for name in names {
        let Some(scenario) = Scenario::prepare(&name, &programs) else {
            eprintln!(
                "there is no scenario {name}: {}",
                scenario::NAMES.join(", ")
            );
            return ExitCode::from(2);
        };
        run(&scenario, &which, &mut tally);
    }
    if tally.finish() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    let with_modules = |work: &mut dyn FnMut()| scenario.world.with_modules(work);
    match scenario.from {
        From::Start => {
            points::run(scenario, which, tally);
            limits::run(scenario, which, tally);
        }
        From::Helper => with_modules(&mut || points::run(scenario, which, tally)),
        From::Loaded => with_modules(&mut || {
            points::run(scenario, which, tally);
            power::run(scenario, which, tally);
            clocks::run(scenario, which, tally);
            limits::run(scenario, which, tally);
        }),
    }
}

/// Which faults, in which scenarios.
fn read(options: &[&str]) -> Option<(Which, Vec<String>)> {
    let mut which = Which::default();
    let mut names = Vec::new();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--tell" => which.tells = true,
            "--quick" => which.is_quick = true,
            "--seed" => which.seed = options.next()?.parse().ok()?,
            "--only" => which.only = Some(Name::parse(options.next()?)?),
            unknown if unknown.starts_with('-') => return None,
            name => names.push(name.to_owned()),
        }
    }
    if let Some(only) = &which.only {
        names = vec![only.scenario.clone()];
        which.tells = true;
    } else if names.is_empty() {
        names = scenario::NAMES.map(str::to_owned).to_vec();
    }
    Some((which, names))
}
