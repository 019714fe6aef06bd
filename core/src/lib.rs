//! The sign-on itself: pure decisions, no I/O, no clock, no environment.
//!
//! A sign-on is a dialog. A front end drives it and only translates:
//!
//! ```text
//! step = dialog.begin(records, now)
//! loop match step
//!     Ask(prompt)   -> step = dialog.answer(text, records, now)
//!     Tell(notice)  -> show it; step = dialog.proceed()
//!     Done(outcome) -> return outcome
//! ```
//!
//! `now` is always an argument: the seconds since 1970-01-01 00:00 UTC. `records` is whatever holds the people's
//! records, through the trait [`records::Records`]: it is read with a revision, and a changed record is committed only
//! if that revision still stands. A verdict is decided by pure functions ([`decision`], on [`acceptance`]),
//! committed durably, and only then does anyone hear "granted".

#![forbid(unsafe_code)]

pub mod acceptance;
#[cfg(feature = "backup")]
pub mod age;
pub mod answer;
pub mod backup;
pub mod bypass;
pub mod calendar;
pub mod caller;
pub mod decision;
pub mod decoy;
pub mod dialog;
pub mod event;
pub mod grant;
#[cfg(feature = "keyfile")]
pub mod keyfile;
pub mod language;
pub mod notice;
pub mod one_field;
pub mod otp;
pub mod pairing;
pub mod policy;
pub mod records;
pub mod seed;
pub mod throttle;
pub mod token;
pub mod wording;
