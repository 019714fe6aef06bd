//! What people have in place of a seed file, or as one that can't be read: told by its name, and what to do about it.

use super::recognize::Head;

/// What a file begins with.
const BEGINNINGS: [(&[u8], &str); 13] = [
    (b"PK\x03\x04", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SPREADSHEET),
    (b"%PDF-", DOCUMENT),
    (b"{\\rtf", DOCUMENT),
    (b"\x03\xd9\xa2\x9a", KEEPASS),
    (b"age-encryption.org/", AGE),
    (b"-----BEGIN AGE ENCRYPTED", AGE),
    (b"Salted__", ENCRYPTED),
    (b"{", JSON),
    (b"[", JSON),
];

/// What stands somewhere in the beginning of a file, in any case.
const NAMES: [(&str, &str); 10] = [
    ("<TKNBatch", RSA),
    ("<TKNHeader", RSA),
    ("SERNUMB8", VASCO),
    ("VACMAN", VASCO),
    ("<tokenInfo>", DEEPNET_UAP),
    ("<KeePassFile", KEEPASS),
    ("otpauth-migration://", MIGRATION),
    ("-----BEGIN PGP MESSAGE", ENCRYPTED),
    ("-----BEGIN PKCS7", ENCRYPTED),
    ("<!DOCTYPE html", WEB_PAGE),
];

const RSA: &str = "this is an RSA SecurID file: its tokens are proprietary and can't be used; \
                   ask the vendor for OATH tokens with a PSKC (RFC 6030) file";
const VASCO: &str = "this is a VASCO (OneSpan) DPX file: it can be read with the vendor's own library only; \
                     ask the vendor for OATH tokens with a PSKC (RFC 6030) file";
const DEEPNET_UAP: &str = "this is a file for Deepnet's old Unified Authentication Platform: \
                           ask for one for DualShield, or for PSKC (RFC 6030)";
const KEEPASS: &str =
    "this is a KeePass database, no seed file: write its keys as otpauth:// addresses";
const MIGRATION: &str =
    "this is Google Authenticator's export: write its keys as otpauth:// addresses first";
const JSON: &str = "this is JSON, as authenticator apps export it (Aegis, andOTP, 2FAS, Bitwarden): \
                    write its keys as otpauth:// addresses first";
const AGE: &str = "the whole file is encrypted with age: decrypt it first with age -d; \
                   a backup of otpair's goes back with otpair restore";
const ENCRYPTED: &str =
    "the whole file is encrypted: decrypt it first, for instance with gpg or openssl";
const ARCHIVE: &str = "this is a packed archive: unpack it (7z x FILE asks for the vendor's password); if it is an .xlsx, \
                       ask the vendor for CSV, or save it as \"CSV UTF-8\" with the serial numbers as text and compare \
                       three with the tokens";
const SPREADSHEET: &str = "this is a spreadsheet: ask the vendor for CSV, or save it as \"CSV UTF-8\" with the serial \
                           numbers as text and compare three with the tokens";
const DOCUMENT: &str =
    "this is a document to read, no seed file: ask the vendor for the file itself";
const WEB_PAGE: &str = "this is a web page, no seed file: download the file itself";

/// Why a file that begins like this can't be read, if it is known.
pub(super) fn reason(head: &Head<'_>) -> Option<&'static str> {
    let named = NAMES.into_iter().find(|(name, _)| head.has(name));
    let begun = || {
        BEGINNINGS
            .into_iter()
            .find(|(beginning, _)| head.begins(beginning))
    };
    named
        .map(|(_, why)| why)
        .or_else(|| begun().map(|(_, why)| why))
}
