//! Seed files of many packages.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The key of the encrypted file, in hexadecimal: 16 times 0x11.
pub const KEY: &str = "11111111111111111111111111111111";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PSKC, RFC 6030, plain.
    Pskc,
    /// PSKC with AES-128-CBC and a MAC each.
    Encrypted,
    /// Ping CSV.
    Csv,
}

/// In which order the serial numbers come.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// Each one more than the one before.
    Vendor,
    /// All over the place.
    Shuffled,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Pskc, Self::Encrypted];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pskc => "PSKC plain",
            Self::Encrypted => "PSKC encrypted with MAC",
            Self::Csv => "CSV",
        })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vendor => "vendor's",
            Self::Shuffled => "shuffled",
        })
    }
}

impl Order {
    /// The places of so many packages, in this order.
    pub fn places(self, count: usize) -> Vec<usize> {
        let mut places: Vec<_> = (0..count).collect();
        if matches!(self, Self::Shuffled) {
            // By a multiplier that scatters (Knuth's): the same order each time.
            places.sort_by_key(|place| (*place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        places
    }
}

/// The serial number of a place.
pub fn serial(place: usize) -> String {
    (20_000_000 + place).to_string()
}

/// Writes a file of so many packages.
///
/// # Panics
/// If the file can't be written.
pub fn write(path: &Path, kind: Kind, order: Order, count: usize) {
    let mut out = BufWriter::new(File::create(path).expect("a seed file can't be made"));
    write_to(&mut out, kind, &order.places(count))
        .and_then(|()| out.flush())
        .expect("a seed file can't be written");
}

fn write_to(out: &mut impl Write, kind: Kind, places: &[usize]) -> std::io::Result<()> {
    if kind != Kind::Csv {
        out.write_all(HEAD.as_bytes())?;
    }
    if kind == Kind::Encrypted {
        let mac_key = base64(&encrypted(&MAC_KEY));
        out.write_all(KEYS.replace("{mac_key}", &mac_key).as_bytes())?;
    }
    for place in places {
        let (serial, seed) = (serial(*place), seed(*place));
        match kind {
            Kind::Csv => writeln!(out, "{serial},{}", hex(&seed))?,
            Kind::Pskc => {
                let value = format!("<PlainValue>{}</PlainValue>", base64(&seed));
                package(out, &serial, &value)?;
            }
            Kind::Encrypted => package(out, &serial, &encrypted_value(&seed))?,
        }
    }
    if kind != Kind::Csv {
        out.write_all(b"</KeyContainer>\n")?;
    }
    Ok(())
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"\n  \
    xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">\n";
const KEYS: &str = "<EncryptionKey><ds:KeyName>transport</ds:KeyName></EncryptionKey>\n\
    <MACMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><MACKey>\
    <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>\
    <xenc:CipherData><xenc:CipherValue>{mac_key}</xenc:CipherValue></xenc:CipherData></MACKey></MACMethod>\n";
const MAC_KEY: [u8; 20] = [0x22; 20];

fn package(out: &mut impl Write, serial: &str, secret: &str) -> std::io::Result<()> {
    writeln!(
        out,
        "<KeyPackage>\n\
         <DeviceInfo><Manufacturer>Example</Manufacturer><SerialNo>{serial}</SerialNo></DeviceInfo>\n\
         <Key Id=\"{serial}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\">\n\
         <AlgorithmParameters><ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters>\n\
         <Data><Secret>{secret}</Secret><Time><PlainValue>0</PlainValue></Time>\
         <TimeInterval><PlainValue>30</PlainValue></TimeInterval></Data>\n\
         </Key>\n</KeyPackage>"
    )
}

fn encrypted_value(seed: &[u8]) -> String {
    let value = encrypted(seed);
    let mut mac = Hmac::<Sha1>::new_from_slice(&MAC_KEY).expect("any length will do");
    mac.update(&value);
    format!(
        "<EncryptedValue><xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></EncryptedValue>\
         <ValueMAC>{}</ValueMAC>",
        base64(&value),
        base64(&mac.finalize().into_bytes())
    )
}

/// With its initialization vector in front. That is the same for all: nobody's seeds are in it.
fn encrypted(plain: &[u8]) -> Vec<u8> {
    let vector = [0x33; 16];
    let cipher = cbc::Encryptor::<aes::Aes128>::new_from_slices(&[0x11; 16], &vector)
        .expect("the lengths are right");
    [&vector[..], &cipher.encrypt_padded_vec::<Pkcs7>(plain)].concat()
}

/// A seed of 20 bytes that is different for every place.
fn seed(place: usize) -> [u8; 20] {
    let mut seed = [0x55; 20];
    seed[..8].copy_from_slice(&place.to_be_bytes());
    seed
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let whole = group
            .iter()
            .chain(&[0; 2])
            .take(3)
            .fold(0_usize, |whole, byte| (whole << 8) | usize::from(*byte));
        for place in 0..4 {
            let digit = ALPHABET[(whole >> (18 - 6 * place)) & 63];
            text.push(if place > group.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    text
}
