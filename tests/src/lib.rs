//! The harness of the end-to-end tests: a private little machine for each test, the doors of that machine, a token
//! whose passcodes come from `oathtool`, and a terminal to type at.
//!
//! A test that can't run fails with a sentence that says what is missing; it is never skipped.

pub mod artefacts;
pub mod authhost;
pub mod chance;
pub mod claims;
pub mod cleanroot;
pub mod confinement;
pub mod container;
pub mod desktop;
pub mod dialog;
pub mod door;
pub mod libpam;
pub mod machine;
pub mod number;
pub mod page;
pub mod picture;
pub mod scenario;
pub mod seed_file;
pub mod syslog;
pub mod terminal;
pub mod token;
pub mod web;
