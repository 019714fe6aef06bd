//! One encrypted value, and opening it: with a MAC over the ciphertext or the plaintext, or with none.

use super::cipher::Padding;
use super::mac::MacMethod;
use super::method::{Method, SymmetricKey};
use super::transport::Scheme;
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::decode;
use crate::keyfile::private_key::PrivateKey;
use zeroize::Zeroizing;

/// An encrypted value, with the keys that it may want.
pub(super) struct Sealed<'a> {
    pub(super) method: Method,
    pub(super) symmetric: Option<&'a SymmetricKey>,
    pub(super) private: Option<&'a PrivateKey>,
    /// The initialization vector, if it does not stand in front.
    pub(super) vector: Option<&'a [u8]>,
    pub(super) ciphertext: Zeroizing<Vec<u8>>,
    /// Its MAC, in base64.
    pub(super) tag: Option<&'a str>,
    /// It has to prove itself: a value of the file has proved the keys, or it is a number.
    pub(super) must_prove: bool,
}

/// What was encrypted, and whether it proves that the key is the right one.
pub(super) struct Opened {
    /// The plaintext.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// A MAC fits, or the method has a check of its own.
    pub(super) proven: bool,
}

/// Nothing tells a wrong key from a damaged file when the first value can't be opened. And nothing may tell what was
/// wrong with a value that is encrypted to an RSA key: it is always this.
pub(super) const WRONG: &str = "can't be decrypted: a wrong key or passphrase, or a damaged file";

pub(super) const GIVE_KEY: &str =
    "the file is encrypted with a pre-shared key: give the key with --key-file FILE";
pub(super) const GIVE_PRIVATE_KEY: &str = "the file is encrypted to an RSA key: give the private key that belongs to it \
                                           with --private-key FILE";
/// Who takes the MAC from a value, and tries what its padding says, would learn a seed byte by byte: nothing is tried.
pub(super) const NO_MAC: &str = "it has no MAC, and numbers want one, and so does each value where one has it: \
                      ask the vendor for a file in which each value has a MAC";
const ELSEWHERE: &str = "the MAC is made with a key that the file does not bring, or the key is wrong: \
                         ask the vendor for a file with its MAC key";

impl Sealed<'_> {
    /// Decrypts, without a look at the MAC.
    pub(super) fn decrypt(&self, padding: Padding) -> Result<Zeroizing<Vec<u8>>, String> {
        match &self.method {
            Method::Symmetric(cipher) => {
                let key = self.symmetric.ok_or(GIVE_KEY)?.bytes(*cipher);
                cipher.decrypt(key, self.vector, &self.ciphertext, padding)
            }
            Method::Rsa(scheme) => {
                scheme.decrypt(self.private.ok_or(GIVE_PRIVATE_KEY)?, &self.ciphertext)
            }
        }
    }

    /// Opens it. Without a `MacMethod` the MAC's length tells how it is made.
    pub(super) fn open(
        &self,
        mac: Option<&MacMethod>,
        notes: &mut Notes,
    ) -> Result<Opened, String> {
        let Some(tag) = self.tag else {
            return self.open_without_mac(notes);
        };
        let tag = decode::base64(tag).ok_or("the MAC is not base64")?;
        let default = MacMethod::default();
        let mac = mac.unwrap_or(&default);
        let key = self.mac_fallback(mac)?;
        let over_ciphertext = mac.fits(key, &self.ciphertext, &tag);
        // What is wrong with the padding is nobody's to know either.
        let wrong = if mac.elsewhere { ELSEWHERE } else { WRONG };
        let bytes = self
            .decrypt(Padding::Any)
            .map_err(|why| if why == WRONG { wrong.to_owned() } else { why })?;
        // Some vendors take the MAC of the plaintext.
        if !over_ciphertext && !mac.fits(key, &bytes, &tag) {
            return Err(wrong.to_owned());
        }
        if !over_ciphertext {
            notes.add(Assumption::MacOverPlaintext);
        }
        if mac.hash.is_none() {
            notes.add(Assumption::MacMethod);
        }
        Ok(Opened {
            bytes,
            proven: true,
        })
    }

    /// RFC 6030 section 6.1.1: without a MAC key it is the encryption key.
    fn mac_fallback(&self, mac: &MacMethod) -> Result<&[u8], String> {
        match (&self.method, self.symmetric) {
            _ if mac.key.is_some() => Ok(&[]),
            (Method::Symmetric(cipher), Some(key)) => Ok(key.bytes(*cipher)),
            (Method::Symmetric(_), None) => Err(GIVE_KEY.to_owned()),
            (Method::Rsa(_), _) => Err("a MAC, and no key to check it with".to_owned()),
        }
    }

    fn open_without_mac(&self, notes: &mut Notes) -> Result<Opened, String> {
        let proven = match &self.method {
            Method::Symmetric(cipher) => cipher.proves(),
            Method::Rsa(scheme) => *scheme != Scheme::Pkcs1v15,
        };
        if self.must_prove && !proven {
            return Err(NO_MAC.to_owned());
        }
        let bytes = self.decrypt(Padding::Pkcs7)?;
        // A wrong padding gives bytes of any length: most of them are told by it.
        if self.method == Method::Rsa(Scheme::Pkcs1v15) && !usual_length(bytes.len()) {
            return Err(WRONG.to_owned());
        }
        if !proven {
            notes.add(Assumption::NoMac);
        }
        Ok(Opened { bytes, proven })
    }
}

/// Whether seeds, or numbers, come in that length.
fn usual_length(length: usize) -> bool {
    matches!(length, 1..=8 | 16 | 20 | 24 | 32 | 48 | 64)
}
