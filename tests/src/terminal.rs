//! A terminal with a person at it: waits for what a program asks, types, and keeps the whole transcript.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a person waits for anything before the test is given up. Far above what anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    read_up_to: usize,
}

impl Terminal {
    /// Starts a command on a new terminal, which becomes its controlling terminal if it begins with `setsid -c`.
    pub fn start(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("no terminal can be had");
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.to_bytes());
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .expect("the terminal can't be opened");
        command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        let child = command.spawn().expect("the program can't be started");
        drop(command);
        let keyboard = File::from(master);
        let mut camera = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // When the last program has closed the terminal, reading fails with EIO.
            while let Ok(length @ 1..) = camera.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            shown: Vec::new(),
            read_up_to: 0,
        }
    }

    /// Everything that was shown so far.
    pub fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Waits until one of some texts is shown, after what was waited for before, and says which; nothing if the
    /// program ends without showing any.
    ///
    /// # Panics
    /// If neither comes, with the whole transcript.
    pub fn wait_for(&mut self, texts: &[&str]) -> Option<usize> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let unread = &self.shown[self.read_up_to..];
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(i, text)| Some((position(unread, text.as_bytes())?, i)))
                .min();
            if let Some((at, i)) = found {
                self.read_up_to += at + texts[i].len();
                return Some(i);
            }
            match self.watch(deadline) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!(
                    "{texts:?} was never shown. The whole transcript:\n{}",
                    self.transcript()
                ),
            }
        }
    }

    /// Waits until a text is shown, after what was waited for before.
    pub fn expect(&mut self, text: &str) {
        let shown = self.wait_for(&[text]);
        assert!(
            shown.is_some(),
            "the program ended before {text:?} was shown. The whole transcript:\n{}",
            self.transcript()
        );
    }

    /// Types a line.
    pub fn send_line(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes());
    }

    /// Types bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.keyboard
            .write_all(bytes)
            .expect("the terminal is closed");
    }

    /// Waits for the end of the program, and gives its exit status and all that was shown.
    pub fn finish(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.watch(deadline).is_ok() {}
        assert!(
            Instant::now() < deadline,
            "the program never ended. The whole transcript:\n{}",
            self.transcript()
        );
        (self.child.wait().unwrap(), self.transcript())
    }

    fn watch(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.shown.extend(self.screen.recv_timeout(left)?);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only this test's own child, by its handle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
