//! What somebody typed at a prompt, by its form alone (contract section 2, rules 4 and 9).

use crate::bypass::BypassCode;
use crate::otp::Otp;
use crate::token::Serial;

/// The longest answer that is looked at, in bytes; anything longer is none.
pub(crate) const MAX_LEN: usize = 256;

/// An answer, by its form.
pub enum Answer {
    /// A passcode.
    Otp(Otp),
    /// A bypass code.
    Bypass(BypassCode),
    /// A serial number.
    Serial(Serial),
    /// `token 12345678 123456`: a serial number and a passcode in one.
    SerialAndOtp(Serial, Otp),
    /// `other`: ask for the serial number.
    Other,
    /// None of these.
    Nothing,
}

impl Answer {
    /// Reads an answer at the serial number's prompt, where `12345678` is a serial number.
    #[must_use]
    pub fn at_serial_prompt(typed: &[u8]) -> Self {
        let Some(text) = text(typed) else {
            return Self::Nothing;
        };
        Self::common(text)
            .or_else(|| Serial::new(text).ok().map(Self::Serial))
            .unwrap_or(Self::Nothing)
    }

    /// Reads an answer at a passcode's prompt, where `12345678` is a passcode.
    #[must_use]
    pub fn at_passcode_prompt(typed: &[u8]) -> Self {
        let Some(text) = text(typed) else {
            return Self::Nothing;
        };
        // `token` first: `token 1234567` has the form of a bypass code too.
        Self::common(text)
            .or_else(|| Otp::parse(text).map(Self::Otp))
            .or_else(|| BypassCode::parse(text.as_bytes()).map(Self::Bypass))
            .unwrap_or(Self::Nothing)
    }

    /// What is the same at both: `other`, `token SERIAL`, `token SERIAL PASSCODE`. Serial numbers may have blanks in
    /// them; a last word of 6 to 8 digits is the passcode.
    fn common(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("other") {
            return Some(Self::Other);
        }
        let (word, rest) = text.split_once(' ')?;
        if !word.eq_ignore_ascii_case("token") {
            return None;
        }
        let rest = rest.trim();
        let with_otp = rest.rsplit_once(' ').and_then(|(serial, otp)| {
            Some(Self::SerialAndOtp(
                Serial::new(serial).ok()?,
                Otp::parse(otp)?,
            ))
        });
        Some(
            with_otp
                .or_else(|| Serial::new(rest).ok().map(Self::Serial))
                .unwrap_or(Self::Nothing),
        )
    }
}

/// The answer as text without blanks around it, if it is short, not empty, and free of control characters.
fn text(typed: &[u8]) -> Option<&str> {
    // First, so that what is too long costs nothing.
    if typed.len() > MAX_LEN {
        return None;
    }
    let text = std::str::from_utf8(typed).ok()?.trim();
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn serial_of(answer: Answer) -> Option<String> {
        match answer {
            Answer::Serial(serial) => Some(serial.canonical().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn rule_4_the_three_spellings_of_a_serial_number_are_the_same() {
        for typed in [
            "12345678",
            "token 12345678",
            " TOKEN  12345678 ",
            "1234-5678",
            "12345678\r\n",
        ] {
            assert_eq!(
                serial_of(Answer::at_serial_prompt(typed.as_bytes())).as_deref(),
                Some("12345678"),
                "{typed:?}"
            );
        }
        assert_eq!(
            serial_of(Answer::at_serial_prompt(b"token ft 12 34")).as_deref(),
            Some("FT1234")
        );
    }

    #[test]
    fn rule_4_serial_number_and_passcode_come_in_one_answer() {
        for typed in ["token 12345678 123456", "Token  1234-5678   123456 "] {
            for read in [Answer::at_serial_prompt, Answer::at_passcode_prompt] {
                let Answer::SerialAndOtp(serial, _) = read(typed.as_bytes()) else {
                    panic!("{typed}")
                };
                assert_eq!(serial.canonical(), "12345678");
            }
        }
    }

    #[test]
    fn other_is_read_in_any_case_at_both_prompts() {
        for typed in ["other", " OTHER "] {
            assert!(matches!(
                Answer::at_serial_prompt(typed.as_bytes()),
                Answer::Other
            ));
            assert!(matches!(
                Answer::at_passcode_prompt(typed.as_bytes()),
                Answer::Other
            ));
        }
    }

    #[test]
    fn passcodes_and_bypass_codes_are_told_apart_by_their_form() {
        assert!(matches!(
            Answer::at_passcode_prompt(b"123 456"),
            Answer::Otp(_)
        ));
        assert!(matches!(
            Answer::at_passcode_prompt(b"12345678"),
            Answer::Otp(_)
        ));
        assert!(matches!(
            Answer::at_passcode_prompt(b"0123-4567-89az"),
            Answer::Bypass(_)
        ));
        assert!(matches!(
            Answer::at_passcode_prompt(b"token 1234567"),
            Answer::Serial(_)
        ));
    }

    #[test]
    fn rule_9_what_can_be_none_of_them_is_nothing() {
        let long = "1".repeat(10_000);
        for typed in [
            &b""[..],
            b"   ",
            b"\x08\n\r\x7fINCORRECT",
            b"\xff\xfe123456",
            b"12\x0034",
            b"token",
            long.as_bytes(),
        ] {
            assert!(
                matches!(Answer::at_serial_prompt(typed), Answer::Nothing) || typed == b"token"
            );
            assert!(matches!(Answer::at_passcode_prompt(typed), Answer::Nothing));
        }
        for typed in [
            &b"hunter2"[..],
            b"correct horse battery",
            b"12345",
            b"123456789",
        ] {
            assert!(matches!(Answer::at_passcode_prompt(typed), Answer::Nothing));
        }
    }

    proptest! {
        #[test]
        fn reading_an_answer_never_panics(typed in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (Answer::at_serial_prompt(&typed), Answer::at_passcode_prompt(&typed));
        }
    }
}
