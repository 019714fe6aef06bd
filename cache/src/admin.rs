//! What the admin's command does with a cache, beside what a sign-on does.

use otpair_core::records::Fault;
use otpair_core::token::Serial;
use std::fmt;

mod backup;
mod doctor;
mod import;
mod pairing;
mod restore;
mod stock;
mod tokens;
mod users;

pub use crate::inventory::Entry;
pub use backup::Copied;
pub use doctor::Problem;
pub use import::{Batch, Import, Left, Package, There};
pub(crate) use import::{Verdict, Waiting};
pub use restore::{LeftOut, Restore, Restored, Rules};
pub use users::UserAndRecord;

/// Why the admin's wish was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// It may not be; nothing was changed.
    Refused(Refusal),
    /// It could not be.
    Fault(Fault),
    /// It could be told to the record of the token's holder, which is what their sign-ons go by, but not to the
    /// inventory. Where the token was to be unpaired, it is disabled in the record instead: without the inventory what
    /// it has spent has nowhere to go.
    InRecordOnly {
        /// Who has the token.
        user: String,
        /// What is wrong with the inventory.
        fault: Fault,
    },
}

/// What the cache does not do for an admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No token of this serial number was imported.
    NoSuchToken(Serial),
    /// Somebody has the token.
    Held {
        /// The token.
        serial: Serial,
        /// Who has it.
        holder: String,
    },
    /// The user does not have the token.
    NotHeld {
        /// The token.
        serial: Serial,
        /// Who does not have it.
        user: String,
    },
    /// The user has a token still.
    HasTokens(String),
    /// The token is disabled.
    Disabled(Serial),
    /// The token is kept for somebody else.
    Reserved(Serial),
    /// The token's start date is yet to come, or its expiry date is past.
    NotInForce(Serial),
    /// The passcode that was given for the pairing has been spent meanwhile.
    Spent(Serial),
    /// The user has as many tokens as one may have.
    TooManyTokens {
        /// Who has them.
        user: String,
        /// How many one may have.
        most: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchToken(serial) => write!(f, "no token {serial} has been imported"),
            Self::Held { serial, holder } => {
                write!(
                    f,
                    "token {serial} is with {holder}: otpair user unpair {holder} {serial} first"
                )
            }
            Self::NotHeld { serial, user } => {
                write!(f, "token {serial} is not paired with {user}")
            }
            Self::HasTokens(user) => write!(f, "{user} has a token; unpair it first"),
            Self::Disabled(serial) => write!(f, "token {serial} is disabled; enable it first"),
            Self::Reserved(serial) => write!(f, "token {serial} is reserved for somebody else"),
            Self::NotInForce(serial) => write!(f, "token {serial} does not count yet, or no more"),
            Self::Spent(serial) => write!(
                f,
                "the passcode of token {serial} was already used; wait for the next one"
            ),
            Self::TooManyTokens { user, most } => write!(
                f,
                "{user} has {most} already; unpair one, or raise max_tokens_per_user"
            ),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::InRecordOnly { user, fault } => {
                write!(f, "done in the record of {user} only: {fault}")
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests;
