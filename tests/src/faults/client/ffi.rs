//! A copy of this process that is not traced, and not root: somebody's screen locker.

#![allow(unsafe_code)]

use libc::{gid_t, pid_t, uid_t};
use std::io;
use std::ptr;

/// Longer than the module waits for the helper, in seconds.
const PATIENCE: u32 = 60;

/// The copy; killed when dropped.
#[derive(Debug)]
pub struct Client(pid_t);

impl Client {
    /// Has a copy of this process do `work`.
    pub fn fork(work: impl FnOnce()) -> Self {
        // SAFETY: this process has one thread, so nothing is locked or half done in the copy.
        let pid = unsafe { libc::fork() };
        assert!(
            pid >= 0,
            "no process can be made: {}",
            io::Error::last_os_error()
        );
        if pid == 0 {
            // SAFETY: sets a timer whose signal ends the process.
            unsafe { libc::alarm(PATIENCE) };
            work();
            // SAFETY: ends the copy at once: what the parent has to do at its own end is not done twice.
            unsafe { libc::_exit(0) };
        }
        Self(pid)
    }

    /// Waits until it has ended.
    pub fn wait(mut self) {
        self.reap();
    }

    fn reap(&mut self) {
        if self.0 != 0 {
            // SAFETY: it is a child that has not been waited for; its status is not asked for.
            unsafe { libc::waitpid(self.0, ptr::null_mut(), 0) };
            self.0 = 0;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.0 != 0 {
            // SAFETY: it is a child that has not been waited for, so the number is no other process's.
            unsafe { libc::kill(self.0, libc::SIGKILL) };
            self.reap();
        }
    }
}

/// In the copy: from here on it is this user's, for good.
pub fn become_user(uid: uid_t, gid: gid_t) {
    // SAFETY: an empty list is read from nowhere.
    let groups = unsafe { libc::setgroups(0, ptr::null()) };
    // SAFETY: takes no memory.
    let group = unsafe { libc::setresgid(gid, gid, gid) };
    // SAFETY: takes no memory.
    let user = unsafe { libc::setresuid(uid, uid, uid) };
    assert_eq!((groups, group, user), (0, 0, 0), "root can become anybody");
}
