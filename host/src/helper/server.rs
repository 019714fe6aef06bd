//! The helper's side: one connection, one dialog.

use super::frames::{Frames, Nothing, REST};
use super::wire::{Opening, Refusal, Reply, Request, Stage};
use super::{SLOTS, peer, slots};
use crate::accounts;
use crate::session::{self, Conversation, Door, Outcome, SignOn, Unreachable};
use otpair_core::caller::Caller;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long somebody may take to type an answer.
const ANSWER: Duration = Duration::from_secs(5 * 60);

/// How long a whole dialog may take.
const DIALOG: Duration = Duration::from_secs(15 * 60);

/// The service that the helper's own faults are logged with.
const SERVICE: &str = "otpair-helper";

/// The user id under which macOS's login window asks.
const LOGIN_WINDOW: u32 = 92;

/// Serves one connection to its end. `config` names the config, if it is not the machine's own. What can't be served is
/// refused, and the reason logged.
pub fn serve(stream: UnixStream, config: Option<&Path>) {
    if let Err(error) = serve_at(Path::new(SLOTS), stream, config) {
        session::report_fault(SERVICE, &format!("a caller could not be served: {error}"));
    }
}

/// The same, with the folder in which dialogs are counted.
pub(super) fn serve_at(slots: &Path, stream: UnixStream, config: Option<&Path>) -> io::Result<()> {
    let uid = peer::uid(&stream)?;
    let mut frames = Frames::new(stream)?;
    let Some(_slot) = slots::take(slots, uid)? else {
        // A caller that is gone does not hear it.
        let _ = frames.tell(&Reply::Refused(Refusal::Busy));
        return Ok(());
    };
    // Somebody with a range of user ids for containers has as many places, and could take them all: none of those ids can
    // ask for anything.
    if !accounts::is_known(uid).unwrap_or(true) {
        let _ = frames.tell(&Reply::Refused(Refusal::NotYours));
        return Ok(());
    }
    let caller = Caller {
        uid,
        is_system: uid == 0 || (cfg!(target_os = "macos") && uid == LOGIN_WINDOW),
    };
    let last = match frames.request(Stage::Opening, REST) {
        Ok(request) => Some(answer(&request, caller, &mut frames, config)),
        Err(Nothing::Illegal(why)) => Some(Reply::Refused(why)),
        Err(Nothing::Gone) => None,
    };
    if let Some(last) = last {
        let _ = frames.tell(&last);
    }
    Ok(())
}

/// The last reply to a connection's first request.
fn answer(request: &Request, caller: Caller, frames: &mut Frames, config: Option<&Path>) -> Reply {
    let (Request::SignOn(opening) | Request::Split(opening)) = request else {
        return Reply::Refused(Refusal::Malformed);
    };
    let door = door(opening, config);
    let Some(mut sign_on) = SignOn::prepare(&door, Some(caller)) else {
        return Reply::Refused(Refusal::NotYours);
    };
    if matches!(request, Request::Split(_)) {
        return Reply::Split(sign_on.split());
    }
    let mut person = Person {
        frames,
        until: Instant::now() + DIALOG,
        illegal: false,
    };
    let outcome = sign_on.hold(&mut person);
    if person.illegal && outcome != Outcome::Granted {
        return Reply::Refused(Refusal::Malformed);
    }
    Reply::Done(outcome)
}

fn door<'a>(opening: &'a Opening, config: Option<&'a Path>) -> Door<'a> {
    Door {
        user: &opening.user,
        service: &opening.service,
        rhost: opening.rhost.as_deref(),
        config,
        without_messages: opening.without_messages,
        one_field: opening.one_field,
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
    fn ask(&mut self, text: &str, echo: bool) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        let text = text.to_owned();
        self.frames
            .tell(&Reply::Ask { text, echo })
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
