//! Kernel locks on files and folders: gone with the process that holds them.

use crate::fault;
use otpair_core::records::{Fault, FaultKind};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

mod holder;

/// How long somebody else's sign-on of the same user is waited for (contract section 3).
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// Takes the lock that one alone can have. It goes when the file is closed.
pub(crate) fn exclusive(file: &File, path: &Path) -> Result<(), Fault> {
    wait(file, path, File::try_lock)
}

/// Takes the lock that excludes only [`exclusive`].
pub(crate) fn shared(file: &File, path: &Path) -> Result<(), Fault> {
    wait(file, path, File::try_lock_shared)
}

fn wait(
    file: &File,
    path: &Path,
    attempt: fn(&File) -> Result<(), TryLockError>,
) -> Result<(), Fault> {
    let succeeds = || match attempt(file) {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(fault::io(path, "lock", error)),
    };
    // Hardly ever does anybody hold it: only then is there a need for the clock.
    if succeeds()? {
        return Ok(());
    }
    // Not by the wall clock: an admin or NTP may move it meanwhile. By libc's clock and not rustix's, which looks for the
    // kernel's own (vDSO) at an address that need not hold in somebody else's process: under Valgrind it ended that.
    let start = Instant::now();
    loop {
        std::thread::sleep(PAUSE);
        if succeeds()? {
            return Ok(());
        }
        if start.elapsed() >= LONGEST_WAIT {
            return Err(busy(file, path));
        }
    }
}

fn busy(file: &File, path: &Path) -> Fault {
    let by = holder::of(file).unwrap_or_else(|| "another process".to_owned());
    let why = format!("{}: locked for 5 s by {by}", path.display());
    Fault::new(FaultKind::Busy, why)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{Pid, Signal, WaitOptions, getuid, kill_process, waitpid};
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    const HELD: &str = "OTPAIR_TEST_HOLDS";

    /// Not a test of its own: what the test below starts.
    #[test]
    fn a_process_that_holds_a_lock() {
        let Some(path) = std::env::var_os(HELD) else {
            return;
        };
        let file = File::open(&path).unwrap();
        exclusive(&file, path.as_ref()).unwrap();
        println!("\nlocked");
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }

    #[test]
    fn a_lock_that_is_waited_for_in_vain_names_its_holder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lock::tests::a_process_that_holds_a_lock"])
            .args(["--nocapture", "--test-threads=1"])
            .env(HELD, file.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "locked"));
        let told = || busy(file.as_file(), file.path()).detail;
        let who = format!("(pid {}, uid {}", child.id(), getuid().as_raw());
        assert!(told().contains(&format!("{who})")), "{}", told());
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::STOP).unwrap();
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        assert!(told().contains(&format!("{who}, stopped)")), "{}", told());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(told().ends_with("by another process"), "{}", told());
    }
}
