//! Which format a file is in, told from its content; and what is known and can't be read, by its name.

use super::input::Input;
use super::lines::first_lines;
use super::{Format, Unreadable};

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

/// The beginning of a file.
pub(super) struct Head<'a> {
    bytes: &'a [u8],
    /// The first 4 KiB in lower case.
    small: Vec<u8>,
}

impl<'a> Head<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let small = bytes.get(..HEAD).unwrap_or(bytes).to_ascii_lowercase();
        Self { bytes, small }
    }

    /// Whether a name stands in it, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.small
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    }

    /// Whether it begins as XML does.
    pub(super) fn is_xml(&self) -> bool {
        self.bytes.trim_ascii_start().starts_with(b"<")
    }

    /// Its lines, comments and all. The last may be cut.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.split(|byte| *byte == b'\n')
    }

    /// The very first line, comment or not.
    pub(super) fn first_line(&self) -> &'a [u8] {
        self.lines().next().unwrap_or_default()
    }
}

/// The format of a file of which nothing was read yet.
pub(super) fn format(input: &Input<'_>) -> Result<Format, Unreadable> {
    let head = Head::new(input.head());
    if head.bytes.trim_ascii().is_empty() {
        return Err(Unreadable::new("the file is empty"));
    }
    let mut formats = Format::ALL.into_iter();
    if let Some(format) = formats.find(|format| format.seed_file().is_whole(&head)) {
        return Ok(format);
    }
    if let Some((_, why)) = REFUSED.into_iter().find(|(name, _)| head.has(name)) {
        return Err(Unreadable::new(why));
    }
    let lines = first_lines(head.bytes, LINES);
    let format = if head.is_xml() {
        None
    } else {
        lines.into_iter().find_map(of_line)
    };
    format.ok_or_else(unknown)
}

fn of_line(line: &str) -> Option<Format> {
    Format::ALL
        .into_iter()
        .find(|format| format.seed_file().is_line(line))
}

fn unknown() -> Unreadable {
    let names = Format::ALL.map(Format::name).join(", ");
    Unreadable::new(format!(
        "the format is not recognized; the formats are {names}"
    ))
}
