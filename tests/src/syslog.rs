//! What the programs of a machine write to syslog, kept for the test.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// The lines that came to a machine's `/dev/log`.
#[derive(Debug, Clone, Default)]
pub struct Syslog(Arc<Mutex<Vec<String>>>);

impl Syslog {
    /// Listens at a path until the test ends. A queue of datagrams is short and its senders block, hence a thread.
    pub fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("the machine's /dev/log can't be made");
        let log = Self::default();
        let lines = Arc::downgrade(&log.0);
        thread::spawn(move || {
            let mut buffer = [0; 16384];
            while let (Ok(length), Some(lines)) = (socket.recv(&mut buffer), lines.upgrade()) {
                let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
                lines.lock().unwrap().push(line);
            }
        });
        log
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
