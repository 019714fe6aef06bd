//! Opening what is encrypted in a PSKC file (RFC 6030 section 6): AES-CBC, PBKDF2, and the MACs.

use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::xml::Element;
use crate::keyfile::{Unlock, decode};
use crate::token::HashAlgorithm;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use hmac::{Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroizing;

/// The most iterations of PBKDF2: some seconds of work, so that no file keeps a machine busy for hours.
const MOST_ITERATIONS: u32 = 10_000_000;
/// The length of an initialization vector and of a block.
const BLOCK: usize = 16;

/// The keys of a file.
pub(super) struct Keys {
    encryption: Zeroizing<Vec<u8>>,
    mac: Option<MacMethod>,
}

struct MacMethod {
    hash: HashAlgorithm,
    key: Zeroizing<Vec<u8>>,
}

/// What was encrypted, and whether a MAC proves that the key is the right one.
pub(super) struct Opened {
    /// The plaintext.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// A MAC fits.
    pub(super) proven: bool,
}

impl Keys {
    /// The keys that a file's `EncryptionKey` and `MACMethod` name, from what the admin gave.
    pub(super) fn new(
        encryption_key: Option<&Element>,
        mac_method: Option<&Element>,
        unlock: &Unlock,
    ) -> Result<Self, String> {
        let derived = encryption_key.and_then(|key| key.find(&["DerivedKey"]));
        if encryption_key.is_some_and(|key| {
            key.has("X509Data") || key.has("KeyValue") || key.has("EncryptedKey")
        }) {
            return Err(
                "the file is encrypted to an RSA key (certificate): that is not read yet; \
                        ask the vendor for a pre-shared key or a passphrase"
                    .to_owned(),
            );
        }
        let encryption = match (derived, unlock) {
            (Some(derived), Unlock::Passphrase(passphrase)) => derive(derived, passphrase)?,
            (Some(_), _) => {
                return Err(
                    "the file is encrypted with a passphrase: give the passphrase".to_owned(),
                );
            }
            (None, Unlock::PreSharedKey(key)) => key.clone(),
            (None, _) => {
                return Err("the file is encrypted with a pre-shared key: give the key".to_owned());
            }
        };
        let mac = mac_method
            .map(|method| MacMethod::new(method, &encryption))
            .transpose()?;
        Ok(Self { encryption, mac })
    }

    /// Opens a value that holds an `EncryptedValue`, and maybe a `ValueMAC`.
    pub(super) fn open(&self, value: &Element, notes: &mut Notes) -> Result<Opened, String> {
        let encrypted = value
            .find(&["EncryptedValue"])
            .ok_or("no encrypted value")?;
        let (ciphertext, key_length) = ciphertext(encrypted)?;
        let Some(tag) = value.find(&["ValueMAC"]) else {
            let bytes = decrypt(&self.encryption, &ciphertext, key_length, Padding::Pkcs7)?;
            notes.add(Assumption::NoMac);
            return Ok(Opened {
                bytes,
                proven: false,
            });
        };
        let method = self
            .mac
            .as_ref()
            .ok_or("a MAC, and no MACMethod that says how to check it")?;
        let tag = decode::base64(tag.text()).ok_or("the MAC is not base64")?;
        if method.fits(&ciphertext, &tag) {
            let bytes = decrypt(&self.encryption, &ciphertext, key_length, Padding::Any)?;
            return Ok(Opened {
                bytes,
                proven: true,
            });
        }
        // Some vendors take the MAC of the plaintext.
        let bytes = decrypt(&self.encryption, &ciphertext, key_length, Padding::Any)?;
        if !method.fits(&bytes, &tag) {
            return Err(WRONG.to_owned());
        }
        notes.add(Assumption::MacOverPlaintext);
        Ok(Opened {
            bytes,
            proven: true,
        })
    }
}

/// Nothing tells a wrong key from a damaged file when the first value can't be opened.
const WRONG: &str = "can't be decrypted: a wrong key or passphrase, or a damaged file";

impl MacMethod {
    fn new(method: &Element, encryption: &Zeroizing<Vec<u8>>) -> Result<Self, String> {
        let hash = method.attribute("Algorithm").and_then(hmac_hash);
        let hash =
            hash.ok_or("the MAC algorithm is none of HMAC-SHA1, HMAC-SHA256, HMAC-SHA512")?;
        let key = match method.find(&["MACKey"]) {
            Some(key) => {
                let (ciphertext, key_length) = ciphertext(key)?;
                decrypt(encryption, &ciphertext, key_length, Padding::Any)?
            }
            // RFC 6030 section 6.1.1: without a MAC key it is the encryption key.
            None => encryption.clone(),
        };
        Ok(Self { hash, key })
    }

    fn fits(&self, bytes: &[u8], tag: &[u8]) -> bool {
        match self.hash {
            HashAlgorithm::Sha1 => verify::<Hmac<sha1::Sha1>>(&self.key, bytes, tag),
            HashAlgorithm::Sha256 => verify::<Hmac<sha2::Sha256>>(&self.key, bytes, tag),
            HashAlgorithm::Sha512 => verify::<Hmac<sha2::Sha512>>(&self.key, bytes, tag),
        }
    }
}

/// Compares in constant time.
fn verify<M: Mac + KeyInit>(key: &[u8], bytes: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(bytes).verify_slice(tag).is_ok())
}

