//! Descriptors, in programs that have closed the standard ones.

use rustix::io::{Result, fcntl_dupfd_cloexec};
use std::os::fd::{AsRawFd as _, OwnedFd};

/// The first number that is none of stdin, stdout and stderr.
const FIRST: i32 = 3;

/// The same file, under a number that is no standard one. In a program that has closed those the kernel gives their
/// numbers to what is opened next, and what another of its threads prints would go into that: into somebody's record, or
/// to the helper as if typed.
///
/// # Errors
/// If no other number is free.
pub fn beyond_standard(fd: OwnedFd) -> Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST {
        return Ok(fd);
    }
    fcntl_dupfd_cloexec(&fd, FIRST)
}
