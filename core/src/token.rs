//! A token as it is known: its serial number and the parameters that its passcodes are made with.

use std::fmt;

/// Why a value can't be part of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidToken {
    /// The serial number is empty, longer than [`Serial::MAX_LEN`], or has characters that are not printable ASCII.
    Serial,
    /// The number of digits is not 6, 7 or 8.
    Digits(u64),
    /// The time interval is not 10 to 300 seconds.
    TimeInterval(u64),
    /// The hash algorithm is none of SHA-1, SHA-256, SHA-512.
    Algorithm,
    /// The seed is shorter than 10 or longer than 128 bytes.
    SeedLength(usize),
}

/// From here on a number may be something else than what it is given for.
const LONG: u64 = 100_000;

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial => write!(
                f,
                "a serial number is 1 to {} printable characters",
                Serial::MAX_LEN
            ),
            // What stands in the wrong column of a file may be a seed: long numbers are not repeated.
            Self::Digits(LONG..) => write!(f, "too many digits: only 6, 7 or 8 are supported"),
            Self::Digits(n) => write!(f, "{n} digits: only 6, 7 or 8 are supported"),
            Self::TimeInterval(LONG..) => {
                write!(
                    f,
                    "too long a time interval: only 10 to 300 s are supported"
                )
            }
            Self::TimeInterval(n) => write!(
                f,
                "a time interval of {n} s: only 10 to 300 s are supported"
            ),
            Self::Algorithm => write!(f, "the hash algorithm is none of SHA1, SHA256, SHA512"),
            Self::SeedLength(n) => {
                write!(f, "a seed of {n} bytes: only 10 to 128 bytes are supported")
            }
        }
    }
}

impl std::error::Error for InvalidToken {}

/// The number on a token's back. Kept as written; compared without regard to case, spaces and hyphens.
#[derive(Clone)]
pub struct Serial {
    written: String,
    canonical: String,
}

impl Serial {
    /// The longest serial number, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Takes a serial number as somebody wrote it; blanks around it are dropped.
    ///
    /// # Errors
    /// [`InvalidToken::Serial`] if it is empty (but for blanks and hyphens), too long, or not printable ASCII.
    pub fn new(written: &str) -> Result<Self, InvalidToken> {
        let written = written.trim();
        let printable = written.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let canonical: String = written
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if !printable || canonical.is_empty() || written.len() > Self::MAX_LEN {
            return Err(InvalidToken::Serial);
        }
        Ok(Self {
            written: written.to_owned(),
            canonical,
        })
    }

    /// The serial number as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form in which two serial numbers are compared: upper case, no spaces, no hyphens.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl PartialEq for Serial {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Serial {}

impl std::hash::Hash for Serial {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({})", self.written)
    }
}

/// How many decimal digits a passcode has: 6 to 8 (RFC 4226 section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits(u8);

impl Digits {
    /// The fewest digits a passcode may have.
    pub const MIN: u8 = 6;
    /// The most digits a passcode may have.
    pub const MAX: u8 = 8;
    /// How many it has on most tokens.
    pub const USUAL: u8 = 6;

    /// Takes a number of digits.
    ///
    /// # Errors
    /// [`InvalidToken::Digits`] unless it is 6, 7 or 8.
    pub fn new(digits: u64) -> Result<Self, InvalidToken> {
        match u8::try_from(digits) {
            Ok(n @ Self::MIN..=Self::MAX) => Ok(Self(n)),
            _ => Err(InvalidToken::Digits(digits)),
        }
    }

    /// The number itself.
    #[must_use]
    pub fn count(self) -> u8 {
        self.0
    }
}

/// The length of a time step in seconds: 10 to 300 (RFC 6238 section 4.1, "X").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeInterval(u16);

impl TimeInterval {
    /// Takes a length in seconds.
    ///
    /// # Errors
    /// [`InvalidToken::TimeInterval`] unless it is 10 to 300.
    pub fn new(seconds: u64) -> Result<Self, InvalidToken> {
        match u16::try_from(seconds) {
            Ok(n @ 10..=300) => Ok(Self(n)),
            _ => Err(InvalidToken::TimeInterval(seconds)),
        }
    }

    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        u64::from(self.0)
    }
}

/// The hash under the HMAC (RFC 6238 section 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// HMAC-SHA-1, the one of RFC 4226.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// Reads `SHA1`, `sha-256`, `HmacSHA512` and the like.
    ///
    /// # Errors
    /// [`InvalidToken::Algorithm`] if it names no supported hash.
    pub fn parse(name: &str) -> Result<Self, InvalidToken> {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        match plain.strip_prefix("HMAC").unwrap_or(&plain) {
            "SHA1" => Ok(Self::Sha1),
            "SHA256" => Ok(Self::Sha256),
            "SHA512" => Ok(Self::Sha512),
            _ => Err(InvalidToken::Algorithm),
        }
    }

    /// The name as the contract's JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What moves a token's passcode on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 4226: a counter, one further with each press.
    Hotp,
    /// RFC 6238: the time.
    Totp {
        /// The length of a time step.
        time_interval: TimeInterval,
        /// Where time step 0 begins, in seconds since 1970 UTC (RFC 6238 section 4.1, "T0").
        t0: u64,
    },
}

