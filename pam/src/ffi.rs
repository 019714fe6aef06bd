//! The one call into libpam that pam-bindings does not have. All of this crate's `unsafe` is here.

#![allow(unsafe_code)]

use libc::{c_int, c_uint};
use pam::module::PamHandle;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_fail_delay(pamh: *mut PamHandle, microseconds: c_uint) -> c_int;
}

/// Asks libpam to wait for about this many microseconds before it reports a refusal (`pam_fail_delay(3)`).
pub(crate) fn fail_delay(pamh: &mut PamHandle, microseconds: u32) {
    // SAFETY: the handle is libpam's own, borrowed for the call; the function keeps a number and nothing else. That it
    // could fail changes nothing: the refusal would come sooner.
    let _ = unsafe { pam_fail_delay(std::ptr::from_mut(pamh), microseconds) };
}
