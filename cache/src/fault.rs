//! Faults, made the same way everywhere: which file, what is wrong with it, how to mend it.

use otpair_core::records::{Fault, FaultKind};
use std::fmt::Display;
use std::path::Path;

/// A file or folder that can't be read or written.
pub(crate) fn io(path: &Path, doing: &str, error: impl Into<std::io::Error>) -> Fault {
    let error: std::io::Error = error.into();
    Fault::new(
        FaultKind::Io,
        format!("{}: can't {doing}: {error}", path.display()),
    )
}

/// A file or folder whose owner, permissions or kind can't be trusted.
pub(crate) fn unsafe_place(path: &Path, why: impl Display) -> Fault {
    Fault::new(FaultKind::Unsafe, format!("{}: {why}", path.display()))
}

/// A file that is not what was written there.
pub(crate) fn damaged(path: &Path, why: impl Display) -> Fault {
    Fault::new(FaultKind::Damaged, format!("{}: {why}", path.display()))
}

/// The kernel gave no random bytes.
pub(crate) fn no_randomness(error: getrandom::Error) -> Fault {
    Fault::new(
        FaultKind::Io,
        format!("the system gives no random bytes: {error}"),
    )
}
