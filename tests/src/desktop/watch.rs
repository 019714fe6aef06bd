//! Waits for what a program writes, line by line.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long any line is waited for before the test is given up. Far above what anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The lines that a program writes.
#[derive(Debug)]
pub struct Watch {
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Watch {
    /// Reads a stream to its end.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        Self {
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for a line that holds one of these texts, after what was waited for before, and says which text it was.
    ///
    /// # Panics
    /// If the stream ends first, or nothing comes for very long, with all that was written.
    pub fn wait_for_any(&mut self, texts: &[&str]) -> usize {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = texts.iter().position(|text| line.contains(text));
                    self.seen.push(line);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(why) => panic!("{texts:?} never came ({why}):\n{}", self.text()),
            }
        }
    }

    /// Waits for a line that holds a text, after what was waited for before.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_for_any(&[text]);
    }

    /// Waits until nobody writes any more.
    pub fn wait_for_end(&mut self) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("it never ended:\n{}", self.text()),
            }
        }
    }

    /// All that was written, as far as it was waited for.
    pub fn text(&self) -> String {
        self.seen.join("\n")
    }
}
