//! A disk whose power goes: what was flushed is there; of what was not, any part may be.

use crate::journal::Change;
use crate::world::Contents;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a disk writes whole, in bytes.
const SECTOR: u64 = 512;

/// What of these changes is not flushed yet, in order.
pub fn pending(changes: &[Change]) -> Vec<&Change> {
    let is_pending = |(place, change): &(usize, &Change)| {
        let later = || changes[place + 1..].iter();
        match change {
            Change::Bytes { file, .. } | Change::Length { file, .. } => !later().any(
                |flush| matches!(flush, Change::FileFlushed { file: flushed } if flushed == file),
            ),
            Change::File { path, .. } | Change::Folder { path } | Change::Remove { path } => {
                !later().any(|flush| flushes(flush, path))
            }
            Change::Rename { from, to } => {
                !later().any(|flush| flushes(flush, to))
                    || !later().any(|flush| flushes(flush, from))
            }
            Change::FileFlushed { .. } | Change::FolderFlushed { .. } => false,
        }
    };
    let found = changes.iter().enumerate().filter(is_pending);
    found.map(|(_, change)| change).collect()
}

/// Whether a flush is that of the folder that a path is in.
fn flushes(flush: &Change, path: &Path) -> bool {
    matches!(flush, Change::FolderFlushed { path: folder } if path.parent() == Some(folder))
}

/// The least that may get to the disk, or not, by itself.
#[derive(Debug, Clone)]
pub enum Unit {
    /// Bytes within one sector.
    Sector {
        /// The file's inode.
        file: u64,
        /// Where.
        place: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file is at least so long.
    AtLeast {
        /// The file's inode.
        file: u64,
        /// How long.
        length: u64,
    },
    /// Anything else.
    Whole(Change),
}

/// The parts of a change.
pub fn units(change: &Change) -> Vec<Unit> {
    let Change::Bytes { file, place, bytes } = change else {
        return vec![Unit::Whole(change.clone())];
    };
    let end = place + bytes.len() as u64;
    let mut units = vec![Unit::AtLeast {
        file: *file,
        length: end,
    }];
    let mut from = *place;
    while from < end {
        let to = (from / SECTOR + 1) * SECTOR;
        let part = usize::try_from(from - place).expect("a place in memory");
        let until = usize::try_from(to.min(end) - place).expect("a place in memory");
        units.push(Unit::Sector {
            file: *file,
            place: from,
            bytes: bytes[part..until].to_vec(),
        });
        from = to;
    }
    units
}

#[derive(Debug, Clone, Default)]
struct Inode {
    bytes: Vec<u8>,
    /// What lies beyond is not seen, and what is missing up to it is zero.
    length: u64,
}

/// The disk.
#[derive(Debug, Clone)]
pub struct Disk {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<PathBuf, u64>,
    folders: BTreeSet<PathBuf>,
}

impl Disk {
    /// A folder's contents, all flushed. `inode` tells a file's.
    pub fn new(folder: &Path, contents: &Contents, inode: impl Fn(&Path) -> u64) -> Self {
        let mut disk = Self {
            inodes: BTreeMap::new(),
            names: BTreeMap::new(),
            folders: BTreeSet::new(),
        };
        for (path, content) in contents {
            let path = folder.join(path);
            match content {
                None => {
                    disk.folders.insert(path);
                }
                Some(bytes) => {
                    let file = inode(&path);
                    let held = Inode {
                        bytes: bytes.clone(),
                        length: bytes.len() as u64,
                    };
                    disk.inodes.insert(file, held);
                    disk.names.insert(path, file);
                }
            }
        }
        disk
    }

