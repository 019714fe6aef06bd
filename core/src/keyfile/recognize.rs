//! Which format a file is in, told from its content; and what is known and can't be read, by its name.

use super::input::Input;
use super::lines::first_lines;
use super::{Format, Unreadable, refused};

/// How far into a file names are looked for, in bytes.
const HEAD: usize = 4096;
/// How many lines may be unclear before the file is.
const LINES: usize = 10;

/// The beginning of a file.
pub(super) struct Head<'a> {
    bytes: &'a [u8],
    /// The first 4 KiB in lower case.
    small: Vec<u8>,
}

impl<'a> Head<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let small = bytes.get(..HEAD).unwrap_or(bytes).to_ascii_lowercase();
        Self { bytes, small }
    }

    /// Whether a name stands in it, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.small
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    }

    /// Whether it begins with these bytes, but for blanks.
    pub(super) fn begins(&self, beginning: &[u8]) -> bool {
        self.bytes.trim_ascii_start().starts_with(beginning)
    }

    /// Whether it begins as XML does.
    pub(super) fn is_xml(&self) -> bool {
        self.begins(b"<")
    }

    /// Its lines, comments and all. The last may be cut.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.split(|byte| *byte == b'\n')
    }

    /// The first line that is not blank, comment or not.
    pub(super) fn first_line(&self) -> &'a [u8] {
        first_line(self.bytes)
    }
}

/// The first line of the beginning of a file that is not blank, comment or not.
pub(super) fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The format of a file of which nothing was read yet.
pub(super) fn format(input: &Input<'_>) -> Result<Format, Unreadable> {
    let head = Head::new(input.head());
    if head.bytes.trim_ascii().is_empty() {
        return Err(Unreadable::new("the file is empty"));
    }
    let mut formats = Format::ALL.into_iter();
    if let Some(format) = formats.find(|format| format.seed_file().is_whole(&head)) {
        return Ok(format);
    }
    if let Some(why) = refused::reason(&head) {
        return Err(Unreadable::new(why));
    }
    let format = if head.is_xml() {
        None
    } else {
        of_lines(&first_lines(head.bytes, LINES))
    };
    format.ok_or_else(unknown)
}

/// The format of the first line that looks like any. A line of Ping's CSV is one of OATH CSV too, with all left out that
/// may be: one that says more decides.
fn of_lines(lines: &[&str]) -> Option<Format> {
    let mut formats = lines.iter().filter_map(|line| of_line(line));
    let first = formats.next()?;
    if first != Format::PingCsv {
        return Some(first);
    }
    let more = formats.find(|format| matches!(format, Format::LinOtpCsv | Format::OathCsv));
    Some(more.unwrap_or(first))
}

fn of_line(line: &str) -> Option<Format> {
    Format::ALL
        .into_iter()
        .find(|format| format.seed_file().is_line(line))
}

fn unknown() -> Unreadable {
    let names = Format::ALL.map(Format::name).join(", ");
    Unreadable::new(format!(
        "no line of the first {LINES} looks like a seed file that is known: the seed files page says how to bring it \
         into a form that is read; --format NAME tries one ({names})"
    ))
}
