//! The package that `packaging/macos/build` has made, taken apart by other people's readers, and its scripts, run against
//! stand-ins for the Mac's commands. What is missing fails; nothing is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is nothing but tests"
)]

mod archives;
mod programs;
mod scripts;
mod signature;
mod texts;
mod unpacked;
