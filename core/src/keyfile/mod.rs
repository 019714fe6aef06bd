//! Vendors' seed files to key packages: bytes in, packages out, one file a format.
//!
//! [`read`] recognizes the format from the content, checks what can only be checked on the whole (XML is well formed,
//! the key opens it), and gives an iterator. The memory in use does not grow with the number of packages.
//!
//! Nothing is guessed silently: what neither the file nor a flag says is reported as [`Item::Assumed`], once. A flag
//! fills what the file does not say; a flag that contradicts the file rejects the entry. Reasons never quote the
//! file: what stands in the wrong column may be a seed.
//!
//! A serial number that comes twice is given twice: the cache tells the same package again (unchanged) from another
//! seed (a conflict), whether the first came from this file or from an earlier one.

mod assumption;
mod column;
mod date;
mod decode;
mod lines;
mod oath_csv;
mod otpauth;
mod ping_csv;
mod pskc;
mod recognize;
mod settle;
#[cfg(test)]
mod tests;
mod xml;

use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Parameters, Serial, TimeInterval};
pub use assumption::Assumption;
use assumption::Notes;
use std::fmt;
use zeroize::Zeroizing;

/// One token of a seed file (RFC 6030 calls it a key package).
#[derive(Debug)]
pub struct KeyPackage {
    /// The number on the token's back.
    pub serial: Serial,
    /// Who made it, at most 64 characters.
    pub manufacturer: Option<String>,
    /// How its passcodes are made.
    pub parameters: Parameters,
    /// Its seed.
    pub seed: Seed,
    /// The counter that is expected next; 0 for TOTP.
    pub counter: u64,
    /// The token's clock less this machine's, in time steps, as the vendor knows it; 0 for HOTP.
    pub drift: i32,
    /// The user that the file names for it.
    pub reserved_for: Option<String>,
}

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XML, RFC 6030.
    Pskc,
    /// `serial,hexseed[,counter]`.
    PingCsv,
    /// `serial,hexseed,totp|hotp,digits,interval-or-counter[,hash]`, with the user in front in version 2.
    OathCsv,
    /// `otpauth://totp/LABEL?secret=BASE32&…`, one a line.
    Otpauth,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Pskc, Self::PingCsv, Self::OathCsv, Self::Otpauth];

    /// The name, as `--format` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pskc => "pskc",
            Self::PingCsv => "ping-csv",
            Self::OathCsv => "oath-csv",
            Self::Otpauth => "otpauth",
        }
    }

    /// The format of that name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
    /// What the file is opened with, if it is encrypted.
    pub unlock: Unlock,
}

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The serial number or key id, where the format tells it apart from a seed for certain.
    pub key: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        self.key
            .as_ref()
            .map_or(Ok(()), |key| write!(f, ", key {key}"))
    }
}

/// An entry that can't be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands.
    pub at: Place,
    /// The reason, one line.
    pub why: String,
}

/// A file of which nothing can be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where the fault is, if it has a place.
    pub at: Option<Place>,
    /// The reason, one line, and what to do.
    pub why: String,
}

impl Unreadable {
    fn new(why: impl Into<String>) -> Self {
        Self {
            at: None,
            why: why.into(),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Unreadable {}

/// What reading a file gives, in the file's order.
#[derive(Debug)]
pub enum Item {
    /// A token.
    Package(Box<KeyPackage>),
    /// An entry that can't be taken.
    Rejected(Rejection),
    /// Something was assumed; given once, before the first entry that it touches.
    Assumed(Assumption),
}

/// The entries of a file.
pub struct Items<'a> {
    format: Format,
    source: Source<'a>,
    options: &'a Options,
    notes: Notes,
    waiting: Option<Item>,
}

enum Source<'a> {
    Lines(lines::Entries<'a>),
    Pskc(Box<pskc::Pskc<'a>>),
}

/// Reads a seed file.
///
/// # Errors
/// The whole file is refused if its format is unknown or proprietary, if XML is not well formed anywhere in it, if it
/// is encrypted and the key is missing, wrong or of a kind that can't be used: nothing is half imported.
pub fn read<'a>(bytes: &'a [u8], options: &'a Options) -> Result<Items<'a>, Unreadable> {
    let bytes = recognize::without_bom(bytes)?;
    let format = options
        .format
        .map_or_else(|| recognize::format(bytes), Ok)?;
    let mut notes = Notes::default();
    if format != Format::Pskc && !matches!(options.unlock, Unlock::Nothing) {
        notes.add(Assumption::NotEncrypted);
    }
    let source = match format {
        Format::Pskc => Source::Pskc(Box::new(pskc::Pskc::open(bytes, options, &mut notes)?)),
        Format::PingCsv => Source::Lines(lines::Entries::new(bytes, ping_csv::entry)),
        Format::OathCsv => Source::Lines(lines::Entries::new(bytes, oath_csv::layout(bytes))),
        Format::Otpauth => Source::Lines(lines::Entries::new(bytes, otpauth::entry)),
    };
    Ok(Items {
        format,
        source,
        options,
        notes,
        waiting: None,
    })
}

impl Items<'_> {
    /// The file's format, as recognized or as told.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    fn entry(&mut self) -> Option<Item> {
        let (at, said) = match &mut self.source {
            Source::Lines(lines) => lines.next(self.options, &mut self.notes)?,
            Source::Pskc(pskc) => pskc.next(&mut self.notes)?,
        };
        Some(
            match said.and_then(|said| said.settle(self.options, &mut self.notes)) {
                Ok(package) => Item::Package(Box::new(package)),
                Err(why) => Item::Rejected(Rejection { at, why }),
            },
        )
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.waiting.is_none() {
            self.waiting = self.entry();
        }
        self.notes
            .unreported()
            .map(Item::Assumed)
            .or_else(|| self.waiting.take())
    }
}
