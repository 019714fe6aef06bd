//! The limit on file sizes that the caller of a setuid program has set, where it could not be lifted.

use crate::fault;
use otpair_core::records::Fault;
use rlimit::Resource;
use std::path::Path;

/// Whether a file may become so long, in bytes: beyond the limit the kernel writes a part, and then ends the host process
/// (SIGXFSZ). Where a filter such as seccomp hides the limit it is taken for none.
#[must_use]
pub fn allows(length: u64) -> bool {
    Resource::FSIZE
        .get()
        .map_or(true, |(limit, _)| length <= limit)
}

/// As [`allows`], for somebody who is about to write.
///
/// # Errors
/// A fault if it may not.
pub(crate) fn allow(path: &Path, length: u64) -> Result<(), Fault> {
    if allows(length) {
        return Ok(());
    }
    let why = std::io::Error::other("the process's limit on file sizes is too low");
    Err(fault::io(path, "write", why))
}
