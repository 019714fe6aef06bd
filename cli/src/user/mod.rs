//! `otpair user`: people, the tokens that they have, and what an admin does for them.

mod bypass;
mod list;
mod pair;
mod unlock;

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use std::path::Path;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the people who have a token or have given a passcode
    List {
        #[command(flatten)]
        json: Json,
    },
    /// Show all that is known of somebody, but for secrets
    Show {
        #[command(flatten)]
        who: Who,
    },
    /// Pair a token with somebody
    Pair(pair::Pair),
    /// Take a token from somebody
    Unpair(pair::Unpair),
    /// End the wait after too many wrong passcodes
    Unlock {
        #[command(flatten)]
        who: Who,
    },
    /// Issue a code that takes a passcode's place, for somebody who lost their token
    Bypass(bypass::Args),
}

/// Who, and how to print it.
#[derive(Debug, clap::Args)]
pub(crate) struct Who {
    /// The name of the user
    user: String,
    #[command(flatten)]
    json: Json,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        match self {
            Self::List { json } => list::list(&machine, json.json),
            Self::Show { who } => list::show(&machine, &who),
            Self::Pair(args) => args.run(&machine),
            Self::Unpair(args) => args.run(&machine),
            Self::Unlock { who } => unlock::run(&machine, &who),
            Self::Bypass(args) => args.run(&machine),
        }
    }
}
