//! What is encrypted to an RSA key (RFC 6030 section 6.3): PKCS#1 v1.5 and OAEP, RFC 8017 section 7.
//!
//! Who can have files imported and sees what comes of it must not learn whether a PKCS#1 v1.5 padding was right. So a
//! wrong one is no error: it gives bytes that are derived from the key and the ciphertext, always the same and never
//! foreseen (implicit rejection). What comes of them is what comes of a wrong key.

use super::mac::Hash;
use super::sealed::WRONG;
use crate::keyfile::decode;
use crate::keyfile::private_key::PrivateKey;
use crate::keyfile::xml::Element;
use rsa::traits::PaddingScheme;
use rsa::{Oaep, Pkcs1v15Encrypt};
use zeroize::Zeroizing;

/// How something is encrypted to an RSA key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    /// RSAES-PKCS1-v1_5.
    Pkcs1v15,
    /// RSAES-OAEP, with the hash of the label and that of the mask.
    Oaep(Hash, Hash, Vec<u8>),
}

impl Scheme {
    /// The scheme of the end of an algorithm's URI in lower case, and its parameters.
    pub(super) fn parse(name: &str, method: &Element) -> Result<Option<Self>, String> {
        let hash = |element: &str, default| {
            let uri = method
                .find(&[element])
                .and_then(|hash| hash.attribute("Algorithm"));
            let hash = uri.map_or(Some(default), |uri| Hash::parse(&uri.replace("mgf1", "")));
            hash.filter(|hash| matches!(hash, Hash::Sha1 | Hash::Sha256 | Hash::Sha512))
                .ok_or("the hash of RSA-OAEP is none of SHA1, SHA256, SHA512")
        };
        Ok(match name {
            "rsa-1_5" | "rsa_1_5" => Some(Self::Pkcs1v15),
            "rsa-oaep-mgf1p" => Some(Self::Oaep(
                hash("DigestMethod", Hash::Sha1)?,
                Hash::Sha1,
                label(method)?,
            )),
            "rsa-oaep" => Some(Self::Oaep(
                hash("DigestMethod", Hash::Sha1)?,
                hash("MGF", Hash::Sha1)?,
                label(method)?,
            )),
            _ => None,
        })
    }

    /// Decrypts. A wrong PKCS#1 v1.5 padding is no error, as said above.
    pub(super) fn decrypt(
        &self,
        key: &PrivateKey,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        use sha1::Sha1;
        use sha2::{Sha256, Sha512};
        let Self::Oaep(digest, mask, label) = self else {
            return open(key, Pkcs1v15Encrypt, ciphertext);
        };
        let label = label.as_slice();
        match (digest, mask) {
            (Hash::Sha1, Hash::Sha256) => open(key, oaep::<Sha1, Sha256>(label), ciphertext),
            (Hash::Sha1, Hash::Sha512) => open(key, oaep::<Sha1, Sha512>(label), ciphertext),
            (Hash::Sha256, Hash::Sha256) => open(key, oaep::<Sha256, Sha256>(label), ciphertext),
            (Hash::Sha256, Hash::Sha512) => open(key, oaep::<Sha256, Sha512>(label), ciphertext),
            (Hash::Sha256, _) => open(key, oaep::<Sha256, Sha1>(label), ciphertext),
            (Hash::Sha512, Hash::Sha256) => open(key, oaep::<Sha512, Sha256>(label), ciphertext),
            (Hash::Sha512, Hash::Sha512) => open(key, oaep::<Sha512, Sha512>(label), ciphertext),
            (Hash::Sha512, _) => open(key, oaep::<Sha512, Sha1>(label), ciphertext),
            _ => open(key, oaep::<Sha1, Sha1>(label), ciphertext),
        }
    }
}

fn label(method: &Element) -> Result<Vec<u8>, String> {
    method
        .text_at(&["OAEPparams"])
        .map_or(Ok(Vec::new()), |text| {
            let label = decode::base64(text).ok_or("the OAEPparams are not base64")?;
            Ok(label.to_vec())
        })
}

fn oaep<D, M>(label: &[u8]) -> Oaep<D, M>
where
    D: sha2::digest::Digest + sha2::digest::FixedOutputReset,
    M: sha2::digest::Digest + sha2::digest::FixedOutputReset,
{
    Oaep {
        digest: D::new(),
        mgf_digest: M::new(),
        label: (!label.is_empty()).then(|| label.into()),
    }
}

fn open(
    key: &PrivateKey,
    padding: impl PaddingScheme,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, String> {
    let bytes = key
        .rsa()
        .decrypt_blinded(&mut key.blinding(ciphertext), padding, ciphertext)
        .map_err(|_| WRONG)?;
    Ok(Zeroizing::new(bytes))
}

/// An error if the file names the public keys that it is encrypted to, and this is the half of none of them.
///
/// A certificate is not parsed: it holds the modulus, or it belongs to another key.
pub(super) fn check_recipient(recipient: &Element, key: &PrivateKey) -> Result<(), String> {
    let modulus = key.modulus();
    let mut named = recipient
        .descendants("X509Certificate")
        .into_iter()
        .chain(recipient.descendants("Modulus"))
        .filter_map(|public| decode::base64(public.text()))
        .peekable();
    let ours = |public: Zeroizing<Vec<u8>>| {
        public
            .windows(modulus.len())
            .any(|window| window == modulus)
    };
    if named.peek().is_none() || named.any(ours) {
        return Ok(());
    }
    Err("the file is encrypted to another RSA key than the one that was given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const KEY: &[u8] = include_bytes!("../../../../tests/data/seed-files/throw-away-rsa-key.pem");
    const OTHER: &[u8] =
        include_bytes!("../../../../tests/data/seed-files/throw-away-other-rsa-key.pem");

    #[test]
    fn a_wrong_padding_gives_always_the_same_bytes_of_any_length_and_others_for_another_key() {
        let [ours, again, other] = [(KEY, 7), (KEY, 8), (OTHER, 7)]
            .map(|(key, randomness)| PrivateKey::read(key, [randomness; 32]).unwrap());
        let open = |key, ciphertext: &[u8]| Scheme::Pkcs1v15.decrypt(key, ciphertext).unwrap();
        let lengths: BTreeSet<_> = (1..20)
            .map(|n| {
                let mut ciphertext = [0x55; 256];
                ciphertext[9] = n;
                let opened = open(&ours, &ciphertext);
                assert_eq!(opened, open(&again, &ciphertext));
                assert_ne!(opened, open(&other, &ciphertext));
                opened.len()
            })
            .collect();
        assert!(lengths.len() > 5, "{lengths:?}");
    }
}
