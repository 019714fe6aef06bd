//! What is measured besides a sign-on's time: the disk's flush, and a sign-on's memory and flushes in a process of
//! its own.

use crate::contender::{Contender, timed};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The unit: a file that is written in place and flushed.
pub struct InPlace {
    file: File,
    path: PathBuf,
}

impl InPlace {
    /// A preallocated and flushed file of two pages.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join(format!("otpair-bench-{}", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .expect("the folder can't be written to");
        file.write_all_at(&[0; 8192], 0)
            .and_then(|()| file.sync_all())
            .expect("the folder can't be written to");
        Self { file, path }
    }

    /// One `pwrite` of 96 bytes and `fdatasync`.
    pub fn flush(&self) -> Duration {
        let start = Instant::now();
        self.file
            .write_all_at(&[1; 96], 0)
            .and_then(|()| self.file.sync_data())
            .expect("the folder can't be written to");
        start.elapsed()
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A sign-on in a process of its own.
pub struct Alone {
    /// From `pam_start` to `pam_end`, in nanoseconds: the module is loaded for the first time.
    pub time: u64,
    /// The process's peak memory (`VmHWM`), in KiB.
    pub peak: u64,
}

/// Signs on once in a process of its own.
///
/// # Panics
/// If it came out otherwise than it must.
pub fn alone(contender: &mut Contender) -> Alone {
    let exe = std::env::current_exe().expect("the program's own path can't be found");
    let told = run(&mut Command::new(exe), contender);
    Alone {
        time: told["time"].as_u64().expect("a time"),
        peak: told["peak"].as_u64().expect("a size"),
    }
}

/// How many flushes a sign-on waits for, by `strace`; `None` where there is no `strace`.
pub fn flushes(contender: &mut Contender, folder: &Path) -> Option<usize> {
    let trace = folder.join(format!("otpair-bench-trace-{}", std::process::id()));
    let exe = std::env::current_exe().expect("the program's own path can't be found");
    let mut strace = Command::new("strace");
    let calls = "trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync";
    strace.args(["-f", "-qq", "-e", calls, "-e", "signal=none", "-o"]);
    strace.arg(&trace).arg(exe);
    Command::new("strace").arg("-V").output().ok()?;
    run(&mut strace, contender);
    let text = fs::read_to_string(&trace).ok()?;
    let _ = fs::remove_file(&trace);
    Some(
        text.lines()
            .filter(|line| !line.contains("resumed"))
            .count(),
    )
}

fn run(command: &mut Command, contender: &mut Contender) -> Value {
    let (passcode, good) = contender.next();
    let output = command
        .arg("one")
        .arg(&contender.confdir)
        .args([&contender.service, contender.user, &passcode])
        .output()
        .expect("a process can't be started");
    let told: Value =
        serde_json::from_slice(&output.stdout).expect("one sign-on tells its figures");
    let name = &contender.name;
    assert_eq!(told["code"] == 0, good, "{name}: PAM code {}", told["code"]);
    told
}

/// The process of its own: one sign-on, and its figures as JSON.
pub fn one(confdir: &str, service: &str, user: &str, passcode: &str) {
    let (code, time) = timed(Path::new(confdir), service, user, passcode);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|size| size.split_whitespace().next()?.parse().ok())
        .expect("/proc/self/status gives VmHWM");
    println!(
        "{}",
        json!({"code": code, "time": nanoseconds(time), "peak": peak})
    );
}

/// A duration in nanoseconds.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).expect("less than centuries")
}
