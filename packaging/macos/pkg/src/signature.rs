//! Ad-hoc code signatures: no identity, only hashes, with which macOS tells that a program is as it was made. It demands
//! one of every program on Apple's processors.
//!
//! A signature is a super blob, big-endian throughout, of a code directory (version 2.4, SHA-256 of each page, and, at
//! negative numbers, of the bundle's property list, the requirements and the resources), an empty set of requirements, and
//! an empty wrapper where the signature of an identity would be: what `codesign --sign -` makes.

use crate::bytes::size32;
use crate::fault::Fault;
use crate::macho::{self, Unsigned};
use sha2::{Digest, Sha256};

const SUPER_BLOB: u32 = 0xfade_0cc0;
const CODE_DIRECTORY: u32 = 0xfade_0c02;
const REQUIREMENTS: u32 = 0xfade_0c01;
const WRAPPER: u32 = 0xfade_0b01;
/// What a super blob calls them.
const CODE_DIRECTORY_SLOT: u32 = 0;
const REQUIREMENTS_SLOT: u32 = 2;
const WRAPPER_SLOT: u32 = 0x10000;
/// Its flag in a code directory.
const AD_HOC: u32 = 2;
const VERSION: u32 = 0x0002_0400;
const HASH: usize = 32;
/// The fixed part of a code directory of this version.
const CODE_DIRECTORY_HEAD: usize = 88;
const SUPER_BLOB_HEAD: usize = 12 + 3 * 8;

/// What a signature is about, besides the code.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The program's name for macOS; a bundle's is its `CFBundleIdentifier`.
    pub identifier: &'a str,
    /// A bundle's `Info.plist` and `CodeResources`.
    pub bundle: Option<(&'a [u8], &'a [u8])>,
}

impl Subject<'_> {
    /// The hashes at the negative numbers, the last first.
    fn special_hashes(&self) -> Vec<[u8; HASH]> {
        let hash = |bytes: &[u8]| Sha256::digest(bytes).into();
        let mut hashes = vec![hash(&empty_requirements())];
        match self.bundle {
            Some((info, resources)) => {
                hashes.insert(0, hash(resources));
                hashes.push(hash(info));
            }
            // Nothing there hashes to zeros.
            None => hashes.push([0; HASH]),
        }
        hashes
    }
}

/// A program, thin or universal, with a signature in the part of each processor, in place of those it had.
///
/// # Errors
/// What is no program, or can't be signed.
pub fn sign(program: &[u8], subject: Subject) -> Result<Vec<u8>, Fault> {
    let parts = macho::split(program)?;
    let signed: Vec<_> = parts
        .iter()
        .map(|part| sign_one(part, subject))
        .collect::<Result<_, _>>()?;
    match signed.as_slice() {
        [one] if parts.first().map(Vec::as_slice) == Some(program) => Ok(one.clone()),
        all => macho::join(all),
    }
}

fn sign_one(program: &[u8], subject: Subject) -> Result<Vec<u8>, Fault> {
    let unsigned = Unsigned::read(program)?;
    let segment = unsigned.executable_segment();
    let page_bits = unsigned.page_bits();
    let pages = unsigned.length().div_ceil(1 << page_bits);
    let special = subject.special_hashes();
    let directory = CODE_DIRECTORY_HEAD + subject.identifier.len() + 1;
    let hashes = (special.len() + pages) * HASH;
    let room =
        SUPER_BLOB_HEAD + directory + hashes + empty_requirements().len() + empty_wrapper().len();
    unsigned.sign(room, |code| {
        let identifier = subject.identifier;
        super_blob(&code_directory(
            code, identifier, &special, segment, page_bits,
        )?)
    })
}

fn code_directory(
    code: &[u8],
    identifier: &str,
    special: &[[u8; HASH]],
    (text_offset, text_size, main): (u64, u64, bool),
    page_bits: u8,
) -> Result<Vec<u8>, Fault> {
    let identifier_at = CODE_DIRECTORY_HEAD;
    let hashes_at = identifier_at + identifier.len() + 1 + special.len() * HASH;
    let pages = code.chunks(1 << page_bits);
    let words = [
        CODE_DIRECTORY,
        size32(hashes_at + pages.len() * HASH)?,
        VERSION,
        AD_HOC,
        size32(hashes_at)?,
        size32(identifier_at)?,
        size32(special.len())?,
        size32(pages.len())?,
        size32(code.len())?,
        // Length of a hash, SHA-256, no platform, size of a page.
        u32::from_be_bytes([32, 2, 0, page_bits]),
    ];
    let mut blob = words.map(u32::to_be_bytes).concat();
    // Spare, no scatter, no team, spare; a limit of 64 bits is for larger files.
    blob.extend([0; 4 * 4 + 8]);
    let flags = u64::from(main);
    blob.extend(
        [text_offset, text_size, flags]
            .map(u64::to_be_bytes)
            .concat(),
    );
    blob.extend_from_slice(identifier.as_bytes());
    blob.push(0);
    blob.extend(special.concat());
    for page in pages {
        blob.extend_from_slice(&Sha256::digest(page));
    }
    Ok(blob)
}

fn super_blob(directory: &[u8]) -> Result<Vec<u8>, Fault> {
    let requirements = empty_requirements();
    let requirements_at = SUPER_BLOB_HEAD + directory.len();
    let wrapper = empty_wrapper();
    let wrapper_at = requirements_at + requirements.len();
    let head = [
        SUPER_BLOB,
        size32(wrapper_at + wrapper.len())?,
        3,
        CODE_DIRECTORY_SLOT,
        size32(SUPER_BLOB_HEAD)?,
        REQUIREMENTS_SLOT,
        size32(requirements_at)?,
        WRAPPER_SLOT,
        size32(wrapper_at)?,
    ];
    let head = head.map(u32::to_be_bytes).concat();
    Ok([&head, directory, &requirements, &wrapper].concat())
}

/// Magic, length, and that there is none.
fn empty_requirements() -> Vec<u8> {
    [REQUIREMENTS, 12, 0].map(u32::to_be_bytes).concat()
}

/// Magic and length.
fn empty_wrapper() -> Vec<u8> {
    [WRAPPER, 8].map(u32::to_be_bytes).concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macho::tests::program;

    const SUBJECT: Subject = Subject {
        identifier: "io.otpair.test",
        bundle: None,
    };

    #[test]
    fn a_thin_program_stays_thin_and_a_universal_one_universal() {
        let thin = program(0x0100_000c, 9000);
        let universal = macho::join(&[thin.clone(), program(0x0100_0007, 9000)]).unwrap();
        let signed = sign(&universal, SUBJECT).unwrap();
        let parts = macho::split(&signed).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[1], sign(&thin, SUBJECT).unwrap());
        let alone = macho::join(std::slice::from_ref(&thin)).unwrap();
        assert_eq!(sign(&alone, SUBJECT).unwrap()[..4], alone[..4]);
    }

    #[test]
    fn signing_what_is_signed_changes_nothing() {
        let once = sign(&program(0x0100_000c, 9000), SUBJECT).unwrap();
        assert_eq!(sign(&once, SUBJECT).unwrap(), once);
    }

    #[test]
    fn another_property_list_is_another_signature() {
        let program = program(0x0100_000c, 9000);
        let with = |info: &'static [u8]| Subject {
            bundle: Some((info, b"resources")),
            ..SUBJECT
        };
        let [one, other] = [b"one".as_slice(), b"two"].map(|info| sign(&program, with(info)));
        assert_ne!(one, other);
    }
}
