//! Doors with one field for everything (contract section 2): password and passcode in one answer, told apart.

use crate::answer::{Answer, MAX_LEN as MAX_ANSWER};

/// How what was typed into one field is to be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// All of it is the password: nothing will be asked of this person here.
    Nowhere,
    /// At a comma only: digits at the end belong to the password.
    AtComma,
    /// At a comma, else before this many digits at the end: the length of the person's passcodes.
    BeforeDigits(u8),
}

/// The two parts of what was typed: the password, and what is for otpair, if there is such a part.
///
/// The last comma counts that has a whole passcode, bypass code, `token …` or `other` behind it. Which comma that is
/// does not depend on whether what stands there is right.
#[must_use]
pub fn split(typed: &[u8], how: Split) -> (&[u8], Option<&[u8]>) {
    let digits = match how {
        Split::Nowhere => return (typed, None),
        Split::AtComma => None,
        Split::BeforeDigits(digits) => Some(usize::from(digits)),
    };
    at_comma(typed)
        .or_else(|| before_digits(typed, digits?))
        .map_or((typed, None), |(password, rest)| (password, Some(rest)))
}

fn at_comma(typed: &[u8]) -> Option<(&[u8], &[u8])> {
    let commas = typed.iter().enumerate().rev();
    commas
        .take(MAX_ANSWER + 1)
        .filter(|(_, byte)| **byte == b',')
        .filter_map(|(at, _)| Some((typed.get(..at)?, typed.get(at.checked_add(1)?..)?)))
        .find(|(_, rest)| !matches!(Answer::at_passcode_prompt(rest), Answer::Nothing))
}

fn before_digits(typed: &[u8], digits: usize) -> Option<(&[u8], &[u8])> {
    let (password, rest) = typed.split_at_checked(typed.len().checked_sub(digits)?)?;
    rest.iter()
        .all(u8::is_ascii_digit)
        .then_some((password, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(typed: &str, how: Split) -> (String, Option<String>) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (password, rest) = split(typed.as_bytes(), how);
        (text(password), rest.map(text))
    }

    const SIX: Split = Split::BeforeDigits(6);

    #[test]
    fn a_comma_before_a_whole_answer_splits() {
        for rest in [
            "123456",
            "12345678",
            "0123-4567-89az",
            "token 12345678 123456",
            "token 12345678",
            "other",
        ] {
            for how in [SIX, Split::BeforeDigits(8), Split::AtComma] {
                let expected = ("pass,word".to_owned(), Some(rest.to_owned()));
                assert_eq!(parts(&format!("pass,word,{rest}"), how), expected);
            }
        }
    }

    #[test]
    fn without_such_a_comma_the_last_digits_split() {
        let six = |password: &str| (password.to_owned(), Some("123456".to_owned()));
        assert_eq!(parts("hunter2123456", SIX), six("hunter2"));
        assert_eq!(parts("pass,word123456", SIX), six("pass,word"));
        assert_eq!(parts("123456", SIX), six(""));
        assert_eq!(
            parts("pw12345678", Split::BeforeDigits(8)),
            ("pw".to_owned(), Some("12345678".to_owned()))
        );
    }

    #[test]
    fn what_has_no_passcode_in_it_is_the_password() {
        for typed in ["", "hunter2", "pw12345", "pw12345\u{664}", "a,b", ","] {
            assert_eq!(parts(typed, SIX), (typed.to_owned(), None), "{typed}");
        }
        assert_eq!(
            parts("pw123456", Split::AtComma),
            ("pw123456".to_owned(), None)
        );
        assert_eq!(
            parts("pw,123456", Split::Nowhere),
            ("pw,123456".to_owned(), None)
        );
    }

    proptest! {
        #[test]
        fn nothing_that_was_typed_is_lost_but_one_comma(
            typed in prop::collection::vec(any::<u8>(), 0..300), digits in 6_u8..=8
        ) {
            for how in [Split::Nowhere, Split::AtComma, Split::BeforeDigits(digits)] {
                let (password, rest) = split(&typed, how);
                let together = [password, rest.unwrap_or_default()].concat();
                let with_comma = [password, b",", rest.unwrap_or_default()].concat();
                prop_assert!(together == typed || with_comma == typed);
            }
        }

        #[test]
        fn a_password_and_a_passcode_are_found_again(password in "[ -~]{0,40}", otp in "[0-9]{6}", comma: bool) {
            let typed = format!("{password}{}{otp}", if comma { "," } else { "" });
            // A password may end so that a longer answer stands behind an earlier comma: `x,token 1 ` and its like.
            prop_assume!(!password.contains(','));
            let (found, rest) = split(typed.as_bytes(), SIX);
            prop_assert_eq!((found, rest), (password.as_bytes(), Some(otp.as_bytes())));
        }
    }
}
