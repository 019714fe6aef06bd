//! Vendors' seed files to key packages: bytes in, packages out, one file a format.
//!
//! [`read`] recognizes the format from the content, checks what can only be checked on the whole (XML is well formed,
//! the key opens it), and gives an iterator. The file is a stream: the memory in use does not grow with it.
//!
//! A new format is a file that implements [`SeedFile`], and a variant of [`Format`].
//!
//! Nothing is guessed silently: what neither the file nor a flag says is reported as [`Item::Assumed`], once. A flag
//! fills what the file does not say; a flag that contradicts the file rejects the entry. Reasons never quote the
//! file: what stands in the wrong column may be a seed.
//!
//! A serial number that comes twice is given twice: the cache tells the same package again (unchanged) from another
//! seed (a conflict), whether the first came from this file or from an earlier one.

mod assumption;
mod authenex;
mod column;
mod date;
mod decode;
mod deepnet_xml;
mod elements;
mod entra_csv;
mod feitian;
mod google_authenticator;
mod input;
mod lines;
mod linotp_csv;
mod multiotp_csv;
mod oath_csv;
mod otpauth;
mod ping_csv;
mod private_key;
mod pskc;
mod recognize;
mod refused;
mod safenet_xml;
mod safeword;
mod settle;
mod spent;
#[cfg(test)]
mod tests;
mod users_oath;
mod xml;
mod yubico_csv;
mod yubico_traditional;

use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Parameters, Serial, TimeInterval};
pub use assumption::Assumption;
use assumption::Notes;
use input::Input;
pub use input::Source;
pub use private_key::PrivateKey;
use recognize::Head;
use settle::Said;
pub use spent::Spent;
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
    /// The user who has it already, by a file that says so.
    pub paired_with: Option<String>,
    /// What it has spent where it was used before, for TOTP.
    pub spent: Spent,
}

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XML, RFC 6030.
    Pskc,
    /// `SafeNet`'s XML for eToken PASS.
    SafeNetXml,
    /// Deepnet's XML for `SafeID`.
    DeepnetXml,
    /// `SafeWord`'s `.dat` for eToken PASS: blocks of `sccAuthenticatorId` and `sccTokenData`.
    SafeWord,
    /// Authenex's and `ZyXEL`'s `.sql`: `INSERT INTO OTP`.
    Authenex,
    /// `otpauth://totp/LABEL?secret=BASE32&…`, one a line.
    Otpauth,
    /// A header row with `serial number,secret key,time interval`, seeds in base32, perhaps with users.
    EntraCsv,
    /// The log of the `YubiKey` Personalization Tool, traditional: `OATH-HOTP,date,slot,public id,,hexseed,…`.
    YubicoTraditional,
    /// The same log in the Yubico form: `serial,,moving factor,hexseed,,date,`.
    YubicoCsv,
    /// `serial;manufacturer;totp|hotp;hexseed;digits;interval-or-counter`.
    MultiOtpCsv,
    /// As [`Format::OathCsv`], with the hash in a sixth column.
    LinOtpCsv,
    /// `serial,hexseed,totp|hotp,digits,interval-or-counter`, with the user in front in version 2.
    OathCsv,
    /// `serial,hexseed[,counter]`.
    PingCsv,
    /// `serial seed` with blanks, base32 or hexadecimal.
    Feitian,
    /// `TYPE user pin seedhex [counter [last-passcode [time]]]`, of `pam_oath`.
    UsersOath,
    /// A person's secret and options, of `pam_google_authenticator`.
    GoogleAuthenticator,
}

impl Format {
    /// Every format. The first that recognizes a file or a line is taken.
    pub const ALL: [Self; 16] = [
        Self::Pskc,
        Self::SafeNetXml,
        Self::DeepnetXml,
        Self::SafeWord,
        Self::Authenex,
        Self::Otpauth,
        Self::UsersOath,
        Self::GoogleAuthenticator,
        Self::EntraCsv,
        Self::YubicoTraditional,
        Self::YubicoCsv,
        Self::MultiOtpCsv,
        Self::LinOtpCsv,
        Self::OathCsv,
        Self::PingCsv,
        Self::Feitian,
    ];

