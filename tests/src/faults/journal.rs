//! What a sign-on changes in the seed cache, in order: what would be on the disk if it were all there.

use crate::calls;
use crate::kind::Call;
use libc::pid_t;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// One change, or one flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Bytes into a file, from a place on.
    Bytes {
        /// The file's inode.
        file: u64,
        /// Where.
        place: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file gets another length.
    Length {
        /// The file's inode.
        file: u64,
        /// How long.
        length: u64,
    },
    /// A new file gets a name.
    File {
        /// Its path.
        path: PathBuf,
        /// Its inode.
        file: u64,
    },
    /// A new folder.
    Folder {
        /// Its path.
        path: PathBuf,
    },
    /// Another path.
    Rename {
        /// From.
        from: PathBuf,
        /// To.
        to: PathBuf,
    },
    /// A path is nothing's any more.
    Remove {
        /// Which.
        path: PathBuf,
    },
    /// What a file holds is on the disk.
    FileFlushed {
        /// Its inode.
        file: u64,
    },
    /// Which files a folder has is on the disk.
    FolderFlushed {
        /// Its path.
        path: PathBuf,
    },
}

/// Notes what changes in one folder, and below it.
pub struct Journal {
    pid: pid_t,
    folder: PathBuf,
    /// What the call that is being made will have changed, if it succeeds.
    coming: Option<Change>,
    /// What has been changed.
    pub changes: Vec<Change>,
}

impl Journal {
    /// An empty one.
    pub fn new(pid: pid_t, folder: &Path) -> Self {
        Self {
            pid,
            folder: folder.to_owned(),
            coming: None,
            changes: Vec::new(),
        }
    }

    /// A call is about to be made.
    pub fn before(&mut self, call: &Call, memory: &File) {
        let at = Caller {
            pid: self.pid,
            call,
            memory,
        };
        self.coming = at.change(&self.folder);
    }

    /// It has been made.
    pub fn after(&mut self, result: i64) {
        let Some(mut change) = self.coming.take().filter(|_| result >= 0) else {
            return;
        };
        match &mut change {
            Change::Bytes { bytes, .. } => bytes.truncate(usize::try_from(result).unwrap_or(0)),
            // Its inode is known only now.
            Change::File { file, path } => match fs::metadata(path) {
                Ok(made) => *file = made.ino(),
                Err(_) => return,
            },
            _ => {}
        }
        self.changes.push(change);
    }
}

/// A process at a call.
struct Caller<'a> {
    pid: pid_t,
    call: &'a Call,
    memory: &'a File,
}

impl Caller<'_> {
    fn change(&self, folder: &Path) -> Option<Change> {
        let arguments = self.call.arguments;
        match &*calls::name(self.call.number) {
            "fdatasync" | "fsync" => self.flushed(folder),
            "ftruncate" => Some(Change::Length {
                file: self.file(folder)?,
                length: arguments[1],
            }),
            "mkdir" => new_folder(self.path(0)?, folder),
            "mkdirat" => new_folder(self.path_at(0, 1)?, folder),
            "open" => self.new_file(self.path(0)?, folder),
            "openat" => self.new_file(self.path_at(0, 1)?, folder),
            "pwrite64" => self.bytes(folder, arguments[3]),
            "rename" => renamed(self.path(0)?, self.path(1)?, folder),
            "renameat" | "renameat2" => renamed(self.path_at(0, 1)?, self.path_at(2, 3)?, folder),
            "unlink" => removed(self.path(0)?, folder),
            "unlinkat" => removed(self.path_at(0, 1)?, folder),
            "write" => self.bytes(folder, self.position()?),
            _ => None,
        }
    }

    fn link(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", self.pid, self.call.arguments[0]).into()
    }

    /// The inode of the file that the first argument refers to, if it is in the folder.
    fn file(&self, folder: &Path) -> Option<u64> {
        let is_there = fs::read_link(self.link()).ok()?.starts_with(folder);
        let found = fs::metadata(self.link()).ok().filter(|_| is_there)?;
        found.is_file().then(|| found.ino())
    }

    fn flushed(&self, folder: &Path) -> Option<Change> {
        if let Some(file) = self.file(folder) {
            return Some(Change::FileFlushed { file });
        }
        let path = fs::read_link(self.link()).ok()?;
        let is_there = path.starts_with(folder) && path.is_dir();
        is_there.then_some(Change::FolderFlushed { path })
    }

    fn bytes(&self, folder: &Path, place: u64) -> Option<Change> {
        let file = self.file(folder)?;
        let length = usize::try_from(self.call.arguments[2]).ok()?;
        let mut bytes = vec![0; length];
        self.memory
            .read_exact_at(&mut bytes, self.call.arguments[1])
            .ok()?;
        Some(Change::Bytes { file, place, bytes })
    }

    /// Where a file is written that is written from where it stands.
    fn position(&self) -> Option<u64> {
        let path = format!("/proc/{}/fdinfo/{}", self.pid, self.call.arguments[0]);
        let info = fs::read_to_string(path).ok()?;
        info.lines()
            .next()?
            .strip_prefix("pos:")?
            .trim()
            .parse()
            .ok()
    }

    fn new_file(&self, path: PathBuf, folder: &Path) -> Option<Change> {
        let makes = self.call.flags()? & u64::from(libc::O_CREAT.cast_unsigned()) != 0;
        let is_new = makes && path.starts_with(folder) && !path.exists();
        is_new.then_some(Change::File { path, file: 0 })
    }

    /// The path that an argument points to.
    fn path(&self, place: usize) -> Option<PathBuf> {
        let mut text = vec![0; libc::PATH_MAX as usize];
        let read = self
            .memory
            .read_at(&mut text, self.call.arguments[place])
            .ok()?;
        let end = text[..read].iter().position(|byte| *byte == 0)?;
        Some(PathBuf::from(
            String::from_utf8_lossy(&text[..end]).into_owned(),
        ))
    }

    /// The same, where another argument is the folder that it begins in.
    fn path_at(&self, folder: usize, place: usize) -> Option<PathBuf> {
        let path = self.path(place)?;
        if path.is_absolute() {
            return Some(path);
        }
        let link = format!("/proc/{}/fd/{}", self.pid, self.call.arguments[folder]);
        Some(fs::read_link(link).ok()?.join(path))
    }
}

fn renamed(from: PathBuf, to: PathBuf, folder: &Path) -> Option<Change> {
    to.starts_with(folder)
        .then_some(Change::Rename { from, to })
}

fn removed(path: PathBuf, folder: &Path) -> Option<Change> {
    path.starts_with(folder).then_some(Change::Remove { path })
}

fn new_folder(path: PathBuf, folder: &Path) -> Option<Change> {
    (path.starts_with(folder) && !path.exists()).then_some(Change::Folder { path })
}
