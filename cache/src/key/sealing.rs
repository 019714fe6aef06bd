//! The sealing key itself, for whoever moves it to another place.

use super::{KEY_LEN, Keys, LINE_START, line, parse, place, random_key, read};
use crate::cache::Home;
use crate::fault;
use crate::folder::{Access, Folder, UNFINISHED};
use crate::inventory::{self, Inventory};
use crate::record::{RecordFile, Whose};
use otpair_core::records::{Fault, FaultKind};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Whether a cache was made with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// There is nothing in it that was made with any.
    Empty,
    /// It was.
    Fits,
    /// It was made with another one.
    Differs,
}

/// A sealing key. It is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey(Zeroizing<[u8; KEY_LEN]>);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

impl SealingKey {
    /// A new key.
    ///
    /// # Errors
    /// [`FaultKind::Io`] if the system gives no random bytes.
    pub fn random() -> Result<Self, Fault> {
        random_key().map(Self)
    }

    /// Reads a key from its line of text; `place` is where that comes from, for messages.
    ///
    /// # Errors
    /// [`FaultKind::Key`] if it is none, [`FaultKind::Newer`] if a newer otpair wrote it.
    pub fn parse(text: &[u8], place: &str) -> Result<Self, Fault> {
        parse(text, place).map(Self)
    }

    /// The key's line of text.
    #[must_use]
    pub fn line(&self) -> Zeroizing<Vec<u8>> {
        line(&self.0)
    }

    /// Reads a key file by its absolute path; nothing if there is none.
    ///
    /// # Errors
    /// As [`SealingKey::parse`]; [`FaultKind::Unsafe`] if somebody else could have written or read it; [`FaultKind::Io`].
    pub fn read(path: &Path) -> Result<Option<Self>, Fault> {
        let text = read(path)?;
        text.map(|text| Self::parse(&text, &path.to_string_lossy()))
            .transpose()
    }

    /// Makes a key file, durably; false if there is one already. The folder above its folder must exist.
    ///
    /// # Errors
    /// [`FaultKind::Unsafe`] and [`FaultKind::Io`].
    pub fn place(&self, path: &Path) -> Result<bool, Fault> {
        let (parent, name) = place(path)?;
        Folder::make(parent)?.place(name, &self.line())
    }

    /// Removes a key file, durably, and what a crash left of one beside it. Its bytes are overwritten first, which on
    /// flash promises nothing.
    ///
    /// # Errors
    /// [`FaultKind::Unsafe`], [`FaultKind::Io`]; [`FaultKind::Busy`] while something is made in that folder.
    pub fn erase(path: &Path) -> Result<(), Fault> {
        let (parent, name) = place(path)?;
        let Some(folder) = Folder::open(parent)? else {
            return Ok(());
        };
        let _lock = folder.lock()?;
        erase_remains(&folder)?;
        if folder.has_safe_file(name)? {
            // Under its own name somebody could read half of it, and take it for a damaged key.
            folder.rename(name, UNFINISHED)?;
            erase_remains(&folder)?;
        }
        Ok(())
    }

    /// Whether a crash has left a key beside the place of a key file, which [`SealingKey::erase`] removes.
    ///
    /// # Errors
    /// [`FaultKind::Unsafe`] and [`FaultKind::Io`].
    pub fn has_remains(path: &Path) -> Result<bool, Fault> {
        let (parent, _) = place(path)?;
        let folder = Folder::open(parent)?;
        let file = folder.as_ref().map(remains).transpose()?.flatten();
        Ok(file.is_some())
    }

    /// Whether the cache in a folder was made with this key: whether one of its records was, or else its inventory.
    ///
    /// # Errors
    /// [`FaultKind::Unsafe`], [`FaultKind::Io`], and what is wrong with an inventory where there is no record to tell.
    pub fn fit(&self, cache: &Path) -> Result<Fit, Fault> {
        let Some(home) = Home::open(cache)? else {
            return Ok(Fit::Empty);
        };
        let keys = Keys::derive(&self.0);
        let people = home.people()?;
        if people.iter().any(|user| is_of(&home, user, &keys)) {
            return Ok(Fit::Fits);
        }
        if !inventory::exists(&home.folder)? {
            let none = people.is_empty();
            return Ok(if none { Fit::Empty } else { Fit::Differs });
        }
        match Inventory::open(&home.folder, &keys) {
            Ok(_) => Ok(Fit::Fits),
            Err(fault) if fault.kind != FaultKind::Key && people.is_empty() => Err(fault),
            Err(_) => Ok(Fit::Differs),
        }
    }
}

/// Whether a user's record was made with these keys.
fn is_of(home: &Home, user: &str, keys: &Keys) -> bool {
    let read = || {
        let file = RecordFile::open(home.users.as_ref()?, user, Access::Read).ok()??;
        file.read(Whose::Name(user), keys).ok()
    };
    read().is_some()
}

/// Removes what is left of a key under the name of files that are being made.
fn erase_remains(folder: &Folder) -> Result<(), Fault> {
    let Some(mut file) = remains(folder)? else {
        return Ok(());
    };
    let path = folder.join(UNFINISHED);
    overwrite(&mut file).map_err(|error| fault::io(&path, "overwrite", error))?;
    folder.clear().map(drop)
}

/// The file that is being made in a folder, if it is a key's.
fn remains(folder: &Folder) -> Result<Option<File>, Fault> {
    let Some((mut file, _)) = folder.open_file(UNFINISHED, Access::ReadWrite)? else {
        return Ok(None);
    };
    let mut start = Zeroizing::new([0; LINE_START.len()]);
    let read = file.read_exact(&mut *start);
    Ok((read.is_ok() && *start == LINE_START.as_bytes()).then_some(file))
}

fn overwrite(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.rewind()?;
    io::copy(&mut io::repeat(0).take(length), file)?;
    file.sync_all()
}
