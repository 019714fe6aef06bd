//! The caller's side: a program that is not root has the helper hold its sign-on, and shows what that says.

use super::frames::Frames;
use super::wire::{self, Opening, Refusal, Reply, Request};
use super::{SOCKET, peer};
use crate::session::{Conversation, Door, Outcome, Prompt, Unreachable};
use crate::text::cut;
use otpair_cache::descriptor::beyond_standard;
use otpair_core::language::Language;
use otpair_core::one_field::Split;
use otpair_core::records::{Fault, FaultKind};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect as connect_to, socket_with,
};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long the helper may take for what it does between two answers: longer than it waits for a record.
const REPLY: Duration = Duration::from_secs(20);

/// What the helper says before it waits again, or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The messages, in their order.
    pub told: Vec<Told>,
    /// What comes after them.
    pub then: Then,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The sentence.
    pub text: String,
    /// Whether it says that something was refused.
    pub is_refusal: bool,
}

/// What comes after the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// An answer is wanted.
    Ask(Prompt),
    /// The sign-on has ended.
    Done(Outcome),
}

/// How long a caller whose user has as many dialogs as one may have tries again, and after what pause the first time;
/// each further pause is twice as long.
const BUSY: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);

/// Has the helper hold a sign-on, and shows the person what it asks and says.
///
/// # Errors
/// A [`FaultKind::Helper`] fault that says for the admin what was wrong: nobody listens, or the caller is refused.
pub(crate) fn sign_on(
    door: &Door<'_>,
    conversation: &mut dyn Conversation,
) -> Result<Outcome, Fault> {
    sign_on_at(Path::new(SOCKET), door, conversation)
}

/// The same, at another socket.
pub(super) fn sign_on_at(
    socket: &Path,
    door: &Door<'_>,
    conversation: &mut dyn Conversation,
) -> Result<Outcome, Fault> {
    let (mut frames, mut reply) = open(socket, &Request::SignOn(opening(door)))?;
    loop {
        match reply {
            Reply::Done(outcome) => return Ok(outcome),
            Reply::Ask(prompt) => {
                let answer = match conversation.ask(&prompt) {
                    Ok(Some(typed)) => Request::Answer(typed),
                    Ok(None) => Request::NoText,
                    Err(Unreachable) => Request::Gone,
                };
                frames.ask(&answer).map_err(|error| lost(socket, &error))?;
            }
            Reply::Tell { text, is_refusal } => conversation.tell(&text, is_refusal),
            Reply::Refused(why) => return Err(refused(socket, why)),
            Reply::Language(_) | Reply::Split(_) => {
                return Err(lost(socket, &"it answered something else"));
            }
        }
        reply = frames.reply(REPLY).map_err(|error| lost(socket, &error))?;
    }
}

/// Asks the helper how what the user types into one field is split.
///
/// # Errors
/// As [`sign_on`].
pub(crate) fn split(door: &Door<'_>) -> Result<Split, Fault> {
    let socket = Path::new(SOCKET);
    match open(socket, &Request::Split(opening(door)))? {
        (_, Reply::Split(how)) => Ok(how),
        (_, Reply::Refused(why)) => Err(refused(socket, why)),
        (_, Reply::Done(Outcome::Unavailable)) => Err(fault(
            socket,
            "the helper has logged what is at fault on this machine",
        )),
        _ => Err(lost(socket, &"it answered something else")),
    }
}

fn opening(door: &Door<'_>) -> Opening {
    Opening {
        user: cut(door.user, wire::LONGEST_NAME),
        service: cut(door.service, wire::LONGEST_SERVICE),
        rhost: door.rhost.map(|rhost| cut(rhost, wire::LONGEST_NAME)),
        without_messages: door.without_messages,
        one_field: door.one_field,
        language: None,
        ticket: None,
    }
}

/// A connection to the helper and its reply to the first request. Tries again for a while where the user's dialogs are
/// all taken, and where systemd has too many connections and closes this one.
fn open(socket: &Path, first: &Request) -> Result<(Frames, Reply), Fault> {
    let until = Instant::now() + BUSY;
    let mut pause = AGAIN;
    loop {
        let mut frames = connect(socket, until)?;
        // A helper that refuses does so before it has read anything: what it said is there even where sending failed.
        let sent = frames.ask(first);
        let last = match frames.reply(REPLY) {
            Ok(reply) if reply != Reply::Refused(Refusal::Busy) => return Ok((frames, reply)),
            Ok(busy) => Ok((frames, busy)),
            Err(error) if is_closed(&error) => Err(lost(socket, &sent.err().unwrap_or(error))),
            Err(error) => return Err(lost(socket, &error)),
        };
        if Instant::now() >= until {
            return last;
        }
        thread::sleep(pause);
        pause *= 2;
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

/// A socket that is not waited for and that no child gets.
#[cfg(not(target_vendor = "apple"))]
fn new_socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    Ok(socket)
}

/// The same in three steps, where there is no other way.
#[cfg(target_vendor = "apple")]
fn new_socket() -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::empty(),
        None,
    )?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Connects. Only root's helper is believed: what it says lets people in.
