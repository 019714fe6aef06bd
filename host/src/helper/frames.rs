//! Frames on a socket, with an end to all patience.

use super::wire::{self, Refusal, Reply, Request, Stage};
use rustix::net::{SendFlags, send};
use std::io::{self, ErrorKind, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The bytes in front of a payload: kind and length.
const HEADER: usize = 3;

/// How long the rest of a frame may take once its first byte is there.
pub(super) const REST: Duration = Duration::from_secs(2);

/// The program that this runs in may not ignore SIGPIPE.
#[cfg(not(target_vendor = "apple"))]
const WITHOUT_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const WITHOUT_SIGNAL: SendFlags = SendFlags::empty();

/// A connection, as both sides use it.
#[derive(Debug)]
pub(super) struct Frames {
    stream: UnixStream,
}

/// Why no request came.
#[derive(Debug)]
pub(super) enum Nothing {
    /// The other side is gone, or kept silent or slow for too long.
    Gone,
    /// What came is no legal request.
    Illegal(Refusal),
}

impl Frames {
    /// Frames on a connection, none of which takes longer than [`REST`] to be sent.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(REST))?;
        #[cfg(target_vendor = "apple")]
        rustix::net::sockopt::set_socket_nosigpipe(&stream, true)?;
        Ok(Self { stream })
    }

    /// Ends the connection, whoever else holds it open.
    pub(super) fn close(self) {
        // A caller that is gone has ended it already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Waits for a request that is legal at this stage, for as long as `patience` says. A payload that is too long is
    /// not read.
    pub(super) fn request(&mut self, stage: Stage, patience: Duration) -> Result<Request, Nothing> {
        let until = Instant::now() + patience;
        let (kind, length) = self.header(until).map_err(|_| Nothing::Gone)?;
        let fits = wire::legal(kind, stage).is_some_and(|row| length <= row.longest);
        if !fits {
            return Err(Nothing::Illegal(Refusal::Malformed));
        }
        let rest = Instant::now() + REST;
        let payload = self
            .payload(length, rest.min(until))
            .map_err(|_| Nothing::Gone)?;
        Request::parse(kind, payload).map_err(Nothing::Illegal)
    }

    /// Waits for a reply, for as long as `patience` says.
    pub(super) fn reply(&mut self, patience: Duration) -> io::Result<Reply> {
        let until = Instant::now() + patience;
        let (kind, length) = self.header(until)?;
        if length > wire::LONGEST_REPLY {
            return Err(ErrorKind::InvalidData.into());
        }
        let payload = self.payload(length, until)?;
        Reply::parse(kind, &payload).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: &Request) -> io::Result<()> {
        let (kind, payload) = request.to_frame();
        self.send(kind, &payload)
    }

    /// Sends a reply.
    pub(super) fn tell(&mut self, reply: &Reply) -> io::Result<()> {
        let (kind, payload) = reply.to_frame();
        self.send(kind, &payload)
    }

    fn send(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let length = u16::try_from(payload.len()).map_err(io::Error::other)?;
        let [high, low] = length.to_be_bytes();
        let frame = Zeroizing::new([&[kind, high, low], payload].concat());
        let mut left = frame.as_slice();
        while !left.is_empty() {
            let sent = match send(&self.stream, left, WITHOUT_SIGNAL) {
                Err(rustix::io::Errno::INTR) => continue,
                sent => sent?,
            };
            left = left.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// A frame's kind and length. Once its first byte is there the rest has to follow soon.
    fn header(&mut self, until: Instant) -> io::Result<(u8, usize)> {
        let mut kind = [0; 1];
        self.fill(&mut kind, until)?;
        let mut length = [0; HEADER - 1];
        self.fill(&mut length, until.min(Instant::now() + REST))?;
        let [kind] = kind;
        Ok((kind, usize::from(u16::from_be_bytes(length))))
    }

    fn payload(&mut self, length: usize, until: Instant) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut payload = Zeroizing::new(vec![0; length]);
        self.fill(&mut payload, until)?;
        Ok(payload)
    }

    /// Reads as many bytes as there is room for, or fails when the time is over, however slowly they drip.
    fn fill(&mut self, mut room: &mut [u8], until: Instant) -> io::Result<()> {
        while !room.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(room) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => room = room.get_mut(read..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
