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
mod fault;
mod feitian;
mod format;
mod google_authenticator;
mod input;
mod lines;
mod linotp_csv;
mod multiotp_csv;
mod oath_csv;
mod options;
mod otpauth;
mod ping_csv;
mod private_key;
pub mod provenance;
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
use crate::token::{Parameters, Serial};
pub use assumption::Assumption;
use assumption::Notes;
pub use fault::{Place, Rejection, Unreadable};
pub use format::Format;
use input::Input;
pub use input::{Halves, Source};
pub use options::{Kind, Options, Unlock};
pub use private_key::PrivateKey;
use recognize::Head;
use settle::Said;
pub use spent::Spent;

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

/// Whom the files of a format may say that a token is paired with. That decides who may have written them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Nobody: they may reserve it.
    Nobody,
    /// Whoever owns the file.
    Owner,
    /// Anybody.
    Anybody,
}

/// A format: how a file is told to be in it, and how it is read.
trait SeedFile {
    /// The name, as `--format` takes it.
    fn name(&self) -> &'static str;

    /// Whom its files may pair.
    fn names(&self) -> Names {
        Names::Nobody
    }

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
trait Entries: Send {
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

    /// Whom the file may pair by its format: one that others could have written is not to be taken.
    #[must_use]
    pub fn names(&self) -> Names {
        self.format.seed_file().names()
    }

    fn entry(&mut self) -> Result<Option<Item>, Unreadable> {
        if self.ended {
            return Ok(None);
        }
        let entry = self.entries.next(self.options, &mut self.notes);
        self.ended = !matches!(entry, Ok(Some(_)));
        Ok(entry?.map(|(at, said)| {
            match said.and_then(|said| said.settle(self.options, &mut self.notes)) {
                Ok(package) if package.paired_with.is_some() && self.names() == Names::Nobody => {
                    let why = "files of this format pair nobody".to_owned();
                    Item::Rejected(Rejection { at, why })
                }
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
