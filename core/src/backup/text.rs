//! The text in a backup: a JSON object a line, which an admin can read after `age -d`.
//!
//! The first line tells what it is, the last one how much there was: a text that lacks some of its lines is refused.
//! Reading it gives no line of it away: a seed may stand anywhere.

mod line;
mod lines;

use super::{Entry, StockCopy, UserCopy};
use line::Line;
use lines::Lines;
use std::fmt;
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// The version of the text that is written.
const VERSION: u32 = 1;

/// How many entries there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tokens of the inventory.
    pub tokens: u64,
    /// People's records.
    pub users: u64,
}

impl Counts {
    /// Tokens and records together.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.tokens.saturating_add(self.users)
    }
}

/// Why a text can't be read.
#[derive(Debug)]
pub enum Unreadable {
    /// What it comes from can't be read.
    Input(io::Error),
    /// A line is not what a backup has there.
    Line {
        /// Its number, from 1 on.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Line { number, why } => write!(f, "line {number} of its text: {why}"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Input(error)
    }
}

/// Writes a backup's text.
pub struct Writer<W: Write> {
    output: W,
    counts: Counts,
    /// One line: large enough from the start, so that no copies are left behind.
    buffer: Zeroizing<Vec<u8>>,
}

impl<W: Write> Writer<W> {
    /// Begins a text; `created` is the time, in seconds since 1970 UTC.
    ///
    /// # Errors
    /// What the output says, here and below.
    pub fn new(output: W, created: u64) -> io::Result<Self> {
        let mut writer = Self {
            output,
            counts: Counts::default(),
            buffer: Zeroizing::new(Vec::with_capacity(lines::LONGEST)),
        };
        writer.put(&Line::Backup {
            version: VERSION,
            created,
        })?;
        Ok(writer)
    }

    /// Writes a token of the inventory.
    ///
    /// # Errors
    /// See [`Writer::new`].
    pub fn token(&mut self, copy: &StockCopy) -> io::Result<()> {
        self.counts.tokens += 1;
        let seed = line::hex(copy.token.seed.expose());
        self.put(&Line::Token(Box::new(line::TokenLine::of_stock(
            copy, &seed,
        ))))
    }

    /// Writes a person's record.
    ///
    /// # Errors
    /// See [`Writer::new`].
    pub fn user(&mut self, copy: &UserCopy) -> io::Result<()> {
        self.counts.users += 1;
        let seeds: Vec<_> = copy
            .tokens
            .iter()
            .map(|token| line::hex(token.seed.expose()))
            .collect();
        self.put(&Line::User(line::UserLine::new(copy, &seeds)))
    }

    /// Writes the last line, and gives back what was written to and how much it was.
    ///
    /// # Errors
    /// See [`Writer::new`].
    pub fn finish(mut self) -> io::Result<(W, Counts)> {
        let Counts { tokens, users } = self.counts;
        self.put(&Line::End { tokens, users })?;
        Ok((self.output, self.counts))
    }

    fn put(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.buffer.clear();
        serde_json::to_writer(&mut *self.buffer, line)?;
        self.buffer.push(b'\n');
        self.output.write_all(&self.buffer)
    }
}

/// Reads a backup's text, entry by entry, up to the first error. It is whole if there is none.
pub struct Reader<R: Read> {
    lines: Lines<R>,
    counts: Counts,
    begun: bool,
    ended: bool,
    failed: bool,
}

impl<R: Read> Reader<R> {
    /// Reads a text from its beginning.
    pub fn new(input: R) -> Self {
        Self {
            lines: Lines::new(input),
            counts: Counts::default(),
            begun: false,
            ended: false,
            failed: false,
        }
    }

    /// How many entries were read so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn advance(&mut self) -> Result<Option<Entry>, Unreadable> {
        loop {
            let number = self.lines.number + 1;
            let wrong = |why: String| Unreadable::Line { number, why };
            let Some(text) = self.lines.next()? else {
                let missing = "the end of the backup is missing";
                return if self.ended {
                    Ok(None)
                } else {
                    Err(wrong(missing.to_owned()))
                };
            };
            let line = line::parse(text).map_err(wrong)?;
            match (line, self.begun, self.ended) {
                (Line::Backup { version, .. }, false, _) if version == VERSION => {
                    self.begun = true;
                }
                (Line::Backup { version, .. }, false, _) => {
                    let newer = format!("version {version} is one that a newer otpair has written");
                    return Err(wrong(newer));
                }
                (_, false, _) => return Err(wrong("it is no backup of otpair".to_owned())),
                (_, _, true) => return Err(wrong("something stands behind the end".to_owned())),
                (Line::Backup { .. }, ..) => {
                    return Err(wrong("a second backup begins".to_owned()));
                }
                (Line::End { tokens, users }, ..) => {
                    if (Counts { tokens, users }) != self.counts {
                        return Err(wrong("some entries are missing".to_owned()));
                    }
                    self.ended = true;
                }
                (Line::Token(line), ..) => {
                    self.counts.tokens += 1;
                    let copy = line.into_stock().map_err(wrong)?;
                    return Ok(Some(Entry::Token(Box::new(copy))));
                }
                (Line::User(line), ..) => {
                    self.counts.users += 1;
                    return Ok(Some(Entry::User(line.into_copy().map_err(wrong)?)));
                }
            }
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Entry, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let entry = self.advance().transpose();
        self.failed = matches!(entry, Some(Err(_)));
        entry
    }
}

#[cfg(test)]
mod tests;
