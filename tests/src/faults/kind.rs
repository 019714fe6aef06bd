//! What is done to a system call.

use crate::calls;
use crate::traced::ARGUMENTS;
use libc::{c_int, c_long};

/// A fault of the machine at one system call, or from it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The call is not made and fails, once.
    Fails(c_int),
    /// The call does half of what it was asked for.
    Short,
    /// The process is killed before the call.
    KillBefore,
    /// The process is killed after the call.
    KillAfter,
    /// The process is killed when so many bytes are written.
    Torn(u64),
    /// From here on every call that changes the disk fails.
    Disk(c_int),
    /// From here on no call gives a new file descriptor.
    NoDescriptors,
    /// From here on no call gives memory.
    NoMemory,
}

/// All of them, and their names.
pub const KINDS: [(&str, Kind); 19] = [
    ("enospc", Kind::Fails(libc::ENOSPC)),
    ("eio", Kind::Fails(libc::EIO)),
    ("erofs", Kind::Fails(libc::EROFS)),
    ("eintr", Kind::Fails(libc::EINTR)),
    ("eacces", Kind::Fails(libc::EACCES)),
    ("enomem", Kind::Fails(libc::ENOMEM)),
    ("emfile", Kind::Fails(libc::EMFILE)),
    ("kill-before", Kind::KillBefore),
    ("kill-after", Kind::KillAfter),
    ("short", Kind::Short),
    ("torn-1", Kind::Torn(1)),
    ("torn-512", Kind::Torn(512)),
    ("torn-2048", Kind::Torn(2048)),
    ("torn-4095", Kind::Torn(4095)),
    ("full-disk", Kind::Disk(libc::ENOSPC)),
    ("broken-disk", Kind::Disk(libc::EIO)),
    ("read-only-disk", Kind::Disk(libc::EROFS)),
    ("no-descriptors", Kind::NoDescriptors),
    ("no-memory", Kind::NoMemory),
];

/// A system call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its number, as the kernel counts.
    pub number: c_long,
    /// Its arguments.
    pub arguments: [u64; ARGUMENTS],
}

impl Call {
    fn length(&self) -> Option<(usize, u64)> {
        let place = calls::length_argument(self.number)?;
        Some((place, self.arguments[place]))
    }

    /// Whether it says something on stderr.
    pub fn complains(&self) -> bool {
        calls::writes(self.number) && self.arguments[0] == 2
    }

    /// Whether it goes to the kernel's audit log, as libpam does when the modules have decided (`audit_open(3)`).
    pub fn audits(&self) -> bool {
        const NETLINK: u64 = 16;
        &*calls::name(self.number) == "socket" && self.arguments[0] == NETLINK
    }

    /// Whether it asks who is at the other end of a socket, as the helper does before all else.
    pub fn asks_for_the_caller(&self) -> bool {
        let peer = u64::from(libc::SO_PEERCRED.cast_unsigned());
        &*calls::name(self.number) == "getsockopt" && self.arguments[2] == peer
    }

    /// How it opens a file, if it does.
    pub fn flags(&self) -> Option<u64> {
        match &*calls::name(self.number) {
            "openat" => Some(self.arguments[2]),
            "open" => Some(self.arguments[1]),
            _ => None,
        }
    }

    /// Whether it needs a disk on which something can be changed, in the way that this error is about.
    fn needs_disk(&self, error: c_int) -> bool {
        let asks = |wanted: c_int| {
            let wanted = u64::from(wanted.cast_unsigned());
            self.flags().is_some_and(|flags| flags & wanted != 0)
        };
        let opens = match error {
            libc::EROFS => asks(libc::O_CREAT | libc::O_WRONLY | libc::O_RDWR),
            _ => asks(libc::O_CREAT),
        };
        opens || calls::needs_disk(self.number)
    }
}

/// What is to be done to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Make,
    /// It is not made; this is its error.
    Fail(c_int),
    /// This of its arguments becomes that, and then, if so, the process is killed.
    Shorten(usize, u64, bool),
    /// The process is killed before it.
    KillBefore,
    /// The process is killed after it.
    KillAfter,
}

impl Kind {
    /// What it does to the call at which it begins; nothing if it is none for such a call.
    pub fn at(self, call: &Call) -> Option<Act> {
        let fails = |applies: bool, error| applies.then_some(Act::Fail(error));
        match self {
            Self::KillBefore => Some(Act::KillBefore),
            Self::KillAfter => Some(Act::KillAfter),
            Self::Fails(error) => fails(!calls::never_fails(call.number), error),
            Self::Short => {
                let (place, length) = call.length()?;
                (length > 1).then_some(Act::Shorten(place, length / 2, false))
            }
            Self::Torn(kept) => {
                let (place, length) = call.length()?;
                let tears = calls::writes(call.number) && length > kept;
                tears.then_some(Act::Shorten(place, kept, true))
            }
            Self::Disk(error) => fails(call.needs_disk(error), error),
            Self::NoDescriptors => fails(calls::opens(call.number), libc::EMFILE),
            Self::NoMemory => fails(calls::gives_memory(call.number), libc::ENOMEM),
        }
    }

    /// What it does to a call after that.
    pub fn after(self, call: &Call) -> Act {
        match self {
            Self::Disk(_) | Self::NoDescriptors | Self::NoMemory => {
                self.at(call).unwrap_or(Act::Make)
            }
            _ => Act::Make,
        }
    }
}
