//! Stress programs: many sessions at the same moment, and sessions that are killed.
//!
//! `races same-passcode|two-users|kills|guesses N` tries N times, prints one line of figures and exits with 1 if
//! something happened that must never happen. It works in a folder of its own in the folder for temporary files, as
//! root, and drives the `pam_otpair.so` and `otpair` that were built into its own folder (or `OTPAIR_SO`, `OTPAIR_BIN`).

#[path = "../races/figures.rs"]
mod figures;
#[path = "../races/guesses.rs"]
mod guesses;
#[path = "../races/kills.rs"]
mod kills;
#[path = "../races/scratch.rs"]
mod scratch;
#[path = "../races/together.rs"]
mod together;
#[path = "../races/worker.rs"]
mod worker;

use scratch::Programs;
use std::process::ExitCode;

const USAGE: &str = "usage: races same-passcode|two-users|kills|guesses N";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let run: fn(&Programs, usize) -> bool = match arguments[..] {
        ["worker"] => {
            worker::run();
            return ExitCode::SUCCESS;
        }
        ["same-passcode", _] => together::same_passcode,
        ["two-users", _] => together::two_users,
        ["kills", _] => kills::kills,
        ["guesses", _] => guesses::guesses,
        _ => return wrong_usage(),
    };
    match arguments[1].parse() {
        Ok(rounds) if run(&Programs::find(), rounds) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(_) => wrong_usage(),
    }
}

fn wrong_usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
