//! The log of the `YubiKey` Personalization Tool in its "traditional" form (`yubikeylogger.cpp` there): what was done,
//! when, slot, public id, private id, key, two access codes, three flags of the public id, digits, moving factor,
//! five flags. Only OATH-HOTP rows are tokens.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, number};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column};
use crate::token::Digits;

/// What a row begins with that programs a slot with OATH-HOTP.
const HOTP: &str = "OATH-HOTP";
/// What rows begin with that program something else.
const NO_OATH: [&str; 3] = ["Yubico OTP", "Static Password", "Challenge-Response"];
/// What rows begin with that program no secret.
const NO_SECRET: [&str; 3] = [
    "LOGGING START",
    "Configuration Update",
    "Configuration Swap",
];

/// A `YubiKey`'s log in its traditional form.
pub(super) struct YubicoTraditional;

impl SeedFile for YubicoTraditional {
    fn name(&self) -> &'static str {
        "yubico-traditional"
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

/// The entry of one line; nothing for a row that programs no secret.
fn entry(text: &str, _: bool, _: &Options, notes: &mut Notes) -> Result<Option<Said>, String> {
    if begins(text, &NO_SECRET) {
        return Ok(None);
    }
    if begins(text, &NO_OATH) {
        return Err(
            "this slot of the YubiKey does not hold OATH-HOTP: program it so, or leave it out"
                .to_owned(),
        );
    }
    if !begins(text, &[HOTP]) {
        return Err("not a row of a YubiKey's log".to_owned());
    }
    said(&fields(text, ',')?, notes).map(Some)
}

fn said(fields: &[&str], notes: &mut Notes) -> Result<Said, String> {
    // The date is written as the desktop writes dates, perhaps with commas: the slot, 1 or 2, is behind it.
    let slot = fields
        .iter()
        .enumerate()
        .position(|(n, field)| n >= 2 && matches!(*field, "1" | "2"))
        .ok_or("no slot 1 or 2 behind the date")?;
    let field = |n: usize| fields.get(slot + n).copied().unwrap_or_default();
    if field(1).is_empty() {
        return Err(
            "no public id, and this kind of log has no serial number: log in the Yubico format"
                .to_owned(),
        );
    }
    let mut said = Said::new(
        column::serial(field(1))?,
        column::hex_seed(field(3), notes)?,
    );
    notes.add(Assumption::SerialFromPublicId);
    said.manufacturer = column::manufacturer("Yubico");
    said.kind = Some(Kind::Hotp);
    let digits = number(field(9), "number of digits")?.map(Digits::new);
    said.digits = digits.transpose().map_err(|fault| fault.to_string())?;
    said.counter = number(field(10), "moving factor")?;
    if said.counter.is_some() {
        notes.add(Assumption::MovingFactor);
    }
    Ok(said)
}

fn begins(text: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| {
        let text = text.trim_start_matches('"').get(..start.len());
        text.is_some_and(|text| text.eq_ignore_ascii_case(start))
    })
}

fn looks_like(text: &str) -> bool {
    let comma = text.contains(',');
    comma && (begins(text, &[HOTP]) || begins(text, &NO_OATH) || begins(text, &NO_SECRET))
}
