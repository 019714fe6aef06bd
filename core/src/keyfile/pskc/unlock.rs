//! Opening what is encrypted in a PSKC file (RFC 6030 section 6): which key, which method, which MAC.

use super::cipher::{Cipher, Padding};
use super::derive::Derivation;
use super::mac::{Hash, MacMethod};
use super::transport::{self, Scheme};
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::private_key::PrivateKey;
use crate::keyfile::xml::Element;
use crate::keyfile::{Unlock, decode};
use zeroize::Zeroizing;

/// The keys of a file.
pub(super) struct Keys {
    /// What values are encrypted with: the pre-shared key, a passphrase's, or one that the file brings encrypted.
    symmetric: Option<SymmetricKey>,
    /// What values or their keys are encrypted to.
    private: Option<PrivateKey>,
    /// The method of values that name none: drafts name it once for the file.
    method: Option<Method>,
    /// One initialization vector for all values.
    vector: Option<Zeroizing<Vec<u8>>>,
    mac: Option<MacMethod>,
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

const GIVE_KEY: &str = "the file is encrypted with a pre-shared key: give the key";
const GIVE_PASSPHRASE: &str = "the file is encrypted with a passphrase: give the passphrase";
const GIVE_PRIVATE_KEY: &str =
    "the file is encrypted to an RSA key: give the private key that belongs to it";

/// How something is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Method {
    Symmetric(Cipher),
    Rsa(Scheme),
}

impl Method {
    /// What an element's `EncryptionMethod` names.
    fn of(encrypted: &Element) -> Result<Option<Self>, String> {
        match encrypted.find(&["EncryptionMethod"]) {
            Some(method) => Self::read(method),
            None => Ok(None),
        }
    }

    /// The algorithm of an `EncryptionMethod`, or of the `EncryptionScheme` in it.
    fn read(method: &Element) -> Result<Option<Self>, String> {
        let scheme = method.find(&["EncryptionScheme"]).unwrap_or(method);
        let uri = scheme.attribute("Algorithm").unwrap_or_default();
        let name = uri.rsplit(['#', '/']).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if name.is_empty() || name == "none" {
            return Ok(None);
        }
        if let Some(cipher) = Cipher::parse(&name) {
            return Ok(Some(Self::Symmetric(cipher)));
        }
        if let Some(scheme) = Scheme::parse(&name, method)? {
            return Ok(Some(Self::Rsa(scheme)));
        }
        let known = [
            ("gcm", "AES-GCM"),
            ("camellia", "Camellia"),
            ("tripledes", "Triple-DES key wrap"),
            ("arcfour", "RC4"),
        ];
        let known = known.into_iter().find(|(part, _)| name.contains(part));
        let known = known.map_or("a method that is unknown", |(_, name)| name);
        Err(format!(
            "it is encrypted with {known}, which is not read: ask the vendor for AES-CBC"
        ))
    }
}

/// A key of a cipher.
enum SymmetricKey {
    /// As it was given, or unwrapped.
    Exact(Zeroizing<Vec<u8>>),
    /// From a passphrase, where the file does not say how long it has to be: as long as the cipher wants.
    Beginning(Zeroizing<Vec<u8>>),
    /// Encrypted to an RSA key. If it has not the cipher's length, other bytes stand in for it.
    Transported(Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>),
}

impl SymmetricKey {
    /// The key for this cipher. A transported one of the wrong length may be one with a wrong padding: that must look
    /// like a wrong key, so it gets bytes that nobody foresees.
    fn bytes(&self, cipher: Cipher) -> &[u8] {
        let length = cipher.key_length();
        match self {
            Self::Exact(key) => key,
            Self::Beginning(key) => key.get(..length).unwrap_or(key),
            Self::Transported(key, _) if key.len() == length => key,
            Self::Transported(_, stand_in) => stand_in.get(..length).unwrap_or(stand_in),
        }
    }
}

/// What a file says once about how it is encrypted.
#[derive(Default)]
pub(super) struct Encryption {
    /// `EncryptionKey`; in drafts `EncryptionMethod`.
    pub(super) key: Option<Element>,
    /// `MACMethod`; in drafts `DigestMethod` or `MACAlgorithm`.
    pub(super) mac: Option<Element>,
    /// Some value is encrypted to an RSA key.
    pub(super) rsa: bool,
}

impl Encryption {
    /// Takes note of how a package's values are encrypted.
    pub(super) fn see(&mut self, package: &Element) {
        if !self.rsa {
            let methods = package.descendants("EncryptionMethod");
            self.rsa = methods
                .into_iter()
                .any(|method| matches!(Method::read(method), Ok(Some(Method::Rsa(_)))));
        }
    }
}

