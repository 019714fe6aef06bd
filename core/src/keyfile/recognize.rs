//! Which format a file is in, told from its content; and what is known and can't be read, by its name.

use super::lines::{Lines, fields};
use super::{Format, Unreadable, oath_csv, otpauth, ping_csv};

/// How far into a file names are looked for, in bytes.
const HEAD: usize = 4096;
/// How many lines may be unclear before the file is.
const LINES: usize = 10;

/// Names that tell a proprietary or packed file, and what to do about it.
const REFUSED: [(&str, &str); 8] = [
    ("<TKNBatch", RSA),
    ("<TKNHeader", RSA),
    ("SERNUMB8", VASCO),
    ("VACMAN", VASCO),
    (
        "otpauth-migration://",
        "this is an authenticator app's export: write its keys as otpauth:// addresses first",
    ),
    (
        "-----BEGIN PGP MESSAGE",
        "the file is encrypted with PGP: decrypt it first, for instance with gpg",
    ),
    (
        "PK\u{3}\u{4}",
        "this is a ZIP archive or a spreadsheet: unpack it, or save it as CSV",
    ),
    (
        "<!DOCTYPE html",
        "this is a web page, no seed file: download the file itself",
    ),
];
const RSA: &str = "this is an RSA SecurID file: its tokens are proprietary and can't be used; \
                   ask the vendor for OATH tokens with a PSKC (RFC 6030) file";
const VASCO: &str = "this is a VASCO (OneSpan) DPX file: it can be read with the vendor's own library only; \
                     ask the vendor for OATH tokens with a PSKC (RFC 6030) file";

/// The bytes without a UTF-8 byte order mark.
pub(super) fn without_bom(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
            Err(Unreadable::new("the file is in UTF-16: save it as UTF-8"))
        }
        _ if bytes.trim_ascii().is_empty() => Err(Unreadable::new("the file is empty")),
        _ => Ok(bytes),
    }
}

/// The format of a file without a byte order mark.
pub(super) fn format(bytes: &[u8]) -> Result<Format, Unreadable> {
    let head = bytes.get(..HEAD).unwrap_or(bytes).to_ascii_lowercase();
    let has = |name: &str| {
        let name = name.to_ascii_lowercase();
        head.windows(name.len())
            .any(|window| window == name.as_bytes())
    };
    let xml = bytes.trim_ascii_start().starts_with(b"<");
    if xml && has("KeyContainer") {
        return Ok(Format::Pskc);
    }
    if let Some((_, why)) = REFUSED.into_iter().find(|(name, _)| has(name)) {
        return Err(Unreadable::new(why));
    }
    let format = if xml {
        None
    } else if oath_csv::is_version_2(bytes) {
        Some(Format::OathCsv)
    } else {
        Lines::new(bytes)
            .take(LINES)
            .filter_map(|(_, line)| line.ok())
            .find_map(of_line)
    };
    format.ok_or_else(unknown)
}

fn of_line(line: &str) -> Option<Format> {
    if otpauth::looks_like(line) {
        return Some(Format::Otpauth);
    }
    let fields = fields(line, ',').ok()?;
    if oath_csv::looks_like(&fields) {
        return Some(Format::OathCsv);
    }
    ping_csv::looks_like(&fields).then_some(Format::PingCsv)
}

fn unknown() -> Unreadable {
    let names = Format::ALL.map(Format::name).join(", ");
    Unreadable::new(format!(
        "the format is not recognized; the formats are {names}"
    ))
}
