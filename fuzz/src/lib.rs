//! What is fuzzed: each function takes bytes from somebody else, whatever they are, and panics if something does not
//! hold that has to. `libfuzzer/` calls them for new bytes, `tests/corpus.rs` for all that is kept in `corpus/`.
//!
//! What can't be reached from outside of its crate has such a function there: `otpair_host::fuzzing`,
//! `otpair_cache::fuzzing`.

#![forbid(unsafe_code)]

mod backup;
mod bytes;
mod config;
mod dialog;
mod keyfile;
mod loginright;
mod pamstack;
mod typed;

pub use backup::{age, backup};
pub use config::config;
pub use dialog::{dialog, outcomes};
pub use keyfile::{UNLOCKS, keyfile, keyfile_format};
pub use loginright::loginright;
pub use pamstack::pamstack;
pub use typed::typed;

/// A function that is fuzzed.
pub type Target = fn(&[u8]);

/// Every one of this crate, by its name.
pub const TARGETS: [(&str, Target); 9] = [
    ("age", age),
    ("backup", backup),
    ("config", config),
    ("dialog", dialog),
    ("keyfile", keyfile),
    ("keyfile_format", keyfile_format),
    ("loginright", loginright),
    ("pamstack", pamstack),
    ("typed", typed),
];
