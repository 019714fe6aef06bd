//! A syslog daemon that forgets: a sign-on's line has to go somewhere, and not into this machine's log.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The daemon's process; ends when this is dropped.
pub struct Syslog(Child);

impl Syslog {
    /// Starts it, and waits until it listens at this path.
    pub fn listen(path: &Path) -> Self {
        let exe = std::env::current_exe().expect("the program's own path can't be found");
        let mut child = Command::new(exe)
            .arg("syslog")
            .arg(path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process can't be started");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        BufReader::new(stdout)
            .read_line(&mut ready)
            .expect("the daemon says that it listens");
        Self(child)
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon.
pub fn run(path: &Path) {
    let socket = UnixDatagram::bind(path)
        .unwrap_or_else(|e| panic!("can't listen at {}: {e}", path.display()));
    println!("listening");
    let mut line = [0; 16384];
    while socket.recv(&mut line).is_ok() {}
}
