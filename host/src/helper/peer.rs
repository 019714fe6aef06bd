//! Who is at the other end of a socket, as the system says.

use std::io;
use std::os::fd::AsFd;

/// The effective user id that the other end had when it connected, or when it began to listen.
#[cfg(target_os = "linux")]
pub(super) fn uid(socket: impl AsFd) -> io::Result<u32> {
    super::ffi::peer_uid(socket.as_fd())
}

/// Nobody can be told from anybody else here, so nobody is served.
#[cfg(not(target_os = "linux"))]
pub(super) fn uid(_: impl AsFd) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}
