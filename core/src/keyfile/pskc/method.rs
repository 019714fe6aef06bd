//! How something in a PSKC file is encrypted, and the key that its cipher gets.

use super::cipher::Cipher;
use super::transport::Scheme;
use crate::keyfile::xml::Element;
use zeroize::Zeroizing;

/// How something is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Symmetric(Cipher),
    Rsa(Scheme),
}

impl Method {
    /// What an element's `EncryptionMethod` names.
    pub(super) fn of(encrypted: &Element) -> Result<Option<Self>, String> {
        match encrypted.find(&["EncryptionMethod"]) {
            Some(method) => Self::read(method),
            None => Ok(None),
        }
    }

    /// The algorithm of an `EncryptionMethod`, or of the `EncryptionScheme` in it.
    pub(super) fn read(method: &Element) -> Result<Option<Self>, String> {
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
pub(super) enum SymmetricKey {
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
    pub(super) fn bytes(&self, cipher: Cipher) -> &[u8] {
        let length = cipher.key_length();
        match self {
            Self::Exact(key) => key,
            Self::Beginning(key) => key.get(..length).unwrap_or(key),
            Self::Transported(key, _) if key.len() == length => key,
            Self::Transported(_, stand_in) => stand_in.get(..length).unwrap_or(stand_in),
        }
    }
}
