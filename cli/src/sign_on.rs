//! `otpair sign-on`: the dialog in this terminal, to try it without touching PAM.

use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use crate::terminal::Terminal;
use otpair_host::session::{self, Door, Outcome};
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose sign-on it is
    user: String,
    /// Go by the rules that the config has for this PAM service
    #[arg(long, value_name = "NAME", default_value = "otpair")]
    service: String,
}

impl Args {
    /// Holds the sign-on.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        // A wrong config is told to the admin as it is; the dialog would only say that it is not the person's fault.
        Machine::load(config)?;
        let door = Door {
            user: &self.user,
            service: &self.service,
            rhost: None,
            config,
            without_messages: false,
            one_field: false,
            language: None,
            debug: false,
        };
        let hold = match config {
            // A config of somebody's own, and the cache that it names.
            Some(_) => session::sign_on_here,
            None => session::sign_on,
        };
        match hold(&door, &mut Terminal::open()) {
            Outcome::Granted => output::print("Signed on.\n"),
            Outcome::NotAsked => output::print("Let through: no passcode was asked for here.\n"),
            refused => Err(Failure::new(reason(refused))),
        }
    }
}

fn reason(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::TooManyTries => "refused: locked, or every attempt was used; see otpair user show",
        Outcome::Unavailable => "refused: passcodes can't be checked here; run otpair doctor",
        Outcome::NoConversation => "refused: the dialog was left before its end",
        Outcome::Granted | Outcome::NotAsked | Outcome::Refused => {
            "refused; otpair log may say why"
        }
    }
}
