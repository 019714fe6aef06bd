//! Files that an admin names in folders that may be anybody's.
//!
//! Who owns a folder above can exchange it at any time. So the folder is opened once, judged as it is open, and the file
//! is opened in that one.

use otpair_core::keyfile::provenance::Folder;
use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Where a file was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) folder: Folder,
    /// The folder's file system.
    pub(crate) device: u64,
    /// The file's name was a link.
    pub(crate) is_link: bool,
}

/// A folder is only looked up in, which takes no right to read it.
#[cfg(target_os = "linux")]
const LOOK_UP: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOK_UP: OFlags = OFlags::RDONLY;

const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// Opens a file: whatever it is where nobody else could have put it, else only a plain file, at once and without
/// following a link.
pub(crate) fn open(path: &Path) -> io::Result<(File, Found)> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    let flags = LOOK_UP | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = File::from(openat(CWD, parent, flags, Mode::empty())?);
    let about = folder.metadata()?;
    let mut found = Found {
        folder: Folder {
            uid: about.uid(),
            mode: about.mode(),
        },
        device: about.dev(),
        is_link: false,
    };
    let open = |flags: OFlags| openat(&folder, name, READ | flags, Mode::empty());
    if !found.folder.is_ours(rustix::process::geteuid().as_raw()) {
        return Ok((plain(open(OFlags::NOFOLLOW | OFlags::NONBLOCK))?, found));
    }
    let file = match open(OFlags::NOFOLLOW) {
        Err(Errno::LOOP) => {
            found.is_link = true;
            open(OFlags::empty())?
        }
        opened => opened?,
    };
    Ok((file.into(), found))
}

/// A plain file, if it is one.
fn plain(opened: Result<OwnedFd, Errno>) -> io::Result<File> {
    let file = opened.map_err(|error| match error {
        Errno::LOOP => io::Error::other(
            "it is a link, in a folder that others may change: give the file that it leads to",
        ),
        error => error.into(),
    })?;
    let mode = fstat(&file)?.st_mode;
    if rustix::fs::FileType::from_raw_mode(mode).is_file() {
        return Ok(file.into());
    }
    Err(io::Error::other(
        "it is no plain file, in a folder that others may change",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{RenameFlags, renameat_with};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    /// A folder of the caller's with a file `f`, and beside it one that others may change, with a link `f`.
    fn two_folders() -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        for folder in ["ours", "theirs"] {
            fs::create_dir(at(folder)).unwrap();
        }
        fs::set_permissions(at("ours"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(at("theirs"), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(at("ours/f"), "ours").unwrap();
        fs::write(at("secret"), "theirs").unwrap();
        symlink(at("secret"), at("theirs/f")).unwrap();
        scratch
    }

    #[test]
    fn a_folder_that_is_exchanged_meanwhile_does_not_get_its_link_followed() {
        let scratch = two_folders();
        let (inbox, other) = (scratch.path().join("inbox"), scratch.path().join("other"));
        symlink("ours", &inbox).unwrap();
        symlink("theirs", &other).unwrap();
        let done = AtomicBool::new(false);
        let opened: Vec<_> = thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    renameat_with(CWD, &inbox, CWD, &other, RenameFlags::EXCHANGE).unwrap();
                }
            });
            let opened = (0..2000)
                .filter_map(|_| open(&inbox.join("f")).ok())
                .map(|(file, found)| (io::read_to_string(file).unwrap(), found.folder.mode))
                .collect();
            done.store(true, Ordering::Relaxed);
            opened
        });
        assert!(!opened.is_empty());
        for (text, mode) in opened {
            assert_eq!((&*text, mode & 0o777), ("ours", 0o700));
        }
    }

    #[test]
    fn a_link_in_a_folder_of_ones_own_is_followed_and_said() {
        let scratch = two_folders();
        let link = scratch.path().join("ours/link");
        symlink("f", &link).unwrap();
        let (file, found) = open(&link).unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "ours");
        assert!(found.is_link);
        assert!(!open(&scratch.path().join("ours/f")).unwrap().1.is_link);
    }
}
