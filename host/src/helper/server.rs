//! The helper's side: one connection, one dialog.

use super::frames::{Frames, Nothing, REST};
use super::slots::{self, Slot};
use super::wire::{Opening, Refusal, Reply, Request, Stage};
use super::{Places, peer};
use crate::accounts;
use crate::config::Config;
use crate::login_window::{Ticket, grant};
use crate::session::{self, Conversation, Door, Outcome, Prompt, SignOn, Unreachable};
use otpair_core::caller::{self, Caller};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long somebody may take to type an answer.
const ANSWER: Duration = Duration::from_secs(5 * 60);

/// How long a whole dialog may take.
const DIALOG: Duration = Duration::from_secs(15 * 60);

/// How long a program that was refused keeps its place: so many guesses, and so many lines in the log, a second.
const PAUSE: Duration = Duration::from_secs(2);

/// The service that the helper's own faults are logged with.
const SERVICE: &str = "otpair-helper";

/// The user id under which macOS's login window asks.
const LOGIN_WINDOW: u32 = 92;

/// Serves one connection to its end. `config` names the config, if it is not the machine's own. What can't be served is
/// refused, and the reason logged; false if there is nobody at the other end.
#[must_use]
pub fn serve(stream: UnixStream, config: Option<&Path>) -> bool {
    let served = serve_at(&Places::default(), stream, config);
    if let Err(error) = &served {
        session::report_fault(SERVICE, &format!("a caller could not be served: {error}"));
    }
    served.is_ok()
}