impl Keys {
    /// The keys that a file names, from what the admin gave.
    pub(super) fn new(
        encryption: &Encryption,
        unlock: &Unlock,
        notes: &mut Notes,
    ) -> Result<Self, String> {
        let mut keys = Self {
            symmetric: None,
            private: None,
            method: None,
            vector: None,
            mac: None,
        };
        let element = encryption.key.as_ref();
        if let Some(element) = element {
            keys.read_draft(element, notes)?;
        }
        keys.take(element, encryption.rsa, unlock, notes)?;
        let wrapped = element.and_then(|element| element.find(&["EncryptedKey"]));
        if let Some(wrapped) = wrapped {
            keys.symmetric = Some(keys.unwrap(wrapped)?);
        }
        if let Some(method) = encryption.mac.as_ref() {
            keys.mac = Some(keys.mac_method(method)?);
        }
        Ok(keys)
    }

    /// What drafts say once for the file: the method, and the initialization vector.
    fn read_draft(&mut self, element: &Element, notes: &mut Notes) -> Result<(), String> {
        if element.name() == "EncryptionMethod" {
            self.method = Method::read(element)?;
        }
        if let Some(text) = element.text_at(&["IV"]) {
            let vector = decode::base64(text).ok_or("the initialization vector is not base64")?;
            self.vector = Some(vector);
            notes.add(Assumption::OneVector);
        }
        Ok(())
    }

    /// Takes what was given, if it is what the file wants.
    fn take(
        &mut self,
        element: Option<&Element>,
        rsa: bool,
        unlock: &Unlock,
        notes: &mut Notes,
    ) -> Result<(), String> {
        let derivation = element
            .map(|element| self.derivation(element))
            .transpose()?;
        let derivation = derivation.flatten();
        let to_rsa = rsa || element.is_some_and(to_rsa);
        match (unlock, derivation) {
            (Unlock::Passphrase(passphrase), Some(derivation)) => {
                let key = derivation.key(passphrase);
                self.symmetric = Some(if derivation.length.is_some() {
                    SymmetricKey::Exact(key)
                } else {
                    notes.add(Assumption::KeyLength);
                    SymmetricKey::Beginning(key)
                });
            }
            (_, Some(_)) => return Err(GIVE_PASSPHRASE.to_owned()),
            (Unlock::PrivateKey(key), None) => {
                if let Some(element) = element {
                    transport::check_recipient(element, key)?;
                }
                self.private = Some((**key).clone());
            }
            (_, None) if to_rsa => return Err(GIVE_PRIVATE_KEY.to_owned()),
            (Unlock::PreSharedKey(key), None) => {
                self.symmetric = Some(SymmetricKey::Exact(key.clone()));
            }
            (Unlock::Nothing | Unlock::Passphrase(_), None) => return Err(GIVE_KEY.to_owned()),
        }
        Ok(())
    }

