//! One mechanism of one sign-on, from its creation to its end. The engine may use it again and again, may stop it at any
//! moment, and may call it on another thread, or out of its own functions.

use crate::engine::{Answer, Engine, EngineFault, MechanismResult};
use crate::prompt::Prompt;
use crate::surroundings::Surroundings;
use crate::verify;
use otpair_host::login_window;
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// The right that is asked for, as authd itself says, whatever its caller put there (`AGENT_HINT_AUTHORIZE_RIGHT`).
pub(crate) const RIGHT: &CStr = c"authorize-right";

/// Which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It asks.
    Prompt,
    /// It decides.
    Verify,
}

impl Kind {
    /// By its name in the right, without the plugin's and without `,privileged`.
    pub(crate) fn named(name: &CStr) -> Option<Self> {
        match name.to_bytes() {
            b"prompt" => Some(Self::Prompt),
            b"verify" => Some(Self::Verify),
            _ => None,
        }
    }
}

/// The mechanism.
pub(crate) struct Mechanism {
    kind: Kind,
    engine: Engine,
    surroundings: Arc<dyn Surroundings>,
    /// What the last call of [`Mechanism::invoke`] began. Nothing is called while it is locked.
    current: Mutex<Option<Invocation>>,
}

/// All that belongs to one invocation: the next one begins with nothing of it.
struct Invocation {
    answer: Answer,
    prompt: Option<Arc<Prompt>>,
}

impl Mechanism {
    pub(crate) fn new(kind: Kind, engine: Engine, surroundings: Arc<dyn Surroundings>) -> Self {
        surroundings.report_step(&format!("mechanism {kind:?} was made"));
        Self {
            kind,
            engine,
            surroundings,
            current: Mutex::new(None),
        }
    }

    /// Begins. The answer comes during this or after it.
    pub(crate) fn invoke(&self) {
        let answer = Answer::new(self.engine);
        let prompt = (self.kind == Kind::Prompt)
            .then(|| Prompt::new(self.engine, answer.clone(), self.surroundings.clone()));
        let next = Invocation {
            answer: answer.clone(),
            prompt: prompt.clone(),
        };
        // Each invocation is answered, also one that the engine did not wait for.
        if let Some(earlier) = self.replace(Some(next)) {
            self.log(earlier.answer.settle());
            earlier.end();
        }
        let ran = catch_unwind(AssertUnwindSafe(|| {
            if let Err(why) = self.serve_this_right() {
                self.surroundings.report_fault(&why);
                self.log(answer.give(MechanismResult::Deny));
            } else if let Some(prompt) = prompt {
                prompt.start();
            } else {
                let result = verify::decide(&self.engine, self.surroundings.as_ref());
                self.log(answer.give(result));
            }
        }));
        if let Err(payload) = ran {
            // Dropping what was thrown could throw again.
            std::mem::forget(payload);
            self.deny_after_panic();
        }
    }

    /// Anybody may add a right that names this mechanism, without one before it that checks a password.
    fn serve_this_right(&self) -> Result<(), String> {
        match self.engine.hint_text(RIGHT) {
            Ok(right) if login_window::serves(&right) => Ok(()),
            Ok(_) => Err("another right than the login window's names otpair".to_owned()),
            Err(fault) => Err(format!("which right is asked for can't be told: {fault}")),
        }
    }

    /// Stops. The answer comes first: after `DidDeactivate` it could be taken for the next invocation's.
    pub(crate) fn deactivate(&self) {
        let stopped = self.replace(None);
        if let Some(stopped) = &stopped {
            self.log(stopped.answer.give(MechanismResult::Deny));
        }
        self.log(self.engine.did_deactivate());
        if let Some(stopped) = stopped {
            stopped.end();
        }
    }

    /// Ends. The engine is not called any more once this has returned.
    pub(crate) fn destroy(&self) {
        if let Some(last) = self.replace(None) {
            self.log(last.answer.settle());
            last.end();
        }
    }

    fn deny_after_panic(&self) {
        if let Some(invocation) = self.replace(None) {
            self.log(invocation.answer.settle());
            self.surroundings
                .report_fault("the plugin panicked: this is a bug");
            invocation.end();
        }
    }

    fn replace(&self, next: Option<Invocation>) -> Option<Invocation> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, next)
    }

    fn log(&self, done: Result<(), EngineFault>) {
        if let Err(fault) = done {
            self.surroundings.report_fault(&fault.to_string());
        }
    }
}

impl Invocation {
    fn end(self) {
        if let Some(prompt) = self.prompt {
            prompt.end();
        }
    }
}
