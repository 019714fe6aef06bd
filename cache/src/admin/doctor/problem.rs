//! What can be wrong with a cache.

#[cfg(doc)]
use crate::SeedCache;
use otpair_core::records::{Account, Fault};
use otpair_core::token::Serial;
use std::fmt;

/// Something wrong with a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A file or a record can't be used.
    Fault(Fault),
    /// The inventory can't be used, or a token in it: that stops pairing and import, and nobody who is paired. A missing
    /// one is made anew from the records by [`SeedCache::mend`].
    Inventory(Fault),
    /// One state block of a user's record is damaged. [`SeedCache::mend`] writes it anew; the user's next sign-on takes
    /// two passcodes all the same.
    OneBlock {
        /// Whose record.
        user: String,
    },
    /// A record was made for another uid than the user has, or the system does not know the user (any more). If somebody
    /// else has the name now and no token is left in the record, [`SeedCache::mend`] removes it.
    OtherUid {
        /// The account that the record was made for.
        recorded: Account,
        /// The user's uid, if the system knows the user.
        actual: Option<u32>,
    },
    /// A file that is nobody's record.
    Stray {
        /// Its path.
        path: String,
    },
    /// What a maker that crashed left; [`SeedCache::mend`] removes it.
    LeftOver {
        /// Its path.
        path: String,
    },
    /// A record holds a token that the inventory has as not, or not yet, paired with that user, or not at all;
    /// [`SeedCache::mend`] makes the inventory say so, unless somebody else has the token there.
    NotConfirmed {
        /// The token.
        serial: Serial,
        /// Whose record holds it.
        user: String,
    },
    /// A pairing was begun and not finished: the user can finish it, or the admin unpairs.
    Unfinished {
        /// The token.
        serial: Serial,
        /// Who was pairing.
        user: String,
    },
    /// The inventory has a token as paired, but the user's record does not hold it: it pairs with nobody until the
    /// admin unpairs it.
    LostPairing {
        /// The token.
        serial: Serial,
        /// Who had it.
        user: String,
    },
    /// Two people's records hold the same token.
    HeldTwice {
        /// The token.
        serial: Serial,
        /// Who has it, and who too.
        users: [String; 2],
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) | Self::Inventory(fault) => fault.fmt(f),
            Self::OneBlock { user } => write!(
                f,
                "the record of {user} is half damaged: the next sign-on takes two passcodes"
            ),
            Self::OtherUid { recorded, actual } => {
                write!(
                    f,
                    "the record of {} was made for uid {}, but ",
                    recorded.name, recorded.uid
                )?;
                match actual {
                    Some(uid) => write!(f, "the user has uid {uid}: unpair the user's tokens"),
                    None => write!(f, "the system knows no such user: unpair the user's tokens"),
                }
            }
            Self::Stray { path } => write!(f, "{path}: is nobody's record; move it away"),
            Self::LeftOver { path } => write!(f, "{path}: was left by a crash"),
            Self::NotConfirmed { serial, user } => write!(
                f,
                "token {serial} is in the record of {user}, but the inventory does not say so"
            ),
            Self::Unfinished { serial, user } => write!(
                f,
                "{user} began to pair token {serial}: only {user} can finish it, or unpair it"
            ),
            Self::LostPairing { serial, user } => write!(
                f,
                "token {serial} is paired with {user}, whose record does not hold it: unpair it"
            ),
            Self::HeldTwice {
                serial,
                users: [one, other],
            } => write!(
                f,
                "token {serial} is in the records of {one} and {other}: unpair one of them"
            ),
        }
    }
}
