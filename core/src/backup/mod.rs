//! Backups: what is in one, and what a restore makes of it where there is something already.
//!
//! Inside of one is a text (`text`), which is encrypted with a passphrase (`crate::age`); docs/backup.md has both.

pub mod merge;
#[cfg(feature = "backup")]
pub mod text;

use crate::records::{Account, Holder};
use crate::seed::Seed;
use crate::throttle::Throttle;
use crate::token::{Parameters, Serial, TokenState};

/// A token with its seed in the clear, so that it can be restored where there is another sealing key.
#[derive(Debug)]
pub struct TokenCopy {
    /// The number on its back.
    pub serial: Serial,
    /// How its passcodes are made.
    pub parameters: Parameters,
    /// Its seed.
    pub seed: Seed,
    /// What was known of its state.
    pub state: TokenState,
}

/// A token of the inventory. While somebody has it, what counts of its state is in their [`UserCopy`].
#[derive(Debug)]
pub struct StockCopy {
    /// The token.
    pub token: TokenCopy,
    /// Who had it.
    pub holder: Holder,
    /// The one user who may pair it.
    pub reserved_for: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// When it was imported, in seconds since 1970 UTC.
    pub imported: u64,
    /// The name of the file that it was imported from.
    pub source: String,
}

/// A person's record. Bypass codes are not in it, nor a resynchronization that waits for its second passcode.
#[derive(Debug)]
pub struct UserCopy {
    /// The account that the record was made for.
    pub account: Account,
    /// The person's tokens.
    pub tokens: Vec<TokenCopy>,
    /// Failures in a row.
    pub throttle: Throttle,
    /// The next sign-on takes two passcodes.
    pub in_doubt: bool,
}

/// One entry of a backup.
#[derive(Debug)]
pub enum Entry {
    /// A token of the inventory.
    Token(Box<StockCopy>),
    /// A person's record.
    User(UserCopy),
}
