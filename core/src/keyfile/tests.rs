//! Files as vendors ship them, and as nobody should; every format through the one entrance.

use super::{
    Assumption, Format, Item, KeyPackage, Kind, Options, Source, Unlock, Unreadable, read,
};
use crate::token::{Digits, HashAlgorithm, TimeInterval, TokenType};
use std::fmt::Write;
use zeroize::Zeroizing;

const SEED: &[u8] = b"12345678901234567890";
const HEX: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/data/seed-files/", $name))
    };
}

mod anything;
mod ciphers;
mod drafts;
mod encrypted;
mod halves;
mod hostile;
mod lines;
mod moved;
mod plain_pskc;
mod policy;
mod recognition;
mod rsa;
mod samples;
mod unsound_xml;
mod vendors;

#[derive(Default)]
struct Outcome {
    packages: Vec<KeyPackage>,
    rejected: Vec<(u64, String)>,
    assumed: Vec<Assumption>,
}

fn outcome(bytes: &[u8], options: &Options) -> Result<(Format, Outcome), Unreadable> {
    let items = read(&bytes, options)?;
    let (format, mut outcome) = (items.format(), Outcome::default());
    for item in items {
        match item? {
            Item::Package(package) => outcome.packages.push(*package),
            Item::Rejected(rejection) => outcome.rejected.push((rejection.at.line, rejection.why)),
            Item::Assumed(assumption) => outcome.assumed.push(assumption),
        }
    }
    Ok((format, outcome))
}

fn plain(bytes: impl AsRef<[u8]>) -> Outcome {
    outcome(bytes.as_ref(), &Options::default()).unwrap().1
}

fn refused(bytes: impl AsRef<[u8]>) -> String {
    outcome(bytes.as_ref(), &Options::default())
        .err()
        .unwrap()
        .to_string()
}

fn serials(outcome: &Outcome) -> Vec<&str> {
    outcome
        .packages
        .iter()
        .map(|package| package.serial.as_str())
        .collect()
}

fn totp(interval: u64) -> TokenType {
    TokenType::Totp {
        time_interval: TimeInterval::new(interval).unwrap(),
        t0: 0,
    }
}

fn key(hex: &str) -> Options {
    let unlock = Unlock::PreSharedKey(super::decode::hex(hex).unwrap());
    Options {
        unlock,
        ..Options::default()
    }
}

fn passphrase(text: &str) -> Options {
    let unlock = Unlock::Passphrase(Zeroizing::new(text.as_bytes().to_vec()));
    Options {
        unlock,
        ..Options::default()
    }
}

/// A container with this inside.
fn container(inside: &str) -> String {
    format!(
        "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n{inside}\n</KeyContainer>"
    )
}

/// A package with this in its key: algorithm's URI, parameters, data behind the secret, policy.
fn pskc(uri: &str, parameters: &str, data: &str, policy: &str) -> String {
    container(&format!(
        "<KeyPackage><DeviceInfo><SerialNo>S1</SerialNo></DeviceInfo><Key Id=\"K1\" Algorithm=\"{uri}\">\
         <AlgorithmParameters>{parameters}</AlgorithmParameters><Data><Secret><PlainValue>\
         MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>{data}</Data><Policy>{policy}</Policy></Key></KeyPackage>"
    ))
}

fn to_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1))
        .collect();
    let digit = |six: &[u8]| {
        (0..6).fold(0, |value, n| {
            value * 2 + usize::from(*six.get(n).unwrap_or(&0))
        })
    };
    let mut text: String = bits
        .chunks(6)
        .map(|six| char::from(ALPHABET[digit(six)]))
        .collect();
    text.extend(std::iter::repeat_n('=', (4 - text.len() % 4) % 4));
    text
}

fn to_base32(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1))
        .collect();
    let digit = |five: &[u8]| {
        (0..5).fold(0, |value, n| {
            value * 2 + usize::from(*five.get(n).unwrap_or(&0))
        })
    };
    bits.chunks(5)
        .map(|five| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[digit(five)]))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
