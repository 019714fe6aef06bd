//! Where lines go. Nothing here waits for long, and nothing fails.

use otpair_cache::descriptor::beyond_standard;
use otpair_cache::limit;
use otpair_core::event::EventKind;
use rustix::io::Errno;
use rustix::net::{SendFlags, SocketAddrUnix, sendto};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process;
use std::time::Duration;

/// The socket of the system's log.
pub(super) const SYSLOG: &str = if cfg!(target_os = "macos") {
    "/var/run/syslog"
} else {
    "/dev/log"
};

/// How long a line waits for a system log that is busy.
const PATIENCE: Duration = Duration::from_millis(200);

/// The facility `authpriv` (RFC 3164 section 4.1.1).
const AUTHPRIV: u8 = 10;

/// Sends one line to syslog. libc's `syslog` is not used: `openlog` would change the host process's own messages.
pub(super) fn to_syslog(socket: &str, severity: u8, line: &str) {
    let message = format!(
        "<{}>otpair[{}]: {line}",
        AUTHPRIV * 8 + severity,
        process::id()
    );
    let Ok(sender) = UnixDatagram::unbound() else {
        return;
    };
    let Ok(place) = SocketAddrUnix::new(socket) else {
        return;
    };
    let at_once = sendto(&sender, message.as_bytes(), SendFlags::DONTWAIT, &place);
    // Without a limit a log daemon that hangs would hang every sign-on.
    if at_once == Err(Errno::AGAIN) && sender.set_write_timeout(Some(PATIENCE)).is_ok() {
        let _ = sender.send_to(message.as_bytes(), socket);
    }
}

/// The severity of what only somebody looking for a mistake wants to know (RFC 3164 section 4.1.1).
pub(super) const DEBUG: u8 = 7;

/// The severity of a trace that is no event: as high as `notice`, since macOS keeps nothing below.
pub(super) const NOTE: u8 = 5;

/// How grave an event is (RFC 3164 section 4.1.1).
pub(super) fn severity(kind: EventKind) -> u8 {
    const ERROR: u8 = 3;
    const WARNING: u8 = 4;
    const NOTICE: u8 = 5;
    const INFO: u8 = 6;
    match kind {
        EventKind::Fault => ERROR,
        EventKind::Locked => WARNING,
        EventKind::Granted
        | EventKind::Paired
        | EventKind::Resynchronized
        | EventKind::Imported => INFO,
        EventKind::Denied
        | EventKind::Unpaired
        | EventKind::Unlocked
        | EventKind::BypassIssued
        | EventKind::BypassUsed
        | EventKind::BackedUp
        | EventKind::Restored
        | EventKind::Disabled
        | EventKind::Enabled
        | EventKind::Reserved
        | EventKind::Removed
        | EventKind::Protected
        | EventKind::Unprotected
        | EventKind::KeyProtected
        | EventKind::KeyUnprotected
        | EventKind::Mended => NOTICE,
    }
}

/// Appends one line to a file, in a single write so that lines of sign-ons at the same time do not mix.
pub(super) fn to_file(path: &Path, line: &str) {
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
        .and_then(|file| Ok(File::from(beyond_standard(file.into())?)));
    let Ok(mut file) = opened else { return };
    let Ok(metadata) = file.metadata() else {
        return;
    };
    let line = format!("{line}\n");
    let end = u64::try_from(line.len())
        .ok()
        .and_then(|length| metadata.len().checked_add(length));
    if metadata.is_file() && end.is_some_and(limit::allows) {
        let _ = file.write(line.as_bytes());
    }
}
