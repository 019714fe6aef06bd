//! What a file or folder is, without its times.

use rustix::fs::{AtFlags, Dev, RawMode, Stat};
use rustix::io;
use std::os::fd::AsFd;

/// What there is to know about a file before it is trusted.
///
/// Not its times: on Linux from 6.13 on, a write after somebody asked for them gets a time of its own, finer than the
/// clock's tick, and the flush after it then has the inode to write too. A record is looked at just before it is written.
pub(crate) struct Look {
    /// Its type and permissions.
    pub(crate) mode: RawMode,
    /// It has no second name (hard link).
    pub(crate) one_name: bool,
    /// Its owner.
    pub(crate) uid: u32,
    /// Device and inode: the same for the same file.
    pub(crate) place: (Dev, u64),
    /// Its length in bytes.
    pub(crate) size: u64,
}

impl Look {
    /// Looks at an open file or folder.
    pub(crate) fn at(file: impl AsFd) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        match Self::without_times(&file, "", AtFlags::EMPTY_PATH) {
            Err(io::Errno::NOSYS) => {}
            looked => return looked,
        }
        rustix::fs::fstat(file).map(|stat| Self::from(&stat))
    }

    /// Looks at what has this name in an open folder. Links are not followed.
    pub(crate) fn at_name(folder: impl AsFd, name: &str) -> io::Result<Self> {
        let how = AtFlags::SYMLINK_NOFOLLOW;
        #[cfg(target_os = "linux")]
        match Self::without_times(&folder, name, how) {
            Err(io::Errno::NOSYS) => {}
            looked => return looked,
        }
        rustix::fs::statat(folder, name, how).map(|stat| Self::from(&stat))
    }

    #[cfg(target_os = "linux")]
    fn without_times(folder: impl AsFd, name: &str, how: AtFlags) -> io::Result<Self> {
        use rustix::fs::StatxFlags as Ask;
        let ask = Ask::TYPE | Ask::MODE | Ask::NLINK | Ask::UID | Ask::INO | Ask::SIZE;
        let found = rustix::fs::statx(folder, name, how, ask)?;
        if !Ask::from_bits_retain(found.stx_mask).contains(ask) {
            return Err(io::Errno::NOSYS);
        }
        Ok(Self {
            mode: found.stx_mode.into(),
            one_name: found.stx_nlink == 1,
            uid: found.stx_uid,
            place: (
                rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
                found.stx_ino,
            ),
            size: found.stx_size,
        })
    }
}

impl From<&Stat> for Look {
    fn from(stat: &Stat) -> Self {
        Self {
            mode: stat.st_mode,
            one_name: stat.st_nlink == 1,
            uid: stat.st_uid,
            place: (stat.st_dev, stat.st_ino),
            size: u64::try_from(stat.st_size).unwrap_or_default(),
        }
    }
}
