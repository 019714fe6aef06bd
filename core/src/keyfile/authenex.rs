//! Authenex's `.sql` file, which `ZyXEL` shipped too: a script for the database `AUTHENEXDB`, in which a row
//! `INSERT INTO OTP (…) VALUES ('serial', 'hexseed', …)` is a HOTP token. The other statements are of no interest.

use super::assumption::Notes;
use super::lines::LineEntries;
use super::recognize::Head;
use super::settle::Said;
use super::{Entries, Kind, Opening, Options, SeedFile, Unreadable, column};

/// Authenex's `.sql` file.
pub(super) struct Authenex;

impl SeedFile for Authenex {
    fn name(&self) -> &'static str {
        "authenex"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        head.has("AUTHENEXDB")
    }

    fn is_line(&self, line: &str) -> bool {
        inserts_token(line)
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, entry)))
    }
}

/// The entry of one line; nothing for another statement.
fn entry(text: &str, _: bool, _: &Options, notes: &mut Notes) -> Result<Option<Said>, String> {
    if !inserts_token(text) {
        return Ok(None);
    }
    let (serial, seed) = values(text)?;
    let mut said = Said::new(column::serial(serial)?, column::hex_seed(seed, notes)?);
    said.manufacturer = column::manufacturer("Authenex");
    said.kind = Some(Kind::Hotp);
    Ok(Some(said))
}

/// Whether the line is `INSERT INTO OTP`, the table's name perhaps quoted or behind a schema's.
fn inserts_token(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '(');
    let mut word = || {
        words
            .by_ref()
            .find(|word| !word.is_empty())
            .unwrap_or_default()
    };
    let insert = word().eq_ignore_ascii_case("INSERT") && word().eq_ignore_ascii_case("INTO");
    let table = word().rsplit('.').next().unwrap_or_default();
    insert
        && table
            .trim_matches(['`', '"', '[', ']'])
            .eq_ignore_ascii_case("OTP")
}

/// The first two values of the row.
fn values(text: &str) -> Result<(&str, &str), String> {
    let at = text.to_ascii_uppercase().find("VALUES");
    let (_, row) = at
        .and_then(|at| text.get(at..))
        .and_then(|values| values.split_once('('))
        .ok_or("no VALUES ( behind INSERT INTO OTP")?;
    if is_several(row) {
        return Err("several rows in one INSERT: write one INSERT for each".to_owned());
    }
    let mut values = row.split([',', ')']).map(unquoted);
    values
        .next()
        .zip(values.next())
        .ok_or_else(|| "not two values, serial number and seed".to_owned())
}

/// Whether another row follows: `),(`, perhaps with blanks.
fn is_several(row: &str) -> bool {
    row.split(')').skip(1).any(|after| {
        let after = after.trim_start().strip_prefix(',').unwrap_or_default();
        after.trim_start().starts_with('(')
    })
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches(['\'', '"']).trim()
}
