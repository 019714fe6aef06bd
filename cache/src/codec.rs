//! Little-endian fields with explicit lengths, and the encoding of a token's parameters.
//!
//! Reading is strict: whatever could not have been written is `None`.

use otpair_core::token::{
    Digits, HashAlgorithm, Parameters, Serial, TimeInterval, TokenState, TokenType,
};

/// Writes fields one after another.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn optional_u64(&mut self, value: Option<u64>) {
        self.flag(value.is_some());
        if let Some(value) = value {
            self.u64(value);
        }
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A length of two bytes, then the bytes. `None` if they are too many.
    #[must_use]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.u16(u16::try_from(bytes.len()).ok()?);
        self.raw(bytes);
        Some(())
    }

    pub(crate) fn parameters(&mut self, parameters: &Parameters) {
        match parameters.token_type {
            TokenType::Hotp => self.u8(1),
            TokenType::Totp { time_interval, t0 } => {
                self.u8(2);
                self.u64(time_interval.seconds());
                self.u64(t0);
            }
        }
        self.u8(algorithm_number(parameters.algorithm));
        self.u8(parameters.digits.count());
        self.optional_u64(parameters.not_before);
        self.optional_u64(parameters.not_after);
    }

    pub(crate) fn state(&mut self, state: &TokenState) {
        self.optional_u64(state.last_accepted);
        self.raw(&state.drift.to_le_bytes());
        self.flag(state.below_drift);
        self.flag(state.disabled);
    }
}

/// A hash algorithm's number in the record and in the inventory.
pub(crate) fn algorithm_number(algorithm: HashAlgorithm) -> u8 {
    match algorithm {
        HashAlgorithm::Sha1 => 1,
        HashAlgorithm::Sha256 => 2,
        HashAlgorithm::Sha512 => 3,
    }
}

/// The hash algorithm of a number.
pub(crate) fn algorithm(number: u8) -> Option<HashAlgorithm> {
    match number {
        1 => Some(HashAlgorithm::Sha1),
        2 => Some(HashAlgorithm::Sha256),
        3 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// Reads fields one after another.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    #[expect(
        clippy::option_option,
        reason = "a number that may be absent, if it can be read"
    )]
    pub(crate) fn optional_u64(&mut self) -> Option<Option<u64>> {
        Some(if self.flag()? {
            Some(self.u64()?)
        } else {
            None
        })
    }

    /// A length of two bytes, at most `most`, then the bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        if length > most {
            return None;
        }
        self.raw(length)
    }

    pub(crate) fn text(&mut self, most: usize) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(most)?).ok()
    }

    pub(crate) fn serial(&mut self) -> Option<Serial> {
        let written = self.text(Serial::MAX_LEN)?;
        Serial::new(written)
            .ok()
            .filter(|serial| serial.as_str() == written)
    }

    pub(crate) fn parameters(&mut self) -> Option<Parameters> {
        let token_type = match self.u8()? {
            1 => TokenType::Hotp,
            2 => TokenType::Totp {
                time_interval: TimeInterval::new(self.u64()?).ok()?,
                t0: self.u64()?,
            },
            _ => return None,
        };
        Some(Parameters {
            token_type,
            algorithm: algorithm(self.u8()?)?,
            digits: Digits::new(u64::from(self.u8()?)).ok()?,
            not_before: self.optional_u64()?,
            not_after: self.optional_u64()?,
        })
    }

    pub(crate) fn state(&mut self) -> Option<TokenState> {
        Some(TokenState {
            last_accepted: self.optional_u64()?,
            drift: i32::from_le_bytes(self.array()?),
            below_drift: self.flag()?,
            disabled: self.flag()?,
        })
    }
}
