//! The calls into libpam that pam-bindings does not have. All of this crate's `unsafe` is here.

#![allow(unsafe_code)]

use libc::{c_char, c_int, c_uint, c_void};
use pam::constants::PamResultCode;
use pam::items::ItemType;
use pam::module::PamHandle;
use std::ffi::{CStr, CString};
use std::ptr;
use zeroize::{Zeroize as _, Zeroizing};

/// Under this name the answer of a door with one field waits in the PAM handle, from the line that splits to the line
/// that decides.
const ANSWER: &str = "otpair_one_field_answer_1";

/// libpam's code for "done".
const PAM_SUCCESS: c_int = PamResultCode::PAM_SUCCESS as c_int;

/// What waits there.
struct Waiting {
    /// Whose it is: the program may change the user between the lines.
    user: String,
    /// Nothing if nothing was typed that is for otpair, or if it has been taken.
    answer: Option<Zeroizing<Vec<u8>>>,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_fail_delay(pamh: *mut PamHandle, microseconds: c_uint) -> c_int;
    fn pam_set_item(pamh: *mut PamHandle, item_type: c_int, item: *const c_void) -> c_int;
    fn pam_get_authtok(
        pamh: *mut PamHandle,
        item: c_int,
        authtok: *mut *const c_char,
        prompt: *const c_char,
    ) -> c_int;
}

/// Asks libpam to wait for about this many microseconds before it reports a refusal (`pam_fail_delay(3)`).
pub(crate) fn fail_delay(pamh: &mut PamHandle, microseconds: u32) {
    // SAFETY: the handle is libpam's own, borrowed for the call; the function keeps a number and nothing else. That it
    // could fail changes nothing: the refusal would come sooner.
    let _ = unsafe { pam_fail_delay(ptr::from_mut(pamh), microseconds) };
}

/// What was typed for a password: `PAM_AUTHTOK`, asked for if nobody has before (`pam_get_authtok(3)`). Nothing if the
/// person could not be asked.
pub(crate) fn typed_password(pamh: &mut PamHandle) -> Option<Zeroizing<Vec<u8>>> {
    let mut typed: *const c_char = ptr::null();
    let item = ItemType::AuthTok as c_int;
    // SAFETY: the handle is libpam's own; `typed` is a place for the answer; no prompt means libpam's own.
    let code = unsafe { pam_get_authtok(ptr::from_mut(pamh), item, &raw mut typed, ptr::null()) };
    if code != PAM_SUCCESS || typed.is_null() {
        return None;
    }
    // SAFETY: it is not null, and libpam keeps it as a C string until the item is set again; it is copied here.
    let typed = unsafe { CStr::from_ptr(typed) };
    Some(Zeroizing::new(typed.to_bytes().to_vec()))
}

/// Sets `PAM_AUTHTOK` to the password alone; whether that was done. libpam copies it.
pub(crate) fn set_password(pamh: &mut PamHandle, password: &[u8]) -> bool {
    let Ok(text) = CString::new(password) else {
        return false;
    };
    let item = ItemType::AuthTok as c_int;
    // SAFETY: the handle is libpam's own; the text ends with NUL and outlives the call, which copies it.
    let code = unsafe { pam_set_item(ptr::from_mut(pamh), item, text.as_ptr().cast()) };
    text.into_bytes().zeroize();
    code == PAM_SUCCESS
}

/// Keeps a user's answer for the line that decides, until that takes it or the transaction ends; it is wiped then.
/// Whether that was done.
pub(crate) fn keep_answer(
    pamh: &mut PamHandle,
    user: &str,
    answer: Option<Zeroizing<Vec<u8>>>,
) -> bool {
    let user = user.to_owned();
    pamh.set_data(ANSWER, Box::new(Waiting { user, answer }))
        .is_ok()
}

/// No line has split anything that this user typed.
pub(crate) struct NotSplit;

/// Takes the answer that was kept, if there was one, and wipes it there.
pub(crate) fn take_answer(
    pamh: &mut PamHandle,
    user: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, NotSplit> {
    // SAFETY: only this module uses that name, and only for this type.
    let waiting = unsafe { pamh.get_data::<Waiting>(ANSWER) }.map_err(|_| NotSplit)?;
    let (is_theirs, answer) = (waiting.user == user, waiting.answer.clone());
    if keep_answer(pamh, user, None) && is_theirs {
        Ok(answer)
    } else {
        Err(NotSplit)
    }
}
