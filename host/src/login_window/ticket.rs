//! The number of one sign-on.

use otpair_core::records::{Fault, FaultKind};
use std::fmt;

const BYTES: usize = 16;

/// A sign-on's own number: 128 random bits, 32 hexadecimal digits. Whoever asks leaves it for whoever decides; a grant
/// under it can't be taken by another sign-on of the same user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket([u8; BYTES]);

impl Ticket {
    /// A new number.
    ///
    /// # Errors
    /// A [`FaultKind::Internal`] fault if the system has no randomness.
    pub fn new() -> Result<Self, Fault> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            Fault::new(
                FaultKind::Internal,
                format!("there is no randomness: {error}"),
            )
        })?;
        Ok(Self(bytes))
    }

    /// Reads 32 lower-case hexadecimal digits; nothing if it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 2 * BYTES || !text.bytes().all(is_digit) {
            return None;
        }
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_as_it_is_written() {
        let ticket = Ticket::new().unwrap();
        assert_eq!(Ticket::parse(&ticket.to_string()), Some(ticket));
        let small = Ticket([0; BYTES]);
        assert_eq!(Ticket::parse(&small.to_string()), Some(small));
    }

    #[test]
    fn two_tickets_are_not_the_same() {
        assert_ne!(Ticket::new().unwrap(), Ticket::new().unwrap());
    }

    #[test]
    fn nothing_else_is_a_ticket() {
        let good = "0123456789abcdef0123456789abcdef";
        assert!(Ticket::parse(good).is_some());
        for bad in [
            "",
            "0123456789abcdef",
            "../3456789abcdef0123456789abcdef/",
            "0123456789ABCDEF0123456789ABCDEF",
            "+123456789abcdef0123456789abcdef",
            "0123456789abcdef0123456789abcde\u{e9}",
        ] {
            assert_eq!(Ticket::parse(bad), None, "{bad}");
        }
    }
}
