//! The authorization engine, as one mechanism knows it: values, and the answer to being invoked, which is given once.

#[allow(unsafe_code, reason = "the C interface; nothing else is in that file")]
pub(crate) mod ffi;

use ffi::{EngineCalls, Functions, RawEngine, Status};
use std::ffi::{CStr, c_void};
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a mechanism that is being destroyed waits for a result that another thread is handing to the engine. For ever
/// would hang the login, were the engine to wait for the mechanism meanwhile.
const HANDOVER: Duration = Duration::from_secs(2);

/// What a mechanism says of a sign-on (`AuthorizationResult`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MechanismResult {
    /// As far as this mechanism is concerned the person may go on.
    Allow,
    /// Begin anew from the first mechanism. authd counts a try, and the login window shakes as at a wrong password.
    Deny,
    /// The person went back. authd ends the evaluation without another try and without blame, and the login window asks for
    /// the right anew; after `Deny` the person would be told of a wrong password.
    UserCanceled,
}

impl MechanismResult {
    /// `AuthorizationResult`'s number.
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Allow => 0,
            Self::Deny => 1,
            Self::UserCanceled => 3,
        }
    }
}

/// What the engine did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineFault {
    /// It has no such function or value.
    Missing,
    /// The value is longer than any that is meant here.
    TooLong,
    /// The value is not what it is meant to be.
    Malformed,
    /// Its function failed.
    Status(Status),
}

impl fmt::Display for EngineFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("the authorization engine has no such value"),
            Self::TooLong => formatter.write_str("the authorization engine's value is too long"),
            Self::Malformed => formatter.write_str("the authorization engine's value is damaged"),
            Self::Status(status) => write!(formatter, "the authorization engine said {status}"),
        }
    }
}

/// An engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine(EngineCalls);

impl Engine {
    pub(crate) fn new(functions: Functions, engine: NonNull<c_void>) -> Self {
        Self(EngineCalls::new(functions, engine))
    }

    /// What the view's superclass is made with.
    pub(crate) fn raw(&self) -> RawEngine {
        self.0.raw()
    }

    /// A text of the context: what the mechanisms before this one have found out.
    pub(crate) fn context_text(&self, key: &CStr) -> Result<String, EngineFault> {
        text(&self.0.context(key)?)
    }

    /// A number of the context, 32 bits as this machine has them.
    pub(crate) fn context_number(&self, key: &CStr) -> Result<u32, EngineFault> {
        let bytes = self.0.context(key)?;
        let bytes = <[u8; 4]>::try_from(bytes.as_slice()).map_err(|_| EngineFault::Malformed)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    /// A text that another mechanism of this sign-on left: anybody's word, not proof of anything.
    pub(crate) fn hint_text(&self, key: &CStr) -> Result<String, EngineFault> {
        text(&self.0.hint(key)?)
    }

    /// Leaves a text for the mechanisms after this one.
    pub(crate) fn set_hint_text(&self, key: &CStr, text: &CStr) -> Result<(), EngineFault> {
        self.0.set_hint(key, text.to_bytes_with_nul())
    }

    /// Says that the mechanism has stopped what it was doing.
    pub(crate) fn did_deactivate(&self) -> Result<(), EngineFault> {
        self.0.did_deactivate()
    }
}

/// A text as the engine has it: the NUL is counted, where there is one; what comes after it is not meant.
fn text(bytes: &Zeroizing<Vec<u8>>) -> Result<String, EngineFault> {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok("") => Err(EngineFault::Missing),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(EngineFault::Malformed),
    }
}

/// How far an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    /// This thread is handing it to the engine, which may call the mechanism meanwhile.
    Handing(ThreadId),
    Given,
}

/// The answer to one invocation. The engine waits for it for ever, and must not get a second one: the first counts. Where
/// nobody gives any it is Deny, when the last of those who could have is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Answer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    engine: Engine,
    progress: Mutex<Progress>,
    given: Condvar,
}

impl Answer {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(Arc::new(Shared {
            engine,
            progress: Mutex::new(Progress::Open),
            given: Condvar::new(),
        }))
    }

    /// Gives it, unless it has been given.
    ///
    /// # Errors
    /// What the engine says to it; there is nothing more to be done then.
    pub(crate) fn give(&self, result: MechanismResult) -> Result<(), EngineFault> {
        self.0.give(result)
    }

    /// Whether it has been given, or is just being.
    pub(crate) fn is_given(&self) -> bool {
        *self.0.lock() != Progress::Open
    }

    /// Denies if nothing else has been answered. After this the engine is not called for it any more, from no thread.
    pub(crate) fn settle(&self) -> Result<(), EngineFault> {
        let denied = self.0.give(MechanismResult::Deny);
        self.0.wait_for_others();
        denied
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, result: MechanismResult) -> Result<(), EngineFault> {
        let mut progress = self.lock();
        if *progress != Progress::Open {
            return Ok(());
        }
        *progress = Progress::Handing(thread::current().id());
        // The engine may deactivate or destroy the mechanism out of this call.
        drop(progress);
        let said = self.engine.0.set_result(result);
        *self.lock() = Progress::Given;
        self.given.notify_all();
        said
    }

    fn wait_for_others(&self) {
        let own = thread::current().id();
        let is_others = |progress: &mut Progress| matches!(progress, Progress::Handing(thread) if *thread != own);
        // Whether it was in time or not, there is nothing else to do.
        let _ = self
            .given
            .wait_timeout_while(self.lock(), HANDOVER, is_others);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.give(MechanismResult::Deny);
    }
}