/// The hash of an HMAC's URI, such as `http://www.w3.org/2001/04/xmldsig-more#hmac-sha256` or `…#hmacWithSHA256`.
fn hmac_hash(uri: &str) -> Option<HashAlgorithm> {
    let name = uri
        .rsplit(['#', '/'])
        .next()?
        .to_ascii_lowercase()
        .replace("with", "");
    HashAlgorithm::parse(&name).ok()
}

/// A key from a passphrase: PBKDF2, RFC 8018 section 5.2.
fn derive(derived: &Element, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let method = derived
        .find(&["KeyDerivationMethod"])
        .ok_or("no key derivation method")?;
    let name = method
        .attribute("Algorithm")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let parameters = method
        .find(&["PBKDF2-params"])
        .filter(|_| name.ends_with("pbkdf2"));
    let parameters = parameters.ok_or("the key derivation is not PBKDF2")?;
    let salt = parameters
        .text_at(&["Salt", "Specified"])
        .and_then(decode::base64)
        .ok_or("no salt in base64")?;
    let rounds = iterations(parameters)?;
    let length = parameters
        .text_at(&["KeyLength"])
        .and_then(|text| text.parse().ok());
    let length = length
        .filter(|length| matches!(length, 16 | 24 | 32))
        .ok_or("the key length is not 16, 24 or 32")?;
    let mut key = Zeroizing::new(vec![0; length]);
    match prf(parameters)? {
        HashAlgorithm::Sha1 => pbkdf2_hmac::<sha1::Sha1>(passphrase, &salt, rounds, &mut key),
        HashAlgorithm::Sha256 => pbkdf2_hmac::<sha2::Sha256>(passphrase, &salt, rounds, &mut key),
        HashAlgorithm::Sha512 => pbkdf2_hmac::<sha2::Sha512>(passphrase, &salt, rounds, &mut key),
    }
    Ok(key)
}

fn iterations(parameters: &Element) -> Result<u32, String> {
    let count = parameters
        .text_at(&["IterationCount"])
        .and_then(|text| text.parse().ok());
    count
        .filter(|count| (1..=MOST_ITERATIONS).contains(count))
        .ok_or_else(|| format!("the iteration count is not 1 to {MOST_ITERATIONS}"))
}

