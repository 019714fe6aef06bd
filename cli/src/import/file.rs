//! A seed file, as the readers of its formats take it.

use super::ownership::Ownership;
use crate::found;
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use otpair_core::keyfile::{Halves, Source};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use zeroize::Zeroizing;

/// The most that is taken from a pipe, in bytes. It is kept in memory, for a file may have to be read twice.
const LONGEST_PIPE: usize = 256 * 1024 * 1024;

/// From this length on, in bytes, a file is worth a second thread.
const WORTH_HALVING: u64 = 4 * 1024 * 1024;

/// An open seed file.
pub(super) struct SeedFile<'i> {
    content: Content,
    interrupt: &'i Interrupt,
    /// How many of its bytes were read, where it was read last.
    read: AtomicU64,
    length: u64,
    ownership: Ownership,
}

enum Content {
    /// A file, read in pieces.
    File(File),
    /// What came through a pipe. It is wiped.
    Piped(Zeroizing<Vec<u8>>),
}

impl<'i> SeedFile<'i> {
    /// Opens a file; `-` is stdin. It can't be read any more once Ctrl-C is pressed.
    pub(super) fn open(
        path: &Path,
        machine: &Machine,
        interrupt: &'i Interrupt,
    ) -> io::Result<Self> {
        let (file, found) = if path == Path::new("-") {
            (File::from(io::stdin().as_fd().try_clone_to_owned()?), None)
        } else {
            let (file, found) = found::open(path)?;
            (file, Some(found))
        };
        let metadata = file.metadata()?;
        let ownership = Ownership::of(&file, &metadata, found.as_ref(), machine)?;
        let (content, length) = if metadata.is_file() {
            (Content::File(file), metadata.len())
        } else {
            let bytes = drain(file, interrupt)?;
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            (Content::Piped(bytes), length)
        };
        Ok(Self {
            content,
            interrupt,
            read: AtomicU64::new(0),
            length,
            ownership,
        })
    }

    /// Whose it is.
    pub(super) fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// How long it is, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How many of its bytes were read, where it was read last.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Source for SeedFile<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.open_at(0)
    }

    fn halves(&self) -> Option<&dyn Halves> {
        (self.length >= WORTH_HALVING).then_some(self)
    }
}

impl Halves for SeedFile<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn open_at(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        self.read.store(at, Ordering::Relaxed);
        Ok(Box::new(Walk { file: self, at }))
    }

    fn both(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
        thread::scope(|scope| {
            scope.spawn(other);
            one();
        });
    }
}

/// One reading of a file.
struct Walk<'a> {
    file: &'a SeedFile<'a>,
    at: u64,
}

impl Read for Walk<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.file.interrupt.pressed() {
            return Err(io::Error::other("interrupted"));
        }
        let count = match &self.file.content {
            Content::File(file) => file.read_at(into, self.at)?,
            Content::Piped(bytes) => {
                let rest = usize::try_from(self.at).ok().and_then(|at| bytes.get(at..));
                rest.unwrap_or_default().read(into)?
            }
        };
        self.at += u64::try_from(count).unwrap_or_default();
        self.file.read.store(self.at, Ordering::Relaxed);
        Ok(count)
    }
}

/// How often Ctrl-C is looked for while nothing comes: a signal does not end the waiting for a pipe.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// Waits until something can be read, or the end is there.
fn wait(pipe: &File, interrupt: &Interrupt) -> io::Result<()> {
    loop {
        if interrupt.pressed() {
            return Err(io::Error::other("interrupted"));
        }
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&GLANCE)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// All that comes through a pipe.
fn drain(mut pipe: File, interrupt: &Interrupt) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        wait(&pipe, interrupt)?;
        let read = pipe.read(&mut piece)?;
        if read == 0 {
            return Ok(bytes);
        }
        if bytes.len() + read > LONGEST_PIPE {
            return Err(io::Error::other(
                "more than 256 MiB came through a pipe: give the file by its name",
            ));
        }
        append(&mut bytes, piece.get(..read).unwrap_or_default());
    }
}

/// Appends to a vector, wiping the old memory where it has to move.
fn append(bytes: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    if bytes.capacity() - bytes.len() < piece.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + piece.len())));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(piece);
}
