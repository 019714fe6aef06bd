//! Feitian's text: `serial seed`, with blanks in between. The seeds of c200 (TOTP) come in base32, those of c100 (HOTP)
//! in hexadecimal; a file says neither, so the writing tells the type where no flag does.

use super::assumption::Notes;
use super::lines::{LineEntries, LineFormat};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column, decode};
use crate::token::TimeInterval;

/// The time interval of the c200, in seconds.
const C200_INTERVAL: u64 = 60;
/// The fewest characters of a seed by which the format is recognized: 10 bytes in base32.
const SHORTEST_SEED: usize = 16;

/// How a seed is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Base32,
    Hex,
}

/// Feitian's text.
pub(super) struct Feitian;

impl SeedFile for Feitian {
    fn name(&self) -> &'static str {
        "feitian"
    }

    fn is_line(&self, line: &str) -> bool {
        looks_like(line)
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, Lines::default())))
    }
}

/// The lines of a file, with how the last seed was written that could be only one of both.
#[derive(Default)]
struct Lines {
    writing: Option<Writing>,
}

impl LineFormat for Lines {
    fn line(
        &mut self,
        text: &str,
        first: bool,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        if first && column::is_header(text) {
            notes.add(Assumption::HeaderRow);
            return Ok(None);
        }
        let (serial, seed) = columns(text).ok_or("not the two columns serial and seed")?;
        let writing = self.writing(seed, options)?;
        let seed = match writing {
            Writing::Base32 => column::base32_seed(seed, notes)?,
            Writing::Hex => column::hex_seed(seed, notes)?,
        };
        let mut said = Said::new(column::serial(serial)?, seed);
        said.manufacturer = column::manufacturer("Feitian");
        fill(&mut said, writing, options, notes)?;
        Ok(Some(said))
    }
}

impl Lines {
    /// How this seed is written. Where it could be both: as the type goes that a flag says, else as the seeds before.
    fn writing(&mut self, seed: &str, options: &Options) -> Result<Writing, String> {
        let only = match (
            decode::cut_base32(seed).is_some(),
            decode::hex(seed).is_some(),
        ) {
            (true, false) => Writing::Base32,
            (false, true) => Writing::Hex,
            (false, false) => return Err("the seed is neither base32 nor hexadecimal".to_owned()),
            (true, true) => {
                return Ok(match options.token_type {
                    Some(Kind::Hotp) => Writing::Hex,
                    Some(Kind::Totp) => Writing::Base32,
                    None => self.writing.unwrap_or(Writing::Base32),
                });
            }
        };
        self.writing = Some(only);
        Ok(only)
    }
}

/// The type, and a TOTP token's time interval, where no flag says them.
fn fill(
    said: &mut Said,
    writing: Writing,
    options: &Options,
    notes: &mut Notes,
) -> Result<(), String> {
    let kind = options.token_type.unwrap_or(match writing {
        Writing::Base32 => Kind::Totp,
        Writing::Hex => Kind::Hotp,
    });
    if options.token_type.is_none() {
        notes.add(Assumption::TypeFromSeed);
    }
    said.kind = Some(kind);
    if kind == Kind::Totp && options.time_interval.is_none() {
        notes.add(Assumption::FeitianInterval);
        let interval = TimeInterval::new(C200_INTERVAL).map_err(|fault| fault.to_string())?;
        said.time_interval = Some(interval);
    }
    Ok(())
}

/// The two columns: a serial number, which has a digit in it, and a seed.
fn columns(text: &str) -> Option<(&str, &str)> {
    let mut words = text.split_ascii_whitespace();
    let (serial, seed) = (words.next()?, words.next()?);
    let is_serial = serial.bytes().any(|b| b.is_ascii_digit())
        && serial
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (is_serial && words.next().is_none()).then_some((serial, seed))
}

fn looks_like(text: &str) -> bool {
    columns(text).is_some_and(|(_, seed)| {
        seed.len() >= SHORTEST_SEED
            && (decode::cut_base32(seed).is_some() || decode::hex(seed).is_some())
    })
}
