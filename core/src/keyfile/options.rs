//! What an admin says about a seed file.

use super::{Format, PrivateKey, decode};
use crate::token::{Digits, HashAlgorithm, TimeInterval};
use zeroize::Zeroizing;

/// The type of a token, where its time interval is said elsewhere or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RFC 4226.
    Hotp,
    /// RFC 6238.
    Totp,
}

impl Kind {
    /// The name, as a person writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hotp => "HOTP",
            Self::Totp => "TOTP",
        }
    }

    /// Reads `totp` or `hotp` in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hotp, Self::Totp]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// What an encrypted file is opened with.
#[derive(Default)]
pub enum Unlock {
    /// Nothing was given.
    #[default]
    Nothing,
    /// A pre-shared key, as bytes (RFC 6030 section 6.1).
    PreSharedKey(Zeroizing<Vec<u8>>),
    /// A passphrase, as bytes (RFC 6030 section 6.2).
    Passphrase(Zeroizing<Vec<u8>>),
    /// The private half of the RSA key that it is encrypted to (RFC 6030 section 6.3).
    PrivateKey(Box<PrivateKey>),
}

impl Unlock {
    /// A pre-shared key in hexadecimal, as vendors write it in their letters; nothing if it is none.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        decode::hex(text)
            .filter(|key| !key.is_empty())
            .map(Self::PreSharedKey)
    }
}

/// What an admin says about a file: fills what the file does not say.
#[derive(Default)]
pub struct Options {
    /// The format, if it should not be recognized from the content.
    pub format: Option<Format>,
    /// The tokens' type.
    pub token_type: Option<Kind>,
    /// The passcodes' length.
    pub digits: Option<Digits>,
    /// The length of a time step, for TOTP.
    pub time_interval: Option<TimeInterval>,
    /// The hash under the HMAC.
    pub algorithm: Option<HashAlgorithm>,
    /// Whose the file is: for a format that is one person's, and does not say whose.
    pub owner: Option<String>,
    /// What the file is opened with, if it is encrypted.
    pub unlock: Unlock,
}
