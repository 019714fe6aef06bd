//! What stands in one column of a line: a serial number, a seed, a maker's name. Spreadsheets spoil the first two, and
//! then the reason says so.

use super::assumption::Notes;
use super::{Assumption, decode};
use crate::seed::Seed;
use crate::token::Serial;

/// The longest manufacturer's name that is kept, in characters.
const LONGEST_NAME: usize = 64;
/// The longest user's name, in bytes.
const LONGEST_USER: usize = 256;

/// A serial number.
pub(super) fn serial(field: &str) -> Result<Serial, String> {
    spoiled(field, "serial number").map_or(Ok(()), Err)?;
    Serial::new(field).map_err(|fault| fault.to_string())
}

/// A seed in a column that is hexadecimal by its format.
pub(super) fn hex_seed(field: &str, notes: &mut Notes) -> Result<Seed, String> {
    spoiled(field, "seed").map_or(Ok(()), Err)?;
    let Some(bytes) = decode::hex(field) else {
        let base32 = decode::base32(field).is_some();
        let may_be = if base32 {
            " (it may be base32, which entra-csv has)"
        } else {
            ""
        };
        return Err(format!("the seed is not hexadecimal{may_be}"));
    };
    let seed = Seed::new(bytes).map_err(|fault| fault.to_string())?;
    // Hardly any seed has none of the four digits that base32 lacks.
    let lacking = |byte: u8| matches!(byte, b'0' | b'1' | b'8' | b'9');
    if !field.bytes().any(lacking) && decode::base32(field).is_some() {
        notes.add(Assumption::Hex);
    }
    Ok(seed)
}

/// A seed in a column that is base32 by its format.
pub(super) fn base32_seed(field: &str, notes: &mut Notes) -> Result<Seed, String> {
    spoiled(field, "seed").map_or(Ok(()), Err)?;
    let hex = decode::hex(field).is_some();
    let Some(base32) = decode::cut_base32(field) else {
        let or = if hex { ", but hexadecimal" } else { "" };
        return Err(format!("the seed is not base32{or}"));
    };
    let seed = Seed::new(base32.bytes).map_err(|fault| fault.to_string())?;
    if hex {
        notes.add(Assumption::Base32);
    }
    if base32.cut {
        notes.add(Assumption::CutBase32);
    }
    Ok(seed)
}

/// Whether a row only names its columns: there is no digit in it, and so no seed.
pub(super) fn is_header(line: &str) -> bool {
    !line.bytes().any(|byte| byte.is_ascii_digit())
}

/// A manufacturer's name, cut to what is kept.
pub(super) fn manufacturer(field: &str) -> Option<String> {
    let name = field.chars().filter(|c| !c.is_control());
    (!field.is_empty()).then(|| name.take(LONGEST_NAME).collect())
}

/// The user that a token is reserved for; nothing if the field is empty.
pub(super) fn user(field: &str) -> Result<Option<String>, String> {
    if field.len() > LONGEST_USER {
        return Err("the user's name is too long".to_owned());
    }
    if field.chars().any(char::is_control) {
        return Err("the user's name has a tab in it".to_owned());
    }
    if could_be_a_seed(field) {
        return Err("the user's column may hold a seed".to_owned());
    }
    Ok((!field.is_empty()).then(|| field.to_owned()))
}

/// Whether this looks more like a seed than like somebody's name: names are shown.
pub(super) fn could_be_a_seed(text: &str) -> bool {
    let is_base32 = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    text.len() >= 16
        && (text.bytes().all(|byte| byte.is_ascii_hexdigit())
            || (text.bytes().all(is_base32) && text.bytes().any(|byte| byte.is_ascii_digit())))
}

/// Why a column is no longer what the vendor wrote, if a spreadsheet has been at it.
fn spoiled(field: &str, what: &str) -> Option<String> {
    let how = if is_power_of_ten(field) {
        "turned into a power of ten (as in 1.23E+11), and its last digits are gone"
    } else if has_decimals(field) {
        "given decimals or separators between its digits"
    } else if field.starts_with('\'') {
        "marked as text by an apostrophe"
    } else {
        return None;
    };
    Some(format!(
        "a spreadsheet has spoiled the {what}: it was {how}; \
         import the vendor's own file, never opened in a spreadsheet"
    ))
}

/// Whether it looks like `1.23E+11`, with a decimal point or comma, or none.
fn is_power_of_ten(field: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((mantissa, exponent)) = field.split_once("E+").or_else(|| field.split_once("e+"))
    else {
        return false;
    };
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(part) && digits(exponent)
}

/// Whether it looks like `12345678.0` or `12,345,678`. A point alone may be a vendor's own.
fn has_decimals(field: &str) -> bool {
    let number = field
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    let zeros = |text: &str| !text.is_empty() && text.bytes().all(|b| b == b'0');
    let point = field.split_once('.').is_some_and(|(_, part)| zeros(part));
    number && (point || field.contains(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_has_spoiled_is_rejected_with_a_reason_that_says_so() {
        for bad in [
            "1.5E+12",
            "1,23E+11",
            "1e+10",
            "12345678.0",
            "12345678,00",
            "12,345,678",
            "'0012345",
        ] {
            let why = serial(bad).unwrap_err();
            assert!(why.contains("a spreadsheet has spoiled"), "{bad}: {why}");
            assert!(!why.contains(bad));
            assert!(hex_seed(bad, &mut Notes::default()).is_err());
        }
        for good in ["12E5", "1.2", "FT-1.0", "00E+AB", "O'Neill", "2600.100"] {
            assert!(serial(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_seed_that_could_be_either_is_read_as_its_format_has_it_and_that_is_said() {
        let noted = |read: &dyn Fn(&mut Notes) -> Result<Seed, String>| {
            let mut notes = Notes::default();
            (read(&mut notes).unwrap().expose().len(), notes.unreported())
        };
        let either = "2234567a2234567a2234567a";
        assert_eq!(
            noted(&|notes| hex_seed(either, notes)),
            (12, Some(Assumption::Hex))
        );
        assert_eq!(
            noted(&|notes| base32_seed(either, notes)),
            (15, Some(Assumption::Base32))
        );
        let hex = "3132333435363738393031323334353637383930";
        assert_eq!(noted(&|notes| hex_seed(hex, notes)), (20, None));
        assert_eq!(
            base32_seed(hex, &mut Notes::default()).unwrap_err(),
            "the seed is not base32, but hexadecimal"
        );
    }

    #[test]
    fn a_seed_in_base32_where_hexadecimal_belongs_is_told_as_what_it_may_be() {
        let why = |field| hex_seed(field, &mut Notes::default()).unwrap_err();
        assert_eq!(
            why("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "the seed is not hexadecimal (it may be base32, which entra-csv has)"
        );
        assert_eq!(why("0189-nothing"), "the seed is not hexadecimal");
    }

    #[test]
    fn no_tab_gets_into_the_name_of_a_user_or_a_manufacturer() {
        assert!(user("bob\tby").is_err());
        assert_eq!(manufacturer("A\tB").as_deref(), Some("AB"));
    }

    #[test]
    fn what_is_left_over_of_a_base32_seed_is_dropped_and_that_is_said() {
        let mut notes = Notes::default();
        assert_eq!(
            base32_seed("zzzzzzzzzzzzzzzzzzzzzzzzzf", &mut notes)
                .unwrap()
                .expose()
                .len(),
            16
        );
        assert_eq!(notes.unreported(), Some(Assumption::CutBase32));
        assert!(base32_seed("zzzzzzzzzzzzzzzzzzzzzzzzz", &mut notes).is_err());
    }
}
