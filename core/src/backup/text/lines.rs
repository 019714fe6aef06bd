//! Lines of a text that is full of seeds: in a buffer of a fixed size, which is wiped.

use super::Unreadable;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// The longest line, in bytes: a person's record with as many tokens as one can have is shorter.
pub(super) const LONGEST: usize = 64 * 1024;

pub(super) struct Lines<R: Read> {
    input: R,
    buffer: Zeroizing<Vec<u8>>,
    /// What was read and is not given out yet.
    start: usize,
    end: usize,
    /// The number of the last line that was given out.
    pub(super) number: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Zeroizing::new(vec![0; LONGEST]),
            start: 0,
            end: 0,
            number: 0,
        }
    }

    /// The next line without its end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Unreadable> {
        let mut looked_at = 0;
        loop {
            let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
            let new = waiting.get(looked_at..).unwrap_or_default();
            if let Some(length) = new.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.give(looked_at + length, 1)));
            }
            looked_at = waiting.len();
            if !self.fill()? {
                let last = looked_at > 0;
                return Ok(last.then(|| self.give(looked_at, 0)));
            }
        }
    }

    fn give(&mut self, length: usize, end: usize) -> &[u8] {
        let start = self.start;
        self.start += length + end;
        self.number += 1;
        self.buffer.get(start..start + length).unwrap_or_default()
    }

    /// Reads more, behind what is waiting; false at the end of the input.
    fn fill(&mut self) -> Result<bool, Unreadable> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            let why = "it is longer than any line of a backup".to_owned();
            let number = self.number + 1;
            return Err(Unreadable::Line { number, why });
        }
        loop {
            match self.input.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
            }
        }
    }
}
