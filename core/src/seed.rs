//! A token's shared secret, in the clear: wiped when it is dropped, never printed, compared nowhere.

use crate::token::InvalidToken;
use zeroize::Zeroizing;

/// A seed in the clear, 10 to 128 bytes. It lives as short as it can: it is unsealed for one search and dropped.
pub struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// The shortest seed, in bytes.
    pub const MIN_LEN: usize = 10;
    /// The longest seed, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Takes a seed's bytes.
    ///
    /// # Errors
    /// [`InvalidToken::SeedLength`] unless there are 10 to 128 of them.
    pub fn new(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, InvalidToken> {
        let bytes = bytes.into();
        match bytes.len() {
            Self::MIN_LEN..=Self::MAX_LEN => Ok(Self(bytes)),
            length => Err(InvalidToken::SeedLength(length)),
        }
    }

    /// The bytes, for an HMAC or for sealing.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_ten_to_a_hundred_and_twenty_eight_bytes_and_never_printed() {
        for length in [0, 9, 129] {
            assert_eq!(
                Seed::new(vec![7; length]).err(),
                Some(InvalidToken::SeedLength(length))
            );
        }
        assert_eq!(Seed::new(vec![7; 10]).unwrap().expose(), [7; 10]);
        assert_eq!(
            format!("{:?}", Seed::new(vec![7; 128]).unwrap()),
            "Seed(hidden)"
        );
    }
}
