//! How many dialogs one user's programs have at a time. Each dialog is a process of its own, so they count by kernel
//! locks on a few files: a lock is gone with its process, whatever ends that.

use crate::own_folder;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A place among the dialogs of somebody, as long as it lives.
#[derive(Debug)]
pub(super) struct Slot {
    path: PathBuf,
    _locked: File,
}

impl Slot {
    /// Gives the place up, and leaves no file behind.
    pub(super) fn discard(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Takes one of the places that `who` has in this folder, which is made if it is missing; nothing if all are taken.
pub(super) fn take(folder: &Path, who: &str, most: u32) -> io::Result<Option<Slot>> {
    own_folder::make(folder)?;
    for number in 0..most {
        let path = folder.join(format!("{who}-{number}"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                return Ok(Some(Slot {
                    path,
                    _locked: file,
                }));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
