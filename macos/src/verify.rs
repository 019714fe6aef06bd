//! `otpair:verify,privileged`: lets in whom the helper left a grant for. It has no screen and waits for nobody.

use crate::engine::{Engine, MechanismResult};
use crate::prompt::{SIGN_ON, USERNAME};
use crate::surroundings::Surroundings;
use std::ffi::CStr;

/// The user id that the mechanism which checked the password put into the context.
const UID: &CStr = c"uid";

/// Decides. Of what the engine carries the context is believed, as every mechanism of macOS's believes it; the sign-on's
/// number is not: it opens nothing without a grant under it.
pub(crate) fn decide(engine: &Engine, surroundings: &dyn Surroundings) -> MechanismResult {
    let person = engine
        .context_text(USERNAME)
        .and_then(|user| Ok((user, engine.context_number(UID)?)));
    let (user, uid) = match person {
        Ok(person) => person,
        Err(fault) => {
            surroundings.report_fault(&format!("whose sign-on it is can't be told: {fault}"));
            return MechanismResult::Deny;
        }
    };
    let ticket = engine.hint_text(SIGN_ON).ok();
    if surroundings.verify(&user, uid, ticket.as_deref()) {
        MechanismResult::Allow
    } else {
        MechanismResult::Deny
    }
}
