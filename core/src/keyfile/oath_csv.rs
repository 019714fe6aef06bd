//! OATH CSV as privacyIDEA and `NetIQ` have it: `serial,hexseed,totp|hotp,digits,interval-or-counter`, and with a hash in
//! a sixth column as `LinOTP` has it. What is left out from the third on is as these have it: HOTP, 6 digits, 30 s.
//! After a first line `# version: 2` the columns `user,resolver,realm` stand in front.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number, separator_without_names};
use super::ping_csv::token;
use super::recognize::{Head, first_line};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column};
use crate::token::{Digits, HashAlgorithm, TimeInterval};

/// OATH CSV.
pub(super) struct OathCsv;

impl SeedFile for OathCsv {
    fn name(&self) -> &'static str {
        "oath-csv"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        is_version_2(head.first_line())
    }

    fn is_line(&self, line: &str) -> bool {
        fields(line, separator_without_names(line)).is_ok_and(|fields| looks_like(&fields))
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        if is_version_2(first_line(opening.input.head())) {
            Ok(Box::new(LineEntries::new(opening.input, with_user)))
        } else {
            Ok(Box::new(LineEntries::new(opening.input, entry)))
        }
    }
}

/// Whether this line, the first, says `# version: 2`.
fn is_version_2(line: &[u8]) -> bool {
    let line: Vec<u8> = line
        .iter()
        .take(64)
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect();
    line.eq_ignore_ascii_case(b"#version:2")
}

/// The entry of one line; nothing for a header row.
pub(super) fn entry(
    text: &str,
    first: bool,
    options: &Options,
    notes: &mut Notes,
) -> Result<Option<Said>, String> {
    if first && column::is_header(text) {
        notes.add(Assumption::HeaderRow);
        return Ok(None);
    }
    said(
        &fields(text, separator_without_names(text))?,
        options,
        notes,
    )
    .map(Some)
}

fn with_user(
    text: &str,
    _: bool,
    options: &Options,
    notes: &mut Notes,
) -> Result<Option<Said>, String> {
    let fields = fields(text, separator_without_names(text))?;
    let [user, _resolver, _realm, rest @ ..] = fields.as_slice() else {
        return Err("not the columns user,resolver,realm,serial,seed,…".to_owned());
    };
    let mut said = said(rest, options, notes)?;
    said.reserved_for = column::user(user)?;
    Ok(Some(said))
}

fn said(fields: &[&str], options: &Options, notes: &mut Notes) -> Result<Said, String> {
    let column = |n: usize| fields.get(n).copied().unwrap_or_default();
    if !(2..=6).contains(&fields.len()) {
        return Err(
            "not the columns serial,seed,totp|hotp,digits,interval-or-counter[,hash]".to_owned(),
        );
    }
    let mut said = token(column(0), column(1), notes)?;
    said.kind = match column(2) {
        "" => None,
        name => Some(Kind::parse(name).ok_or("the type is neither totp nor hotp")?),
    };
    let digits = number(column(3), "number of digits")?.map(Digits::new);
    said.digits = digits.transpose().map_err(|fault| fault.to_string())?;
    interval_or_counter(&mut said, column(4), options)?;
    if said.kind.or(options.token_type).is_none() {
        notes.add(Assumption::Hotp);
        said.kind = Some(Kind::Hotp);
    }
    if !column(5).is_empty() {
        said.algorithm = Some(HashAlgorithm::parse(column(5)).map_err(|fault| fault.to_string())?);
    }
    Ok(said)
}

/// A column that holds the time interval of a TOTP token or the counter of a HOTP token's next passcode.
pub(super) fn interval_or_counter(
    said: &mut Said,
    field: &str,
    options: &Options,
) -> Result<(), String> {
    let last = number(field, "time interval or counter")?;
    match (said.kind.or(options.token_type), last) {
        (Some(Kind::Hotp), counter) => said.counter = counter,
        (_, None) => {}
        (Some(Kind::Totp), Some(seconds)) => {
            said.time_interval =
                Some(TimeInterval::new(seconds).map_err(|fault| fault.to_string())?);
        }
        (None, Some(_)) => return Err("an interval or counter without a type".to_owned()),
    }
    Ok(())
}

/// Whether a line, without users in front, looks like this format: the type stands in the third column, and no seed
/// behind it.
fn looks_like(fields: &[&str]) -> bool {
    let kind = fields
        .get(2)
        .is_some_and(|name| Kind::parse(name).is_some());
    let digits = fields
        .get(3)
        .is_none_or(|digits| number(digits, "").is_ok());
    fields.len() <= 6 && kind && digits
}
