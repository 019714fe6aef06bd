//! Reading the log's file back.

use super::Line;
use otpair_core::records::{Fault, FaultKind};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line that is read, in bytes; the log's own are a fraction of that.
const MAX_LINE: u64 = 64 * 1024;

/// A line of the file that is none of the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Which line of the file, from 1.
    pub number: usize,
}

/// Reads the log's file from the beginning, line by line.
///
/// # Errors
/// An [`FaultKind::Io`] fault if the file can't be opened. Each line may be [`Unreadable`]; the ones after it are read
/// nevertheless. An error of the disk ends the lines.
pub fn read_log(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Line, Unreadable>> + use<>, Fault> {
    let file = File::open(path)
        .map_err(|error| Fault::new(FaultKind::Io, format!("{}: {error}", path.display())))?;
    let mut reader = BufReader::new(file);
    let lines = std::iter::from_fn(move || next_line(&mut reader));
    let numbered = lines.enumerate();
    Ok(numbered.map(|(index, line)| Line::parse(&line).ok_or(Unreadable { number: index + 1 })))
}

/// The next line, its end cut off if it is too long; `None` at the end.
fn next_line(reader: &mut BufReader<File>) -> Option<String> {
    let mut line = Vec::new();
    let read = reader
        .by_ref()
        .take(MAX_LINE)
        .read_until(b'\n', &mut line)
        .ok()?;
    if read == 0 {
        return None;
    }
    if line.last() != Some(&b'\n') {
        reader.skip_until(b'\n').ok()?;
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}

/// Which lines are wanted; the default wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only this user's.
    pub user: Option<String>,
    /// Only those at or after this time, in seconds since 1970 UTC.
    pub since: Option<u64>,
}

impl Filter {
    /// Whether a line is wanted.
    #[must_use]
    pub fn admits(&self, line: &Line) -> bool {
        let user = self
            .user
            .as_ref()
            .is_none_or(|user| line.user.as_ref() == Some(user));
        let since = self
            .since
            .is_none_or(|since| line.unix_time().is_some_and(|time| time >= since));
        user && since
    }
}
