//! A program's time and peak memory.

use std::process::Command;
use std::time::Instant;

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// From its start to its end.
    pub seconds: f64,
    /// The most memory that it had, in KiB; 0 if that is not known.
    pub peak_kib: u64,
}

impl Run {
    /// So many packages a second.
    #[expect(clippy::cast_precision_loss, reason = "a million is exact")]
    pub fn rate(self, packages: usize) -> f64 {
        packages as f64 / self.seconds
    }
}

/// Runs it under GNU time, which asks the kernel for the peak.
///
/// # Panics
/// If it fails, or GNU time is missing.
pub fn run(command: &Command) -> Run {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["--format", "%M"]);
    timed.arg(command.get_program()).args(command.get_args());
    let begun = Instant::now();
    let output = timed
        .output()
        .expect("/usr/bin/time is missing: install the Debian package time");
    let seconds = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the import failed: {said}");
    let peak_kib = said
        .lines()
        .last()
        .and_then(|line| line.parse().ok())
        .expect("GNU time told no peak");
    Run { seconds, peak_kib }
}
