//! Folders under `/run` that are root's alone.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// Makes the folder, and those above it that are missing; nobody but the caller may have made what is there.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => check(folder),
    }
}

/// Refuses a folder that others could have put something into.
pub(crate) fn check(folder: &Path) -> io::Result<()> {
    let found = folder.symlink_metadata()?;
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    let is_private = found.mode().trailing_zeros() >= 6;
    if found.is_dir() && is_own && is_private {
        return Ok(());
    }
    let why = format!("{}: is not root's own folder", folder.display());
    Err(io::Error::other(why))
}
