//! The helper: holds the sign-on for programs that are not root and so can't open the seed cache (contract section 4,
//! docs/helper-protocol.md). The program is `otpair-helper`, one dialog a connection.

pub(crate) mod client;
#[allow(unsafe_code, reason = "libc's call; nothing else is in that file")]
mod ffi;
mod frames;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod peer;
mod server;
mod slots;
pub(crate) mod wire;

pub use server::serve;

use crate::login_window::grant::GRANTS;
use std::path::PathBuf;

/// Where the helper listens.
pub const SOCKET: &str = if cfg!(target_os = "macos") {
    "/var/run/otpair.sock"
} else {
    "/run/otpair/helper.sock"
};

/// Where the helper notes who is being served, a folder that only root can look into.
const SLOTS: &str = if cfg!(target_os = "macos") {
    "/var/run/otpair-slots"
} else {
    "/run/otpair/slots"
};

/// The folders that the helper writes to.
struct Places {
    slots: PathBuf,
    grants: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            slots: SLOTS.into(),
            grants: GRANTS.into(),
        }
    }
}

#[cfg(test)]
mod tests;
