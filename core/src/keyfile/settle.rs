//! From what a file says about one token, and what the flags say, to a key package: nothing is guessed silently.

use super::assumption::{Assumption, Notes};
use super::{KeyPackage, Kind, Options, Spent};
use crate::seed::Seed;
use crate::token::{
    Digits, HashAlgorithm, InvalidToken, Parameters, Serial, TimeInterval, TokenType,
};

/// What a file says about one token. `None`: it does not say.
pub(super) struct Said {
    pub(super) serial: Serial,
    pub(super) seed: Seed,
    pub(super) manufacturer: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) digits: Option<Digits>,
    pub(super) time_interval: Option<TimeInterval>,
    /// Where time step 0 begins, in seconds since 1970 UTC.
    pub(super) t0: u64,
    pub(super) algorithm: Option<HashAlgorithm>,
    pub(super) counter: Option<u64>,
    pub(super) drift: i32,
    pub(super) not_before: Option<u64>,
    pub(super) not_after: Option<u64>,
    pub(super) reserved_for: Option<String>,
    pub(super) paired_with: Option<String>,
    pub(super) spent: Spent,
}

impl Said {
    /// A token of which the file says only the serial number and the seed.
    pub(super) fn new(serial: Serial, seed: Seed) -> Self {
        Self {
            serial,
            seed,
            manufacturer: None,
            kind: None,
            digits: None,
            time_interval: None,
            t0: 0,
            algorithm: None,
            counter: None,
            drift: 0,
            not_before: None,
            not_after: None,
            reserved_for: None,
            paired_with: None,
            spent: Spent::default(),
        }
    }

    /// The key package: what the file does not say is filled from the flags, else assumed and noted. A flag that
    /// contradicts the file is an error.
    pub(super) fn settle(self, options: &Options, notes: &mut Notes) -> Result<KeyPackage, String> {
        if matches!((self.not_before, self.not_after), (Some(start), Some(end)) if start >= end) {
            return Err("it expires before it starts".to_owned());
        }
        let kind = self.kind(options, notes)?;
        let digits = self.digits(options, notes)?;
        let algorithm = self.algorithm(kind, options, notes)?;
        if !is_usual(self.seed.expose().len(), algorithm) {
            notes.add(Assumption::SeedLength);
        }
        let parameters = Parameters {
            digits,
            algorithm,
            token_type: match kind {
                Kind::Hotp => TokenType::Hotp,
                Kind::Totp => TokenType::Totp {
                    time_interval: self.interval(options, notes)?,
                    t0: self.t0,
                },
            },
            not_before: self.not_before,
            not_after: self.not_after,
        };
        if kind == Kind::Hotp && self.counter.is_none() {
            notes.add(Assumption::Counter);
        }
        Ok(KeyPackage {
            serial: self.serial,
            manufacturer: self.manufacturer,
            parameters,
            seed: self.seed,
            counter: self.counter.filter(|_| kind == Kind::Hotp).unwrap_or(0),
            drift: if kind == Kind::Totp { self.drift } else { 0 },
            reserved_for: self.reserved_for,
            paired_with: self.paired_with,
            spent: self.spent,
        })
    }

    fn kind(&self, options: &Options, notes: &mut Notes) -> Result<Kind, String> {
        let show = |kind: Kind| kind.name().to_owned();
        fill(self.kind, options.token_type, show, || {
            notes.add(Assumption::Type);
            Ok(Kind::Totp)
        })
    }

    fn digits(&self, options: &Options, notes: &mut Notes) -> Result<Digits, String> {
        let show = |digits: Digits| format!("{} digits", digits.count());
        fill(self.digits, options.digits, show, || {
            notes.add(Assumption::Digits);
            Digits::new(6)
        })
    }

    fn algorithm(
        &self,
        kind: Kind,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<HashAlgorithm, String> {
        let show = |hash: HashAlgorithm| hash.name().to_owned();
        fill(self.algorithm, options.algorithm, show, || {
            // RFC 4226 knows no other hash: for HOTP that is no assumption.
            if kind == Kind::Totp {
                notes.add(Assumption::Algorithm);
            }
            Ok(HashAlgorithm::Sha1)
        })
    }

    fn interval(&self, options: &Options, notes: &mut Notes) -> Result<TimeInterval, String> {
        let show = |interval: TimeInterval| format!("{} s", interval.seconds());
        fill(self.time_interval, options.time_interval, show, || {
            notes.add(Assumption::TimeInterval);
            TimeInterval::new(30)
        })
    }
}

/// Whether vendors give tokens with this hash seeds of this length: the hash's own, or for SHA-1 also the shortest
/// that RFC 4226 section 4 (R6) allows.
fn is_usual(length: usize, algorithm: HashAlgorithm) -> bool {
    match algorithm {
        HashAlgorithm::Sha1 => matches!(length, 16 | 20),
        HashAlgorithm::Sha256 => length == 32,
        HashAlgorithm::Sha512 => length == 64,
    }
}

/// What the file says, else what the flag says, else the default; an error if file and flag differ.
fn fill<T: Copy + PartialEq>(
    said: Option<T>,
    flag: Option<T>,
    show: impl Fn(T) -> String,
    default: impl FnOnce() -> Result<T, InvalidToken>,
) -> Result<T, String> {
    match (said, flag) {
        (Some(said), Some(flag)) if said != flag => Err(format!(
            "the file says {}, the flag says {}",
            show(said),
            show(flag)
        )),
        (Some(value), _) | (None, Some(value)) => Ok(value),
        (None, None) => default().map_err(|fault| fault.to_string()),
    }
}
