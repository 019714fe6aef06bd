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

    /// The lines since this was last asked, up to those of programs that have ended by now.
    ///
    /// # Panics
    /// If what listens at `path` is not this, or is stuck.
    pub fn news(&self, path: &Path) -> Vec<String> {
        const MARK: &str = "<15>every line before this one has come";
        let sender = UnixDatagram::unbound().expect("a socket can't be made");
        sender
            .send_to(MARK.as_bytes(), path)
            .expect("nothing listens there");
        assert!(self.tells(MARK), "nothing listens at {}", path.display());
        let mut lines = self.0.lines.lock().unwrap();
        let mut news = std::mem::take(&mut *lines);
        news.retain(|line| line != MARK);
        news
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
