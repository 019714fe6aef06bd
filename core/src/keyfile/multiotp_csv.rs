//! multiOTP's CSV: `serial;manufacturer;totp|hotp;hexseed;digits;interval-or-counter`, also between commas or tabs. The
//! counter is the one of the next passcode.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number, separator};
use super::oath_csv::interval_or_counter;
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column, decode};
use crate::token::Digits;

/// The fewest hexadecimal digits of a seed: with fewer it is another format's number of passcode digits.
const SHORTEST_SEED: usize = 20;

/// multiOTP's CSV.
pub(super) struct MultiOtpCsv;

impl SeedFile for MultiOtpCsv {
    fn name(&self) -> &'static str {
        "multiotp-csv"
    }

    fn is_line(&self, line: &str) -> bool {
        looks_like(line)
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
    if first && column::is_header(text) {
        notes.add(Assumption::HeaderRow);
        return Ok(None);
    }
    let fields = columns(text)?;
    let [serial, manufacturer, kind, seed, digits, last] = fields.as_slice() else {
        return Err(
            "not the columns serial;manufacturer;totp|hotp;seed;digits;interval-or-counter"
                .to_owned(),
        );
    };
    let kind = Kind::parse(kind).ok_or("the type is neither totp nor hotp")?;
    let mut said = Said::new(column::serial(serial)?, column::hex_seed(seed, notes)?);
    said.kind = Some(kind);
    said.manufacturer = column::manufacturer(manufacturer);
    let digits = number(digits, "number of digits")?.map(Digits::new);
    said.digits = digits.transpose().map_err(|fault| fault.to_string())?;
    interval_or_counter(&mut said, last, options)?;
    Ok(Some(said))
}

/// The columns, without an empty one behind the last separator.
fn columns(text: &str) -> Result<Vec<&str>, String> {
    let mut fields = fields(text, separator(text))?;
    if fields.len() == 7 && fields.last().is_some_and(|last| last.is_empty()) {
        fields.pop();
    }
    Ok(fields)
}

/// Six columns, the type in the third, the seed behind it.
fn looks_like(text: &str) -> bool {
    columns(text).is_ok_and(|fields| match fields.as_slice() {
        [_, _, kind, seed, _, _] => {
            Kind::parse(kind).is_some()
                && seed.len() >= SHORTEST_SEED
                && decode::hex(seed).is_some()
        }
        _ => false,
    })
}
