//! The local seed cache: a small record file for each person, an inventory of tokens, sealed seeds.
//!
//! [`SeedCache`] is what a sign-on uses, through the traits of [`otpair_core::records`]; the admin's command has more
//! in [`admin`]. A sign-on of somebody who has a token opens one file and never the inventory. The formats are laid
//! out in docs/record-format.md.

#![forbid(unsafe_code)]

pub mod admin;
mod block;
mod cache;
mod codec;
pub mod descriptor;
mod fault;
mod folder;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod inventory;
mod key;
pub mod limit;
mod lock;
mod name;
mod record;
mod rehearsal;
mod seal;
pub mod way;

pub use cache::SeedCache;
pub use key::{Fit, KeySource, KeyStore, SealingKey};

#[cfg(test)]
mod testing;
