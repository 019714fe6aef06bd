//! One key of a PSKC file (RFC 6030 sections 4 and 5): what its elements say.

use super::printable;
use super::unlock::{Keys, Opened};
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::settle::Said;
use crate::keyfile::xml::Element;
use crate::keyfile::{Kind, date, decode};
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Serial, TimeInterval};
use zeroize::Zeroizing;

/// What the file says about a key; `serial_given` if another key of the device goes by the serial number already.
pub(super) fn said(
    package: &Element,
    key: &Element,
    keys: Option<&Keys>,
    serial_given: bool,
    notes: &mut Notes,
) -> Result<Said, String> {
    check_usage(key)?;
    let kind = kind(key)?;
    let values = Values {
        data: key.find(&["Data"]).ok_or("the key has no data")?,
        keys,
    };
    let seed = Seed::new(values.secret(notes)?).map_err(|fault| fault.to_string())?;
    let mut said = Said::new(serial(package, key, serial_given, notes)?, seed);
    said.kind = kind;
    said.manufacturer = package
        .text_at(&["DeviceInfo", "Manufacturer"])
        .and_then(printable);
    if let Some(parameters) = key.find(&["AlgorithmParameters"]) {
        said.digits = digits(parameters)?;
        said.algorithm = algorithm(parameters)?;
    }
    dates(package, key, &mut said, notes)?;
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
fn kind(key: &Element) -> Result<Option<Kind>, String> {
    let Some(uri) = key.attribute("Algorithm").filter(|uri| !uri.is_empty()) else {
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
fn serial(
    package: &Element,
    key: &Element,
    taken: bool,
    notes: &mut Notes,
) -> Result<Serial, String> {
    let device = package
        .text_at(&["DeviceInfo", "SerialNo"])
        .map(Serial::new)
        .transpose();
    let device = device.map_err(|fault| fault.to_string())?;
    let id = key
        .attribute("Id")
        .filter(|id| !id.is_empty())
        .map(Serial::new);
    match (device, id) {
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

/// An error if the key's policy names uses, and one-time passcodes are none of them (RFC 6030 section 5).
fn check_usage(key: &Element) -> Result<(), String> {
    let policy = key.find(&["Policy"]).into_iter();
    let mut usages = policy
        .flat_map(|policy| policy.children("KeyUsage"))
        .peekable();
    if usages.peek().is_some() && !usages.any(|usage| usage.text().eq_ignore_ascii_case("OTP")) {
        return Err("the key's policy does not allow one-time passcodes".to_owned());
    }
    Ok(())
}

/// The number of digits, from `ResponseFormat`.
fn digits(parameters: &Element) -> Result<Option<Digits>, String> {
    let Some(format) = parameters.find(&["ResponseFormat"]) else {
        return Ok(None);
    };
    if !format
        .attribute("Encoding")
        .is_none_or(|encoding| encoding.eq_ignore_ascii_case("DECIMAL"))
    {
        return Err("the passcodes are not decimal".to_owned());
    }
    if format
        .attribute("CheckDigits")
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
fn dates(
    package: &Element,
    key: &Element,
    said: &mut Said,
    notes: &mut Notes,
) -> Result<(), String> {
    for holder in [package.find(&["DeviceInfo"]), key.find(&["Policy"])]
        .into_iter()
        .flatten()
    {
        let mut read = |name: &str| {
            let Some(text) = holder.text_at(&[name]) else {
                return Ok(None);
            };
            let date = date::parse(text).ok_or_else(|| format!("the {name} is no date"))?;
            if !date.zoned {
                notes.add(Assumption::TimeZone);
            }
            Ok::<_, String>(Some(date.seconds))
        };
        let (start, end) = (read("StartDate")?, read("ExpiryDate")?);
        said.not_before = said.not_before.max(start);
        said.not_after = match (said.not_after, end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(())
}

/// The values of a key's `Data`, each plain or encrypted.
struct Values<'a> {
    data: &'a Element,
    keys: Option<&'a Keys>,
}

/// One value as it stands in the file.
enum Value<'a> {
    Plain(&'a str),
    Opened(Opened),
}

impl<'a> Values<'a> {
    fn value(&self, name: &str, notes: &mut Notes) -> Result<Option<Value<'a>>, String> {
        let Some(value) = self.data.find(&[name]) else {
            return Ok(None);
        };
        if value.find(&["EncryptedValue"]).is_some() {
            let keys = self
                .keys
                .ok_or("the value is encrypted, and there is no key")?;
            return Ok(Some(Value::Opened(keys.open(value, notes)?)));
        }
        Ok(value.text_at(&["PlainValue"]).map(Value::Plain))
    }

    fn secret(&self, notes: &mut Notes) -> Result<Zeroizing<Vec<u8>>, String> {
        match self
            .value("Secret", notes)?
            .ok_or("the key has no secret")?
        {
            Value::Plain(text) => {
                decode::base64(text).ok_or_else(|| "the secret is not base64".to_owned())
            }
            Value::Opened(opened) => Ok(opened.bytes),
        }
    }

    /// A number; encrypted it is 4 or 8 bytes, the highest first (RFC 6030 section 4.2).
    fn signed(&self, name: &str, notes: &mut Notes) -> Result<Option<i128>, String> {
        let wrong = || format!("the {name} is no whole number");
        Ok(match self.value(name, notes)? {
            None => None,
            Some(Value::Plain(text)) => Some(text.parse().map_err(|_| wrong())?),
            Some(Value::Opened(opened)) => match opened.bytes.as_slice() {
                [a, b, c, d] => Some(i128::from(i32::from_be_bytes([*a, *b, *c, *d]))),
                bytes => Some(i128::from(i64::from_be_bytes(
                    bytes.try_into().map_err(|_| wrong())?,
                ))),
            },
        })
    }

    fn unsigned(&self, name: &str, notes: &mut Notes) -> Result<Option<u64>, String> {
        let number = self.signed(name, notes)?.map(u64::try_from).transpose();
        number.map_err(|_| format!("the {name} is out of range"))
    }

    /// What TOTP needs. `Time`, the time step at which the file was written, is not needed.
    fn time(&self, said: &mut Said, notes: &mut Notes) -> Result<(), String> {
        let interval = self.unsigned("TimeInterval", notes)?.map(TimeInterval::new);
        said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
        let drift = self.signed("TimeDrift", notes)?.unwrap_or(0);
        said.drift = i32::try_from(drift).map_err(|_| "the TimeDrift is out of range")?;
        Ok(())
    }
}
