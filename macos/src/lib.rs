//! The front end at the Mac's login window: an authorization plugin with the mechanisms `otpair:prompt`, which asks, and
//! `otpair:verify,privileged`, which decides. Only the view is for macOS alone; everything else is tested on Linux.
//!
//! The two run in different processes of the system's, one after the other, and only share what the authorization engine
//! carries between them. `prompt` has a screen and no rights: it drives the dialog in the helper, and its own Allow lets
//! nobody in. `verify` has root's rights and no screen: it lets in whom the helper left a grant for.

#![deny(unsafe_code)]

mod engine;
#[allow(unsafe_code, reason = "the C interface; nothing else is in that file")]
mod ffi;
mod mechanism;
mod page;
mod prompt;
pub(crate) mod screen;
mod surroundings;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;
mod view;
