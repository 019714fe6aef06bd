//! Who is at the other end of a socket, as the system says.

use std::io;
use std::os::fd::AsFd;

/// The effective user id that the other end had when it connected, or when it began to listen.
pub(super) fn uid(socket: impl AsFd) -> io::Result<u32> {
    super::ffi::peer_uid(socket.as_fd())
}
