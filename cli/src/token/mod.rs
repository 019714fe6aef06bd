//! `otpair token`: what there is of tokens, and what an admin does with one.

mod add;
mod ask;
mod change;
mod list;
mod resync;
mod view;

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::{self, Machine};
use otpair_core::token::Serial;
use std::path::Path;

pub(crate) use list::each_token;
pub(crate) use view::TokenView;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the tokens
    List(list::Args),
    /// Show all that is known of a token, but for its seed
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Add one token by hand
    Add(add::Args),
    /// Let a token's passcodes count no more
    Disable {
        #[command(flatten)]
        which: Which,
    },
    /// Let a token's passcodes count again
    Enable {
        #[command(flatten)]
        which: Which,
    },
    /// Get a token back in step by two passcodes, one right after the other
    Resync(resync::Args),
    /// Keep a token for one user, or for nobody any more
    Reserve(change::Reserve),
    /// Take a token that nobody has out of the inventory
    Remove {
        #[command(flatten)]
        which: Which,
    },
}

/// Which token, and how to print it.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The serial number of the token
    #[arg(value_parser = machine::serial)]
    serial: Serial,
    #[command(flatten)]
    json: Json,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        match self {
            Self::List(args) => args.run(&machine),
            Self::Show { which } => list::show(&machine, &which),
            Self::Add(args) => args.run(&machine),
            Self::Disable { which } => change::set_disabled(&machine, &which, true),
            Self::Enable { which } => change::set_disabled(&machine, &which, false),
            Self::Resync(args) => args.run(&machine),
            Self::Reserve(args) => args.run(&machine),
            Self::Remove { which } => change::remove(&machine, &which),
        }
    }
}

/// There is no such token.
fn unknown(serial: &Serial) -> Failure {
    Failure::new(format!(
        "no token {serial} has been imported: otpair token list shows those that were"
    ))
}
