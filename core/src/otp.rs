//! Passcodes: reading one that was typed, and comparing it with what a token shows at a moving factor.
//!
//! HOTP (RFC 4226) is [`totp_rs`] with a time step of one second and the counter as the time; so is TOTP (RFC 6238)
//! with the time step's number as the time. A search looks at some twenty moving factors, and that of a resynchronization
//! at two thousand: it keys the HMAC once and only sifts; what it finds counts when `totp_rs` says the same.

use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Parameters};
use hmac::{Hmac, KeyInit, Mac};
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// A passcode as somebody typed it: 6 to 8 ASCII digits.
pub struct Otp {
    typed: Zeroizing<String>,
    digits: Digits,
}

impl Otp {
    /// Reads 6 to 8 ASCII digits; blanks around and between them are dropped, as tokens show `123 456`.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut kept = Zeroizing::new(String::with_capacity(usize::from(Digits::MAX)));
        for character in typed.chars().filter(|c| *c != ' ') {
            if !character.is_ascii_digit() || kept.len() == usize::from(Digits::MAX) {
                return None;
            }
            kept.push(character);
        }
        let digits = Digits::new(u64::try_from(kept.len()).ok()?).ok()?;
        Some(Self {
            typed: kept,
            digits,
        })
    }

    /// How many digits were typed.
    #[must_use]
    pub fn digits(&self) -> Digits {
        self.digits
    }

    fn value(&self) -> u32 {
        self.typed
            .bytes()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }
}

/// Compares one passcode with what one token shows at any moving factor.
pub struct Comparison<'a> {
    otp: &'a Otp,
    totp: Totp,
    digits: Digits,
    algorithm: HashAlgorithm,
    seed: &'a Seed,
}

impl<'a> Comparison<'a> {
    /// Makes the comparison, or nothing if the passcode has another number of digits than the token shows.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: &'a Seed, otp: &'a Otp) -> Option<Self> {
        let Parameters {
            digits, algorithm, ..
        } = *parameters;
        let totp = Builder::new()
            .with_algorithm(match algorithm {
                HashAlgorithm::Sha1 => Algorithm::SHA1,
                HashAlgorithm::Sha256 => Algorithm::SHA256,
                HashAlgorithm::Sha512 => Algorithm::SHA512,
            })
            .with_digits(digits.count())
            .with_skew(0)
            .with_step_duration(1)
            .with_secret(seed.expose())
            // The seed's length has been checked by ours: real tokens have seeds of 10 bytes, which `build` refuses.
            .build_noncompliant();
        (otp.digits == digits).then_some(Self {
            otp,
            totp,
            digits,
            algorithm,
            seed,
        })
    }

    /// Whether the token shows this passcode at a moving factor. Takes the same time for any passcode.
    #[must_use]
    pub fn matches(&self, moving_factor: u64) -> bool {
        #[cfg(test)]
        tests::COMPARED.set(tests::COMPARED.get() + 1);
        self.totp.check(&self.otp.typed, moving_factor).is_some()
    }

    /// The first moving factor of a range at which the token shows this passcode. Wherever it is, if anywhere, every one
    /// of them is sifted, and one compared.
    #[must_use]
    pub fn first(&self, range: Option<RangeInclusive<u64>>) -> Option<u64> {
        let range = range?;
        let (start, mut found) = (*range.start(), None);
        self.sift(range, |moving_factor, shows| {
            #[cfg(test)]
            tests::COMPARED.set(tests::COMPARED.get() + 1);
            found = found.or(shows.then_some(moving_factor));
        });
        let matches = self.matches(found.unwrap_or(start));
        found.filter(|_| matches)
    }

    /// Of the moving factors in a range at which the token shows this passcode, the one nearest to `center`.
    #[must_use]
    pub fn nearest(&self, range: RangeInclusive<u64>, center: u64) -> Option<u64> {
        let mut nearest: Option<u64> = None;
        self.sift(range, |moving_factor, shows| {
            #[cfg(test)]
            tests::SIFTED.set(tests::SIFTED.get() + 1);
            let nearer = |than: u64| moving_factor.abs_diff(center) < than.abs_diff(center);
            if shows && nearest.is_none_or(nearer) && self.matches(moving_factor) {
                nearest = Some(moving_factor);
            }
        });
        nearest
    }

    /// Says of each moving factor in a range whether the token seems to show this passcode at it.
    fn sift(&self, range: RangeInclusive<u64>, say: impl FnMut(u64, bool)) {
        match self.algorithm {
            HashAlgorithm::Sha1 => self.sift_by::<Hmac<sha1::Sha1>>(range, say),
            HashAlgorithm::Sha256 => self.sift_by::<Hmac<sha2::Sha256>>(range, say),
            HashAlgorithm::Sha512 => self.sift_by::<Hmac<sha2::Sha512>>(range, say),
        }
    }

    fn sift_by<M: Mac + KeyInit + Clone>(
        &self,
        range: RangeInclusive<u64>,
        mut say: impl FnMut(u64, bool),
    ) {
        // An HMAC takes a key of any length.
        let Ok(keyed) = <M as KeyInit>::new_from_slice(self.seed.expose()) else {
            return;
        };
        let typed = self.otp.value();
        let modulus = 10_u32.pow(u32::from(self.digits.count()));
        for moving_factor in range {
            let mut mac = keyed.clone();
            mac.update(&moving_factor.to_be_bytes());
            let shows = truncate(&mac.finalize().into_bytes())
                .is_some_and(|value| (value % modulus).ct_eq(&typed).into());
            say(moving_factor, shows);
        }
    }
}

