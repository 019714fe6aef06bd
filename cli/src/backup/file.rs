//! The files of backups: one that is made is complete or not there, whatever kills its maker, and one that is read is read
//! twice.

use crate::failure::Failure;
use crate::files::sync_folder;
use crate::found;
use rustix::fs::{AtFlags, CWD, RenameFlags, linkat, renameat_with};
#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Refuses what is not to be written over, before anybody is asked anything.
pub(super) fn may_make(path: &Path, force: bool) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(found) if force && found.is_file() => Ok(()),
        Ok(found) if found.is_file() => Err(there(path)),
        Ok(_) => Err(Failure::new(format!(
            "{}: this is no plain file: name another one",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

fn there(path: &Path) -> Failure {
    let path = path.display();
    Failure::new(format!(
        "{path}: there is such a file: name another one, or say --force to replace it"
    ))
}

/// A file without a name in its folder, for its owner alone, that is gone with this process unless
/// [`Unfinished::finish`] is called. Where a file system has no such files, it has another name meanwhile.
pub(super) struct Unfinished {
    file: File,
    /// In the same folder.
    temporary: PathBuf,
    /// It stands under that name.
    is_named: bool,
}

impl Unfinished {
    pub(super) fn make(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file(path, &error);
        // Two at the same time do not write each other's, and nobody else has taken it.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = random_number().map_err(failed)?;
        let temporary = path.with_file_name(format!(".{name}.{number:x}.otpair"));
        if let Some(file) = unnamed(path) {
            return Ok(Self {
                file,
                temporary,
                is_named: false,
            });
        }
        let mut new = OpenOptions::new();
        let file = new.write(true).create_new(true).mode(0o600);
        let file = file.open(&temporary).map_err(failed)?;
        Ok(Self {
            file,
            temporary,
            is_named: true,
        })
    }

    /// Gives the file its name, durably.
    pub(super) fn finish(mut self, path: &Path, force: bool) -> Result<(), Failure> {
        let failed = |error| Failure::file(path, &error);
        self.file.sync_all().map_err(failed)?;
        if !self.is_named && !force {
            match self.link(path) {
                Err(Errno::EXIST) => return Err(there(path)),
                linked => linked.map_err(|error| failed(error.into()))?,
            }
            return sync_folder(path).map_err(failed);
        }
        if !self.is_named {
            // No file takes another's place but by its name.
            self.link(&self.temporary)
                .map_err(|error| failed(error.into()))?;
            self.is_named = true;
        }
        if force {
            fs::rename(&self.temporary, path).map_err(failed)?;
        } else {
            self.rename_to_new(path)?;
        }
        self.is_named = false;
        sync_folder(path).map_err(failed)
    }

    fn link(&self, path: &Path) -> Result<(), Errno> {
        let itself = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        linkat(CWD, itself, CWD, path, AtFlags::SYMLINK_FOLLOW)
    }

    fn rename_to_new(&self, path: &Path) -> Result<(), Failure> {
        match renameat_with(CWD, &self.temporary, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(there(path)),
            // Not every file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                may_make(path, false)?;
                fs::rename(&self.temporary, path).map_err(|error| Failure::file(path, &error))
            }
            Err(error) => Err(Failure::file(path, &error.into())),
        }
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.is_named {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A new file without a name in the folder of `path`, where there are such files and one can be named.
#[cfg(target_os = "linux")]
fn unnamed(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|parent| *parent != Path::new(""));
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = openat(CWD, folder.unwrap_or(Path::new(".")), flags, mode).ok()?;
    let file = File::from(file);
    Path::new("/proc/self/fd").exists().then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

/// Opens a backup so that it can be read more than once: what comes from stdin is kept, encrypted as it is, in a file that
/// has no name any more.
pub(super) fn open(path: &Path) -> io::Result<File> {
    if path != Path::new("-") {
        return Ok(found::open(path)?.0);
    }
    let name = format!("otpair-restore-{:x}", random_number()?);
    let path = std::env::temp_dir().join(name);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// For a name that nobody can have taken.
fn random_number() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}
