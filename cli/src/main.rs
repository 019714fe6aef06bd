//! `otpair`, the admin's command (contract section 5): it translates between an admin's words and the seed cache. What
//! may be done, and which passcode counts, is decided in `otpair_core`.

#![forbid(unsafe_code)]

mod args;
mod backup;
mod completions;
mod config;
mod doctor;
mod failure;
mod files;
mod found;
mod import;
mod interrupt;
mod log;
mod machine;
#[cfg(test)]
mod manual;
mod output;
mod pairing;
mod progress;
mod protect;
mod protect_key;
mod reserved;
mod secret;
mod sign_on;
mod status;
mod systemd;
mod terminal;
mod token;
mod user;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()).and_then(args::Cli::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
