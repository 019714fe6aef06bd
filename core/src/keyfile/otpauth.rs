//! Key URIs, one a line: `otpauth://totp/LABEL?secret=BASE32&issuer=…&algorithm=…&digits=…&period=…&counter=…`, and
//! `serial=` where a hardware token is meant. Without it the label, less its issuer, is the serial number.

use super::assumption::Notes;
use super::decode;
use super::lines::{LineEntries, number};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable};
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Serial, TimeInterval};
use zeroize::Zeroizing;

/// What every URI of this format begins with.
const SCHEME: &str = "otpauth://";

/// Key URIs.
pub(super) struct Otpauth;

impl SeedFile for Otpauth {
    fn name(&self) -> &'static str {
        "otpauth"
    }

    fn is_line(&self, line: &str) -> bool {
        has_scheme(line)
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, entry)))
    }
}

/// The entry of one line.
fn entry(text: &str, _: bool, _: &Options, notes: &mut Notes) -> Result<Option<Said>, String> {
    said(text, notes).map(Some)
}

fn has_scheme(text: &str) -> bool {
    text.get(..SCHEME.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

fn said(text: &str, notes: &mut Notes) -> Result<Said, String> {
    let rest = text
        .get(SCHEME.len()..)
        .filter(|_| has_scheme(text))
        .ok_or("no otpauth:// address")?;
    let (kind, rest) = rest.split_once('/').ok_or("no label after the type")?;
    let (label, query) = rest
        .split_once('?')
        .ok_or("no parameters after the label")?;
    let parameters = Query::parse(query)?;
    let seed = decode::base32(parameters.one("secret").ok_or("no secret")?)
        .ok_or("the secret is not base32")?;
    let serial = if let Some(serial) = parameters.one("serial") {
        Serial::new(serial)
    } else {
        notes.add(Assumption::SerialFromLabel);
        let label = percent_decoded(label)?;
        Serial::new(
            label
                .rsplit_once(':')
                .map_or(label.as_str(), |(_issuer, account)| account),
        )
    };
    let seed = Seed::new(seed).map_err(|fault| fault.to_string())?;
    let mut said = Said::new(serial.map_err(|fault| fault.to_string())?, seed);
    said.kind = Some(Kind::parse(kind).ok_or("the type is neither totp nor hotp")?);
    parameters.fill(&mut said)?;
    Ok(said)
}

/// The parameters, decoded. The values may be seeds: they are wiped.
struct Query(Vec<(String, Zeroizing<String>)>);

impl Query {
    fn parse(query: &str) -> Result<Self, String> {
        let mut parameters: Vec<(String, Zeroizing<String>)> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or("a parameter without a value")?;
            let name = percent_decoded(name)?.to_ascii_lowercase();
            if parameters.iter().any(|(seen, _)| *seen == name) {
                return Err("a parameter twice".to_owned());
            }
            if parameters.len() == 32 {
                return Err("too many parameters".to_owned());
            }
            parameters.push((name, percent_decoded(value)?));
        }
        Ok(Self(parameters))
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(seen, _)| seen == name)
            .map(|(_, value)| value.as_str())
    }

    fn fill(&self, said: &mut Said) -> Result<(), String> {
        if self.one("encoder").is_some() {
            return Err("the passcodes are not decimal (encoder)".to_owned());
        }
        let value = |name| number(self.one(name).unwrap_or_default(), name);
        said.digits = value("digits")?
            .map(Digits::new)
            .transpose()
            .map_err(|fault| fault.to_string())?;
        said.counter = value("counter")?;
        if said.kind == Some(Kind::Totp) {
            let interval = value("period")?.map(TimeInterval::new);
            said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
        }
        let algorithm = self.one("algorithm").map(HashAlgorithm::parse);
        said.algorithm = algorithm.transpose().map_err(|fault| fault.to_string())?;
        Ok(())
    }
}

/// Text with `%XX` decoded (RFC 3986 section 2.1); an error unless each `%` has two digits and all is UTF-8.
fn percent_decoded(text: &str) -> Result<Zeroizing<String>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or(BAD_PERCENT)?;
        let digits = str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()));
        bytes.push(u8::from_str_radix(digits.ok_or(BAD_PERCENT)?, 16).map_err(|_| BAD_PERCENT)?);
        rest = after;
    }
    let decoded = str::from_utf8(&bytes).map_err(|_| "the percent-encoding is not UTF-8")?;
    Ok(Zeroizing::new(decoded.to_owned()))
}

const BAD_PERCENT: &str = "a % without two hexadecimal digits after it";