/// The same, with folders of somebody's own.
pub(super) fn serve_at(
    places: &Places,
    stream: UnixStream,
    config: Option<&Path>,
) -> io::Result<()> {
    let uid = peer::uid(&stream)?;
    let mut frames = Frames::new(stream)?;
    let login_window = cfg!(target_os = "macos").then_some(LOGIN_WINDOW);
    let caller = Caller::new(uid, login_window);
    let Some(slot) = admit(&places.slots, caller, config)? else {
        // A caller that is gone does not hear it.
        let _ = frames.tell(&Reply::Refused(Refusal::Busy));
        return Ok(());
    };
    // Somebody with a range of user ids for containers has as many places, and could take them all: none of those ids can
    // ask for anything.
    if !accounts::is_known(uid).unwrap_or(true) {
        let _ = frames.tell(&Reply::Refused(Refusal::NotYours));
        return slot.discard();
    }
    let (last, pauses) = match frames.request(Stage::Opening, REST) {
        Ok(request) => answer(&request, caller, &mut frames, config, places)?,
        Err(Nothing::Illegal(why)) => (Reply::Refused(why), false),
        Err(Nothing::Gone) => return Ok(()),
    };
    let _ = frames.tell(&last);
    frames.close();
    if pauses {
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// A place for a caller; nothing if all are taken. A service that may ask for others has more of them.
fn admit(slots: &Path, caller: Caller, config: Option<&Path>) -> io::Result<Option<Slot>> {
    let own = caller.uid.to_string();
    if let Some(slot) = slots::take(slots, &own, caller::DIALOGS)? {
        return Ok(Some(slot));
    }
    let named = Config::load(config).map(|config| session::named_callers(&config));
    if caller.signs_on_others(&named.unwrap_or_default()) {
        slots::take(slots, &format!("{own}-more"), caller::DIALOGS_OF_A_SERVICE)
    } else {
        Ok(None)
    }
}

/// Serves a connection's first request: the last reply, and whether the caller keeps its place for a moment.
fn answer(
    request: &Request,
    caller: Caller,
    frames: &mut Frames,
    config: Option<&Path>,
    places: &Places,
) -> io::Result<(Reply, bool)> {
    let (Request::SignOn(opening) | Request::Split(opening)) = request else {
        return Ok((Reply::Refused(Refusal::Malformed), false));
    };
    let door = door(opening, config);
    let is_granted_to = || caller.may_be_left_a_grant(door.service, door.rhost);
    if opening.ticket.is_some() && !is_granted_to() {
        return Ok((Reply::Refused(Refusal::NotYours), true));
    }
    let Some(mut sign_on) = SignOn::prepare(&door, Some(caller)) else {
        return Ok((Reply::Refused(Refusal::NotYours), true));
    };
    if matches!(request, Request::Split(_)) {
        let reply = match sign_on.split() {
            Ok(how) => Reply::Split(how),
            Err(fault) => {
                sign_on.log_fault(fault);
                Reply::Done(Outcome::Unavailable)
            }
        };
        return Ok((reply, false));
    }
    let share = caller.share_for(sign_on.account());
    let taken = share
        .map(|(whom, most)| slots::take(&places.slots, &whom, most))
        .transpose()?;
    if let Some(None) = taken {
        return Ok((Reply::Refused(Refusal::Busy), false));
    }
    let (last, outcome) = match &opening.ticket {
        None => hold(&mut sign_on, frames),
        Some(ticket) => hold_for_a_grant(&mut sign_on, frames, ticket, &places.grants),
    };
    Ok((
        last,
        caller.pauses_after_refusal(sign_on.account(), outcome),
    ))
}

fn hold(sign_on: &mut SignOn<'_>, frames: &mut Frames) -> (Reply, Outcome) {
    let mut person = Person {
        frames,
        until: Instant::now() + DIALOG,
        illegal: false,
    };
    let outcome = sign_on.hold(&mut person);
    let last = if person.illegal && outcome != Outcome::Granted {
        Reply::Refused(Refusal::Malformed)
    } else {
        Reply::Done(outcome)
    };
    (last, outcome)
}

/// Holds it, and leaves word of a grant for whoever decides at the door. What was left of an earlier sign-on of the same
/// user no longer counts.
fn hold_for_a_grant(
    sign_on: &mut SignOn<'_>,
    frames: &mut Frames,
    ticket: &Ticket,
    grants: &Path,
) -> (Reply, Outcome) {
    let Some(uid) = sign_on.account().map(|account| account.uid) else {
        return hold(sign_on, frames);
    };
    // Whoever does not listen is met at the first prompt.
    let _ = frames.tell(&Reply::Language(sign_on.language()));
    let left = grant::withdraw(grants, uid).and_then(|()| {
        let (last, outcome) = hold(sign_on, frames);
        if outcome == Outcome::Granted {
            grant::leave(grants, uid, ticket)?;
        }
        Ok((last, outcome))
    });
    left.unwrap_or_else(|fault| {
        sign_on.log_fault(fault);
        (Reply::Done(Outcome::Unavailable), Outcome::Unavailable)
    })
}

fn door<'a>(opening: &'a Opening, config: Option<&'a Path>) -> Door<'a> {
    Door {
        user: &opening.user,
        service: &opening.service,
        rhost: opening.rhost.as_deref(),
        config,
        without_messages: opening.without_messages,
        one_field: opening.one_field,
        language: opening.language,
        debug: false,
    }
}

/// The person behind a connection.
struct Person<'a> {
    frames: &'a mut Frames,
    until: Instant,
    illegal: bool,
}

impl Conversation for Person<'_> {
    fn ask(&mut self, prompt: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        self.frames
            .tell(&Reply::Ask(prompt.clone()))
            .map_err(|_| Unreachable)?;
        let left = self.until.saturating_duration_since(Instant::now());
        match self.frames.request(Stage::Asked, ANSWER.min(left)) {
            Ok(Request::Answer(typed)) => Ok(Some(typed)),
            Ok(Request::NoText) => Ok(None),
            Ok(_) | Err(Nothing::Gone) => Err(Unreachable),
            Err(Nothing::Illegal(_)) => {
                self.illegal = true;
                Err(Unreachable)
            }
        }
    }

    fn tell(&mut self, text: &str, is_refusal: bool) {
        let text = text.to_owned();
        // Whoever no longer listens is met at the next prompt.
        let _ = self.frames.tell(&Reply::Tell { text, is_refusal });
    }
}
