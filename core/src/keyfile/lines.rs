//! Files with one entry a line: the lines, and the fields of a line.

use super::assumption::Notes;
use super::input::{Input, unreadable};
use super::settle::Said;
use super::{Entries, Entry, Options, Place, Unreadable};
use std::io::{self, BufRead as _};
use zeroize::Zeroizing;

/// The longest line, in bytes.
const LONGEST: usize = 64 * 1024;
/// The most fields in a line; a `YubiKey`'s log has eighteen, and a date with commas.
const MOST_FIELDS: usize = 32;

/// A format with one entry a line, or with entries of a few lines.
pub(super) trait LineFormat: Send {
    /// What a line adds: an entry, or nothing where there is none yet, or none at all, as in a header row, which only the
    /// `first` line can be.
    fn line(
        &mut self,
        text: &str,
        first: bool,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String>;

    /// What the end of the file adds: the entry of its last lines.
    fn end(&mut self, _: &Options, _: &mut Notes) -> Result<Option<Said>, String> {
        Ok(None)
    }
}

impl<F> LineFormat for F
where
    F: Send + FnMut(&str, bool, &Options, &mut Notes) -> Result<Option<Said>, String>,
{
    fn line(
        &mut self,
        text: &str,
        first: bool,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        self(text, first, options, notes)
    }
}

/// The entries of a file in a format of lines.
pub(super) struct LineEntries<'a, F> {
    lines: Lines<'a>,
    format: F,
    begun: bool,
    ended: bool,
}

impl<'a, F: LineFormat> LineEntries<'a, F> {
    pub(super) fn new(input: Input<'a>, format: F) -> Self {
        Self {
            lines: Lines::new(input),
            format,
            begun: false,
            ended: false,
        }
    }
}

impl<F: LineFormat> Entries for LineEntries<'_, F> {
    fn next(&mut self, options: &Options, notes: &mut Notes) -> Result<Option<Entry>, Unreadable> {
        while let Some((line, text)) = self.lines.next().map_err(|error| unreadable(&error))? {
            let first = !std::mem::replace(&mut self.begun, true);
            let said = match text {
                Ok(text) => self.format.line(text, first, options, notes),
                Err(why) => Err(why.to_owned()),
            };
            if let Some(said) = said.transpose() {
                return Ok(Some((Place { line, key: None }, said)));
            }
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let place = Place {
            line: self.lines.number,
            key: None,
        };
        let said = self.format.end(options, notes).transpose();
        Ok(said.map(|said| (place, said)))
    }
}

/// The lines that are neither blank nor a `#` comment, each with its number and without its line end; or what is
/// wrong with it.
struct Lines<'a> {
    input: Input<'a>,
    number: u64,
    /// The line, as far as it is not too long. It never grows, so that no seed is left behind.
    line: Zeroizing<Vec<u8>>,
}

impl<'a> Lines<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            input,
            number: 0,
            line: Zeroizing::new(Vec::with_capacity(LONGEST + 1)),
        }
    }

    fn next(&mut self) -> io::Result<Option<(u64, Result<&str, &'static str>)>> {
        loop {
            self.number = self.input.line();
            if !self.read_line()? {
                return Ok(None);
            }
            if is_entry(&self.line) {
                return Ok(Some((self.number, checked(self.line.trim_ascii()))));
            }
        }
    }

    /// Reads up to the next line end; whether there was anything.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut any = false;
        loop {
            let piece = self.input.fill_buf()?;
            if piece.is_empty() {
                return Ok(any);
            }
            any = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let part = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
            let room = LONGEST + 1 - self.line.len();
            self.line
                .extend_from_slice(part.get(..room).unwrap_or(part));
            let taken = part.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Whether a line is neither blank nor a comment.
fn is_entry(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !line.is_empty() && !line.starts_with(b"#")
}

/// The first `most` lines of the beginning of a file, as [`Lines`] would give them. The last may be cut.
pub(super) fn first_lines(head: &[u8], most: usize) -> Vec<&str> {
    head.split(|byte| *byte == b'\n')
        .filter(|line| is_entry(line))
        .take(most)
        .filter_map(|line| checked(line.trim_ascii()).ok())
        .collect()
}

const NOT_UTF_8: &str = "the line is not UTF-8 text: iconv -f WINDOWS-1252 -t UTF-8 FILE >NEW makes it so, where it comes \
                         from Windows";

fn checked(line: &[u8]) -> Result<&str, &'static str> {
    if line.len() > LONGEST {
        return Err("the line is longer than 64 KiB");
    }
    let text = str::from_utf8(line).map_err(|_| NOT_UTF_8)?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err("the line has control characters");
    }
    Ok(text)
}