impl TokenType {
    /// The name as the contract's JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hotp => "HOTP",
            Self::Totp { .. } => "TOTP",
        }
    }

    /// The length of a time step, for a TOTP token.
    #[must_use]
    pub fn time_interval(self) -> Option<TimeInterval> {
        match self {
            Self::Hotp => None,
            Self::Totp { time_interval, .. } => Some(time_interval),
        }
    }
}

/// All that a passcode is made with, but for the seed and the moving factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// HOTP, or TOTP with its time interval.
    pub token_type: TokenType,
    /// The hash under the HMAC.
    pub algorithm: HashAlgorithm,
    /// The passcode's length.
    pub digits: Digits,
    /// The token counts from this time on (RFC 6030 section 5, `StartDate`), in seconds since 1970 UTC.
    pub not_before: Option<u64>,
    /// The token counts up to this time (RFC 6030 section 5, `ExpiryDate`), in seconds since 1970 UTC.
    pub not_after: Option<u64>,
}

impl Parameters {
    /// Whether `now` lies between the token's start and expiry dates.
    #[must_use]
    pub fn in_force(&self, now: u64) -> bool {
        self.not_before.is_none_or(|start| now >= start)
            && self.not_after.is_none_or(|end| now < end)
    }
}

/// A seed as it lies in the cache, sealed. Opaque here: only the cache can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSeed(pub Vec<u8>);

impl fmt::Debug for SealedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSeed")
    }
}

/// A token: what is printed on it, how its passcodes are made, and its seed, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The number on its back.
    pub serial: Serial,
    /// How its passcodes are made.
    pub parameters: Parameters,
    /// Its seed, sealed.
    pub sealed_seed: SealedSeed,
}

/// What changes about a token while it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenState {
    /// The highest moving factor ever accepted, or passed over for good; nothing at or below it counts again.
    /// `None` before the first. (A seed file's initial counter `c > 0` is kept here as `c - 1`.)
    pub last_accepted: Option<u64>,
    /// The token's clock less this machine's, in time steps; 0 for HOTP.
    pub drift: i32,
    /// The last accept was below the drift: a second one running moves the drift down.
    pub below_drift: bool,
    /// An admin has disabled the token.
    pub disabled: bool,
}

impl TokenState {
    /// The lowest moving factor that may still be accepted; for HOTP the expected counter.
    /// `None` when the moving factor has run out (after 2^64 - 1).
    #[must_use]
    pub fn floor(&self) -> Option<u64> {
        self.last_accepted
            .map_or(Some(0), |last| last.checked_add(1))
    }

    /// Both states of one token, of which neither knew what the other did: what is spent in one stays spent, what is
    /// disabled in one stays disabled.
    #[must_use]
    pub fn higher(&self, other: &Self) -> Self {
        // The drift goes with what was accepted last.
        let later = if other.last_accepted > self.last_accepted {
            other
        } else {
            self
        };
        Self {
            disabled: self.disabled || other.disabled,
            ..*later
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_compare_without_regard_to_case_spaces_and_hyphens() {
        let one = Serial::new("FT-12 34ab").unwrap();
        assert_eq!(one, Serial::new(" ft1234AB ").unwrap());
        assert_eq!(one.as_str(), "FT-12 34ab");
        assert_ne!(one, Serial::new("FT1234AC").unwrap());
    }

    #[test]
    fn a_serial_number_is_printable_and_short() {
        for bad in ["", "  ", "--", "a\nb", "gr\u{fc}n", &"1".repeat(65)] {
            assert_eq!(Serial::new(bad), Err(InvalidToken::Serial), "{bad:?}");
        }
    }

    #[test]
    fn a_number_that_may_be_a_seed_is_not_repeated() {
        for invalid in [InvalidToken::Digits, InvalidToken::TimeInterval] {
            assert!(invalid(99_999).to_string().contains("99999"));
            assert!(!invalid(3_132_333_435_363_738).to_string().contains("3132"));
        }
    }

    #[test]
    fn digits_are_six_to_eight_and_intervals_ten_to_three_hundred_seconds() {
        assert!((0..20).all(|n| Digits::new(n).is_ok() == (6..=8).contains(&n)));
        assert!((0..400).all(|n| TimeInterval::new(n).is_ok() == (10..=300).contains(&n)));
        assert_eq!(Digits::new(u64::MAX), Err(InvalidToken::Digits(u64::MAX)));
    }

    #[test]
    fn hash_names_are_read_in_the_spellings_of_the_field() {
        for name in ["SHA256", "sha-256", "HMAC-SHA256", "HmacSHA256"] {
            assert_eq!(
                HashAlgorithm::parse(name),
                Ok(HashAlgorithm::Sha256),
                "{name}"
            );
        }
        assert_eq!(HashAlgorithm::parse("MD5"), Err(InvalidToken::Algorithm));
        assert_eq!(HashAlgorithm::parse("SHA"), Err(InvalidToken::Algorithm));
    }

    #[test]
    fn the_floor_is_one_above_the_last_accepted_and_ends_at_the_top() {
        let at = |last_accepted| {
            TokenState {
                last_accepted,
                ..TokenState::default()
            }
            .floor()
        };
        assert_eq!(at(None), Some(0));
        assert_eq!(at(Some(7)), Some(8));
        assert_eq!(at(Some(u64::MAX)), None);
    }
}
