//! Opening what is encrypted in a PSKC file (RFC 6030 section 6): which keys, from what was given.

use super::cipher::Padding;
use super::derive::Derivation;
use super::mac::{self, Hash, MacMethod};
use super::method::{Method, SymmetricKey};
use super::sealed::{GIVE_KEY, GIVE_PRIVATE_KEY, Opened, Sealed, WRONG};
use super::transport;
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
    /// A value of the file has proved that the keys are right.
    proven: bool,
}

const GIVE_PASSPHRASE: &str = "the file is encrypted with a passphrase: give the passphrase with \
                               --passphrase-file FILE (- asks for it)";

/// What a file says once about how it is encrypted.
#[derive(Default)]
pub(super) struct Encryption {
    /// `EncryptionKey`; in drafts `EncryptionMethod`.
    key: Option<Element>,
    /// `MACMethod`; in drafts `DigestMethod` or `MACAlgorithm`.
    mac: Option<Element>,
    /// Some value is encrypted.
    pub(super) found: bool,
    /// The first of them is encrypted to an RSA key.
    rsa: bool,
}

impl Encryption {
    /// Takes `EncryptionKey`, or its like.
    pub(super) fn take_key(&mut self, key: Element) {
        let none = key.name() == "EncryptionMethod" && matches!(Method::read(&key), Ok(None));
        self.key = Some(key).filter(|_| !none);
    }

    /// Takes `MACMethod`, or its like.
    pub(super) fn take_mac(&mut self, mac: Element) {
        self.mac = Some(mac);
    }

