//! What is printed: sentences and tables for people, JSON for programs.

use crate::failure::Failure;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};

/// So many of something, in words: one takes no s.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Prints text for people.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&(json(value)? + "\n"))
}

/// A value as JSON of printable ASCII: what is in it commands no terminal either.
pub(crate) fn json(value: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(value)?;
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == ' ' || c.is_ascii_graphic() {
            text.push(c);
            continue;
        }
        // Outside of texts JSON is ASCII, so this one is inside a text and may be escaped.
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String can't fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    Ok(text)
}

/// Prints a value as JSON, or as a text for people.
pub(crate) fn show(
    json: bool,
    value: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if json {
        print_json(value)
    } else {
        print(&text())
    }
}

/// A note on stderr, beside the result.
pub(crate) fn note(text: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "otpair: note: {}", plain(text));
}

/// Text from files, in one line: without characters that could command a terminal.
pub(crate) fn plain(text: &str) -> String {
    let hidden = |c: char| c.is_control() || is_invisible(c);
    text.chars()
        .map(|c| if hidden(c) { ' ' } else { c })
        .collect()
}

/// Whether a character has no shape of its own, or turns the direction of others.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A table for people: a heading and rows of the same length, in columns as wide as they need.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&heading)
        .chain(rows)
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..heading.len()).map(width).collect();
    lines.iter().map(|line| aligned(line, &widths)).collect()
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"));
    let line = padded.collect::<Vec<_>>().join("  ");
    format!("{}\n", line.trim_end())
}

/// Names and values for people, one a line; what has no value is left out.
pub(crate) fn details(entries: &[(&str, Option<String>)]) -> String {
    let width = entries
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let shown = entries.iter().filter_map(|(name, value)| {
        let value = plain(value.as_deref()?);
        Some(format!("{name:width$}  {value}\n"))
    });
    shown.collect()
}

/// A dash where there is nothing.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_becomes_a_blank_for_people_and_an_escape_for_programs() {
        for c in [
            '\u{1b}', '\u{7f}', '\u{9b}', '\u{61c}', '\u{200b}', '\u{200f}', '\u{2028}',
            '\u{2029}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{feff}',
        ] {
            let text = format!("a{c}b");
            assert_eq!(plain(&text), "a b", "{c:?}");
            let json = json(&text).unwrap();
            assert_eq!(json, format!("\"a\\u{:04x}b\"", u32::from(c)));
        }
        let text = "J\u{fc}rgen \u{1f511} \"\\";
        let json = json(&text).unwrap();
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_table_is_aligned_and_its_cells_command_no_terminal() {
        let rows = [
            vec!["12345678".to_owned(), "a\u{1b}[2Jb".to_owned()],
            vec!["1".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["SERIAL", "USER"], &rows),
            "SERIAL    USER\n12345678  a [2Jb\n1\n"
        );
    }
}
