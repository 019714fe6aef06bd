//! Folders and files that only root (or the caller) can have written, opened relative to each other.

mod look;

pub(crate) use look::Look;

use crate::descriptor::beyond_standard;
use crate::{fault, limit, lock, way};
use otpair_core::records::Fault;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The name under which a file is made, before it gets its own. One is enough: makers lock the folder.
pub(crate) const UNFINISHED: &str = ".new";

/// What SQLite may leave beside it.
pub(crate) const UNFINISHED_JOURNAL: &str = ".new-journal";

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// What a file is opened for.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    Read,
    ReadWrite,
}

/// An open folder that was found safe, and its path without symbolic links.
pub(crate) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder after looking at every folder above it; nothing if it, or one above it, does not exist.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, Fault> {
        let (parent, name) = way::split(path)?;
        let Some(parent) = way::resolve(&parent)? else {
            return Ok(None);
        };
        let path = parent.join(name);
        Self::checked(rustix::fs::open(&path, DIRECTORY, Mode::empty()), path)
    }

    /// Opens a folder, and makes it if it does not exist. The folder above it must exist.
    pub(crate) fn make(path: &Path) -> Result<Self, Fault> {
        let (parent, name) = way::split(path)?;
        let resolved = way::resolve(&parent)?
            .ok_or_else(|| fault::io(path, "make the folder", Errno::NOENT))?;
        let fd = rustix::fs::open(&resolved, DIRECTORY, Mode::empty())
            .map_err(|error| fault::io(&resolved, "open the folder", error))?;
        let parent = Self { fd, path: resolved };
        parent.make_child(name)
    }

    /// Opens a folder in this one; nothing if it does not exist.
    pub(crate) fn child(&self, name: impl AsRef<Path>) -> Result<Option<Self>, Fault> {
        let name = name.as_ref();
        let opened = rustix::fs::openat(&self.fd, name, DIRECTORY, Mode::empty());
        Self::checked(opened, self.path.join(name))
    }

    /// Opens a folder in this one, and makes it for its owner alone if it does not exist.
    pub(crate) fn make_child(&self, name: impl AsRef<Path>) -> Result<Self, Fault> {
        let name = name.as_ref();
        let path = self.path.join(name);
        match rustix::fs::mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) => self.sync()?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(fault::io(&path, "make the folder", error)),
        }
        self.child(name)?
            .ok_or_else(|| fault::io(&path, "open the folder", Errno::NOENT))
    }

    fn checked(opened: Result<OwnedFd, Errno>, path: PathBuf) -> Result<Option<Self>, Fault> {
        let fd = match opened {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(fault::unsafe_place(
                    &path,
                    "is no folder but a link or a file",
                ));
            }
            Err(error) => return Err(fault::io(&path, "open the folder", error)),
        };
        let look = Look::at(&fd).map_err(|error| fault::io(&path, "look at the folder", error))?;
        way::check_owner(&path, look.uid)?;
        if look.mode & 0o022 != 0 {
            let why = "others may write in this folder; chmod it to 0700";
            return Err(fault::unsafe_place(&path, why));
        }
        Ok(Some(Self { fd, path }))
    }

    /// The path of something in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file of this folder and looks at what it is; nothing if it does not exist.
    pub(crate) fn open_file(
        &self,
        name: &str,
        access: Access,
    ) -> Result<Option<(File, Look)>, Fault> {
        let path = self.join(name);
        let access = match access {
            Access::Read => OFlags::RDONLY,
            Access::ReadWrite => OFlags::RDWR,
        };
        // Non-blocking, so that a FIFO left here can't make a sign-on hang.
        let how = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = rustix::fs::openat(&self.fd, name, how, Mode::empty());
        let fd = match opened.and_then(beyond_standard) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => {
                return Err(fault::unsafe_place(&path, "is no plain file"));
            }
            Err(error) => return Err(fault::io(&path, "open", error)),
        };
        let look = Look::at(&fd).map_err(|error| fault::io(&path, "look at", error))?;
        check_file(&path, &look)?;
        Ok(Some((File::from(fd), look)))
    }

    /// Looks at a file without opening it; false if it does not exist.
    pub(crate) fn has_safe_file(&self, name: &str) -> Result<bool, Fault> {
        match self.stat(name)? {
            Some(look) => check_file(&self.join(name), &look).map(|()| true),
            None => Ok(false),
        }
    }

    /// What is under a name, if anything is. Links are not followed.
    pub(crate) fn stat(&self, name: &str) -> Result<Option<Look>, Fault> {
        match Look::at_name(&self.fd, name) {
            Ok(look) => Ok(Some(look)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(fault::io(&self.join(name), "look at", error)),
        }
    }

    /// Locks the folder for the making of a file in it, until the answer is dropped.
    pub(crate) fn lock(&self) -> Result<File, Fault> {
        let fd = rustix::fs::openat(&self.fd, ".", DIRECTORY, Mode::empty())
            .map_err(|error| fault::io(&self.path, "open the folder", error))?;
        let file = File::from(fd);
        lock::exclusive(&file, &self.path)?;
        Ok(file)
    }

    /// Makes a file with these contents, durably; false if there is one of that name already. A crash leaves at most
    /// [`UNFINISHED`] behind, which is in nobody's way.
    pub(crate) fn place(&self, name: &str, contents: &[u8]) -> Result<bool, Fault> {
        let _lock = self.lock()?;
        if self.stat(name)?.is_some() {
            return Ok(false);
        }
        let path = self.join(name);
        limit::allow(&path, contents.len() as u64)?;
        let written = self.unfinished().and_then(|mut file| {
            file.write_all(contents)
                .and_then(|()| file.sync_all())
                .map_err(|error| fault::io(&path, "write", error))
        });
        let placed = written.and_then(|()| self.finish(name));
        if placed.is_err() {
            let _ = self.clear();
        }
        placed.map(|()| true)
    }

    /// A new, empty file under [`UNFINISHED`], for its owner alone. The folder must be locked.
    pub(crate) fn unfinished(&self) -> Result<File, Fault> {
        self.clear()?;
        let path = self.join(UNFINISHED);
        let how = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let fd = rustix::fs::openat(&self.fd, UNFINISHED, how, mode)
            .and_then(beyond_standard)
            .map_err(|error| fault::io(&path, "make", error))?;
        // Whatever the caller's umask is.
        rustix::fs::fchmod(&fd, mode).map_err(|error| fault::io(&path, "chmod", error))?;
        Ok(File::from(fd))
    }

    /// Gives the finished file its name, durably. The folder must be locked, and the name free.
    pub(crate) fn finish(&self, name: &str) -> Result<(), Fault> {
        self.rename(UNFINISHED, name)
    }

    /// Gives a file another name, durably.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Fault> {
        rustix::fs::renameat(&self.fd, from, &self.fd, to)
            .map_err(|error| fault::io(&self.join(to), "make", error))?;
        self.sync()
    }

    /// Removes what a crashed maker left. The folder must be locked.
    pub(crate) fn clear(&self) -> Result<bool, Fault> {
        let mut found = false;
        for name in [UNFINISHED, UNFINISHED_JOURNAL] {
            match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
                Ok(()) => found = true,
                Err(Errno::NOENT) => {}
                Err(error) => return Err(fault::io(&self.join(name), "remove", error)),
            }
        }
        Ok(found)
    }

    /// Removes a file, durably.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Fault> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())
            .map_err(|error| fault::io(&self.join(name), "remove", error))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), Fault> {
        rustix::fs::fsync(&self.fd).map_err(|error| fault::io(&self.path, "flush", error))
    }

    /// The names in this folder, but `.` and `..`. One that is no UTF-8 comes with replacement characters.
    pub(crate) fn names(&self) -> Result<Vec<String>, Fault> {
        let failed = |error| fault::io(&self.path, "list the folder", error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let name = entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// A plain file with one name, of root or the caller, that nobody else may even read.
fn check_file(path: &Path, look: &Look) -> Result<(), Fault> {
    if !FileType::from_raw_mode(look.mode).is_file() {
        return Err(fault::unsafe_place(path, "is no plain file"));
    }
    if !look.one_name {
        let why = "has a second name (a hard link); remove the other one";
        return Err(fault::unsafe_place(path, why));
    }
    way::check_owner(path, look.uid)?;
    if look.mode & 0o077 != 0 {
        let why = "others may read or write this file; chmod it to 0600";
        return Err(fault::unsafe_place(path, why));
    }
    Ok(())
}
