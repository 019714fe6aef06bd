//! A user's name as a file name: percent-encoded, so that no name is a path, `.`, `..` or a hidden file.

use otpair_core::records::{Fault, FaultKind};
use std::fmt::Write as _;

/// The longest file name that file systems take, in bytes.
const LONGEST: usize = 255;

/// The file name of a user's record.
pub(crate) fn encode(user: &str) -> Result<String, Fault> {
    let mut name = String::with_capacity(user.len());
    for byte in user.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if plain || (byte == b'.' && !name.is_empty()) {
            name.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    match name.len() {
        1..=LONGEST => Ok(name),
        0 => Err(Fault::new(FaultKind::Lookup, "a user without a name")),
        _ => Err(Fault::new(
            FaultKind::Limit,
            "a user's name is too long for a file name: no record can be kept",
        )),
    }
}

/// The user whose record a file name is, or nothing if it is nobody's.
pub(crate) fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    let user = String::from_utf8(bytes).ok()?;
    // Only what `encode` writes: each user has one file.
    (encode(&user).ok()?.as_str() == name).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_name_is_a_path_or_a_hidden_file() {
        for (user, file) in [
            ("alice", "alice"),
            ("a.b-c_D9", "a.b-c_D9"),
            (".", "%2E"),
            ("..", "%2E."),
            ("../root", "%2E.%2Froot"),
            ("/", "%2F"),
            ("%41", "%2541"),
            ("EX\\al", "EX%5Cal"),
            ("al@ex.com", "al%40ex.com"),
            ("gr\u{fc}n", "gr%C3%BCn"),
            ("a\0b", "a%00b"),
        ] {
            assert_eq!(encode(user).unwrap(), file);
            assert_eq!(decode(file).as_deref(), Some(user));
        }
    }

    #[test]
    fn a_name_that_is_empty_or_too_long_is_a_fault() {
        assert!(encode("").is_err());
        assert!(encode(&"a".repeat(255)).is_ok());
        for long in ["a".repeat(256), "/".repeat(86)] {
            assert_eq!(encode(&long).unwrap_err().kind, FaultKind::Limit);
        }
    }

    #[test]
    fn only_what_was_encoded_is_decoded() {
        for file in [
            "", ".new", "%41", "%2e", "a b", "%", "%2", "%zz", "%FF", "%+1",
        ] {
            assert_eq!(decode(file), None, "{file:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_one_file_name_and_comes_back_from_it(user in ".{1,80}") {
            if let Ok(file) = encode(&user) {
                prop_assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.%".contains(&b)));
                prop_assert!(!file.starts_with('.'));
                prop_assert_eq!(decode(&file), Some(user));
            }
        }
    }
}
