//! What is measured of a sign-on: its time, and in processes of their own its memory, its system calls and its flushes.

use crate::contender::{Contender, Visit, sign_on};
use crate::surroundings::FLUSHES;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What something took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// In nanoseconds.
    pub time: u64,
    /// Of the processor, by the program and by the kernel for it, in nanoseconds.
    pub cpu: u64,
}

impl Cost {
    /// Of doing this.
    pub fn of<T>(what: impl FnOnce() -> T) -> (T, Self) {
        let (start, busy) = (Instant::now(), processor_time());
        let done = what();
        let (time, cpu) = (since(start), processor_time() - busy);
        (done, Self { time, cpu })
    }
}

/// In nanoseconds.
fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).expect("less than centuries")
}

/// This process's, in nanoseconds: the sum of what `getrusage` calls user and system time.
fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |number: i64| u64::try_from(number).expect("a time is not negative");
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

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
    pub fn flush(&self) -> Cost {
        let flush = || {
            self.file
                .write_all_at(&[1; 96], 0)
                .and_then(|()| self.file.sync_data())
        };
        let (flushed, cost) = Cost::of(flush);
        flushed.expect("the folder can't be written to");
        cost
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A sign-on in a process of its own.
#[derive(Debug, Clone, Copy)]
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
    let service = contender.service.clone();
    let told = run(&mut Command::new(this_program()), contender, &service);
    Alone {
        time: told["time"].as_u64().expect("a time"),
        peak: told["peak"].as_u64().expect("a size"),
    }
}

/// The system calls of a process with a sign-on in it, and how many of them wait for the disk.
///
/// # Panics
/// If it came out otherwise than it must, or `strace` is missing.
pub fn system_calls(contender: &mut Contender, folder: &Path) -> (usize, usize) {
    let trace = folder.join(format!("otpair-bench-trace-{}", std::process::id()));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none", "-o"]);
    strace.arg(&trace).arg(this_program());
    let service = contender.service.clone();
    run(&mut strace, contender, &service);
    let text = fs::read_to_string(&trace).expect("strace is missing: install its Debian package");
    let _ = fs::remove_file(&trace);
    let calls = text.lines().filter(|line| !line.contains("resumed>"));
    // After the process's number.
    let names = calls.filter_map(|line| line.split_whitespace().nth(1)?.split('(').next());
    let flushes: Vec<_> = FLUSHES.split(',').collect();
    names.fold((0, 0), |(all, waits), name| {
        (all + 1, waits + usize::from(flushes.contains(&name)))
    })
}

/// Signs on by `pamtester`, and returns what its process took from its start to its end.
///
/// # Panics
/// If it came out otherwise than it must, or `pamtester` is missing.
pub fn pamtester(contender: &mut Contender) -> Cost {
    let visit = contender.next();
    let start = Instant::now();
    let mut child = Command::new("pamtester")
        .args([&contender.service, &visit.user, "authenticate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pamtester is missing: install its Debian package");
    let mut typed = child.stdin.take().expect("stdin is a pipe");
    // A module that asks for nothing may have ended it already.
    let _ = typed.write_all(in_one_line(&visit).as_bytes());
    drop(typed);
    // Not reaped yet, so that the kernel still says what it took.
    let pid = Pid::from_child(&child);
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), ended).expect("a child can be waited for");
    let time = since(start);
    let scheduled = fs::read_to_string(format!("/proc/{}/schedstat", child.id()));
    let cpu = scheduled
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .expect("/proc gives a process's schedstat");
    let status = child.wait().expect("a child can be waited for");
    assert_eq!(status.success(), visit.good, "{contender}: by pamtester");
    Cost { time, cpu }
}

/// `pamtester` takes all that it can read for one answer. A serial number and a passcode may be one.
fn in_one_line(visit: &Visit) -> String {
    match visit.answers.as_slice() {
        [serial, passcode] => format!("token {serial} {passcode}\n"),
        answers => format!("{}\n", answers.concat()),
    }
}

/// This program's path.
pub fn this_program() -> PathBuf {
    std::env::current_exe().expect("the program's own path can't be found")
}

/// Has a program run this one with a sign-on at a service in it, and returns what that said.
///
/// # Panics
/// If it came out otherwise than it must.
pub fn run(command: &mut Command, contender: &mut Contender, service: &str) -> Value {
    let visit = contender.next();
    let output = command
        .args(["one", service, &visit.user])
        .args(&visit.answers)
        .output()
        .unwrap_or_else(|error| panic!("{} can't be started: {error}", name(command)));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{contender}: {} failed: {said}", name(command))
    });
    let code = &told["code"];
    assert_eq!(*code == 0, visit.good, "{contender}: PAM code {code}");
    told
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The process of its own: one sign-on, and its figures as JSON.
pub fn one(service: &str, user: &str, answers: &[&str]) {
    let answers: Vec<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    // No more than the clock: valgrind runs this too.
    let start = Instant::now();
    let code = sign_on(service, user, &answers);
    let time = since(start);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|size| size.split_whitespace().next()?.parse().ok())
        .expect("/proc/self/status gives VmHWM");
    println!("{}", json!({"code": code, "time": time, "peak": peak}));
}
