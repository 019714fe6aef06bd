//! What was switched on and waits for `otpair protect --confirm`: kept on the disk, so that a boot finds it.

use crate::failure::Failure;
use crate::files;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Where it is kept. Not in the seed cache: a revert must work when there is no config and no cache.
pub(crate) const PATH: &str = "/etc/otpair/protect.pending";

/// A protection that ends unless it is confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Tells this one from one before.
    pub(crate) id: String,
    /// The services whose lines are taken out.
    pub(crate) services: Vec<String>,
    /// When, in seconds since 1970 UTC: for people, since the wait goes by another clock.
    pub(crate) deadline: u64,
    /// The config that says where events are logged, if it is not the machine's own.
    pub(crate) config: Option<PathBuf>,
}

impl Pending {
    /// What is pending; nothing if nothing is.
    ///
    /// # Errors
    /// If it can't be read, or is none.
    pub(crate) fn read() -> Result<Option<Self>, Failure> {
        Self::read_from(Path::new(PATH))
    }

    /// As [`Pending::read`], where it is kept elsewhere.
    pub(crate) fn read_from(path: &Path) -> Result<Option<Self>, Failure> {
        match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(path, &error)),
        }
    }

    /// Whether a service's lines are to be taken out.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.services.iter().any(|pending| pending == service)
    }

    /// Writes it, durably.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        self.write_to(Path::new(PATH))
    }

    /// As [`Pending::write`], elsewhere.
    pub(crate) fn write_to(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string(self).map_err(std::io::Error::from)?;
        files::write(path, &(text + "\n"))
    }
}
