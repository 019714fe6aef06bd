//! The log of the `YubiKey` Personalization Tool in its "Yubico" form (`yubikeylogger.cpp` there):
//! `serial,public id,moving factor,hexseed,access code,date,`. The third column tells what a slot holds: a moving factor
//! OATH-HOTP, a private id Yubico OTP, nothing a static password.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column, decode};

/// How many hexadecimal digits a private id has. A moving factor is at most 1048560.
const PRIVATE_ID: usize = 12;

/// A `YubiKey`'s log in its Yubico form.
pub(super) struct YubicoCsv;

impl SeedFile for YubicoCsv {
    fn name(&self) -> &'static str {
        "yubico"
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

/// The entry of one line.
fn entry(text: &str, _: bool, _: &Options, notes: &mut Notes) -> Result<Option<Said>, String> {
    let fields = fields(text, ',')?;
    let [serial, _public_id, third, seed, _access_code, ..] = fields.as_slice() else {
        return Err(
            "not the columns serial,public id,moving factor,seed,access code,date".to_owned(),
        );
    };
    if third.is_empty() || third.len() == PRIVATE_ID {
        return Err(
            "this slot of the YubiKey does not hold OATH-HOTP: program it so, or leave it out"
                .to_owned(),
        );
    }
    let mut said = Said::new(column::serial(serial)?, column::hex_seed(seed, notes)?);
    said.manufacturer = column::manufacturer("Yubico");
    said.kind = Some(Kind::Hotp);
    said.counter = number(third, "moving factor")?;
    notes.add(Assumption::MovingFactor);
    Ok(Some(said))
}

/// A decimal serial number, and the seed only in the fourth column.
fn looks_like(text: &str) -> bool {
    fields(text, ',').is_ok_and(|fields| match fields.as_slice() {
        [serial, public_id, third, seed, _, ..] => {
            matches!(number(serial, ""), Ok(Some(_)))
                && (public_id.is_empty() || is_modhex(public_id))
                && (number(third, "").is_ok() || third.len() == PRIVATE_ID)
                && decode::hex(seed).is_some_and(|bytes| bytes.len() >= 16)
        }
        _ => false,
    })
}

/// Whether all characters are of modhex, Yubico's hexadecimal that every keyboard types alike.
fn is_modhex(text: &str) -> bool {
    text.bytes()
        .all(|b| b"cbdefghijklnrtuv".contains(&b.to_ascii_lowercase()))
}
