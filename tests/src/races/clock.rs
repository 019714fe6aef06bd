//! A clock that stands where it is set, for programs that are started by it (`faketime(1)`).

use otpair_tests::token::now;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The library, as the program `faketime` names it: the loader knows what `$LIB` is.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketime.so.1";

/// The clock.
#[derive(Debug)]
pub struct Clock(PathBuf);

impl Clock {
    /// A clock that shows the beginning of a time step of this day, and that time, in seconds since 1970.
    ///
    /// # Panics
    /// If `faketime` is missing.
    pub fn new() -> (Self, u64) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        assert!(
            Path::new("/usr/bin/faketime").exists(),
            "faketime is missing: install the Debian package faketime"
        );
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let clock = Self(PathBuf::from(format!("/dev/shm/otpair-clock-{number}")));
        let time = now() / 300 * 300 + 5;
        clock.set(time);
        (clock, time)
    }

    /// Sets it. Programs that run see it at once.
    pub fn set(&self, time: u64) {
        fs::write(&self.0, time.to_string()).expect("/dev/shm can't be written to");
    }

    /// Has a program go by it.
    pub fn rule(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", LIBRARY)
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_FMT", "%s")
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("TZ", "UTC0");
    }
}
