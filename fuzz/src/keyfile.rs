//! Vendors' seed files: recognized from their content, and read as each format with every flag.

mod reading;

use crate::bytes::Bytes;
use otpair_core::keyfile::{Format, Kind, Options, PrivateKey, Unlock};
use otpair_core::token::{Digits, HashAlgorithm, TimeInterval};
use reading::hold;

/// What the samples of encrypted seed files are opened with.
const KEYS: [&str; 4] = [
    "12345678901234567890123456789012",
    "0102030405060708090a0b0c0d0e0f10",
    "0102030405060708090a0b0c0d0e0f101112131415161718",
    "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
];
const PASSPHRASES: [&[u8]; 2] = [b"qwerty", b"correct horse"];
const PRIVATE_KEY: &[u8] = include_bytes!("../../tests/data/seed-files/throw-away-rsa-key.pem");

/// How many ways there are to open a file; the first is with nothing.
pub const UNLOCKS: u8 = 8;

/// The most iterations of PBKDF2 that are worth a fuzzer's time.
const MOST_ITERATIONS: u32 = 2000;

/// Reads a file as it comes: with nothing, and an encrypted one with all that the samples are opened with.
pub fn keyfile(data: &[u8]) {
    hold(data, &Options::default());
    if !text(data).contains("Encrypt") {
        return;
    }
    for way in 1..UNLOCKS {
        let options = Options {
            unlock: unlock(way, data),
            ..Options::default()
        };
        hold(data, &options);
    }
}

/// Reads a file as the format that its first byte names, with the flags of its next two.
pub fn keyfile_format(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let format = Format::ALL[usize::from(bytes.u8()) % Format::ALL.len()];
    let (flags, way) = (bytes.u8(), bytes.below(UNLOCKS));
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
        unlock: unlock(way, data),
        owner: is_set(32).then(|| "alice".to_owned()),
    };
    hold(data, &options);
}

fn unlock(way: u8, data: &[u8]) -> Unlock {
    match way {
        0 => Unlock::Nothing,
        1..=4 => Unlock::from_hex(KEYS[usize::from(way) - 1]).expect("it is hexadecimal"),
        5 | 6 => passphrase(PASSPHRASES[usize::from(way) - 5], data),
        _ => {
            let key = PrivateKey::read(PRIVATE_KEY, [7; 32]).expect("it is a private key");
            Unlock::PrivateKey(Box::new(key))
        }
    }
}

/// The passphrase; nothing where the file asks for more work than is worth it.
fn passphrase(passphrase: &[u8], data: &[u8]) -> Unlock {
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
        Unlock::Passphrase(passphrase.to_vec().into())
    } else {
        Unlock::Nothing
    }
}

/// A file's text, whatever it is written in, as far as it is ASCII.
fn text(data: &[u8]) -> String {
    let bytes = data.iter().filter(|byte| **byte != 0);
    bytes.map(|byte| char::from(*byte)).collect()
}
