//! `otpair:prompt`: drives the dialog in the helper and shows it on the pane. Wrong passcodes are tried again in place: a
//! refusal to the engine would have the person type the password again.

use crate::engine::{Answer, Engine, MechanismResult};
use crate::page::{self, Awaiting, Turn};
use crate::screen::{CannotShow, Closed, Content, OnPressed, Pressed, Screen};
use crate::surroundings::{Dialog, Surroundings};
use otpair_core::language::Language;
use otpair_core::records::Fault;
use otpair_host::login_window::{Said, Ticket};
use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

/// Whose password was checked (`kAuthorizationEnvironmentUsername`).
pub(crate) const USERNAME: &CStr = c"username";

/// Under this name `prompt` leaves the sign-on's number for `verify`. A hint and not the engine's session id: that hints
/// reach a mechanism in the other process is what authd is seen to do, and other plugins live by it.
pub(crate) const SIGN_ON: &CStr = c"io.otpair.sign-on";

/// What the log says where nothing can be shown.
const NOT_SHOWN: &str = "the pane can't be shown at the login window";

/// One invocation of the mechanism.
pub(crate) struct Prompt {
    engine: Engine,
    answer: Answer,
    surroundings: Arc<dyn Surroundings>,
    /// Nobody ever waits for it: a button pressed twice, and an engine that stops everything while an answer is on its way
    /// to the helper, find it taken.
    sign_on: Mutex<Option<SignOn>>,
    /// Set before the mechanism is destroyed, whoever holds the sign-on; that one closes the pane when done.
    closed: Closed,
}

/// What is going on between the person and the helper.
struct SignOn {
    user: String,
    ticket: Ticket,
    /// The window's language, until the dialog has said which one it speaks.
    language: Language,
    dialog: Option<Box<dyn Dialog>>,
    awaiting: Awaiting,
    screen: Option<Box<dyn Screen>>,
}