/// Dynamic truncation to 31 bits (RFC 4226 section 5.3).
fn truncate(mac: &[u8]) -> Option<u32> {
    let offset = usize::from(mac.last()? & 0x0f);
    let word = mac.get(offset..offset + 4)?;
    Some(u32::from_be_bytes(word.try_into().ok()?) & 0x7fff_ffff)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::token::{TimeInterval, TokenType};
    use proptest::prelude::*;

    thread_local! {
        /// How many moving factors this thread has sifted through, far from where a token is expected.
        pub(crate) static SIFTED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
        /// How many moving factors this thread has compared near where a token is expected.
        pub(crate) static COMPARED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }

    pub(crate) fn parameters(digits: u64, algorithm: HashAlgorithm) -> Parameters {
        let token_type = TokenType::Totp {
            time_interval: TimeInterval::new(30).unwrap(),
            t0: 0,
        };
        Parameters {
            token_type,
            algorithm,
            digits: Digits::new(digits).unwrap(),
            not_before: None,
            not_after: None,
        }
    }

    /// What a token shows, by the sieve's own arithmetic: an oracle for `totp_rs` and the other way round.
    pub(crate) fn shown(parameters: &Parameters, seed: &Seed, moving_factor: u64) -> String {
        fn mac<M: Mac + KeyInit>(seed: &Seed, moving_factor: u64) -> u32 {
            let mut mac = <M as KeyInit>::new_from_slice(seed.expose()).unwrap();
            mac.update(&moving_factor.to_be_bytes());
            truncate(&mac.finalize().into_bytes()).unwrap()
        }
        let value = match parameters.algorithm {
            HashAlgorithm::Sha1 => mac::<Hmac<sha1::Sha1>>(seed, moving_factor),
            HashAlgorithm::Sha256 => mac::<Hmac<sha2::Sha256>>(seed, moving_factor),
            HashAlgorithm::Sha512 => mac::<Hmac<sha2::Sha512>>(seed, moving_factor),
        };
        let digits = usize::from(parameters.digits.count());
        format!(
            "{:0digits$}",
            value % 10_u32.pow(u32::from(parameters.digits.count()))
        )
    }

    fn agrees(parameters: &Parameters, seed: &Seed, otp: &str, moving_factor: u64) {
        let otp = Otp::parse(otp).unwrap();
        let comparison = Comparison::new(parameters, seed, &otp).unwrap();
        assert!(
            comparison.matches(moving_factor),
            "moving factor {moving_factor}"
        );
        let wide = moving_factor.saturating_sub(3)..=moving_factor.saturating_add(3);
        assert_eq!(comparison.nearest(wide, moving_factor), Some(moving_factor));
    }

    #[test]
    fn the_hotp_values_of_rfc_4226_appendix_d() {
        let seed = Seed::new(b"12345678901234567890".to_vec()).unwrap();
        let values = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, value) in (0..).zip(values) {
            agrees(&parameters(6, HashAlgorithm::Sha1), &seed, value, counter);
        }
    }

    #[test]
    fn the_totp_values_of_rfc_6238_appendix_b() {
        // The seeds of the RFC's reference code: as long as the hash.
        let seed = |length| {
            Seed::new(
                b"1234567890"
                    .iter()
                    .copied()
                    .cycle()
                    .take(length)
                    .collect::<Vec<_>>(),
            )
            .unwrap()
        };
        let times = [
            59,
            1_111_111_109,
            1_111_111_111,
            1_234_567_890,
            2_000_000_000,
            20_000_000_000_u64,
        ];
        let tables = [
            (
                HashAlgorithm::Sha1,
                20,
                [
                    "94287082", "07081804", "14050471", "89005924", "69279037", "65353130",
                ],
            ),
            (
                HashAlgorithm::Sha256,
                32,
                [
                    "46119246", "68084774", "67062674", "91819424", "90698825", "77737706",
                ],
            ),
            (
                HashAlgorithm::Sha512,
                64,
                [
                    "90693936", "25091201", "99943326", "93441116", "38618901", "47863826",
                ],
            ),
        ];
        for (algorithm, length, values) in tables {
            for (time, value) in times.into_iter().zip(values) {
                agrees(&parameters(8, algorithm), &seed(length), value, time / 30);
            }
        }
    }

    #[test]
    fn a_passcode_is_six_to_eight_ascii_digits_with_blanks_dropped() {
        for good in ["123456", "123 456", " 12345678 ", "1234567"] {
            assert!(Otp::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "12345",
            "123456789",
            "12345a",
            "+123456",
            "-123456",
            "\u{661}23456",
            "123\t456",
            "1234567890",
        ] {
            assert!(Otp::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_passcode_of_another_length_is_compared_with_nothing() {
        let seed = Seed::new(vec![1; 20]).unwrap();
        let otp = Otp::parse("1234567").unwrap();
        assert!(Comparison::new(&parameters(6, HashAlgorithm::Sha1), &seed, &otp).is_none());
    }

    #[test]
    fn of_two_matches_the_one_nearest_to_the_center_is_found() {
        // Found by searching: this seed shows the same six digits at two near moving factors.
        let seed = Seed::new(vec![1; 10]).unwrap();
        let parameters = parameters(6, HashAlgorithm::Sha1);
        let shown: Vec<_> = (0..6000).map(|m| shown(&parameters, &seed, m)).collect();
        let (first, second) = (0..6000_usize)
            .find_map(|a| {
                (a + 1..6000)
                    .find(|b| shown[a] == shown[*b])
                    .map(|b| (a as u64, b as u64))
            })
            .unwrap();
        let otp = Otp::parse(&shown[usize::try_from(first).unwrap()]).unwrap();
        let comparison = Comparison::new(&parameters, &seed, &otp).unwrap();
        assert_eq!(comparison.nearest(0..=6000, first + 1), Some(first));
        assert_eq!(comparison.nearest(0..=6000, second - 1), Some(second));
    }

    proptest! {
        #[test]
        fn the_sieve_and_totp_rs_agree_for_every_seed_hash_and_length(
            bytes in prop::collection::vec(any::<u8>(), 10..=128), digits in 6_u64..=8, hash in 0_usize..3, moving_factor: u64
        ) {
            let algorithm = [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512][hash];
            let (parameters, seed) = (parameters(digits, algorithm), Seed::new(bytes).unwrap());
            agrees(&parameters, &seed, &shown(&parameters, &seed, moving_factor), moving_factor);
        }

        #[test]
        fn reading_a_passcode_never_panics(typed: String) {
            if let Some(otp) = Otp::parse(&typed) {
                prop_assert!(otp.value() < 100_000_000);
            }
        }
    }
}
