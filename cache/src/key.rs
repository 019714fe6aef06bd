//! The sealing key: where it is kept, and the keys that are derived from it.

mod sealing;

pub use sealing::{Fit, SealingKey};

use crate::fault;
use crate::folder::{Access, Folder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use otpair_core::records::{Fault, FaultKind};
use sha2::Sha256;
use std::borrow::Cow;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the sealing key is kept.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// In a file, by its absolute path.
    File(PathBuf),
    /// In a file that each boot unseals, by its absolute path. It is never made here: what was sealed with a key of this
    /// boot's nobody could open after the next one. So a missing one is always a fault.
    Unsealed(PathBuf),
    /// In a store of the system's.
    Store(&'static dyn KeyStore),
}

/// A store of the system's for secrets that root's programs may read without asking anybody.
pub trait KeyStore: fmt::Debug + Sync {
    /// What it is called in messages.
    fn name(&self) -> &str;

    /// What was put into it; nothing if nothing was.
    ///
    /// # Errors
    /// A [`FaultKind::Key`] fault if it can't be read.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Fault>;

    /// Puts a text into it, unless there is one already.
    ///
    /// # Errors
    /// A [`FaultKind::Key`] fault if it can't be written.
    fn add(&self, text: &[u8]) -> Result<(), Fault>;
}

impl KeySource {
    /// The folder that the key is in, if it is in a file.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::File(path) => path.parent(),
            Self::Unsealed(_) | Self::Store(_) => None,
        }
    }

    /// What the place is called in messages.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::File(path) | Self::Unsealed(path) => path.to_string_lossy(),
            Self::Store(store) => store.name().into(),
        }
    }
}

const LINE_START: &str = "otpair-cache-key-";
const VERSION: &str = "1 ";
const KEY_LEN: usize = 32;

/// The keys of a cache, each for one use.
pub(crate) struct Keys {
    /// For the HMAC of a state block.
    pub(crate) record: Zeroizing<[u8; 32]>,
    /// For sealing seeds.
    pub(crate) seed: Zeroizing<[u8; 32]>,
    /// For hashing bypass codes.
    pub(crate) bypass: Zeroizing<[u8; 32]>,
    /// No secret: tells whether a file goes with this key.
    pub(crate) id: [u8; 8],
}

impl Keys {
    /// Derives the keys (HMAC-SHA-256 with the sealing key over a label).
    pub(crate) fn derive(key: &[u8; KEY_LEN]) -> Self {
        let mut id = [0; 8];
        let tag = hmac_sha256(key, &[b"otpair 1 key id"]);
        id.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        Self {
            record: Zeroizing::new(hmac_sha256(key, &[b"otpair 1 record"])),
            seed: Zeroizing::new(hmac_sha256(key, &[b"otpair 1 seed"])),
            bypass: Zeroizing::new(hmac_sha256(key, &[b"otpair 1 bypass"])),
            id,
        }
    }

    /// Keys that nothing on a disk was made with: for a cache in which there is nothing yet.
    pub(crate) fn ephemeral() -> Result<Self, Fault> {
        random_key().map(|key| Self::derive(&key))
    }

    /// Reads the sealing key; nothing if there is none.
    pub(crate) fn load(source: &KeySource) -> Result<Option<Self>, Fault> {
        let text = match source {
            KeySource::File(path) => read(path)?,
            KeySource::Unsealed(path) => Some(read(path)?.ok_or_else(|| not_unsealed(path))?),
            KeySource::Store(store) => store.read()?,
        };
        text.map(|text| Self::parse(&text, source)).transpose()
    }

    /// Reads the sealing key; if that is in a file, its folder is open already.
    pub(crate) fn load_in(folder: &Folder, source: &KeySource) -> Result<Option<Self>, Fault> {
        let KeySource::File(path) = source else {
            return Self::load(source);
        };
        let text = read_in(folder, path)?;
        text.map(|text| Self::parse(&text, source)).transpose()
    }

