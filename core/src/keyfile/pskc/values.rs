//! The values of a key's `Data` (RFC 6030 section 4.2): each plain or encrypted, in RFC 6030's writing or a draft's.

use super::sealed::Opened;
use super::unlock::Keys;
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::decode;
use crate::keyfile::settle::Said;
use crate::keyfile::xml::Element;
use crate::token::TimeInterval;
use zeroize::Zeroizing;

/// The values of one key.
pub(super) struct Values<'a> {
    pub(super) key: &'a Element,
    pub(super) keys: Option<&'a Keys>,
}

/// One value as it stands in the file.
enum Value<'a> {
    Text(&'a str),
    Opened(Opened),
}

/// The element of a value: `<Data><Secret>`, or in drafts `<Data Name="SECRET">`.
pub(super) fn element<'a>(key: &'a Element, name: &str) -> Option<&'a Element> {
    key.find(&["Data", name]).or_else(|| {
        key.children("Data").find(|data| {
            let own = data.attribute("Name").unwrap_or_default();
            own.replace('_', "").eq_ignore_ascii_case(name)
        })
    })
}

impl<'a> Values<'a> {
    fn value(
        &self,
        name: &str,
        open: impl FnOnce(&Keys, &Element) -> Result<Option<Opened>, String>,
    ) -> Result<Option<Value<'a>>, String> {
        let Some(value) = element(self.key, name) else {
            return Ok(None);
        };
        if let Some(keys) = self.keys
            && let Some(opened) = open(keys, value)?
        {
            return Ok(Some(Value::Opened(opened)));
        }
        if value.find(&["EncryptedValue"]).is_some() {
            return Err("the value is encrypted, and there is no key".to_owned());
        }
        let text = value
            .text_at(&["PlainValue"])
            .or_else(|| value.text_at(&["Value"]));
        Ok(text.map(Value::Text))
    }

    /// The seed's bytes.
    pub(super) fn secret(&self, notes: &mut Notes) -> Result<Zeroizing<Vec<u8>>, String> {
        match self.value("Secret", |keys, value| keys.open(value, notes))? {
            None => Err("the key has no secret".to_owned()),
            Some(Value::Text(_)) if self.is_unclear() => {
                Err("the secret has no MAC: nothing tells whether it is encrypted".to_owned())
            }
            Some(Value::Text(text)) => {
                decode::base64(text).ok_or_else(|| "the secret is not base64".to_owned())
            }
            Some(Value::Opened(opened)) => Ok(opened.bytes),
        }
    }

    /// Whether this is a draft that is encrypted, with a secret that is not marked as such.
    fn is_unclear(&self) -> bool {
        let draft = element(self.key, "Secret").is_some_and(|secret| secret.has("Value"));
        draft && self.keys.is_some_and(Keys::for_all)
    }

    /// A number: digits, or 4 or 8 bytes, the highest first, in base64 or encrypted.
    fn signed(&self, name: &str, notes: &mut Notes) -> Result<Option<i128>, String> {
        let number = match self.value(name, |keys, value| keys.open_number(value, notes))? {
            None => return Ok(None),
            Some(Value::Text(text)) => text.parse().ok().or_else(|| {
                let number = number(&decode::base64(text)?, &mut Notes::default())?;
                notes.add(Assumption::NumberInBase64);
                Some(number)
            }),
            Some(Value::Opened(opened)) => number(&opened.bytes, notes),
        };
        number
            .map(Some)
            .ok_or_else(|| format!("the {name} is no whole number"))
    }

    /// A number that is not negative.
    pub(super) fn unsigned(&self, name: &str, notes: &mut Notes) -> Result<Option<u64>, String> {
        let number = self.signed(name, notes)?.map(u64::try_from).transpose();
        number.map_err(|_| format!("the {name} is out of range"))
    }

    /// What TOTP needs. `Time`, the time step at which the file was written, is not needed.
    pub(super) fn time(&self, said: &mut Said, notes: &mut Notes) -> Result<(), String> {
        let interval = self.unsigned("TimeInterval", notes)?.map(TimeInterval::new);
        said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
        let drift = self.signed("TimeDrift", notes)?.unwrap_or(0);
        // Debian's pskctool writes one below zero as the unsigned number of the same 32 bits.
        let unsigned = || u32::try_from(drift).map(u32::cast_signed);
        said.drift = i32::try_from(drift)
            .or_else(|_| unsigned())
            .map_err(|_| "the TimeDrift is out of range")?;
        Ok(())
    }
}

/// A number's bytes. Some write digits: as bytes these would be numbers beyond any counter.
fn number(bytes: &[u8], notes: &mut Notes) -> Option<i128> {
    let digits = str::from_utf8(bytes).ok().filter(|text| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if let Some(digits) = digits {
        notes.add(Assumption::NumberInDigits);
        return digits.parse().ok();
    }
    match bytes {
        [a, b, c, d] => Some(i32::from_be_bytes([*a, *b, *c, *d]).into()),
        bytes => Some(i64::from_be_bytes(bytes.try_into().ok()?).into()),
    }
}
