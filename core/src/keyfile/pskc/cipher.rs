//! Ciphers under a symmetric key (XML Encryption sections 5.2 and 5.7): AES and Triple-DES in CBC mode, AES key wrap.

use super::sealed::WRONG;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use aes_kw::{KeyInit, KwAes128, KwAes192, KwAes256, KwpAes128, KwpAes192, KwpAes256};
use des::{TdesEde2, TdesEde3};
use zeroize::Zeroizing;

/// How something is encrypted; the numbers are the key's length in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cipher {
    /// AES in CBC mode.
    Aes(usize),
    /// Triple-DES in CBC mode, with two keys or three.
    TripleDes(usize),
    /// AES key wrap, RFC 3394.
    Wrap(usize),
    /// AES key wrap with padding, RFC 5649.
    PaddedWrap(usize),
}

/// What the last block is filled up with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    /// The number of bytes, in each of them.
    Pkcs7,
    /// The number of bytes, in the last of them (XML Encryption section 5.2). For what a MAC vouches for.
    Any,
}

impl Cipher {
    /// The cipher of the end of an algorithm's URI, or of a draft's own name, in lower case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("pbe-").unwrap_or(name) {
            "aes128-cbc" => Self::Aes(16),
            "aes192-cbc" => Self::Aes(24),
            "aes256-cbc" => Self::Aes(32),
            "3des112-cbc" => Self::TripleDes(16),
            "tripledes-cbc" | "3des-cbc" | "3des168-cbc" => Self::TripleDes(24),
            "kw-aes128" => Self::Wrap(16),
            "kw-aes192" => Self::Wrap(24),
            "kw-aes256" => Self::Wrap(32),
            "kw-aes128-pad" | "kw-aes-128-pad" => Self::PaddedWrap(16),
            "kw-aes192-pad" | "kw-aes-192-pad" => Self::PaddedWrap(24),
            "kw-aes256-pad" | "kw-aes-256-pad" => Self::PaddedWrap(32),
            _ => return None,
        })
    }

    /// The length of its key in bytes.
    pub(super) fn key_length(self) -> usize {
        match self {
            Self::Aes(length)
            | Self::TripleDes(length)
            | Self::Wrap(length)
            | Self::PaddedWrap(length) => length,
        }
    }

    /// Whether a value that opens proves the key: key wrap checks itself.
    pub(super) fn proves(self) -> bool {
        matches!(self, Self::Wrap(_) | Self::PaddedWrap(_))
    }

    /// Decrypts. The initialization vector stands in front, unless the file has `vector` for all.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        vector: Option<&[u8]>,
        input: &[u8],
        padding: Padding,
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        let two_keys = self == Self::TripleDes(24) && key.len() == 16;
        if key.len() != self.key_length() && !two_keys {
            return Err(format!(
                "the key has {} bytes, the file wants one of {}",
                key.len(),
                self.key_length()
            ));
        }
        match (self, key.len()) {
            (Self::Aes(_), 16) => cbc::<cbc::Decryptor<Aes128>>(key, vector, input, 16, padding),
            (Self::Aes(_), 24) => cbc::<cbc::Decryptor<Aes192>>(key, vector, input, 16, padding),
            (Self::Aes(_), _) => cbc::<cbc::Decryptor<Aes256>>(key, vector, input, 16, padding),
            (Self::TripleDes(_), 16) => {
                cbc::<cbc::Decryptor<TdesEde2>>(key, vector, input, 8, padding)
            }
            (Self::TripleDes(_), _) => {
                cbc::<cbc::Decryptor<TdesEde3>>(key, vector, input, 8, padding)
            }
            (Self::Wrap(_), _) => unwrap(key, input),
            (Self::PaddedWrap(_), _) => unwrap_padded(key, input),
        }
    }
}

fn cbc<D: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    vector: Option<&[u8]>,
    input: &[u8],
    block: usize,
    padding: Padding,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let (vector, body) = match vector {
        Some(vector) => (vector, input),
        None => input
            .split_at_checked(block)
            .ok_or("the encrypted value is too short")?,
    };
    let mut body = Zeroizing::new(body.to_vec());
    if body.is_empty() || body.len() % block != 0 {
        return Err("the encrypted value is no whole number of blocks".to_owned());
    }
    D::new_from_slices(key, vector)
        .map_err(|_| "an initialization vector of the wrong length")?
        .decrypt_padded::<NoPadding>(&mut body)
        .map_err(|_| WRONG)?;
    unpad(&mut body, block, padding)?;
    Ok(body)
}

fn unpad(body: &mut Vec<u8>, block: usize, padding: Padding) -> Result<(), String> {
    let count = usize::from(body.last().copied().unwrap_or_default());
    let kept = body
        .len()
        .checked_sub(count)
        .filter(|_| (1..=block).contains(&count))
        .ok_or(WRONG)?;
    let filled = body.iter().skip(kept);
    if padding == Padding::Pkcs7 && !filled.copied().all(|byte| usize::from(byte) == count) {
        return Err(WRONG.to_owned());
    }
    body.truncate(kept);
    Ok(())
}

fn unwrap(key: &[u8], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut buffer = Zeroizing::new(vec![0; input.len()]);
    let unwrapped = match key.len() {
        16 => KwAes128::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
        24 => KwAes192::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
        _ => KwAes256::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
    };
    let opened = unwrapped.map_err(|_| WRONG)?.map_err(|_| WRONG)?;
    Ok(Zeroizing::new(opened.to_vec()))
}

fn unwrap_padded(key: &[u8], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut buffer = Zeroizing::new(vec![0; input.len()]);
    let unwrapped = match key.len() {
        16 => KwpAes128::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
        24 => KwpAes192::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
        _ => KwpAes256::new_from_slice(key).map(|kw| kw.unwrap_key(input, &mut buffer)),
    };
    let opened = unwrapped.map_err(|_| WRONG)?.map_err(|_| WRONG)?;
    Ok(Zeroizing::new(opened.to_vec()))
}