    /// How the key is made of a passphrase, if it is.
    fn derivation(&self, element: &Element) -> Result<Option<Derivation>, String> {
        if let Some(derived) = element.find(&["DerivedKey"]) {
            return Derivation::read(derived).map(Some);
        }
        match self.method {
            Some(Method::Symmetric(cipher)) if element.find(&["PBESalt"]).is_some() => {
                Derivation::read_draft(element, cipher.key_length()).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn mac_method(&self, method: &Element) -> Result<MacMethod, String> {
        let name = method.attribute("Algorithm").unwrap_or(method.text());
        let hash = Hash::parse(name)
            .ok_or("the MAC algorithm is none of HMAC-SHA1, SHA224, SHA256, SHA384, SHA512")?;
        let key = method.find(&["MACKey"]);
        let key = key.map(|key| self.decrypt(key, Padding::Any)).transpose()?;
        Ok(MacMethod {
            hash: Some(hash),
            elsewhere: key.is_none() && method.find(&["MACKeyReference"]).is_some(),
            key,
        })
    }

    /// A key that is encrypted itself: to an RSA key, or with the pre-shared key.
    fn unwrap(&self, wrapped: &Element) -> Result<SymmetricKey, String> {
        let ciphertext = ciphertext(wrapped)?;
        let Some(Method::Rsa(scheme)) = Method::of(wrapped)? else {
            let key = self.decrypt(wrapped, Padding::Any)?;
            return Ok(SymmetricKey::Exact(key));
        };
        let private = self.private.as_ref().ok_or(GIVE_PRIVATE_KEY)?;
        Ok(SymmetricKey::Transported(
            scheme.decrypt(private, &ciphertext)?,
            private.stand_in(&ciphertext, 32),
        ))
    }

    /// Decrypts an element with `CipherData`.
    fn decrypt(&self, encrypted: &Element, padding: Padding) -> Result<Zeroizing<Vec<u8>>, String> {
        let method = self.method_of(encrypted)?;
        self.decrypt_bytes(
            &method,
            self.symmetric.as_ref(),
            &ciphertext(encrypted)?,
            padding,
        )
    }

    fn method_of(&self, encrypted: &Element) -> Result<Method, String> {
        let method = Method::of(encrypted)?.or_else(|| self.method.clone());
        method.ok_or_else(|| "it does not say how it is encrypted".to_owned())
    }

    fn decrypt_bytes(
        &self,
        method: &Method,
        key: Option<&SymmetricKey>,
        ciphertext: &[u8],
        padding: Padding,
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        match method {
            Method::Symmetric(cipher) => {
                let key = key.ok_or(GIVE_KEY)?.bytes(*cipher);
                let vector = self.vector.as_ref().map(|vector| vector.as_slice());
                cipher.decrypt(key, vector, ciphertext, padding)
            }
            Method::Rsa(scheme) => {
                scheme.decrypt(self.private.as_ref().ok_or(GIVE_PRIVATE_KEY)?, ciphertext)
            }
        }
    }

    /// Opens a value that holds an `EncryptedValue`, and maybe a `ValueMAC`.
    pub(super) fn open(&self, value: &Element, notes: &mut Notes) -> Result<Opened, String> {
        let encrypted = value
            .find(&["EncryptedValue"])
            .ok_or("no encrypted value")?;
        let own = encrypted
            .find(&["KeyInfo", "EncryptedKey"])
            .map(|wrapped| self.unwrap(wrapped))
            .transpose()?;
        let sealed = Sealed {
            method: self.method_of(encrypted)?,
            key: own.as_ref().or(self.symmetric.as_ref()),
            ciphertext: ciphertext(encrypted)?,
            tag: tag(value).or_else(|| tag(encrypted)),
        };
        self.open_sealed(&sealed, notes)
    }

    fn open_sealed(&self, sealed: &Sealed<'_>, notes: &mut Notes) -> Result<Opened, String> {
        let Some(tag) = sealed.tag else {
            return self.open_without_mac(sealed, notes);
        };
        let tag = decode::base64(tag).ok_or("the MAC is not base64")?;
        let default = MacMethod::default();
        let mac = self.mac.as_ref().unwrap_or(&default);
        let key = sealed.mac_fallback(mac)?;
        let over_ciphertext = mac.fits(key, &sealed.ciphertext, &tag);
        let bytes =
            self.decrypt_bytes(&sealed.method, sealed.key, &sealed.ciphertext, Padding::Any)?;
        // Some vendors take the MAC of the plaintext.
        if !over_ciphertext && !mac.fits(key, &bytes, &tag) {
            return Err(if mac.elsewhere { ELSEWHERE } else { WRONG }.to_owned());
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

    fn open_without_mac(&self, sealed: &Sealed<'_>, notes: &mut Notes) -> Result<Opened, String> {
        let bytes = self.decrypt_bytes(
            &sealed.method,
            sealed.key,
            &sealed.ciphertext,
            Padding::Pkcs7,
        )?;
        let proven = match &sealed.method {
            Method::Symmetric(cipher) => cipher.proves(),
            Method::Rsa(scheme) => *scheme != Scheme::Pkcs1v15,
        };
        // A wrong padding gives bytes of any length: most of them are told by it.
        if sealed.method == Method::Rsa(Scheme::Pkcs1v15) && !usual_length(bytes.len()) {
            return Err(WRONG.to_owned());
        }
        if !proven {
            notes.add(Assumption::NoMac);
        }
        Ok(Opened { bytes, proven })
    }
}

/// A value as it stands in the file.
struct Sealed<'a> {
    method: Method,
    key: Option<&'a SymmetricKey>,
    ciphertext: Zeroizing<Vec<u8>>,
    tag: Option<&'a str>,
}

impl Sealed<'_> {
    /// RFC 6030 section 6.1.1: without a MAC key it is the encryption key.
    fn mac_fallback(&self, mac: &MacMethod) -> Result<&[u8], String> {
        match (&self.method, self.key) {
            _ if mac.key.is_some() => Ok(&[]),
            (Method::Symmetric(cipher), Some(key)) => Ok(key.bytes(*cipher)),
            (Method::Symmetric(_), None) => Err(GIVE_KEY.to_owned()),
            (Method::Rsa(_), _) => Err("a MAC, and no key to check it with".to_owned()),
        }
    }
}

const NO_CIPHERTEXT: &str = "no encrypted value in base64";
const ELSEWHERE: &str = "the MAC is made with a key that the file does not bring, or the key is wrong: \
                         ask the vendor for a file with its MAC key";

/// Whether seeds, or numbers, come in that length.
fn usual_length(length: usize) -> bool {
    matches!(length, 1..=8 | 16 | 20 | 24 | 32 | 48 | 64)
}

/// Whether the file names a public key, or brings its key encrypted to one.
fn to_rsa(element: &Element) -> bool {
    let wrapped = element.find(&["EncryptedKey"]);
    match wrapped.map(Method::of) {
        Some(method) => matches!(method, Ok(Some(Method::Rsa(_)))),
        None => element.has("X509Data") || element.has("KeyValue"),
    }
}

fn tag(value: &Element) -> Option<&str> {
    value
        .text_at(&["ValueMAC"])
        .or_else(|| value.text_at(&["ValueDigest"]))
}

/// The bytes of a `CipherValue`.
fn ciphertext(encrypted: &Element) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = encrypted.text_at(&["CipherData", "CipherValue"]);
    let bytes = text.and_then(decode::base64);
    bytes.ok_or_else(|| NO_CIPHERTEXT.to_owned())
}
