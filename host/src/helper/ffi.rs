//! Who is at the other end of a socket, from libc. rustix has the same call, but takes a process id of 0 for impossible,
//! which is what the kernel says of a process in another namespace.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The other end's credentials (`getpeereid`(3)).
#[cfg(target_vendor = "apple")]
pub(super) fn peer_uid(socket: BorrowedFd<'_>) -> io::Result<u32> {
    let (mut uid, mut gid) = (u32::MAX, u32::MAX);
    // SAFETY: the descriptor is open as long as it is borrowed; `uid` and `gid` are places for the answer.
    let code = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(uid)
}

/// The other end's credentials (`SO_PEERCRED`, unix(7)).
#[cfg(target_os = "linux")]
pub(super) fn peer_uid(socket: BorrowedFd<'_>) -> io::Result<u32> {
    use libc::{c_void, socklen_t, ucred};
    let mut peer = ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let size = size_of::<ucred>();
    let mut length = socklen_t::try_from(size).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open as long as it is borrowed; `peer` is a place of `length` bytes for the answer, and
    // every bit pattern is a `ucred`.
    let code = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast::<c_void>(),
            &raw mut length,
        )
    };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    if usize::try_from(length) != Ok(size) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(peer.uid)
}