fn connect(socket: &Path, until: Instant) -> Result<Frames, Fault> {
    let stream = reach(socket, until).map_err(|error| {
        let how = if cfg!(target_os = "macos") {
            "see launchctl print system/io.otpair.helper"
        } else {
            "see systemctl status otpair-helper.socket"
        };
        fault(
            socket,
            &format!("the helper can't be reached: {error}; {how}"),
        )
    })?;
    match peer::uid(&stream) {
        Ok(0) => Frames::new(stream).map_err(|error| lost(socket, &error)),
        Ok(uid) => {
            let why = format!("uid {uid} listens here, and not root: nothing it says is believed");
            Err(fault(socket, &why))
        }
        Err(error) => Err(lost(socket, &error)),
    }
}

/// Connects without waiting for somebody to accept: the program that this runs in would hang where nobody does. Tries
/// again for a while where too many others are waiting.
fn reach(socket: &Path, until: Instant) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(socket)?;
    loop {
        let stream = new_socket()?;
        match connect_to(&stream, &address) {
            Ok(()) => return Ok(beyond_standard(stream)?.into()),
            Err(Errno::AGAIN | Errno::INTR) if Instant::now() < until => thread::sleep(AGAIN),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A dialog that the helper holds for a door that is not asked but asks: it brings an answer when there is one. Dropping
/// it means that the person went away.
#[derive(Debug)]
pub struct Exchange {
    socket: PathBuf,
    frames: Frames,
    language: Language,
}

impl Exchange {
    /// Begins a sign-on.
    pub(crate) fn begin(socket: &Path, opening: Opening) -> Result<(Self, Said), Fault> {
        let language = opening.language.unwrap_or_default();
        let (frames, reply) = open(socket, &Request::SignOn(opening))?;
        let mut exchange = Self {
            socket: socket.to_owned(),
            frames,
            language,
        };
        let said = exchange.listen(reply)?;
        Ok((exchange, said))
    }

    /// The language that the helper speaks: the config's, where that sets one, else the door's own.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Gives the answer to what was asked last.
    ///
    /// # Errors
    /// A [`FaultKind::Helper`] fault: the helper is gone, also because it has waited too long for this answer.
    pub fn answer(&mut self, typed: &[u8]) -> Result<Said, Fault> {
        let answer = Request::Answer(Zeroizing::new(typed.to_vec()));
        let sent = self.frames.ask(&answer);
        let reply = self.frames.reply(REPLY);
        let reply = sent
            .and(reply)
            .map_err(|error| lost(&self.socket, &error))?;
        self.listen(reply)
    }

    /// Hears what the helper says until it asks something or the sign-on has ended.
    fn listen(&mut self, first: Reply) -> Result<Said, Fault> {
        let mut told = Vec::new();
        let mut reply = first;
        let then = loop {
            match reply {
                Reply::Tell { text, is_refusal } => told.push(Told { text, is_refusal }),
                Reply::Language(language) => self.language = language,
                Reply::Ask(prompt) => break Then::Ask(prompt),
                Reply::Done(outcome) => break Then::Done(outcome),
                Reply::Refused(why) => return Err(refused(&self.socket, why)),
                Reply::Split(_) => return Err(lost(&self.socket, &"it answered something else")),
            }
            let next = self.frames.reply(REPLY);
            reply = next.map_err(|error| lost(&self.socket, &error))?;
        };
        Ok(Said { told, then })
    }
}

fn refused(socket: &Path, why: Refusal) -> Fault {
    let why = match why {
        Refusal::NotYours => {
            "the helper refused this program: it may not ask for this user; \
             if it should, name its account in the config's [helper] may_ask_for_others"
        }
        Refusal::Busy => "the helper refused this program: its user has too many sign-ons going on",
        Refusal::Version if cfg!(target_os = "macos") => {
            "the helper is of another version than the plugin: start this Mac again; \
             if that does not help, install otpair's package again"
        }
        Refusal::Version => {
            "the helper is of another version than the module: restart otpair-helper.socket"
        }
        Refusal::Malformed => {
            "the helper did not understand the module: this is a mistake in otpair"
        }
    };
    fault(socket, why)
}

fn lost(socket: &Path, why: &dyn std::fmt::Display) -> Fault {
    fault(socket, &format!("the helper went away: {why}"))
}

fn fault(socket: &Path, why: &str) -> Fault {
    Fault::new(FaultKind::Helper, format!("{}: {why}", socket.display()))
}
