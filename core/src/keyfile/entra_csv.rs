//! Entra ID CSV, as Microsoft's "Upload hardware OATH tokens in CSV format" has it: a header row, mostly
//! `upn,serial number,secret key,time interval,manufacturer,model`, then a TOTP token a line, the seed in base32.
//! Vendors leave out `upn`; the token of a line with a `upn` is reserved for that user.

use super::assumption::Notes;
use super::lines::{LineEntries, LineFormat, fields, number, separator};
use super::settle::Said;
use super::{Entries, Kind, Opening, Options, SeedFile, Unreadable, column};
use crate::token::TimeInterval;

/// Entra ID CSV.
pub(super) struct EntraCsv;

impl SeedFile for EntraCsv {
    fn name(&self) -> &'static str {
        "entra-csv"
    }

    fn is_line(&self, line: &str) -> bool {
        Header::read(line).is_some()
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, Lines::default())))
    }
}

/// The lines of a file, with the header row that was read last.
#[derive(Default)]
struct Lines {
    header: Option<Header>,
}

/// Which column is which. Other columns, such as the model, are not needed.
struct Header {
    separator: char,
    width: usize,
    upn: Option<usize>,
    serial: usize,
    secret: usize,
    interval: usize,
    manufacturer: Option<usize>,
}

impl LineFormat for Lines {
    fn line(
        &mut self,
        text: &str,
        _: bool,
        _: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        if let Some(header) = Header::read(text) {
            self.header = Some(header);
            return Ok(None);
        }
        let header = self.header.as_ref().ok_or(
            "no header row stands in front: add upn,serial number,secret key,time interval,manufacturer,model",
        )?;
        header.said(text, notes).map(Some)
    }
}

impl Header {
    /// Reads a header row; nothing if the line is none.
    fn read(text: &str) -> Option<Self> {
        let separator = separator(text);
        let names: Vec<String> = fields(text, separator)
            .ok()?
            .into_iter()
            .map(plain)
            .collect();
        let at = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        Some(Self {
            separator,
            width: names.len(),
            upn: at(&["upn", "userprincipalname"]),
            serial: at(&["serialnumber"])?,
            secret: at(&["secretkey"])?,
            interval: at(&["timeinterval", "timeintervalinseconds"])?,
            manufacturer: at(&["manufacturer"]),
        })
    }

    fn said(&self, text: &str, notes: &mut Notes) -> Result<Said, String> {
        let fields = fields(text, self.separator)?;
        if fields.len() > self.width {
            return Err("more columns than the header row names".to_owned());
        }
        let field = |n: usize| fields.get(n).copied().unwrap_or_default();
        let mut said = Said::new(
            column::serial(field(self.serial))?,
            column::base32_seed(field(self.secret), notes)?,
        );
        said.kind = Some(Kind::Totp);
        let interval = number(field(self.interval), "time interval")?.map(TimeInterval::new);
        said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
        said.manufacturer = self
            .manufacturer
            .and_then(|n| column::manufacturer(field(n)));
        if let Some(upn) = self.upn {
            said.reserved_for = column::user(field(upn))?;
        }
        Ok(said)
    }
}

/// A column's name without what the writers of headers vary: case, blanks, hyphens, underscores.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