/// The fields between separators, mostly commas, without blanks and quotes around them.
pub(super) fn fields(line: &str, separator: char) -> Result<Vec<&str>, String> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        if fields.len() == MOST_FIELDS {
            return Err("too many columns".to_owned());
        }
        let text = text.trim_start_matches(|c: char| c.is_whitespace() && c != separator);
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, separator)?,
            None => text
                .split_once(separator)
                .map_or((text, None), |(field, rest)| (field, Some(rest))),
        };
        if field.contains('"') {
            return Err("a quote inside a field".to_owned());
        }
        fields.push(field.trim());
        rest = after;
    }
    Ok(fields)
}

/// What the fields of a line lie between, where a format leaves that open: a semicolon or tab if there is one, for then
/// a comma is part of a name.
pub(super) fn separator(line: &str) -> char {
    [';', '\t']
        .into_iter()
        .find(|separator| line.contains(*separator))
        .unwrap_or(',')
}

/// As [`separator`], for formats without names: a semicolon outside of quotes, else a comma. A tab is a blank there, as
/// Feitian has it.
pub(super) fn separator_without_names(line: &str) -> char {
    let mut outside = line.split('"').step_by(2);
    if outside.any(|part| part.contains(';')) {
        ';'
    } else {
        ','
    }
}

fn quoted_field(text: &str, separator: char) -> Result<(&str, Option<&str>), String> {
    let (field, after) = text.split_once('"').ok_or("a quote that is not closed")?;
    match after.trim_start_matches(|c: char| c.is_whitespace() && c != separator) {
        "" => Ok((field, None)),
        after => Ok((
            field,
            Some(
                after
                    .strip_prefix(separator)
                    .ok_or("text after a closing quote")?,
            ),
        )),
    }
}

/// A whole number in decimal; nothing if the field is empty.
pub(super) fn number(field: &str, what: &str) -> Result<Option<u64>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    let digits = field.bytes().all(|byte| byte.is_ascii_digit());
    field
        .parse()
        .ok()
        .filter(|_| digits)
        .map(Some)
        .ok_or_else(|| format!("the {what} is no whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line with its number; nothing in the place of one that is no text.
    fn lines(bytes: &[u8]) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(Input::open(&bytes).unwrap());
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.ok().map(ToOwned::to_owned)));
        }
        all
    }

    #[test]
    fn blank_lines_and_comments_are_skipped_and_counted() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            lines(b"# one\r\n\r\n  a,b \r\n\t\n# x\nc"),
            [(3, text("a,b")), (6, text("c"))]
        );
    }

    #[test]
    fn a_line_that_is_no_text_is_rejected_alone() {
        let ok = Some("ok".to_owned());
        for longer in [1, 2, LONGEST, 5 * LONGEST] {
            let long = [b"x".repeat(LONGEST + longer), b"\nok".to_vec()].concat();
            assert_eq!(lines(&long), [(1, None), (2, ok.clone())]);
        }
        let full = "x".repeat(LONGEST);
        assert_eq!(lines(full.as_bytes()), [(1, Some(full))]);
        assert_eq!(
            lines(b"\xff\xfa\na\0b\nok"),
            [(1, None), (2, None), (3, ok)]
        );
    }

    #[test]
    fn a_line_that_is_no_utf_8_is_told_how_it_becomes_that() {
        assert!(
            checked(b"1,M\xfcller")
                .unwrap_err()
                .contains("iconv -f WINDOWS-1252")
        );
    }

    #[test]
    fn a_format_without_names_lies_between_semicolons_or_commas() {
        for (line, separator) in [
            ("1,23E+11;00ff", ';'),
            ("1,\t00ff", ','),
            ("\"a;b\",00ff", ','),
            ("1", ','),
        ] {
            assert_eq!(separator_without_names(line), separator, "{line}");
        }
    }

    #[test]
    fn fields_lose_their_blanks_and_quotes() {
        assert_eq!(
            fields(" a , \"b, c\" ,,\" d \"", ',').unwrap(),
            ["a", "b, c", "", "d"]
        );
        assert_eq!(fields("a,", ',').unwrap(), ["a", ""]);
        assert_eq!(fields("", ',').unwrap(), [""]);
        assert_eq!(
            fields("a, b; \"c;d\" ;e", ';').unwrap(),
            ["a, b", "c;d", "e"]
        );
        assert_eq!(fields("a\t\t\"b\"\tc", '\t').unwrap(), ["a", "", "b", "c"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_spoils_its_line() {
        for bad in ["\"a", "a,\"b", "a\"b,c", "\"a\"b", "\"a\"\"b\"", "a\"\""] {
            assert!(fields(bad, ',').is_err(), "{bad}");
        }
        assert!(fields(&",".repeat(MOST_FIELDS - 1), ',').is_ok());
        assert_eq!(
            fields(&",".repeat(60_000), ','),
            Err("too many columns".to_owned())
        );
    }

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(number("", "counter"), Ok(None));
        assert_eq!(number("0012", "counter"), Ok(Some(12)));
        for bad in ["+1", "-1", "1.0", "1 2", "18446744073709551616", "\u{ff11}"] {
            assert!(number(bad, "counter").is_err(), "{bad}");
        }
    }
}