    /// The name, as `--format` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.seed_file().name()
    }

    fn seed_file(self) -> &'static dyn SeedFile {
        match self {
            Self::Pskc => &pskc::Pskc,
            Self::SafeNetXml => &safenet_xml::SafeNetXml,
            Self::DeepnetXml => &deepnet_xml::DeepnetXml,
            Self::SafeWord => &safeword::SafeWord,
            Self::Authenex => &authenex::Authenex,
            Self::Otpauth => &otpauth::Otpauth,
            Self::EntraCsv => &entra_csv::EntraCsv,
            Self::YubicoTraditional => &yubico_traditional::YubicoTraditional,
            Self::YubicoCsv => &yubico_csv::YubicoCsv,
            Self::MultiOtpCsv => &multiotp_csv::MultiOtpCsv,
            Self::LinOtpCsv => &linotp_csv::LinOtpCsv,
            Self::UsersOath => &users_oath::UsersOath,
            Self::GoogleAuthenticator => &google_authenticator::GoogleAuthenticator,
            Self::OathCsv => &oath_csv::OathCsv,
            Self::PingCsv => &ping_csv::PingCsv,
            Self::Feitian => &feitian::Feitian,
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

/// A format: how a file is told to be in it, and how it is read.
trait SeedFile {
    /// The name, as `--format` takes it.
    fn name(&self) -> &'static str;

    /// Whether a file that begins like this is in this format for certain.
    fn is_whole(&self, _: &Head<'_>) -> bool {
        false
    }

    /// Whether a line looks like one of this format.
    fn is_line(&self, _: &str) -> bool {
        false
    }

    /// Begins to read a file that is in this format, or was said to be.
    ///
    /// # Errors
    /// Nothing of the file can be taken.
    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        notes: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable>;
}

/// A file that is about to be read.
struct Opening<'a> {
    /// For what has to be read more than once.
    source: &'a dyn Source,
    /// The file from its beginning, of which nothing was taken yet.
    input: Input<'a>,
    options: &'a Options,
}

/// An entry of a file, or why it is none, and where it stands.
type Entry = (Place, Result<Said, String>);

/// The entries of a file in some format.
trait Entries {
    /// The next entry; nothing after the last.
    ///
    /// # Errors
    /// The file can't be read on.
    fn next(&mut self, options: &Options, notes: &mut Notes) -> Result<Option<Entry>, Unreadable>;
}

/// The entries of a file: an iterator. After an error, which means that the file can't be read on, there is no more.
pub struct Items<'a> {
    format: Format,
    entries: Box<dyn Entries + 'a>,
    options: &'a Options,
    notes: Notes,
    waiting: Option<Item>,
    ended: bool,
}

/// Reads a seed file.
///
/// # Errors
/// The whole file is refused if it can't be read, its format is unknown or proprietary, if XML is not well formed
/// anywhere in it, if it is encrypted and the key is missing, wrong or of a kind that can't be used: nothing is half
/// imported.
pub fn read<'a>(source: &'a dyn Source, options: &'a Options) -> Result<Items<'a>, Unreadable> {
    let input = Input::open(source)?;
    let format = options
        .format
        .map_or_else(|| recognize::format(&input), Ok)?;
    let mut notes = Notes::default();
    if format != Format::Pskc && !matches!(options.unlock, Unlock::Nothing) {
        notes.add(Assumption::NotEncrypted);
    }
    let opening = Opening {
        source,
        input,
        options,
    };
    let entries = format.seed_file().entries(opening, &mut notes)?;
    Ok(Items {
        format,
        entries,
        options,
        notes,
        waiting: None,
        ended: false,
    })
}

impl Items<'_> {
    /// The file's format, as recognized or as told.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    fn entry(&mut self) -> Result<Option<Item>, Unreadable> {
        if self.ended {
            return Ok(None);
        }
        let entry = self.entries.next(self.options, &mut self.notes);
        self.ended = !matches!(entry, Ok(Some(_)));
        Ok(entry?.map(|(at, said)| {
            match said.and_then(|said| said.settle(self.options, &mut self.notes)) {
                Ok(package) => Item::Package(Box::new(package)),
                Err(why) => Item::Rejected(Rejection { at, why }),
            }
        }))
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Item, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.waiting.is_none() {
            match self.entry() {
                Ok(entry) => self.waiting = entry,
                Err(fault) => return Some(Err(fault)),
            }
        }
        self.notes
            .unreported()
            .map(Item::Assumed)
            .or_else(|| self.waiting.take())
            .map(Ok)
    }
}
