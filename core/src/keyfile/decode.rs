//! Bytes written as text: hexadecimal, base32 and base64 (RFC 4648 sections 8, 6 and 4).

use zeroize::Zeroizing;

/// What each character is worth; [`NOTHING`] where it is none of them.
type Values = [u8; 256];
const NOTHING: u8 = 0xff;

const HEX: Values = values(b"0123456789ABCDEF", true);
const BASE32: Values = values(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", true);
const BASE64: Values = values(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    false,
);

/// What the characters of an alphabet are worth, in either case if the case means nothing.
#[expect(
    clippy::indexing_slicing,
    reason = "it is computed by the compiler, which would tell"
)]
const fn values(alphabet: &[u8], any_case: bool) -> Values {
    let mut values = [NOTHING; 256];
    let mut value = 0;
    while (value as usize) < alphabet.len() {
        let character = alphabet[value as usize];
        values[character as usize] = value;
        if any_case {
            values[character.to_ascii_lowercase() as usize] = value;
        }
        value += 1;
    }
    values
}

/// Hexadecimal digits of either case, blanks between them dropped; nothing unless they make whole bytes.
pub(super) fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode(text, 4, &HEX).and_then(Decoded::whole)
}

/// Base32 of either case, with or without padding, blanks dropped.
pub(super) fn base32(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    cut_base32(text).and_then(Decoded::whole)
}

/// As [`base32`], but the bits that are left over at the end may be anything: in the example of Microsoft's manual
/// they are.
pub(super) fn cut_base32(text: &str) -> Option<Decoded> {
    decode(text, 5, &BASE32)
}

/// Bytes, and what was left over.
pub(super) struct Decoded {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether bits that are not zero were left over at the end.
    pub(super) cut: bool,
}

impl Decoded {
    fn whole(self) -> Option<Zeroizing<Vec<u8>>> {
        (!self.cut).then_some(self.bytes)
    }
}

/// Base64 with or without padding, line breaks and blanks dropped.
pub(super) fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode(text, 6, &BASE64).and_then(Decoded::whole)
}

/// Reads characters of `bits` bits each. What is left at the end must be less than a character.
fn decode(text: &str, bits: u32, values: &Values) -> Option<Decoded> {
    let text = text.trim_ascii_end();
    let unpadded = if bits == 4 {
        text
    } else {
        text.trim_end_matches('=')
    };
    if text.len() - unpadded.len() > 6 {
        return None;
    }
    // The full size at once: a vector that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut held, mut held_bits) = (0_u32, 0);
    for character in unpadded.bytes() {
        let value = *values.get(usize::from(character))?;
        if value == NOTHING {
            if character.is_ascii_whitespace() {
                continue;
            }
            return None;
        }
        held = (held << bits) | u32::from(value);
        held_bits += bits;
        if held_bits >= 8 {
            held_bits -= 8;
            bytes.push(u8::try_from(held >> held_bits).ok()?);
            held &= (1 << held_bits) - 1;
        }
    }
    let cut = held != 0;
    (held_bits < bits).then_some(Decoded { bytes, cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_section_10_are_read() {
        let plain: [&[u8]; 7] = [b"", b"f", b"fo", b"foo", b"foob", b"fooba", b"foobar"];
        let in_base64 = [
            "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
        ];
        let in_base32 = [
            "",
            "MY======",
            "MZXQ====",
            "MZXW6===",
            "MZXW6YQ=",
            "MZXW6YTB",
            "MZXW6YTBOI======",
        ];
        let in_hex = [
            "",
            "66",
            "666F",
            "666F6F",
            "666F6F62",
            "666F6F6261",
            "666F6F626172",
        ];
        for (n, bytes) in plain.iter().enumerate() {
            assert_eq!(&**base64(in_base64[n]).unwrap(), *bytes);
            assert_eq!(&**base32(in_base32[n]).unwrap(), *bytes);
            assert_eq!(&**hex(in_hex[n]).unwrap(), *bytes);
        }
    }

    #[test]
    fn case_blanks_and_missing_padding_are_tolerated() {
        assert_eq!(&**hex(" 66 6f\t6F").unwrap(), b"foo");
        assert_eq!(&**base32("mzxw 6ytb oi").unwrap(), b"foobar");
        assert_eq!(&**base64("\n Zm9v\r\n YmE \n").unwrap(), b"fooba");
    }

    #[test]
    fn what_makes_no_whole_bytes_or_has_other_characters_is_refused() {
        assert!(
            ["6", "666", "0x66", "6g", "66=", "\u{ff16}6"]
                .iter()
                .all(|text| hex(text).is_none())
        );
        assert!(
            ["M", "MZX", "MZ1W", "MY=MY", "MZ======", "M0"]
                .iter()
                .all(|text| base32(text).is_none())
        );
        assert!(
            ["Z", "Zg=Zg", "Zm9-", "Zh==", "Zm9vY"]
                .iter()
                .all(|text| base64(text).is_none())
        );
    }
}