    fn parse(text: &[u8], source: &KeySource) -> Result<Self, Fault> {
        parse(text, &source.name()).map(|key| Self::derive(&key))
    }

    /// Makes a sealing key where there is none, and reads what is there then: two makers end with one key.
    pub(crate) fn make(source: &KeySource) -> Result<Self, Fault> {
        match source {
            KeySource::Store(store) => store.add(&line(&*random_key()?))?,
            KeySource::File(path) => {
                let (parent, name) = place(path)?;
                Folder::make(parent)?.place(name, &line(&*random_key()?))?;
            }
            KeySource::Unsealed(_) => {}
        }
        let missing = || Fault::new(FaultKind::Key, format!("{}: is missing", source.name()));
        Self::load(source)?.ok_or_else(missing)
    }
}

/// A key as it is kept: one line of text.
fn line(key: &[u8; KEY_LEN]) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(128));
    line.extend_from_slice(LINE_START.as_bytes());
    line.extend_from_slice(VERSION.as_bytes());
    for byte in key {
        line.extend([byte >> 4, byte & 15].map(hex_digit));
    }
    line.push(b'\n');
    line
}

/// The text of a key file; nothing if there is none.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let (parent, _) = place(path)?;
    match Folder::open(parent)? {
        Some(folder) => read_in(&folder, path),
        None => Ok(None),
    }
}

/// As [`read`], in its folder.
fn read_in(folder: &Folder, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let (_, name) = place(path)?;
    let Some((file, _)) = folder.open_file(name, Access::Read)? else {
        return Ok(None);
    };
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    file.take(128)
        .read_to_end(&mut text)
        .map_err(|error| fault::io(path, "read", error))?;
    Ok(Some(text))
}

fn not_unsealed(path: &Path) -> Fault {
    let why = "is missing: the sealing key was not unsealed at this boot; run otpair doctor";
    Fault::new(FaultKind::Key, format!("{}: {why}", path.display()))
}

fn place(path: &Path) -> Result<(&Path, &str), Fault> {
    let name = path.file_name().and_then(|name| name.to_str());
    path.parent().zip(name).ok_or_else(|| {
        let why = format!("{}: is no path of a key file", path.display());
        Fault::new(FaultKind::Config, why)
    })
}

fn random_key() -> Result<Zeroizing<[u8; KEY_LEN]>, Fault> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    getrandom::fill(&mut *key).map_err(fault::no_randomness)?;
    Ok(key)
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 {
        b'0' + nibble
    } else {
        b'a' + nibble - 10
    }
}

fn parse(text: &[u8], place: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, Fault> {
    let not_a_key = || {
        let why = "is not a sealing key; put the right one back from a copy";
        Fault::new(FaultKind::Key, format!("{place}: {why}"))
    };
    let rest = text
        .strip_prefix(LINE_START.as_bytes())
        .ok_or_else(not_a_key)?;
    let Some(digits) = rest.strip_prefix(VERSION.as_bytes()) else {
        let newer = rest.first().is_some_and(u8::is_ascii_digit);
        return Err(if newer {
            let why = format!("{place}: was written by a newer otpair");
            Fault::new(FaultKind::Newer, why)
        } else {
            not_a_key()
        });
    };
    let digits = digits.strip_suffix(b"\n").unwrap_or(digits);
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if digits.len() != 2 * KEY_LEN {
        return Err(not_a_key());
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).ok_or_else(not_a_key)?;
            *byte = (*byte << 4) | u8::try_from(value).unwrap_or_default();
        }
    }
    Ok(key)
}

/// HMAC-SHA-256 (RFC 2104) of the parts, one after another.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    hmac_over(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA-256 of the parts; in constant time.
pub(crate) fn hmac_is(key: &[u8; 32], parts: &[&[u8]], tag: &[u8]) -> bool {
    hmac_over(key, parts).verify_slice(tag).is_ok()
}

fn hmac_over(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // A key no longer than SHA-256's block is padded with zeros (RFC 2104 section 2).
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests;
