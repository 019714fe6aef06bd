//! Files that a passphrase opens, in the format of age: <https://age-encryption.org/v1>, the scrypt recipient type. The
//! `age` command reads what is written here, and what `age -p` writes is read here.
//!
//! Bytes in, bytes out, in constant memory: 64 KiB at a time. Nothing is given out before it has been authenticated;
//! that nothing was cut off at the end is known only when the end has been read.

mod base64;
mod header;
mod stream;

pub use header::{FileKey, Header, Random};
pub use stream::{Reader, Writer};

use std::fmt;
use std::io;

/// Why a file can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It does not begin as such a file does.
    NotAge,
    /// It was written as text.
    Armored,
    /// It was encrypted for something else than a passphrase.
    NoPassphrase,
    /// Trying a passphrase would take this power of two of steps, which is too much.
    WorkFactor(u8),
    /// The passphrase is another one.
    WrongPassphrase,
    /// It is not what was written.
    Damaged(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAge => write!(f, "it is no file that age or otpair has encrypted"),
            Self::Armored => write!(
                f,
                "it is encrypted as text: decrypt it with age -d, and encrypt that with age -p"
            ),
            Self::NoPassphrase => write!(
                f,
                "it is encrypted for a key, not with a passphrase: decrypt it with age -d -i, and encrypt that with age -p"
            ),
            Self::WorkFactor(log_n) => write!(
                f,
                "a passphrase for it takes 2^{log_n} steps of scrypt; more than 2^{} are not done",
                header::MOST_WORK
            ),
            Self::WrongPassphrase => write!(f, "the passphrase is not the one it was made with"),
            Self::Damaged(what) => write!(f, "it is damaged: {what}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(io::ErrorKind::InvalidData, refusal)
    }
}

#[cfg(test)]
mod tests;
