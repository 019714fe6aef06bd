//! This machine: its config file, clock, accounts and audit log, and opening its seed cache. What every front end
//! shares; the sign-on itself is in `otpair_core`.
//!
//! Nothing here survives a sign-on: no threads, no global state, no open connections to the log. `unsafe` is only in
//! the files `ffi.rs` of [`accounts`], [`helper`] and [`login_window`], where libc is asked for users and groups, for a
//! socket's peer, and for the name of this boot, and of `keychain`, on macOS.

#![deny(unsafe_code)]

pub mod accounts;
pub mod audit;
pub mod clock;
pub mod config;
pub mod helper;
#[cfg(target_os = "macos")]
mod keychain;
mod language;
mod limit;
pub mod login_window;
#[cfg(feature = "loginright")]
pub mod loginright;
mod own_folder;
pub mod pamstack;
pub mod session;
mod text;

/// What is fuzzed of this crate and can't be reached from outside of it: built for the fuzzer and the tests only.
#[cfg(any(test, fuzzing))]
pub mod fuzzing {
    pub use crate::helper::fuzzing::frames;
}

use config::{Config, KeyPlace, UNSEALED_KEY};
use otpair_cache::{KeySource, SeedCache};
use otpair_core::records::Fault;

/// Opens this machine's seed cache, for one sign-on or one command.
///
/// # Errors
/// What [`SeedCache::open`] finds, and a [`FaultKind::Config`] fault if the key is to be in a keychain and there is none.
pub fn open_cache(config: &Config) -> Result<SeedCache, Fault> {
    SeedCache::open(&config.cache.path, &key_source(config)?)
}

/// Opens this machine's seed cache, and makes it where there is none: for whoever is about to write something.
///
/// # Errors
/// As [`open_cache`].
pub fn create_cache(config: &Config) -> Result<SeedCache, Fault> {
    SeedCache::create(&config.cache.path, &key_source(config)?)
}

fn key_source(config: &Config) -> Result<KeySource, Fault> {
    match &config.cache.key {
        KeyPlace::File(path) => Ok(KeySource::File(path.clone())),
        KeyPlace::Credential => Ok(KeySource::Unsealed(UNSEALED_KEY.into())),
        #[cfg(target_os = "macos")]
        KeyPlace::Keychain => Ok(KeySource::Store(&keychain::SystemKeychain)),
        #[cfg(not(target_os = "macos"))]
        KeyPlace::Keychain => {
            let why = "[cache] key = \"keychain\" is for macOS: name a file";
            Err(Fault::new(otpair_core::records::FaultKind::Config, why))
        }
    }
}
