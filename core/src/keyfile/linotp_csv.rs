//! `LinOTP`'s CSV: OATH CSV with a sixth column, `sha1|sha256|sha512`. `LinOTP` goes by the length of the seed where it is
//! left out; here it is reported that SHA1 was taken.

use super::assumption::Notes;
use super::lines::{LineEntries, fields, separator_without_names};
use super::{Entries, Kind, Opening, SeedFile, Unreadable, oath_csv};
use crate::token::HashAlgorithm;

/// `LinOTP`'s CSV.
pub(super) struct LinOtpCsv;

impl SeedFile for LinOtpCsv {
    fn name(&self) -> &'static str {
        "linotp-csv"
    }

    fn is_line(&self, line: &str) -> bool {
        fields(line, separator_without_names(line)).is_ok_and(|fields| match fields.as_slice() {
            [_, _, kind, _, _, hash] => {
                Kind::parse(kind).is_some() && HashAlgorithm::parse(hash).is_ok()
            }
            _ => false,
        })
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(LineEntries::new(opening.input, oath_csv::entry)))
    }
}
