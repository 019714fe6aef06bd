//! The admin's command, run as it is on a scratch folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "nothing but tests, and their helpers"
)]

mod backup;
mod config;
mod doctor;
mod import;
mod log;
mod moving;
mod people;
mod private_key;
mod protect;
mod pskc_samples;
mod scratch;
mod sign_on;
mod terminal;
mod token;
mod tokens;
mod usage;
