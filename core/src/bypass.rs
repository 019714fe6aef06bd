//! Bypass codes: what an admin gives to somebody who lost their token.

use zeroize::Zeroizing;

/// Crockford's base32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A bypass code, 12 characters of Crockford's base32 (60 bits) with at least one letter, so that it can't be taken
/// for a passcode.
pub struct BypassCode(Zeroizing<[u8; BypassCode::LEN]>);

impl BypassCode {
    /// How many characters it has.
    pub const LEN: usize = 12;

    /// Makes a code of 12 random bytes, or nothing if it came out without a letter (once in a million: draw again).
    #[must_use]
    pub fn from_random(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let mut code = Zeroizing::new([0; Self::LEN]);
        for (character, byte) in code.iter_mut().zip(bytes) {
            *character = ALPHABET.get(usize::from(byte % 32)).copied()?;
        }
        Self::with_letter(code)
    }

    /// Reads a code as somebody typed it: any case, with or without hyphens and blanks, I and L as 1, O as 0.
    #[must_use]
    pub fn parse(typed: &[u8]) -> Option<Self> {
        let mut code = Zeroizing::new([0; Self::LEN]);
        let mut length = 0;
        for byte in typed.iter().copied().filter(|b| !matches!(b, b' ' | b'-')) {
            *code.get_mut(length)? = match byte.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other if ALPHABET.contains(&other) => other,
                _ => return None,
            };
            length += 1;
        }
        if length == Self::LEN {
            Self::with_letter(code)
        } else {
            None
        }
    }

    fn with_letter(code: Zeroizing<[u8; Self::LEN]>) -> Option<Self> {
        code.iter()
            .any(u8::is_ascii_alphabetic)
            .then_some(Self(code))
    }

    /// The 12 characters, for a keyed hash.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &*self.0
    }

    /// The code as it is shown once, to the admin: `xxxx-xxxx-xxxx`.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut shown = String::with_capacity(Self::LEN + 2);
        for (place, byte) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                shown.push('-');
            }
            shown.push(char::from(byte.to_ascii_lowercase()));
        }
        Zeroizing::new(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_as_it_is_shown_in_any_case_and_with_look_alikes() {
        let code = BypassCode::from_random(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]).unwrap();
        assert_eq!(&*code.reveal(), "0123-4567-89az");
        for typed in ["0123-4567-89az", "o123456789AZ", " oL23 4567 89aZ"] {
            assert_eq!(
                BypassCode::parse(typed.as_bytes()).unwrap().expose(),
                code.expose(),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_code_has_twelve_characters_and_a_letter() {
        assert!(BypassCode::from_random(&[7; 12]).is_none());
        for typed in [
            "123456789012",
            "0123-4567-89a",
            "0123-4567-89abc",
            "0123-4567-89au",
            "",
        ] {
            assert!(BypassCode::parse(typed.as_bytes()).is_none(), "{typed}");
        }
    }
}
