//! Files with one entry a line: the lines, and the fields of a line.

use super::assumption::Notes;
use super::settle::Said;
use super::{Options, Place};

/// The longest line, in bytes.
const LONGEST: usize = 64 * 1024;
/// The most fields in a line; a `YubiKey`'s log has eighteen, and a date with commas.
const MOST_FIELDS: usize = 32;

/// Reads the entry of one line, given with its number; `None` if the line holds none, such as a header row.
pub(super) type ReadEntry = fn(&str, u64, &Options, &mut Notes) -> Result<Option<Said>, String>;

/// The entries of a file.
pub(super) struct Entries<'a> {
    lines: Lines<'a>,
    read: ReadEntry,
}

impl<'a> Entries<'a> {
    pub(super) fn new(bytes: &'a [u8], read: ReadEntry) -> Self {
        Self {
            lines: Lines::new(bytes),
            read,
        }
    }

    /// The next line's entry, or why it is none.
    pub(super) fn next(
        &mut self,
        options: &Options,
        notes: &mut Notes,
    ) -> Option<(Place, Result<Said, String>)> {
        loop {
            let (line, text) = self.lines.next()?;
            let said = match text {
                Ok(text) => (self.read)(text, line, options, notes),
                Err(why) => Err(why.to_owned()),
            };
            if let Some(said) = said.transpose() {
                return Some((Place { line, key: None }, said));
            }
        }
    }
}

/// The lines that are neither blank nor a `#` comment, each with its number and without its line end; or what is
/// wrong with it.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, Result<&'a str, &'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = self
                .rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(self.rest.len());
            let (line, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            self.number += 1;
            let line = line.trim_ascii();
            if !line.is_empty() && !line.starts_with(b"#") {
                return Some((self.number, checked(line)));
            }
        }
        None
    }
}

fn checked(line: &[u8]) -> Result<&str, &'static str> {
    if line.len() > LONGEST {
        return Err("the line is longer than 64 KiB");
    }
    let text = str::from_utf8(line).map_err(|_| "the line is not UTF-8 text")?;
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

    #[test]
    fn blank_lines_and_comments_are_skipped_and_counted() {
        let lines: Vec<_> = Lines::new(b"# one\r\n\r\n  a,b \r\n\t\n# x\nc").collect();
        assert_eq!(lines, [(3, Ok("a,b")), (6, Ok("c"))]);
    }

    #[test]
    fn a_line_that_is_no_text_is_rejected_alone() {
        let long = [b"x".repeat(LONGEST + 1), b"\nok".to_vec()].concat();
        assert!(
            Lines::new(&long)
                .map(|(_, line)| line.is_ok())
                .eq([false, true])
        );
        let lines: Vec<_> = Lines::new(b"\xff\xfe\na\0b\nok")
            .map(|(_, line)| line.is_ok())
            .collect();
        assert_eq!(lines, [false, false, true]);
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