impl Prompt {
    pub(crate) fn new(
        engine: Engine,
        answer: Answer,
        surroundings: Arc<dyn Surroundings>,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine,
            answer,
            surroundings,
            sign_on: Mutex::new(None),
            closed: Closed::default(),
        })
    }

    /// Begins, and shows the first page if there is one.
    pub(crate) fn start(self: &Arc<Self>) {
        self.take_turn(|held| match self.prepare() {
            Ok((user, ticket)) => {
                let language = self.surroundings.language().unwrap_or_default();
                let sign_on = held.insert(SignOn {
                    user,
                    ticket,
                    language,
                    dialog: None,
                    awaiting: Awaiting::Answer,
                    screen: None,
                });
                let turn = self.begin(sign_on, false);
                self.follow(sign_on, turn)
            }
            Err(why) => {
                self.surroundings.report_fault(&why);
                Some(MechanismResult::Deny)
            }
        });
    }

    /// Stops: the pane goes, and the helper hears that the person went away.
    pub(crate) fn end(&self) {
        self.closed.set();
        self.close_if_idle();
    }

    /// Whose sign-on it is, and its number, which waits for `verify` from here on.
    fn prepare(&self) -> Result<(String, Ticket), String> {
        let user = self.engine.context_text(USERNAME);
        let user = user.map_err(|fault| format!("whose sign-on it is can't be told: {fault}"))?;
        let ticket = Ticket::new().map_err(|fault| fault.to_string())?;
        let number = CString::new(ticket.to_string()).map_err(|error| error.to_string())?;
        let left = self.engine.set_hint_text(SIGN_ON, &number);
        left.map_err(|fault| format!("the sign-on's number can't be left for verify: {fault}"))?;
        Ok((user, ticket))
    }

    /// Has the helper begin a dialog.
    fn begin(&self, sign_on: &mut SignOn, is_anew: bool) -> Turn {
        let begun = self
            .surroundings
            .begin(&sign_on.user, &sign_on.ticket, sign_on.language);
        match begun {
            Ok((dialog, said)) => {
                sign_on.language = dialog.language();
                sign_on.dialog = Some(dialog);
                page::turn(said, is_anew, sign_on.language)
            }
            Err(fault) => {
                self.surroundings.report_fault(&fault.to_string());
                page::unavailable(sign_on.language)
            }
        }
    }

    /// A button was pressed, or there is none to press.
    fn pressed(self: &Arc<Self>, pressed: &Pressed) {
        if self.answer.is_given() {
            return;
        }
        match pressed {
            // Not a turn: whoever has shown the pane may be at it still, and nothing else would ever answer the engine.
            Pressed::CannotShow => self.deny(NOT_SHOWN),
            Pressed::Cancel => {
                self.take_turn(|held| held.as_ref().map(|_| MechanismResult::UserCanceled));
            }
            Pressed::GoOn(typed) => self.take_turn(|held| {
                let sign_on = held.as_mut()?;
                if let Awaiting::HasRead(result) = sign_on.awaiting {
                    return Some(result);
                }
                let turn = self.go_on(sign_on, typed.as_bytes());
                self.follow(sign_on, turn)
            }),
        }
    }

    /// Takes an answer to the helper. It waits five minutes for one, and may be gone: then all begins anew, in place.
    fn go_on(&self, sign_on: &mut SignOn, typed: &[u8]) -> Turn {
        match sign_on.answer(typed) {
            Some(Ok(said)) => page::turn(said, false, sign_on.language),
            Some(Err(fault)) => {
                let text = format!("the dialog was lost and begins anew: {fault}");
                self.surroundings.report_step(&text);
                self.begin(sign_on, true)
            }
            None => self.begin(sign_on, true),
        }
    }

    /// Shows what is to be shown. The result if it has come to one.
    fn follow(self: &Arc<Self>, sign_on: &mut SignOn, turn: Turn) -> Option<MechanismResult> {
        match turn {
            Turn::End(result) => Some(result),
            // The engine has stopped it while the helper was asked.
            Turn::Show(..) if self.answer.is_given() => None,
            Turn::Show(content, awaiting) => {
                sign_on.awaiting = awaiting;
                if self.show(sign_on, &content) == Err(CannotShow) {
                    self.surroundings.report_fault(NOT_SHOWN);
                    return Some(MechanismResult::Deny);
                }
                None
            }
        }
    }

    fn show(self: &Arc<Self>, sign_on: &mut SignOn, content: &Content) -> Result<(), CannotShow> {
        let mut screen = match sign_on.screen.take() {
            Some(screen) => screen,
            None => {
                self.surroundings
                    .open(self.engine.raw(), self.on_pressed(), self.closed.clone())?
            }
        };
        let shown = screen.show(content);
        sign_on.screen = Some(screen);
        shown
    }

    /// What the view calls. It outlives the invocation, and then does nothing.
    fn on_pressed(self: &Arc<Self>) -> OnPressed {
        let weak = Arc::downgrade(self);
        Box::new(move |pressed| {
            let Some(own) = weak.upgrade() else { return };
            let handled = catch_unwind(AssertUnwindSafe(|| own.pressed(&pressed)));
            if let Err(payload) = handled {
                // Dropping what was thrown could throw again.
                std::mem::forget(payload);
                let deny = || own.deny("the plugin panicked: this is a bug");
                let _ = catch_unwind(AssertUnwindSafe(deny)).map_err(std::mem::forget);
            }
        })
    }

    /// Denies because of a fault, also while somebody else does something with the sign-on: that one closes it.
    fn deny(&self, why: &str) {
        self.give(MechanismResult::Deny);
        self.surroundings.report_fault(why);
        self.end();
    }

    fn give(&self, result: MechanismResult) {
        if let Err(fault) = self.answer.give(result) {
            self.surroundings.report_fault(&fault.to_string());
        }
    }

    /// Does something with the sign-on, unless somebody is doing that already. A result ends it.
    fn take_turn(&self, act: impl FnOnce(&mut Option<SignOn>) -> Option<MechanismResult>) {
        let Some(mut held) = self.try_lock() else {
            return;
        };
        let result = act(&mut held);
        if result.is_some() {
            close(&mut held);
        }
        drop(held);
        if let Some(result) = result {
            self.give(result);
        }
        if self.closed.is_set() {
            self.close_if_idle();
        }
    }

    fn close_if_idle(&self) {
        if let Some(mut held) = self.try_lock() {
            close(&mut held);
        }
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Option<SignOn>>> {
        match self.sign_on.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl SignOn {
    fn answer(&mut self, typed: &[u8]) -> Option<Result<Said, Fault>> {
        self.dialog.as_mut().map(|dialog| dialog.answer(typed))
    }
}

/// Takes the pane away, and with the dialog tells the helper that nobody is there any more.
fn close(held: &mut Option<SignOn>) {
    if let Some(mut screen) = held.take().and_then(|sign_on| sign_on.screen) {
        screen.close();
    }
}
