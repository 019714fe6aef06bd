//! The MACs of a PSKC file (RFC 6030 section 6.1.1): over the ciphertext, or as some vendors do, over the plaintext.

use hmac::{Hmac, KeyInit, Mac};
use zeroize::Zeroizing;

/// The hash under an HMAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of a name or URI, such as `http://www.w3.org/2001/04/xmldsig-more#hmac-sha256`, `…#hmacWithSHA256`,
    /// `http://www.w3.org/2001/04/xmlenc#sha256` or `HMAC-SHA1`.
    pub(super) fn parse(uri: &str) -> Option<Self> {
        let name = uri.trim().rsplit(['#', '/', ':']).next()?;
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let plain = plain.strip_prefix("hmac").unwrap_or(&plain);
        match plain.strip_prefix("with").unwrap_or(plain) {
            "sha1" => Some(Self::Sha1),
            "sha224" => Some(Self::Sha224),
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash whose HMAC has that many bytes.
    fn of_length(length: usize) -> Option<Self> {
        match length {
            20 => Some(Self::Sha1),
            28 => Some(Self::Sha224),
            32 => Some(Self::Sha256),
            48 => Some(Self::Sha384),
            64 => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// What a file says of its MACs.
#[derive(Default)]
pub(super) struct MacMethod {
    /// The hash; nothing where the file has no `MACMethod`, so that the MAC's length tells it.
    pub(super) hash: Option<Hash>,
    /// The key; nothing where the file brings none: then it is the key that the value is encrypted with.
    pub(super) key: Option<Zeroizing<Vec<u8>>>,
    /// The file names a key that it does not bring (`MACKeyReference`).
    pub(super) elsewhere: bool,
}

impl MacMethod {
    /// Whether this is the MAC of these bytes, compared in constant time.
    pub(super) fn fits(&self, encryption_key: &[u8], bytes: &[u8], tag: &[u8]) -> bool {
        let key = self.key.as_ref().map_or(encryption_key, |key| key);
        match self.hash.or_else(|| Hash::of_length(tag.len())) {
            Some(Hash::Sha1) => verify::<Hmac<sha1::Sha1>>(key, bytes, tag),
            Some(Hash::Sha224) => verify::<Hmac<sha2::Sha224>>(key, bytes, tag),
            Some(Hash::Sha256) => verify::<Hmac<sha2::Sha256>>(key, bytes, tag),
            Some(Hash::Sha384) => verify::<Hmac<sha2::Sha384>>(key, bytes, tag),
            Some(Hash::Sha512) => verify::<Hmac<sha2::Sha512>>(key, bytes, tag),
            None => false,
        }
    }
}

/// Whether a MAC's key is as long as a cipher's key or a hash. Whoever can change a file makes it of a seed's blocks, and
/// cuts it by its padding to what they have not guessed yet: one byte after the other, if it could have any length.
pub(super) fn is_key(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 16 | 20 | 24 | 28 | 32 | 48 | 64)
}

fn verify<M: Mac + KeyInit>(key: &[u8], bytes: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(bytes).verify_slice(tag).is_ok())
}
