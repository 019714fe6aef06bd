//! Ping and Duo CSV: `serial,hexseed[,counter]`. The file does not say the type: the flags do, or a third column.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number, separator_without_names};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column, decode};

/// Ping and Duo CSV.
pub(super) struct PingCsv;

impl SeedFile for PingCsv {
    fn name(&self) -> &'static str {
        "ping-csv"
    }

    fn is_line(&self, line: &str) -> bool {
        fields(line, separator_without_names(line)).is_ok_and(|fields| looks_like(&fields))
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, entry)))
    }
}

/// The entry of one line; nothing for a header row.
fn entry(
    text: &str,
    first: bool,
    options: &Options,
    notes: &mut Notes,
) -> Result<Option<Said>, String> {
    let fields = fields(text, separator_without_names(text))?;
    if first && is_header(&fields) {
        notes.add(Assumption::HeaderRow);
        return Ok(None);
    }
    said(&fields, options, notes).map(Some)
}

fn said(fields: &[&str], options: &Options, notes: &mut Notes) -> Result<Said, String> {
    let (serial, seed, counter) = match fields {
        [serial, seed] => (serial, seed, ""),
        [serial, seed, counter] => (serial, seed, *counter),
        _ => return Err("not the two or three columns serial,seed[,counter]".to_owned()),
    };
    let mut said = token(serial, seed, notes)?;
    said.counter = number(counter, "counter")?;
    if said.counter.is_some() && options.token_type.is_none() {
        notes.add(Assumption::ThirdColumn);
        said.kind = Some(Kind::Hotp);
    }
    Ok(said)
}

/// A token of a serial number and a seed in hexadecimal.
pub(super) fn token(serial: &str, seed: &str, notes: &mut Notes) -> Result<Said, String> {
    Ok(Said::new(
        column::serial(serial)?,
        column::hex_seed(seed, notes)?,
    ))
}

/// Whether the seed column holds a word that names it: no seed, in whatever writing.
fn is_header(fields: &[&str]) -> bool {
    fields.get(1).is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name.len() < 24
            && ["seed", "secret", "key"]
                .iter()
                .any(|word| name.contains(word))
            && name
                .chars()
                .all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '_' | '-' | '(' | ')'))
    })
}

fn looks_like(fields: &[&str]) -> bool {
    let counter = fields
        .get(2)
        .is_none_or(|counter| number(counter, "").is_ok());
    let seed = fields
        .get(1)
        .is_some_and(|seed| decode::hex(seed).is_some_and(|bytes| !bytes.is_empty()));
    fields.len() <= 3 && (seed && counter || is_header(fields))
}
