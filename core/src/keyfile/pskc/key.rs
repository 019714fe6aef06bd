//! One key of a PSKC file (RFC 6030 sections 4 and 5): what its elements say.

use super::dialect::{self, Key};
use super::unlock::Keys;
use super::values::Values;
use super::{policy, printable};
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::settle::Said;
use crate::keyfile::xml::Element;
use crate::keyfile::{Kind, date};
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Serial};

/// What the file says about a key; `serial_given` if another key of the device goes by the serial number already.
pub(super) fn said(
    key: Key<'_>,
    keys: Option<&Keys>,
    serial_given: bool,
    notes: &mut Notes,
) -> Result<Said, String> {
    policy::check(key, notes)?;
    let kind = kind(key)?;
    if !key.element.has("Data") {
        return Err("the key has no data".to_owned());
    }
    let values = Values {
        key: key.element,
        keys,
    };
    let seed = Seed::new(values.secret(notes)?).map_err(|fault| fault.to_string())?;
    let mut said = Said::new(serial(key, serial_given, notes)?, seed);
    said.kind = kind;
    said.manufacturer = key
        .device()
        .and_then(|device| device.text_at(&["Manufacturer"]))
        .and_then(printable);
    for parameters in key.parameters() {
        said.digits = said.digits.or(digits(parameters)?);
        said.algorithm = said.algorithm.or(algorithm(parameters)?);
    }
    dates(key, &mut said, notes)?;
    match kind {
        Some(Kind::Hotp) => said.counter = values.unsigned("Counter", notes)?,
        Some(Kind::Totp) => values.time(&mut said, notes)?,
        None => {
            said.counter = values.unsigned("Counter", notes)?;
            values.time(&mut said, notes)?;
        }
    }
    Ok(said)
}

/// The type, from the end of the algorithm's URI.
fn kind(key: Key<'_>) -> Result<Option<Kind>, String> {
    let Some(uri) = key.algorithm() else {
        return Ok(None);
    };
    let name = uri.rsplit([':', '#', '/']).next().unwrap_or_default();
    match Kind::parse(name) {
        Some(kind) => Ok(Some(kind)),
        None if uri.to_ascii_lowercase().contains("ocra") => {
            Err("an OCRA key (challenge and response), neither HOTP nor TOTP".to_owned())
        }
        None => Err("the key's algorithm is neither HOTP nor TOTP".to_owned()),
    }
}

/// The device's serial number, else the key's id; for a device's further keys always the id.
fn serial(key: Key<'_>, taken: bool, notes: &mut Notes) -> Result<Serial, String> {
    let device = key
        .device()
        .and_then(|device| device.text_at(&["SerialNo"]))
        .map(Serial::new)
        .transpose();
    let device = device.map_err(|fault| fault.to_string())?;
    match (device, key.id().map(Serial::new)) {
        (Some(device), _) if !taken => Ok(device),
        (Some(device), Some(Ok(id))) if device != id => {
            notes.add(Assumption::SeveralKeys);
            Ok(id)
        }
        (Some(_), _) => Err("a further key of the device, without an id of its own".to_owned()),
        (None, Some(id)) => {
            notes.add(Assumption::SerialFromKeyId);
            id.map_err(|fault| fault.to_string())
        }
        (None, None) => Err("neither a serial number nor a key id".to_owned()),
    }
}

/// The number of digits, from `ResponseFormat`.
fn digits(parameters: &Element) -> Result<Option<Digits>, String> {
    let Some(format) = parameters.find(&["ResponseFormat"]) else {
        return Ok(None);
    };
    if !format
        .attribute("Encoding")
        .or_else(|| format.attribute("Format"))
        .is_none_or(|encoding| encoding.eq_ignore_ascii_case("DECIMAL"))
    {
        return Err("the passcodes are not decimal".to_owned());
    }
    if format
        .attribute("CheckDigits")
        .or_else(|| format.attribute("CheckDigit"))
        .is_some_and(|value| matches!(value, "true" | "1"))
    {
        return Err("the passcodes have a check digit".to_owned());
    }
    let Some(length) = format.attribute("Length") else {
        return Ok(None);
    };
    let length = length
        .parse()
        .map_err(|_| "the number of digits is no whole number")?;
    Digits::new(length)
        .map(Some)
        .map_err(|fault| fault.to_string())
}

/// The hash, from `Suite` or an attribute `hashalgo`.
fn algorithm(parameters: &Element) -> Result<Option<HashAlgorithm>, String> {
    let suite = parameters.find(&["Suite"]);
    let names = [
        suite.and_then(|suite| suite.attribute("hashalgo")),
        suite.map(Element::text),
        parameters.attribute("hashalgo"),
    ];
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    name.map(HashAlgorithm::parse)
        .transpose()
        .map_err(|fault| fault.to_string())
}

/// The narrower of the device's and the key's dates.
fn dates(key: Key<'_>, said: &mut Said, notes: &mut Notes) -> Result<(), String> {
    for holder in key.dated() {
        let mut read = |name: &str| {
            let Some(text) = holder.text_at(&[name]) else {
                return Ok(None);
            };
            let date = if name == "Expiry" {
                dialect::expiry(text, notes)
            } else {
                date::parse(text)
            };
            let date = date.ok_or_else(|| format!("the {name} is no date"))?;
            if !date.zoned {
                notes.add(Assumption::TimeZone);
            }
            Ok::<_, String>(Some(date.seconds))
        };
        let start = read("StartDate")?;
        let ends = [read("ExpiryDate")?, read("Expiry")?];
        said.not_before = said.not_before.max(start);
        said.not_after = said
            .not_after
            .into_iter()
            .chain(ends.into_iter().flatten())
            .min();
    }
    Ok(())
}
