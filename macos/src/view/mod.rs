//! The view: what stands on the pane at the Mac's login window, and where. `controls.rs` and `ffi.rs` put it up, and are
//! for macOS alone.

#[cfg(target_os = "macos")]
mod controls;
#[cfg(target_os = "macos")]
#[allow(
    unsafe_code,
    reason = "Objective-C; what can be said without it is not in that file"
)]
mod ffi;
#[cfg(any(test, target_os = "macos"))]
mod layout;
#[cfg(not(target_os = "macos"))]
mod nowhere;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod samples;
#[cfg(any(test, target_os = "macos"))]
mod wrap;

#[cfg(target_os = "macos")]
pub(crate) use ffi::{language, open};
#[cfg(not(target_os = "macos"))]
pub(crate) use nowhere::{language, open};
