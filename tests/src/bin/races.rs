//! Stress programs: many sessions at the same moment, and sessions that are killed; and otpair beside its peers.
//!
//! `races same-passcode|two-users|kills|guesses N` tries N times, prints one line of figures and exits with 1 if
//! something happened that must never happen. `races compare [--quick] [--only TEXT] [--json FILE]` asks everything of otpair, `pam_oath`
//! and google-authenticator, prints the table, and exits with 1 if otpair does not hold something.
//!
//! It works in a folder of its own in the folder for temporary files, as root, in a mount namespace of its own, and
//! drives the `pam_otpair.so` and `otpair` that were built into its own folder (or `OTPAIR_SO`, `OTPAIR_BIN`).

#[path = "../suite/answer.rs"]
mod answer;
#[path = "../races/clock.rs"]
mod clock;
#[path = "../suite/compare.rs"]
mod compare;
#[path = "../suite/disk.rs"]
mod disk;
#[path = "../suite/doors.rs"]
mod doors;
#[path = "../races/figures.rs"]
mod figures;
#[path = "../suite/google.rs"]
mod google;
#[path = "../races/guesses.rs"]
mod guesses;
#[path = "../races/kills.rs"]
mod kills;
#[path = "../suite/module.rs"]
mod module;
#[path = "../suite/moments.rs"]
mod moments;
#[path = "../suite/oath.rs"]
mod oath;
#[path = "../suite/otpair.rs"]
mod otpair;
#[path = "../suite/passcodes.rs"]
mod passcodes;
#[path = "../suite/peer.rs"]
mod peer;
#[path = "../races/scratch.rs"]
mod scratch;
#[path = "../races/together.rs"]
mod together;
#[path = "../races/worker.rs"]
mod worker;

use figures::Figures;
use module::{CANDIDATES, Surroundings};
use otpair_tests::syslog::Syslog;
use scratch::Programs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: races same-passcode|two-users|kills|guesses N
       races compare [--quick] [--only TEXT] [--json FILE]";
/// Set where the process is in the namespace of its own already.
const INSIDE: &str = "OTPAIR_RACES_INSIDE";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["worker"] => {
            worker::run();
            ExitCode::SUCCESS
        }
        ["compare", ref options @ ..] => match compare::Options::read(options) {
            Some(options) => exit(compare::compare(&inside(), &options)),
            None => wrong_usage(),
        },
        [what, rounds] => match (what, rounds.parse()) {
            ("same-passcode" | "two-users" | "kills" | "guesses", Ok(rounds)) => {
                exit(stress(what, rounds))
            }
            _ => wrong_usage(),
        },
        _ => wrong_usage(),
    }
}

fn stress(what: &str, rounds: usize) -> bool {
    let surroundings = inside();
    let ours = &CANDIDATES[0];
    match what {
        "same-passcode" => {
            let mut figures = Figures::new("same-passcode", &together::SAME[..2]);
            together::same_passcode(ours, &surroundings, rounds, &mut figures);
            figures.finish()
        }
        "two-users" => {
            let mut figures = Figures::new("two-users", &together::TWO);
            together::two_users(ours, &surroundings, rounds, &mut figures);
            figures.finish()
        }
        "kills" => kills::kills(&surroundings.programs, rounds),
        _ => guesses::guesses(&surroundings.programs, rounds),
    }
}

/// Where modules are set up: in a mount namespace with a `/dev` of its own, whose log this process is.
fn inside() -> Surroundings {
    let programs = Programs::find();
    if std::env::var_os(INSIDE).is_none() {
        let error = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c"])
            .args([include_str!("../races/inside.sh"), "inside.sh"])
            .arg(std::env::current_exe().expect("the program's own path can't be found"))
            .args(std::env::args_os().skip(1))
            .env(INSIDE, "yes")
            .exec();
        panic!("unshare can't be started: {error}");
    }
    Surroundings {
        programs,
        syslog: Syslog::listen(Path::new(module::LOG)),
        parent: std::env::temp_dir(),
    }
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn wrong_usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
