//! OATH CSV as privacyIDEA, `NetIQ` and `LinOTP` have it: `serial,hexseed,totp|hotp,digits,interval-or-counter[,hash]`.
//! After a first line `# version: 2` the columns `user,resolver,realm` stand in front.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number};
use super::ping_csv::token;
use super::recognize::Head;
use super::settle::Said;
use super::{Entries, Kind, Opening, Options, SeedFile, Unreadable};
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
        fields(line).is_ok_and(|fields| looks_like(&fields))
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        let first = opening.input.head().split(|byte| *byte == b'\n').next();
        if is_version_2(first.unwrap_or_default()) {
            Ok(Box::new(LineEntries::new(opening.input, with_user)))
        } else {
            Ok(Box::new(LineEntries::new(opening.input, entry)))
        }
    }
}

/// Whether the first line says `# version: 2`.
fn is_version_2(line: &[u8]) -> bool {
    let line: Vec<u8> = line
        .iter()
        .take(64)
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect();
    line.eq_ignore_ascii_case(b"#version:2")
}

fn entry(text: &str, _: u64, options: &Options, _: &mut Notes) -> Result<Option<Said>, String> {
    said(&fields(text)?, options).map(Some)
}

fn with_user(text: &str, _: u64, options: &Options, _: &mut Notes) -> Result<Option<Said>, String> {
    let fields = fields(text)?;
    let [user, _resolver, _realm, rest @ ..] = fields.as_slice() else {
        return Err("not the columns user,resolver,realm,serial,seed,…".to_owned());
    };
    let mut said = said(rest, options)?;
    said.reserved_for = user_name(user)?;
    Ok(Some(said))
}

fn user_name(field: &str) -> Result<Option<String>, String> {
    if field.len() > 256 {
        return Err("the user's name is too long".to_owned());
    }
    Ok((!field.is_empty()).then(|| field.to_owned()))
}

fn said(fields: &[&str], options: &Options) -> Result<Said, String> {
    let column = |n: usize| fields.get(n).copied().unwrap_or_default();
    if !(2..=6).contains(&fields.len()) {
        return Err(
            "not the columns serial,seed,totp|hotp,digits,interval-or-counter[,hash]".to_owned(),
        );
    }
    let mut said = token(column(0), column(1))?;
    said.kind = match column(2) {
        "" => None,
        name => Some(Kind::parse(name).ok_or("the type is neither totp nor hotp")?),
    };
    let digits = number(column(3), "number of digits")?;
    said.digits = digits
        .map(Digits::new)
        .transpose()
        .map_err(|fault| fault.to_string())?;
    let last = number(column(4), "time interval or counter")?;
    match (said.kind.or(options.token_type), last) {
        (Some(Kind::Hotp), counter) => said.counter = counter,
        (_, None) => {}
        (Some(Kind::Totp), Some(seconds)) => {
            said.time_interval =
                Some(TimeInterval::new(seconds).map_err(|fault| fault.to_string())?);
        }
        (None, Some(_)) => return Err("an interval or counter without a type".to_owned()),
    }
    if !column(5).is_empty() {
        said.algorithm = Some(HashAlgorithm::parse(column(5)).map_err(|fault| fault.to_string())?);
    }
    Ok(said)
}

/// Whether a line, without users in front, looks like this format.
fn looks_like(fields: &[&str]) -> bool {
    fields.len() <= 6
        && fields
            .get(2)
            .is_some_and(|name| Kind::parse(name).is_some())
}
