//! Opening the config file: only a plain file that nobody but root, or the caller, could have written.

use super::{Config, ConfigError, DEFAULT_PATH};
use otpair_cache::descriptor::beyond_standard;
use otpair_cache::way;
use otpair_core::records::{Fault, FaultKind};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{self, Path};

/// The longest config that is read, in bytes.
const MAX_SIZE: u64 = 1024 * 1024;

impl Config {
    /// Reads this machine's config: the file named, or with `None` the one at [`DEFAULT_PATH`], or the defaults if there
    /// is no such file.
    ///
    /// # Errors
    /// A [`FaultKind::Config`] fault if a named file is missing, the file can't be read or is longer than 1 MiB, the
    /// text is wrong (with line and column), or somebody else than root and the effective user could have written it.
    pub fn load(path: Option<&Path>) -> Result<Self, Fault> {
        match path {
            Some(path) => load_or(path, None),
            None => load_or(Path::new(DEFAULT_PATH), Some(Self::default())),
        }
    }
}

/// Reads a config file; `missing` is what holds where there is none.
pub(super) fn load_or(path: &Path, missing: Option<Config>) -> Result<Config, Fault> {
    match (read(path)?, missing) {
        (Some(bytes), _) => parse(path, &bytes),
        (None, Some(config)) => Ok(config),
        (None, None) => Err(fault(path, &"there is no such file")),
    }
}

fn fault(path: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Config, format!("{}: {why}", path.display()))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Config, Fault> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default();
            let error = ConfigError::at(valid, valid.len(), "this is not UTF-8");
            return Err(at(path, &error));
        }
    };
    Config::parse(text).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &ConfigError) -> Fault {
    Fault::new(FaultKind::Config, format!("{}:{error}", path.display()))
}

/// The file's bytes; nothing if there is no file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let failed = |error: io::Error| fault(path, &error);
    let absolute = path::absolute(path).map_err(failed)?;
    let parent = absolute.parent().unwrap_or(&absolute);
    let way = way::resolve(parent).map_err(|unsafe_way| Fault {
        kind: FaultKind::Config,
        ..unsafe_way
    })?;
    if way.is_none() {
        return Ok(None);
    }
    let file = match open(&absolute) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    check(path, &metadata)?;
    // So that it takes one reading, and one that finds the end.
    let expected = usize::try_from(metadata.len().min(MAX_SIZE)).unwrap_or_default() + 1;
    let mut bytes = Vec::with_capacity(expected);
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_SIZE) {
        return Err(fault(path, &"is longer than 1 MiB"));
    }
    Ok(Some(bytes))
}

/// A config is a plain file that nobody else may write.
fn check(path: &Path, metadata: &Metadata) -> Result<(), Fault> {
    if !metadata.is_file() {
        return Err(fault(path, &"is not a regular file"));
    }
    way::check_owner(path, metadata.uid()).map_err(|owner| Fault {
        kind: FaultKind::Config,
        ..owner
    })?;
    if metadata.mode() & 0o022 != 0 {
        return Err(fault(path, &"others may write in this file; chmod go-w it"));
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    // O_NONBLOCK: a fifo in the config's place must not hang a sign-on.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .and_then(|file| Ok(File::from(beyond_standard(file.into())?)))
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => io::Error::other("is a symbolic link: name the file itself"),
            _ => error,
        })
}

#[cfg(test)]
mod tests;
