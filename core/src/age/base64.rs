//! Base64 (RFC 4648 section 4) without padding, in which each value has one text.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of some bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|place| u32::from(group.get(place).copied().unwrap_or(0)));
        let value = (a << 16) | (b << 8) | c;
        for place in 0..=group.len() {
            let index = (value >> (18 - 6 * place)) & 63;
            let letter = usize::try_from(index).ok().and_then(|i| ALPHABET.get(i));
            text.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    text
}

/// The bytes of a text, if there are `N` of them and it is the text that they have.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut free = bytes.iter_mut();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        held = (held << 6) | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *free.next()? = u8::try_from((held >> bits) & 0xff).ok()?;
        }
    }
    (encode(&bytes) == text).then_some(bytes)
}
