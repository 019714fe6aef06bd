//! What the mechanisms need of the machine. The tests bring their own.

use crate::engine::ffi::RawEngine;
use crate::screen::{CannotShow, Closed, OnPressed, Screen};
use crate::view;
use otpair_core::language::Language;
use otpair_core::records::Fault;
use otpair_host::login_window::{self, Exchange, SERVICE, Said, Ticket};
use otpair_host::session;

/// A dialog that is held elsewhere. Dropping it means that the person went away.
pub(crate) trait Dialog: Send {
    /// Gives the answer to what was asked last.
    ///
    /// # Errors
    /// The dialog is lost.
    fn answer(&mut self, typed: &[u8]) -> Result<Said, Fault>;

    /// The language that it speaks: the config may set another one than the window's.
    fn language(&self) -> Language;
}

impl Dialog for Exchange {
    fn answer(&mut self, typed: &[u8]) -> Result<Said, Fault> {
        Self::answer(self, typed)
    }

    fn language(&self) -> Language {
        Self::language(self)
    }
}

/// A dialog that has begun, and what it said first.
pub(crate) type Begun = (Box<dyn Dialog>, Said);

/// The machine around the mechanisms.
pub(crate) trait Surroundings: Send + Sync {
    /// The login window's own language.
    fn language(&self) -> Option<Language>;

    /// Makes a pane. It touches the engine only until it is closed.
    fn open(
        &self,
        engine: RawEngine,
        pressed: OnPressed,
        closed: Closed,
    ) -> Result<Box<dyn Screen>, CannotShow>;

    /// Begins the sign-on of a user.
    fn begin(&self, user: &str, ticket: &Ticket, language: Language) -> Result<Begun, Fault>;

    /// Whether this user may go on; takes the grant.
    fn verify(&self, user: &str, uid: u32, ticket: Option<&str>) -> bool;

    /// Logs a fault.
    fn report_fault(&self, why: &str);

    /// Logs a step, so that an admin can tell how far this came.
    fn report_step(&self, text: &str);
}

/// The machine itself.
#[derive(Debug)]
pub(crate) struct ThisMachine;

impl Surroundings for ThisMachine {
    fn language(&self) -> Option<Language> {
        view::language()
    }

    fn open(
        &self,
        engine: RawEngine,
        pressed: OnPressed,
        closed: Closed,
    ) -> Result<Box<dyn Screen>, CannotShow> {
        view::open(engine, pressed, closed)
    }

    fn begin(&self, user: &str, ticket: &Ticket, language: Language) -> Result<Begun, Fault> {
        let (exchange, said) = Exchange::at_login_window(user, ticket, Some(language))?;
        Ok((Box::new(exchange), said))
    }

    fn verify(&self, user: &str, uid: u32, ticket: Option<&str>) -> bool {
        login_window::verify(user, uid, ticket)
    }

    fn report_fault(&self, why: &str) {
        session::report_fault(SERVICE, why);
    }

    fn report_step(&self, text: &str) {
        session::report_step(SERVICE, text);
    }
}
