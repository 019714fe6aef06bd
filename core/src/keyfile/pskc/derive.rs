//! A key from a passphrase (RFC 6030 section 6.2): PBKDF2, RFC 8018 section 5.2.

use super::mac::Hash;
use crate::keyfile::decode;
use crate::keyfile::xml::Element;
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroizing;

/// The most iterations of PBKDF2: some seconds of work, so that no file keeps a machine busy for hours.
const MOST_ITERATIONS: u32 = 10_000_000;
/// The longest key of a cipher, in bytes.
const LONGEST_KEY: usize = 32;

/// What PBKDF2 wants beside the passphrase.
pub(super) struct Derivation {
    salt: Zeroizing<Vec<u8>>,
    iterations: u32,
    hash: Hash,
    /// The key's length in bytes, if the file says it.
    pub(super) length: Option<usize>,
}

impl Derivation {
    /// What a `DerivedKey` says.
    pub(super) fn read(derived: &Element) -> Result<Self, String> {
        let method = derived
            .find(&["KeyDerivationMethod"])
            .ok_or("no key derivation method")?;
        let name = method.attribute("Algorithm").unwrap_or_default();
        if !name.to_ascii_lowercase().ends_with("pbkdf2") {
            return Err("the key derivation is not PBKDF2: ask the vendor for PBKDF2".to_owned());
        }
        let parameters = method.find(&["PBKDF2-params"]).unwrap_or(method);
        let salt = parameters
            .text_at(&["Salt", "Specified"])
            .or_else(|| parameters.text_at(&["Salt"]));
        Ok(Self {
            salt: salt
                .and_then(decode::base64)
                .ok_or("no salt in base64 for the passphrase")?,
            iterations: iterations(parameters.text_at(&["IterationCount"]))?,
            hash: prf(parameters)?,
            length: key_length(parameters)?,
        })
    }

    /// What a draft's `EncryptionMethod` says (`PBESalt`, `PBEIterationCount`): HMAC-SHA1, a key as its cipher wants.
    pub(super) fn read_draft(method: &Element, length: usize) -> Result<Self, String> {
        Ok(Self {
            salt: method
                .text_at(&["PBESalt"])
                .and_then(decode::base64)
                .ok_or("no salt in base64 for the passphrase")?,
            iterations: iterations(method.text_at(&["PBEIterationCount"]))?,
            hash: Hash::Sha1,
            length: Some(length),
        })
    }

    /// The key. Where the file does not say the length it is the longest: a shorter one is its beginning.
    pub(super) fn key(&self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        let (salt, rounds) = (&self.salt, self.iterations);
        let mut key = Zeroizing::new(vec![0; self.length.unwrap_or(LONGEST_KEY)]);
        match self.hash {
            Hash::Sha1 => pbkdf2_hmac::<sha1::Sha1>(passphrase, salt, rounds, &mut key),
            Hash::Sha224 => pbkdf2_hmac::<sha2::Sha224>(passphrase, salt, rounds, &mut key),
            Hash::Sha256 => pbkdf2_hmac::<sha2::Sha256>(passphrase, salt, rounds, &mut key),
            Hash::Sha384 => pbkdf2_hmac::<sha2::Sha384>(passphrase, salt, rounds, &mut key),
            Hash::Sha512 => pbkdf2_hmac::<sha2::Sha512>(passphrase, salt, rounds, &mut key),
        }
        key
    }
}

fn iterations(text: Option<&str>) -> Result<u32, String> {
    let count = text.and_then(|text| text.parse().ok());
    count
        .filter(|count| (1..=MOST_ITERATIONS).contains(count))
        .ok_or_else(|| format!("the iteration count is not 1 to {MOST_ITERATIONS}"))
}

/// The key's length in bytes. Some write bits: no cipher has a key of that many bytes.
fn key_length(parameters: &Element) -> Result<Option<usize>, String> {
    Ok(Some(match parameters.text_at(&["KeyLength"]) {
        None => return Ok(None),
        Some("16" | "128") => 16,
        Some("24" | "192") => 24,
        Some("32" | "256") => 32,
        Some(_) => return Err("the key length is not 16, 24 or 32".to_owned()),
    }))
}

/// The hash of PBKDF2's pseudorandom function: HMAC-SHA1 if none is named (RFC 8018 appendix A.2).
fn prf(parameters: &Element) -> Result<Hash, String> {
    let uri = parameters
        .find(&["PRF"])
        .and_then(|prf| prf.attribute("Algorithm"))
        .filter(|uri| !uri.is_empty());
    uri.map_or(Some(Hash::Sha1), Hash::parse)
        .ok_or_else(|| "the PRF is none of HMAC-SHA1 to HMAC-SHA512".to_owned())
}
