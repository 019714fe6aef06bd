//! What the programs of a machine write to syslog, kept for the test.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How long a line may take from its sender to here.
const PATIENCE: Duration = Duration::from_secs(30);

/// The lines that came to a machine's `/dev/log`.
#[derive(Debug, Clone, Default)]
pub struct Syslog(Arc<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

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
                lines.lines.lock().unwrap().push(line);
                lines.more.notify_all();
            }
        });
        log
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap().clone()
    }

    /// Waits for a line that holds this text; whether it came.
    pub fn tells(&self, text: &str) -> bool {
        let tells = |lines: &Vec<String>| lines.iter().any(|line| line.contains(text));
        let lines = self.0.lines.lock().unwrap();
        let waited = self
            .0
            .more
            .wait_timeout_while(lines, PATIENCE, |lines| !tells(lines));
        tells(&waited.unwrap().0)
    }
}
