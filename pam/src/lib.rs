//! `pam_otpair.so`: the sign-on at every door that speaks PAM (contract section 4).
//!
//! It only translates: PAM's items and flags into a [`Door`], the dialog's prompts and notices into PAM's conversation,
//! the outcome into a PAM code.

#![deny(unsafe_code)]
#![expect(
    missing_docs,
    reason = "pam_hooks! makes the entry points, which pam(3) describes"
)]

mod arguments;
mod conversation;
mod ffi;

use crate::arguments::{Arguments, OneField};
use crate::conversation::{OneFieldConversation, PamConversation};
use otpair_host::session::{self, Door, Outcome};
use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::conv::Conv;
use pam::items::{RHost, Service, User};
use pam::module::{PamHandle, PamHooks};
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long libpam waits before it reports a refusal, in microseconds.
const FAIL_DELAY: u32 = 2_000_000;

struct Otpair;

pam::pam_hooks!(Otpair);

impl PamHooks for Otpair {
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        let code = denying_panics(|| authenticate(pamh, &args, flags));
        if !matches!(code, PamResultCode::PAM_SUCCESS | PamResultCode::PAM_IGNORE) {
            ffi::fail_delay(pamh, FAIL_DELAY);
        }
        code
    }
}

/// Runs the sign-on. To a panic the answer is that of every fault (pam-bindings would say `PAM_ABORT`), and the log's.
fn denying_panics(sign_on: impl FnOnce() -> PamResultCode) -> PamResultCode {
    catch_unwind(AssertUnwindSafe(sign_on)).unwrap_or_else(|payload| {
        // Dropping what was thrown could throw again.
        std::mem::forget(payload);
        let _ = catch_unwind(|| session::report_fault("", "the module panicked: this is a bug"))
            .map_err(std::mem::forget);
        PamResultCode::PAM_AUTHINFO_UNAVAIL
    })
}

fn authenticate(pamh: &mut PamHandle, args: &[&CStr], flags: PamFlag) -> PamResultCode {
    let service = item(pamh.get_item::<Service>(), |service| service.0).unwrap_or_default();
    let arguments = match Arguments::parse(args) {
        Ok(arguments) => arguments,
        Err(why) => {
            session::report_fault(&service, &why);
            return PamResultCode::PAM_AUTHINFO_UNAVAIL;
        }
    };
    // A name that is no UTF-8 is a name that nobody has: it goes on as one, lossily.
    if let Err(code @ (PamResultCode::PAM_CONV_ERR | PamResultCode::PAM_CONV_AGAIN)) =
        pamh.get_user(None)
    {
        return code;
    }
    let user = item(pamh.get_item::<User>(), |user| user.0).unwrap_or_default();
    let rhost = item(pamh.get_item::<RHost>(), |rhost| rhost.0);
    let door = Door {
        user: &user,
        service: &service,
        rhost: rhost.as_deref(),
        config: arguments.config.as_deref(),
        without_messages: arguments.messages_in_prompt || flags & PAM_SILENT != 0,
        one_field: arguments.one_field.is_some(),
        language: None,
        debug: arguments.debug,
    };
    match arguments.one_field {
        None => converse(pamh, &door),
        Some(OneField::Split) => split(pamh, &door),
        Some(OneField::Appended) => decide_on_appended(pamh, &door),
    }
}

/// Asks, prompt by prompt.
fn converse(pamh: &PamHandle, door: &Door<'_>) -> PamResultCode {
    match pamh.get_item::<Conv>() {
        Ok(Some(conv)) => code(session::sign_on(door, &mut PamConversation::new(&conv))),
        _ => PamResultCode::PAM_CONV_ERR,
    }
}

/// `passcode=split`: leaves the password to whatever checks it, and keeps the rest.
fn split(pamh: &mut PamHandle, door: &Door<'_>) -> PamResultCode {
    // Nothing of an earlier try with this handle is left, however this one goes.
    ffi::keep_answer(pamh, door.user, None);
    let Some(typed) = ffi::typed_password(pamh) else {
        return PamResultCode::PAM_CONV_ERR;
    };
    let conv = pamh.get_item::<Conv>().ok().flatten();
    let parts = session::split(
        door,
        &typed,
        &mut OneFieldConversation::new(None, conv.as_ref()),
    );
    let parts = match parts {
        Ok(parts) => parts,
        Err(outcome) => return code(outcome),
    };
    if ffi::keep_answer(pamh, door.user, parts.answer) && ffi::set_password(pamh, &parts.password) {
        return PamResultCode::PAM_IGNORE;
    }
    session::report_fault(door.service, "libpam did not take the split password");
    PamResultCode::PAM_AUTHINFO_UNAVAIL
}

/// `passcode=appended`: decides on what the line that split has kept.
fn decide_on_appended(pamh: &mut PamHandle, door: &Door<'_>) -> PamResultCode {
    let Ok(answer) = ffi::take_answer(pamh, door.user) else {
        let why = "passcode=appended needs a line with passcode=split before the password's";
        session::report_fault(door.service, why);
        return PamResultCode::PAM_AUTHINFO_UNAVAIL;
    };
    let conv = pamh.get_item::<Conv>().ok().flatten();
    let mut conversation = OneFieldConversation::new(answer, conv.as_ref());
    code(session::sign_on(door, &mut conversation))
}

/// A PAM item as text.
fn item<T>(
    item: Result<Option<T>, PamResultCode>,
    text: impl FnOnce(&T) -> &CStr,
) -> Option<String> {
    item.ok()
        .flatten()
        .map(|item| text(&item).to_string_lossy().into_owned())
}

fn code(outcome: Outcome) -> PamResultCode {
    match outcome {
        Outcome::Granted => PamResultCode::PAM_SUCCESS,
        Outcome::NotAsked => PamResultCode::PAM_IGNORE,
        Outcome::Refused => PamResultCode::PAM_AUTH_ERR,
        Outcome::TooManyTries => PamResultCode::PAM_MAXTRIES,
        Outcome::Unavailable => PamResultCode::PAM_AUTHINFO_UNAVAIL,
        Outcome::NoConversation => PamResultCode::PAM_CONV_ERR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_denies() {
        let code = denying_panics(|| panic!("as if by a bug"));
        assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
    }

    #[test]
    fn a_panic_whose_payload_panics_denies() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let code = denying_panics(|| std::panic::panic_any(Bomb));
        assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
    }
}
