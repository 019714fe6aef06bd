//! What is around the measured programs: nothing of this machine's own log, PAM files and users is touched.

use crate::options::Options;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// System calls that wait for the disk.
pub const FLUSHES: &str = "fsync,fdatasync,sync,syncfs,sync_file_range,msync";

const SCRIPT: &str = include_str!("surroundings.sh");

/// The name of one of the users, counted from 1.
pub fn user(number: usize) -> String {
    format!("bench{number}")
}

/// Starts this program again in surroundings of its own, with so many users more. Returns only if that fails.
pub fn enter(options: &Options, users: usize, arguments: &[&str]) -> std::io::Error {
    let exe = match std::env::current_exe() {
        Ok(exe) => exe,
        Err(error) => return error,
    };
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    command.args(["sh", "-c", SCRIPT, "surroundings", &users.to_string()]);
    if let Some(time) = options.flush_time {
        // Only what waits for the disk stops at the tracer; all else runs as without it.
        command.args(["strace", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null"]);
        command.args(["-e", &format!("trace={FLUSHES}")]);
        command.args(["-e", "signal=none", "-e"]);
        command.arg(format!("inject={FLUSHES}:delay_exit={time}"));
    }
    command.arg(exe).arg("inside").args(arguments).exec()
}

/// Writes a PAM service of one `auth` line.
///
/// # Panics
/// If the module is missing, or the file can't be written.
pub fn service(name: &str, auth: &str) {
    let module = auth
        .split_whitespace()
        .find(|word| Path::new(word).extension().is_some_and(|e| e == "so"))
        .expect("a service names its module");
    assert!(
        installed(module),
        "{module} is missing: install the Debian packages libpam-oath and libpam-google-authenticator"
    );
    std::fs::write(Path::new("/etc/pam.d").join(name), format!("auth {auth}\n"))
        .expect("a PAM service can't be written");
}

fn installed(module: &str) -> bool {
    let multiarch = format!("/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    // A path that begins with a slash is taken as it is.
    [multiarch.as_str(), "/lib/security", "/lib64/security"]
        .iter()
        .any(|folder| Path::new(folder).join(module).is_file())
}
