//! The copy of the key for a safe.

use crate::failure::Failure;
use crate::files;
use crate::secret;
use otpair_cache::SealingKey;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Where it stands which file the last copy was written to.
const REMEMBERED: &str = "/etc/otpair/recovery-key.path";

/// What lies on a machine's own disk.
const OWN: [&str; 5] = ["/", "/etc", "/home", "/root", "/var"];

/// The last copy that was written on this machine, if it is still there.
pub(crate) fn left() -> Option<PathBuf> {
    let path = fs::read_to_string(REMEMBERED).ok()?;
    let path = Path::new(path.trim_end_matches('\n'));
    path.exists().then(|| path.to_owned())
}

/// Reads a copy that the admin has brought.
pub(super) fn read(path: &Path) -> Result<SealingKey, Failure> {
    let line = secret::from_file(path, "copy of the key")?;
    Ok(SealingKey::parse(&line, &path.to_string_lossy())?)
}

/// Refuses a new copy on the disk that it is to outlive: once removed, it could still be read from that.
pub(super) fn refuse_own_disk(path: Option<&Path>, cache: &Path) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| !path.exists()) else {
        return Ok(());
    };
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    let there = path.parent().and_then(device);
    let mut own = OWN.map(Path::new).into_iter().chain([cache]);
    match own.find(|own| there.is_some() && device(own) == there) {
        Some(own) => Err(Failure::new(format!(
            "{}: lies on the disk of {}, from which it can be read even when it is removed; \
             name a file on a stick, or one in /run to take away before the next boot; nothing was changed",
            path.display(),
            own.display()
        ))),
        None => Ok(()),
    }
}

/// Whether a copy has to be written. One that is there already has to be of this key.
pub(super) fn is_due(path: Option<&Path>, key: &SealingKey) -> Result<bool, Failure> {
    let Some(path) = path else {
        return Ok(false);
    };
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Failure::file(path, &error)),
        Ok(_) => match read(path) {
            Ok(there) if there == *key => Ok(false),
            _ => Err(Failure::new(format!(
                "{}: is there already, and is not overwritten; name another file",
                path.display()
            ))),
        },
    }
}

/// Writes it, durably.
pub(super) fn write(path: Option<&Path>, key: &SealingKey) -> Result<(), Failure> {
    let Some(path) = path else {
        return Ok(());
    };
    // First, so that no copy is there of which nobody knows.
    files::write(Path::new(REMEMBERED), &format!("{}\n", path.display()))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(&key.line())?;
            file.sync_all()
        })
        .and_then(|()| files::sync_folder(path))
        .map_err(|error| Failure::file(path, &error))
}