    /// Something gets to the disk.
    pub fn put(&mut self, unit: &Unit) {
        match unit {
            Unit::Sector { file, place, bytes } => {
                self.inodes.entry(*file).or_default().write(*place, bytes);
            }
            Unit::AtLeast { file, length } => {
                let inode = self.inodes.entry(*file).or_default();
                inode.length = inode.length.max(*length);
            }
            Unit::Whole(change) => self.change(change),
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Length { file, length } => {
                let inode = self.inodes.entry(*file).or_default();
                inode.length = *length;
                inode
                    .bytes
                    .truncate(usize::try_from(*length).unwrap_or(usize::MAX));
            }
            Change::File { path, file } => {
                self.inodes.entry(*file).or_default();
                self.names.insert(path.clone(), *file);
            }
            Change::Folder { path } => {
                self.folders.insert(path.clone());
            }
            Change::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Change::Remove { path } => {
                self.names.remove(path);
            }
            Change::Bytes { .. } | Change::FileFlushed { .. } | Change::FolderFlushed { .. } => {}
        }
    }

    /// What a folder holds on it.
    pub fn contents(&self, folder: &Path) -> Contents {
        let below = |path: &PathBuf| path.strip_prefix(folder).ok().map(Path::to_path_buf);
        let folders = self
            .folders
            .iter()
            .filter_map(|path| Some((below(path)?, None)));
        let files = self.names.iter().filter_map(|(path, file)| {
            let inode = self.inodes.get(file).cloned().unwrap_or_default();
            Some((below(path)?, Some(inode.seen())))
        });
        let all: Contents = folders.chain(files).collect();
        // A file in a folder that is not there is nowhere.
        let is_there = |path: &Path| {
            path.parent()
                .is_none_or(|parent| parent.as_os_str().is_empty() || all.contains_key(parent))
        };
        all.iter()
            .filter(|(path, _)| is_there(path))
            .map(|(path, content)| (path.clone(), content.clone()))
            .collect()
    }
}

impl Inode {
    fn write(&mut self, place: u64, bytes: &[u8]) {
        let place = usize::try_from(place).expect("a place in memory");
        let end = place + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[place..end].copy_from_slice(bytes);
    }

    fn seen(mut self) -> Vec<u8> {
        self.bytes
            .resize(usize::try_from(self.length).expect("a length in memory"), 0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        PathBuf::from("/cache")
    }

    fn bytes(place: u64, length: usize) -> Change {
        Change::Bytes {
            file: 7,
            place,
            bytes: vec![b'x'; length],
        }
    }

    #[test]
    fn what_was_flushed_is_not_pending_and_what_came_after_is() {
        let changes = [bytes(0, 1), Change::FileFlushed { file: 7 }, bytes(1, 2)];
        assert_eq!(pending(&changes), [&bytes(1, 2)]);
        let other = [bytes(0, 1), Change::FileFlushed { file: 8 }];
        assert_eq!(pending(&other), [&bytes(0, 1)]);
    }

    #[test]
    fn a_new_name_is_there_when_its_folder_is_flushed() {
        let path = folder().join("file");
        let made = Change::File { path, file: 7 };
        let flushed = |path: PathBuf| Change::FolderFlushed { path };
        assert_eq!(
            pending(&[made.clone(), flushed("/elsewhere".into())]),
            [&made]
        );
        assert!(pending(&[made, flushed(folder())]).is_empty());
    }

    #[test]
    fn a_write_is_torn_at_the_ends_of_sectors_alone() {
        let parts = units(&bytes(500, 1000));
        let lengths: Vec<_> = parts
            .iter()
            .filter_map(|unit| match unit {
                Unit::Sector { bytes, .. } => Some(bytes.len()),
                _ => None,
            })
            .collect();
        assert_eq!(lengths, [12, 512, 476]);
    }

    #[test]
    fn a_sector_that_did_not_get_there_is_as_it_was_or_zero() {
        let before = Contents::from([("file".into(), Some(vec![b'o'; 512]))]);
        let mut disk = Disk::new(&folder(), &before, |_| 7);
        for unit in units(&bytes(0, 1536)) {
            if !matches!(unit, Unit::Sector { place: 0 | 512, .. }) {
                disk.put(&unit);
            }
        }
        let held = disk
            .contents(&folder())
            .remove(Path::new("file"))
            .flatten()
            .unwrap();
        assert_eq!(held, [[b'o'; 512], [0; 512], [b'x'; 512]].concat());
    }
}
