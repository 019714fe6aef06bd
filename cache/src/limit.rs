//! The limit on file sizes that the caller of a setuid program has set, where it could not be lifted.

use crate::fault;
use otpair_core::records::Fault;
use rustix::process::{Resource, getrlimit};
use std::path::Path;

/// Whether a file may become so long, in bytes.
///
/// # Errors
/// A fault if not: the kernel would write a part, and then end the host process (SIGXFSZ).
pub(crate) fn allow(path: &Path, length: u64) -> Result<(), Fault> {
    let limit = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
    if limit < length {
        let why = std::io::Error::other("the process's limit on file sizes is too low");
        return Err(fault::io(path, "write", why));
    }
    Ok(())
}