/// The hash of PBKDF2's pseudorandom function: HMAC-SHA1 if none is named.
fn prf(parameters: &Element) -> Result<HashAlgorithm, String> {
    let uri = parameters
        .find(&["PRF"])
        .and_then(|prf| prf.attribute("Algorithm"))
        .filter(|uri| !uri.is_empty());
    let hash = uri.map_or(Some(HashAlgorithm::Sha1), hmac_hash);
    hash.ok_or_else(|| "the PRF is none of HMAC-SHA1, HMAC-SHA256, HMAC-SHA512".to_owned())
}

/// The bytes of a `CipherValue`, the initialization vector first, and the key length that its method wants.
fn ciphertext(encrypted: &Element) -> Result<(Zeroizing<Vec<u8>>, usize), String> {
    let method = encrypted
        .find(&["EncryptionMethod"])
        .and_then(|method| method.attribute("Algorithm"));
    let name = method.unwrap_or_default().to_ascii_lowercase();
    let key_length = match name.rsplit('#').next().unwrap_or_default() {
        "aes128-cbc" => 16,
        "aes192-cbc" => 24,
        "aes256-cbc" => 32,
        "tripledes-cbc" => return Err(not_yet("Triple-DES")),
        "kw-aes128" | "kw-aes192" | "kw-aes256" => return Err(not_yet("AES key wrap")),
        "rsa-1_5" | "rsa_1_5" | "rsa-oaep-mgf1p" | "rsa-oaep" => return Err(not_yet("RSA")),
        _ => return Err("it is encrypted, and not with AES-CBC".to_owned()),
    };
    let bytes = encrypted
        .text_at(&["CipherData", "CipherValue"])
        .and_then(decode::base64);
    Ok((bytes.ok_or("no encrypted value in base64")?, key_length))
}

fn not_yet(name: &str) -> String {
    format!("it is encrypted with {name}: that is not read yet; ask the vendor for AES-CBC")
}

/// What the last block is filled up with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// The number of bytes, in each of them.
    Pkcs7,
    /// The number of bytes, in the last of them (XML Encryption section 5.2). For what a MAC vouches for.
    Any,
}

/// Decrypts AES-CBC, the initialization vector in front.
fn decrypt(
    key: &[u8],
    input: &[u8],
    key_length: usize,
    padding: Padding,
) -> Result<Zeroizing<Vec<u8>>, String> {
    if key.len() != key_length {
        return Err(format!(
            "the key has {} bytes, the file wants one of {key_length}",
            key.len()
        ));
    }
    let (vector, body) = input
        .split_at_checked(BLOCK)
        .ok_or("the encrypted value is too short")?;
    let mut body = Zeroizing::new(body.to_vec());
    if body.is_empty() || body.len() % BLOCK != 0 {
        return Err("the encrypted value is no whole number of blocks".to_owned());
    }
    match key_length {
        16 => decrypt_blocks::<cbc::Decryptor<Aes128>>(key, vector, &mut body),
        24 => decrypt_blocks::<cbc::Decryptor<Aes192>>(key, vector, &mut body),
        _ => decrypt_blocks::<cbc::Decryptor<Aes256>>(key, vector, &mut body),
    }?;
    let count = usize::from(body.last().copied().unwrap_or_default());
    let (kept, filled) = body
        .len()
        .checked_sub(count)
        .and_then(|at| body.split_at_checked(at))
        .ok_or(WRONG)?;
    let same = filled.iter().all(|byte| usize::from(*byte) == count);
    if !(1..=BLOCK).contains(&count) || (padding == Padding::Pkcs7 && !same) {
        return Err(WRONG.to_owned());
    }
    let kept = kept.len();
    body.truncate(kept);
    Ok(body)
}

fn decrypt_blocks<D: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    vector: &[u8],
    body: &mut [u8],
) -> Result<(), String> {
    let cipher = D::new_from_slices(key, vector).map_err(|_| "a key of the wrong length")?;
    cipher
        .decrypt_padded::<NoPadding>(body)
        .map(|_| ())
        .map_err(|_| WRONG.to_owned())
}
