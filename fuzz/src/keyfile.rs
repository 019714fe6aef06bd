//! Vendors' seed files: recognized from their content, and read as each format with every flag.

mod reading;

use crate::bytes::Bytes;
use otpair_core::keyfile::{Format, Kind, Options, Unlock};
use otpair_core::token::{Digits, HashAlgorithm, TimeInterval};
use reading::hold;

/// The key and the passphrase that the encrypted files of the corpus are opened with (RFC 6030, figures 6 and 7).
const KEY: &str = "12345678901234567890123456789012";
const PASSPHRASE: &[u8] = b"qwerty";

/// The most iterations of PBKDF2 that are worth a fuzzer's time.
const MOST_ITERATIONS: u32 = 1000;

/// Reads a file as it comes: with nothing, and an encrypted one with a key and with a passphrase.
pub fn keyfile(data: &[u8]) {
    hold(data, &Options::default());
    if !text(data).contains("Encrypt") {
        return;
    }
    for unlock in [key(), passphrase(data)] {
        let options = Options {
            unlock,
            ..Options::default()
        };
        hold(data, &options);
    }
}

/// Reads a file as the format that its first byte names, with the flags of its next two.
pub fn keyfile_format(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let format = Format::ALL[usize::from(bytes.u8()) % Format::ALL.len()];
    let (flags, unlock) = (bytes.u8(), bytes.u8());
    let data = bytes.up_to(usize::MAX);
    let is_set = |flag: u8| flags & flag == flag;
    let algorithm = if is_set(128) {
        HashAlgorithm::Sha512
    } else {
        HashAlgorithm::Sha1
    };
    let options = Options {
        format: Some(format),
        token_type: match flags & 3 {
            1 => Some(Kind::Hotp),
            2 => Some(Kind::Totp),
            _ => None,
        },
        digits: Digits::new(8).ok().filter(|_| is_set(4)),
        time_interval: TimeInterval::new(60).ok().filter(|_| is_set(8)),
        algorithm: Some(algorithm).filter(|_| is_set(16)),
        unlock: match unlock & 3 {
            0 | 1 => Unlock::Nothing,
            2 => key(),
            _ => passphrase(data),
        },
    };
    hold(data, &options);
}

fn key() -> Unlock {
    Unlock::from_hex(KEY).expect("it is hexadecimal")
}

/// The passphrase; nothing where the file asks for more work than is worth it.
fn passphrase(data: &[u8]) -> Unlock {
    let text = text(data);
    let mut counts = text.split("IterationCount").skip(1);
    let is_cheap = counts.all(|count| {
        let digits: String = count.chars().filter(char::is_ascii_digit).collect();
        digits.is_empty()
            || digits
                .parse()
                .is_ok_and(|count: u32| count <= MOST_ITERATIONS)
    });
    if is_cheap {
        Unlock::Passphrase(PASSPHRASE.to_vec().into())
    } else {
        Unlock::Nothing
    }
}

/// A file's text, whatever it is written in, as far as it is ASCII.
fn text(data: &[u8]) -> String {
    let bytes = data.iter().filter(|byte| **byte != 0);
    bytes.map(|byte| char::from(*byte)).collect()
}