    /// Takes note of how a package's values are encrypted.
    pub(super) fn see(&mut self, package: &Element) {
        if self.found {
            return;
        }
        let draft = self
            .key
            .as_ref()
            .is_some_and(|key| key.name() == "EncryptionMethod");
        self.found = package.has("EncryptedValue") || (draft && package.has("Value"));
        if !self.found {
            return;
        }
        let methods = package.descendants("EncryptionMethod");
        self.rsa = methods
            .into_iter()
            .any(|method| matches!(Method::read(method), Ok(Some(Method::Rsa(_)))));
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
            proven: false,
        };
        let element = encryption.key.as_ref();
        if let Some(element) = element {
            keys.read_draft(element, notes)?;
        }
        keys.take(element, encryption.rsa, unlock, notes)?;
        if let Some(wrapped) = element.and_then(|element| keys.own_wrapped(element)) {
            keys.symmetric = Some(keys.unwrap(wrapped)?);
        }
        if let Some(method) = encryption.mac.as_ref() {
            keys.mac = Some(keys.mac_method(method)?);
        }
        Ok(keys)
    }

    /// The encrypted key that is for us: a file may bring one for each recipient.
    fn own_wrapped<'a>(&self, element: &'a Element) -> Option<&'a Element> {
        let ours = |wrapped: &&Element| {
            self.private
                .as_ref()
                .is_none_or(|key| transport::check_recipient(wrapped, key).is_ok())
        };
        element.children("EncryptedKey").find(ours)
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
            .map(|element| self.derivation(element, notes))
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
    fn derivation(
        &self,
        element: &Element,
        notes: &mut Notes,
    ) -> Result<Option<Derivation>, String> {
        if let Some(derived) = element.find(&["DerivedKey"]) {
            return Derivation::read(derived).map(Some);
        }
        match self.method {
            Some(Method::Symmetric(cipher)) if element.find(&["PBESalt"]).is_some() => {
                notes.add(Assumption::DraftPassphrase);
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
        if key.as_ref().is_some_and(|key| !mac::is_key(key)) {
            return Err(WRONG.to_owned());
        }
        Ok(MacMethod {
            hash: Some(hash),
            elsewhere: key.is_none() && method.find(&["MACKeyReference"]).is_some(),
            key,
        })
    }

    /// A key that is encrypted itself: to an RSA key, or with the pre-shared key, and then so that it checks itself. What
    /// would be said of any other, one by one for each value, is what a seed's last byte would be as its padding.
    fn unwrap(&self, wrapped: &Element) -> Result<SymmetricKey, String> {
        let ciphertext = ciphertext(wrapped)?;
        let scheme = match self.method_of(wrapped)? {
            Method::Rsa(scheme) => scheme,
            Method::Symmetric(cipher) if cipher.proves() => {
                let key = self.decrypt(wrapped, Padding::Any)?;
                return Ok(SymmetricKey::Exact(key));
            }
            Method::Symmetric(_) => return Err(NO_KEY_WRAP.to_owned()),
        };
        let private = self.private.as_ref().ok_or(GIVE_PRIVATE_KEY)?;
        Ok(SymmetricKey::Transported(
            scheme.decrypt(private, &ciphertext)?,
            private.stand_in(&ciphertext, 32),
        ))
    }

    /// Decrypts an element with `CipherData`.
    fn decrypt(&self, encrypted: &Element, padding: Padding) -> Result<Zeroizing<Vec<u8>>, String> {
        self.sealed(self.method_of(encrypted)?, ciphertext(encrypted)?, None)
            .decrypt(padding)
    }

    fn sealed<'a>(
        &'a self,
        method: Method,
        ciphertext: Zeroizing<Vec<u8>>,
        tag: Option<&'a str>,
    ) -> Sealed<'a> {
        Sealed {
            method,
            symmetric: self.symmetric.as_ref(),
            private: self.private.as_ref(),
            vector: self.vector.as_ref().map(|vector| vector.as_slice()),
            ciphertext,
            tag,
            must_prove: self.proven,
        }
    }

    /// A value has proved the keys: from now on each value has to.
    pub(super) fn prove(&mut self) {
        self.proven = true;
    }

    fn method_of(&self, encrypted: &Element) -> Result<Method, String> {
        let method = Method::of(encrypted)?.or_else(|| self.method.clone());
        method.ok_or_else(|| "it does not say how it is encrypted".to_owned())
    }

    /// Opens a seed; nothing if it is not encrypted.
    pub(super) fn open(
        &self,
        value: &Element,
        notes: &mut Notes,
    ) -> Result<Option<Opened>, String> {
        self.open_value(value, self.proven, notes)
    }

    /// Opens a number; nothing if it is not encrypted. Numbers are shown: without a MAC it may be a seed that somebody
    /// has put there, and so it may with one that anybody can make.
    pub(super) fn open_number(
        &self,
        value: &Element,
        notes: &mut Notes,
    ) -> Result<Option<Opened>, String> {
        if self.anybody_can_encrypt() && self.is_encrypted(value) {
            return Err(NO_NUMBER.to_owned());
        }
        self.open_value(value, true, notes)
    }

    fn is_encrypted(&self, value: &Element) -> bool {
        let as_in_drafts = || self.for_all() && value.text_at(&["Value"]).is_some();
        value.find(&["EncryptedValue"]).is_some() || (as_in_drafts() && tag(value).is_some())
    }

    /// Whether no MAC says who has made a value: to a public key everybody can encrypt, a MAC's key too.
    pub(super) fn anybody_can_encrypt(&self) -> bool {
        self.private.is_some()
    }

    /// RFC 6030 has an `EncryptedValue`, and maybe a `ValueMAC`; drafts have base64 in `Value`, the method named once
    /// for the file, and encrypt what has a `ValueDigest`.
    fn open_value(
        &self,
        value: &Element,
        must_prove: bool,
        notes: &mut Notes,
    ) -> Result<Option<Opened>, String> {
        let mac = self.mac.as_ref();
        if let Some(encrypted) = value.find(&["EncryptedValue"]) {
            let tag = tag(value).or_else(|| tag(encrypted));
            let own = encrypted
                .find(&["KeyInfo", "EncryptedKey"])
                .map(|wrapped| self.unwrap(wrapped))
                .transpose()?;
            let mut sealed = self.sealed(self.method_of(encrypted)?, ciphertext(encrypted)?, tag);
            sealed.symmetric = own.as_ref().or(sealed.symmetric);
            sealed.must_prove = must_prove;
            return sealed.open(mac, notes).map(Some);
        }
        match (self.method.clone(), value.text_at(&["Value"]), tag(value)) {
            (Some(method), Some(text), Some(tag)) => {
                let ciphertext = decode::base64(text).ok_or(NO_CIPHERTEXT)?;
                let sealed = self.sealed(method, ciphertext, Some(tag));
                sealed.open(mac, notes).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether the file names one method for all values, as drafts do.
    pub(super) fn for_all(&self) -> bool {
        self.method.is_some()
    }
}

const NO_KEY_WRAP: &str = "the key of a value is not encrypted by AES key wrap, nor to an RSA key: \
                           ask the vendor for one of these";
const NO_NUMBER: &str =
    "a number is encrypted to an RSA key: ask the vendor for a file that encrypts the seeds alone";
const NO_CIPHERTEXT: &str = "no encrypted value in base64";

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
