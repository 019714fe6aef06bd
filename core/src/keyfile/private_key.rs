//! The RSA private key that a seed file is encrypted to: PEM or DER, PKCS#1 or PKCS#8.

use super::decode;
use hmac::{Hmac, KeyInit, Mac};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts;
use sha2::Sha256;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use zeroize::{Zeroize, Zeroizing};

/// An RSA private key, and random bytes that blind what is computed with it.
#[derive(Clone)]
pub struct PrivateKey {
    key: rsa::PrivateKey,
    randomness: Zeroizing<[u8; 32]>,
}

impl PrivateKey {
    /// Reads a private key from the bytes of its file. The randomness must be new and secret.
    ///
    /// # Errors
    /// One sentence that says what the file is instead, and what to do.
    pub fn read(file: &[u8], randomness: impl Into<Zeroizing<[u8; 32]>>) -> Result<Self, String> {
        let (kind, der) = match str::from_utf8(file)
            .ok()
            .filter(|text| text.contains(BEGIN))
        {
            Some(text) => pem(text)?,
            None => (Kind::Unknown, Zeroizing::new(file.to_vec())),
        };
        let pkcs8 = || rsa::PrivateKey::from_pkcs8_der(&der).ok();
        let pkcs1 = || rsa::PrivateKey::from_pkcs1_der(&der).ok();
        let key = match kind {
            Kind::Pkcs1 => pkcs1(),
            Kind::Pkcs8 => pkcs8(),
            Kind::Unknown => pkcs8().or_else(pkcs1),
        };
        let key = key.filter(|key| BYTES.contains(&key.size()));
        let key = key.ok_or("that is no RSA private key of 1024 to 8192 bits in PEM or DER")?;
        Ok(Self {
            key,
            randomness: randomness.into(),
        })
    }

    pub(super) fn rsa(&self) -> &rsa::PrivateKey {
        &self.key
    }

    /// The modulus, the highest byte first, without zeros in front.
    pub(super) fn modulus(&self) -> Vec<u8> {
        let bytes = self.key.n().to_be_bytes();
        bytes
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect()
    }

    /// Random numbers to blind the decryption of one ciphertext with.
    pub(super) fn blinding(&self, ciphertext: &[u8]) -> Blinding {
        Blinding {
            key: digest(&*self.randomness, ciphertext),
            block: 0,
        }
    }

    /// Bytes that nobody foresees who has not the key, always the same for the same ciphertext.
    pub(super) fn stand_in(&self, ciphertext: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
        let d = Zeroizing::new(rsa::traits::PrivateKeyParts::d(&self.key).to_be_bytes());
        let key = digest(&d, ciphertext);
        let mut bytes = Zeroizing::new(vec![0; length]);
        let mut stream = Blinding { key, block: 0 };
        stream.fill(&mut bytes);
        bytes
    }
}

/// The length of a modulus.
const BYTES: RangeInclusive<usize> = 128..=1024;

const BEGIN: &str = "-----BEGIN ";

enum Kind {
    Pkcs1,
    Pkcs8,
    /// DER does not say it.
    Unknown,
}

/// The first private key in a PEM file, which may hold certificates too.
fn pem(text: &str) -> Result<(Kind, Zeroizing<Vec<u8>>), String> {
    for block in text.split(BEGIN).skip(1) {
        let (label, rest) = block.split_once("-----").unwrap_or_default();
        let kind = match label {
            "RSA PRIVATE KEY" => Kind::Pkcs1,
            "PRIVATE KEY" => Kind::Pkcs8,
            "ENCRYPTED PRIVATE KEY" => return Err(ENCRYPTED.to_owned()),
            "OPENSSH PRIVATE KEY" => return Err(OPENSSH.to_owned()),
            _ => continue,
        };
        let (body, _) = rest
            .split_once("-----END ")
            .ok_or("the private key's file is not complete")?;
        if body.contains("ENCRYPTED") {
            return Err(ENCRYPTED.to_owned());
        }
        let der = decode::base64(body).ok_or("the private key's PEM is damaged")?;
        return Ok((kind, der));
    }
    Err(
        "there is no RSA private key in that PEM file; give the private key, not the certificate"
            .to_owned(),
    )
}

const ENCRYPTED: &str = "the private key has a passphrase of its own: write a copy without one with `openssl pkey -in KEY -out COPY`, give that, and delete it afterwards";
const OPENSSH: &str = "the private key is in OpenSSH's own format: convert a copy with `ssh-keygen -p -m PEM -f COPY`, give that, and delete it afterwards";

fn digest(key: &[u8], bytes: &[u8]) -> Zeroizing<[u8; 32]> {
    // HMAC takes a key of any length.
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).map(|mac| mac.chain_update(bytes));
    Zeroizing::new(mac.map_or([0; 32], |mac| mac.finalize().into_bytes().into()))
}

/// A stream of pseudo-random bytes: the HMACs of 0, 1, 2, …
pub(super) struct Blinding {
    key: Zeroizing<[u8; 32]>,
    block: u64,
}

impl Blinding {
    fn fill(&mut self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(32) {
            let mut block = digest(&*self.key, &self.block.to_be_bytes());
            self.block += 1;
            piece
                .iter_mut()
                .zip(block.iter())
                .for_each(|(to, from)| *to = *from);
            block.zeroize();
        }
    }
}

impl TryRng for Blinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Blinding {}
