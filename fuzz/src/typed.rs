//! What somebody typed: at a prompt, and into one field with the password.

use crate::bytes::Bytes;
use otpair_core::answer::Answer;
use otpair_core::one_field::{Split, split};

/// Reads an answer at both prompts, and splits one field in every way.
pub fn typed(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let digits = 6 + bytes.below(3);
    let typed = bytes.up_to(usize::MAX);
    for read in [Answer::at_serial_prompt, Answer::at_passcode_prompt] {
        if let Answer::Serial(serial) | Answer::SerialAndOtp(serial, _) = read(typed) {
            assert!(!serial.canonical().is_empty());
            assert!(serial.as_str().len() <= otpair_core::token::Serial::MAX_LEN);
        }
    }
    for how in [Split::Nowhere, Split::AtComma, Split::BeforeDigits(digits)] {
        let (password, rest) = split(typed, how);
        let together = [password, rest.unwrap_or_default()].concat();
        let with_comma = [password, b",", rest.unwrap_or_default()].concat();
        assert!(
            together == typed || with_comma == typed,
            "something typed was lost"
        );
        let is_cut_blindly = matches!(how, Split::BeforeDigits(_)) && together == typed;
        if let Some(rest) = rest.filter(|_| !is_cut_blindly) {
            let answer = Answer::at_passcode_prompt(rest);
            assert!(!matches!(answer, Answer::Nothing), "split before nothing");
        }
    }
}
