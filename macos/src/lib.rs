//! The front end at the Mac's login window: an authorization plugin with the mechanisms `otpair:prompt`, which asks, and
//! `otpair:verify,privileged`, which decides. Only the view is for macOS alone; everything else is tested on Linux.

#![deny(unsafe_code)]

pub(crate) mod screen;
