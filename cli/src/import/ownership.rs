//! Whose a seed file is, and so what it may decide: who has a token, or only which tokens there are.
//!
//! People can put anything in their own folders, also while root reads there. So what lies in a folder that others may
//! change is opened only if it is a plain file and no link; and whose it is, is asked of the open file, never of its
//! name.

use crate::failure::Failure;
use crate::machine::Machine;
use otpair_host::accounts;
use rustix::fs::OFlags;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

const MAY_WRITE: u32 = 0o022;
const MAY_READ: u32 = 0o044;

/// The folder that a file was found in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folder {
    uid: u32,
    /// Nobody but root and the caller can change what is in it.
    is_ours: bool,
}

/// Who owns and may change an open file.
#[derive(Debug)]
pub(super) struct Ownership {
    uid: u32,
    mode: u32,
    is_plain: bool,
    /// What it says of its owner is what one of its users says.
    on_fuse: bool,
    /// None for stdin: whoever opened that said what they wanted.
    folder: Option<Folder>,
}

/// Opens a file: whatever it is where nobody else could have put it, else only a plain file, at once and without
/// following a link.
pub(super) fn open(path: &Path) -> io::Result<(File, Option<Folder>)> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let metadata = fs::metadata(parent.unwrap_or(Path::new(".")))?;
    let folder = Folder {
        uid: metadata.uid(),
        is_ours: is_ours(metadata.uid()) && metadata.mode() & MAY_WRITE == 0,
    };
    if folder.is_ours {
        return Ok((File::open(path)?, Some(folder)));
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = file.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => io::Error::other(
            "it is a link, in a folder that others may change: give the file that it leads to",
        ),
        _ => error,
    })?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(
            "it is no plain file, in a folder that others may change",
        ));
    }
    Ok((file, Some(folder)))
}

fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

#[cfg(target_os = "linux")]
fn is_on_fuse(file: &File) -> io::Result<bool> {
    // FUSE_SUPER_MAGIC, statfs(2).
    Ok(rustix::fs::fstatfs(file)?.f_type == 0x6573_5546)
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "as on Linux")]
fn is_on_fuse(_: &File) -> io::Result<bool> {
    Ok(false)
}

impl Ownership {
    /// Of an open file that was found in this folder.
    pub(super) fn of(file: &File, metadata: &Metadata, folder: Option<Folder>) -> io::Result<Self> {
        Ok(Self {
            uid: metadata.uid(),
            mode: metadata.mode(),
            is_plain: metadata.is_file(),
            on_fuse: is_on_fuse(file)?,
            folder,
        })
    }

    /// Whether others than its owner may read a file, which is full of seeds.
    pub(super) fn others_may_read(&self) -> bool {
        self.is_plain && self.mode & MAY_READ != 0
    }

    fn is_in_our_folder(&self) -> bool {
        self.folder.is_none_or(|folder| folder.is_ours)
    }

    fn others_may_write(&self) -> bool {
        self.is_plain && self.mode & MAY_WRITE != 0
    }

    /// Whether the file may say of anybody which token they have: only root, or the caller, can have written it.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) fn may_name_anybody(&self) -> Result<(), String> {
        if is_ours(self.uid) && !self.others_may_write() && self.is_in_our_folder() && !self.on_fuse
        {
            return Ok(());
        }
        Err("it says who has which token, and others could have written that: look it through, and copy it to a folder \
             that root alone can write (chown root, chmod 600)"
            .to_owned())
    }

    /// Whose token the file is, where it is one person's and does not say whose: its owner's, whatever is in it. Of a
    /// file that is root's the admin says it (`user`).
    ///
    /// # Errors
    /// Why nobody's, and what to do.
    pub(super) fn person(&self, machine: &Machine, user: Option<&str>) -> Result<String, String> {
        let words = |failure: Failure| failure.message().to_owned();
        if self.others_may_write() {
            return Err("others than its owner may write it: chmod 600".to_owned());
        }
        if self.on_fuse {
            return Err(
                "it lies on a file system that may lie about its owner (FUSE): copy it to a folder of root's, and give --user NAME"
                    .to_owned(),
            );
        }
        if !self.is_in_our_folder() && self.folder.is_some_and(|folder| folder.uid != self.uid) {
            return Err("it lies in the folder of somebody who is not its owner".to_owned());
        }
        match user {
            Some(user) => {
                let account = machine.account(user).map_err(words)?;
                if account.uid == self.uid || is_ours(self.uid) {
                    return Ok(account.name);
                }
                Err("its owner is somebody else than --user says".to_owned())
            }
            None if self.uid == 0 => {
                Err("it is root's, so it may be anybody's: give --user NAME".to_owned())
            }
            None => {
                let account =
                    accounts::lookup_uid(self.uid).map_err(|fault| words(fault.into()))?;
                let account = account.ok_or("its owner has no account here")?;
                Ok(account.name)
            }
        }
    }
}
