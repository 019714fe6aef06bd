//! `SafeWord`'s `.dat` file, as `SafeNet` ships it with eToken PASS: a block a token, in which `sccAuthenticatorId: NAME`
//! comes before `sccTokenData: sccKey=HEX;sccMode=T|E;sccPwLen=6;sccVer=6.20;sccTick=30;…`, perhaps with
//! `crypto=HmacSHA256`.

use super::assumption::Notes;
use super::lines::{LineEntries, LineFormat, number};
use super::recognize::Head;
use super::settle::Said;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column};
use crate::token::{Digits, HashAlgorithm, Serial, TimeInterval};

/// Where the time steps of `SafeWord`'s time tokens begin: 2000-01-01 UTC.
const SINCE_2000: u64 = 946_684_800;

/// `SafeWord`'s `.dat` file.
pub(super) struct SafeWord;

impl SeedFile for SafeWord {
    fn name(&self) -> &'static str {
        "safeword"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        head.has("sccAuthenticatorId")
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, Lines::default())))
    }
}

/// The lines of a file, with the serial number that waits for its data.
#[derive(Default)]
struct Lines {
    serial: Option<Serial>,
}

impl LineFormat for Lines {
    fn line(
        &mut self,
        text: &str,
        _: bool,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        let (name, value) = text
            .split_once(':')
            .ok_or("not a line of the form name: value")?;
        match name.trim().to_ascii_lowercase().as_str() {
            "sccauthenticatorid" => {
                let before = self.serial.replace(column::serial(value.trim())?);
                before.map_or(Ok(None), |_| Err(NO_DATA.to_owned()))
            }
            "scctokendata" => {
                let serial = self.serial.take();
                let serial = serial.ok_or("no sccAuthenticatorId stands in front")?;
                said(serial, &Data(value), options, notes).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn end(&mut self, _: &Options, _: &mut Notes) -> Result<Option<Said>, String> {
        let waiting = self.serial.take();
        waiting.map_or(Ok(None), |_| Err(NO_DATA.to_owned()))
    }
}

const NO_DATA: &str = "the token before has a serial number, but no sccTokenData";

fn said(
    serial: Serial,
    data: &Data<'_>,
    options: &Options,
    notes: &mut Notes,
) -> Result<Said, String> {
    let key = data.value("sccKey");
    if key.starts_with('(') {
        return Err(
            "the seed is encrypted by the SafeWord server: take the file that came with the tokens"
                .to_owned(),
        );
    }
    let mut said = Said::new(serial, column::hex_seed(key, notes)?);
    said.manufacturer = column::manufacturer("SafeNet");
    said.kind = match data.value("sccMode") {
        "T" | "t" => Some(Kind::Totp),
        "E" | "e" => Some(Kind::Hotp),
        // The files from before there were time tokens.
        "" if options.token_type.is_none() => {
            notes.add(Assumption::Hotp);
            Some(Kind::Hotp)
        }
        "" => None,
        _ => return Err("the sccMode is neither T nor E".to_owned()),
    };
    let digits = number(data.value("sccPwLen"), "sccPwLen")?.map(Digits::new);
    said.digits = digits.transpose().map_err(|fault| fault.to_string())?;
    if !data.value("crypto").is_empty() {
        let hash = HashAlgorithm::parse(data.value("crypto"));
        said.algorithm = Some(hash.map_err(|fault| fault.to_string())?);
    }
    moving_factor(&mut said, data, options, notes)?;
    Ok(said)
}

fn moving_factor(
    said: &mut Said,
    data: &Data<'_>,
    options: &Options,
    notes: &mut Notes,
) -> Result<(), String> {
    if said.kind.or(options.token_type) == Some(Kind::Totp) {
        let interval = number(data.value("sccTick"), "sccTick")?.map(TimeInterval::new);
        said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
        said.t0 = SINCE_2000;
        notes.add(Assumption::Since2000);
        return Ok(());
    }
    said.counter = number(data.value("sccSeq"), "sccSeq")?;
    if said.counter.is_some() {
        notes.add(Assumption::MovingFactor);
    }
    Ok(())
}

/// The value of `sccTokenData`: `name=value` between semicolons.
struct Data<'a>(&'a str);

impl<'a> Data<'a> {
    /// The value of that name, in any case; empty if there is none.
    fn value(&self, name: &str) -> &'a str {
        self.0
            .split(';')
            .filter_map(|part| part.split_once('='))
            .find(|(own, _)| own.trim().eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value.trim())
    }
}
