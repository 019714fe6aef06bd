//! The Mac's login window: two mechanisms of one sign-on in two processes. The one that asks has no rights and drives the
//! dialog in the helper; the one that decides believes only the grant that the helper left.

#[cfg(target_os = "macos")]
#[allow(unsafe_code, reason = "libc's call; nothing else is in that file")]
mod ffi;
pub(crate) mod grant;
mod moment;
mod ticket;

pub use crate::helper::client::{Exchange, Said, Then, Told};
pub use ticket::Ticket;

use crate::helper::SOCKET;
use crate::helper::wire::{LONGEST_NAME, Opening};
use crate::session::{Door, SignOn};
use crate::text::cut;
use grant::GRANTS;
use otpair_core::language::Language;
use otpair_core::records::Fault;
use std::path::Path;

pub use otpair_core::grant::LOGIN_WINDOW as SERVICE;

/// The right that the login window asks for.
pub const RIGHT: &str = "system.login.console";

/// A right of otpair's own, on which the mechanisms are tried before they are put into the login window. It is always in the
/// authorization database, or anybody could add another one under its name.
pub const TRIAL_RIGHT: &str = "io.otpair.test";

/// Whether the mechanisms do anything for this right. Anybody may add a right that names them, without one that checks a
/// password before.
#[must_use]
pub fn serves(right: &str) -> bool {
    [RIGHT, TRIAL_RIGHT].contains(&right)
}

impl Exchange {
    /// Begins a sign-on at the login window, in the window's language. If it is granted the helper leaves a grant under
    /// the ticket.
    ///
    /// # Errors
    /// A fault of [`otpair_core::records::FaultKind::Helper`]: nobody listens, or the caller is refused.
    pub fn at_login_window(
        user: &str,
        ticket: &Ticket,
        language: Option<Language>,
    ) -> Result<(Self, Said), Fault> {
        let opening = Opening {
            user: cut(user, LONGEST_NAME),
            service: SERVICE.to_owned(),
            rhost: None,
            without_messages: false,
            one_field: false,
            language,
            ticket: Some(ticket.clone()),
        };
        Self::begin(Path::new(SOCKET), opening)
    }
}

/// Whether this user may go on: out of scope here, let in without a token for now, or the helper left a grant under this
/// ticket, which is used up by this. `uid` is what the system says of whoever gave the password. Logs why not.
#[must_use]
pub fn verify(user: &str, uid: u32, ticket: Option<&str>) -> bool {
    verify_at(Path::new(GRANTS), None, user, uid, ticket)
}

/// The same, with a folder for grants and a config of somebody's own.
fn verify_at(
    grants: &Path,
    config: Option<&Path>,
    user: &str,
    uid: u32,
    ticket: Option<&str>,
) -> bool {
    let door = Door {
        user,
        service: SERVICE,
        rhost: None,
        config,
        without_messages: false,
        one_field: false,
        debug: false,
        language: None,
    };
    // Without a caller nothing is refused here.
    let Some(sign_on) = SignOn::prepare(&door, None) else {
        return false;
    };
    match decide(&sign_on, grants, uid, ticket) {
        Ok(Ok(())) => true,
        Ok(Err(reason)) => {
            sign_on.log_denial(reason);
            false
        }
        Err(fault) => {
            sign_on.log_fault(fault);
            false
        }
    }
}

/// Lets somebody in, or says why not.
fn decide(
    sign_on: &SignOn<'_>,
    grants: &Path,
    uid: u32,
    ticket: Option<&str>,
) -> Result<Result<(), &'static str>, Fault> {
    // Taken first: a ticket is good for one decision, whatever that is.
    let ticket = ticket.and_then(Ticket::parse);
    let granted = match (sign_on.account(), &ticket) {
        (Some(account), Some(ticket)) => grant::take(grants, account.uid, ticket)?,
        _ => false,
    };
    let may_go_on = granted || sign_on.lets_in_unasked()?;
    Ok(match sign_on.account() {
        None => Err("the system does not know this user"),
        Some(account) if account.uid != uid => {
            Err("the login window names another user id than the system")
        }
        Some(_) if may_go_on => Ok(()),
        Some(_) => Err("no sign-on was granted under this number"),
    })
}

#[cfg(test)]
mod tests;
