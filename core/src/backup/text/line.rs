//! One line as JSON has it, and what it stands for.

use crate::backup::{StockCopy, TokenCopy, UserCopy};
use crate::records::{Account, Holder, UserRecord};
use crate::seed::Seed;
use crate::throttle::Throttle;
use crate::token::{
    Digits, HashAlgorithm, Parameters, Serial, TimeInterval, TokenState, TokenType,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A line. Each kind is an object with one key, so that nothing of it is kept aside while it is read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line<'a> {
    #[serde(rename = "otpair_backup")]
    Backup {
        version: u32,
        created: u64,
    },
    #[serde(borrow)]
    Token(Box<TokenLine<'a>>),
    #[serde(borrow)]
    User(UserLine<'a>),
    End {
        tokens: u64,
        users: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenLine<'a> {
    serial: String,
    #[serde(rename = "type")]
    token_type: String,
    algorithm: String,
    digits: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_interval: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    t0: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<u64>,
    /// In hexadecimal. It is borrowed from the line, whose buffer is wiped.
    seed: &'a str,
    last_accepted: Option<u64>,
    drift: i32,
    below_drift: bool,
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    manufacturer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paired_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairing_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserLine<'a> {
    name: String,
    uid: u32,
    failures: u32,
    last_failure: u64,
    in_doubt: bool,
    #[serde(borrow)]
    tokens: Vec<TokenLine<'a>>,
}

/// Reads a line. What is wrong is told without a word of the line.
pub(super) fn parse(text: &[u8]) -> Result<Line<'_>, String> {
    serde_json::from_slice(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "is not what a backup has there",
            _ => "is no JSON",
        };
        format!("what stands at column {} {what}", error.column())
    })
}

/// A seed in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)));
    text
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks(2) {
        let value = |place: usize| char::from(*pair.get(place)?).to_digit(16);
        bytes.push(u8::try_from((value(0)? << 4) | value(1)?).ok()?);
    }
    Some(bytes)
}

impl<'a> TokenLine<'a> {
    fn new(copy: &TokenCopy, seed: &'a str) -> Self {
        let Parameters {
            token_type,
            algorithm,
            digits,
            not_before,
            not_after,
        } = copy.parameters;
        let (time_interval, t0) = match token_type {
            TokenType::Hotp => (None, None),
            TokenType::Totp { time_interval, t0 } => (Some(time_interval.seconds()), Some(t0)),
        };
        Self {
            serial: copy.serial.as_str().to_owned(),
            token_type: token_type.name().to_owned(),
            algorithm: algorithm.name().to_owned(),
            digits: digits.count().into(),
            time_interval,
            t0,
            not_before,
            not_after,
            seed,
            last_accepted: copy.state.last_accepted,
            drift: copy.state.drift,
            below_drift: copy.state.below_drift,
            disabled: copy.state.disabled,
            manufacturer: None,
            paired_with: None,
            pairing_with: None,
            reserved_for: None,
            imported: None,
            source: None,
        }
    }

    pub(super) fn of_stock(copy: &StockCopy, seed: &'a str) -> Self {
        let (paired_with, pairing_with) = match &copy.holder {
            Holder::Nobody => (None, None),
            Holder::Paired(user) => (Some(user.clone()), None),
            Holder::Pairing(user) => (None, Some(user.clone())),
        };
        Self {
            manufacturer: copy.manufacturer.clone(),
            paired_with,
            pairing_with,
            reserved_for: copy.reserved_for.clone(),
            imported: Some(copy.imported),
            source: Some(copy.source.clone()),
            ..Self::new(&copy.token, seed)
        }
    }

    pub(super) fn into_stock(self) -> Result<StockCopy, String> {
        let token = self.token()?;
        let holder = match (self.paired_with, self.pairing_with) {
            (None, None) => Holder::Nobody,
            (Some(user), None) => Holder::Paired(user),
            (None, Some(user)) => Holder::Pairing(user),
            (Some(_), Some(_)) => return Err("paired_with and pairing_with".to_owned()),
        };
        Ok(StockCopy {
            token,
            holder,
            reserved_for: self.reserved_for,
            manufacturer: self.manufacturer,
            imported: self.imported.ok_or("imported is missing")?,
            source: self.source.ok_or("source is missing")?,
        })
    }

    fn token(&self) -> Result<TokenCopy, String> {
        let seed = unhex(self.seed).ok_or("the seed is not hexadecimal")?;
        Ok(TokenCopy {
            serial: Serial::new(&self.serial).map_err(|error| error.to_string())?,
            parameters: self.parameters()?,
            seed: Seed::new(seed).map_err(|error| error.to_string())?,
            state: TokenState {
                last_accepted: self.last_accepted,
                drift: self.drift,
                below_drift: self.below_drift,
                disabled: self.disabled,
            },
        })
    }

    fn parameters(&self) -> Result<Parameters, String> {
        let algorithm = HashAlgorithm::parse(&self.algorithm).map_err(|error| error.to_string())?;
        let token_type = match (self.token_type.as_str(), self.time_interval, self.t0) {
            ("HOTP", None, None) => TokenType::Hotp,
            ("TOTP", Some(interval), Some(t0)) => TokenType::Totp {
                time_interval: TimeInterval::new(interval).map_err(|error| error.to_string())?,
                t0,
            },
            _ => return Err("type, time_interval and t0 do not go together".to_owned()),
        };
        Ok(Parameters {
            token_type,
            algorithm,
            digits: Digits::new(self.digits).map_err(|error| error.to_string())?,
            not_before: self.not_before,
            not_after: self.not_after,
        })
    }
}

impl<'a> UserLine<'a> {
    pub(super) fn new(copy: &UserCopy, seeds: &'a [Zeroizing<String>]) -> Self {
        let tokens = copy.tokens.iter().zip(seeds);
        Self {
            name: copy.account.name.clone(),
            uid: copy.account.uid,
            failures: copy.throttle.failures,
            last_failure: copy.throttle.last_failure,
            in_doubt: copy.in_doubt,
            tokens: tokens
                .map(|(token, seed)| TokenLine::new(token, seed))
                .collect(),
        }
    }

    pub(super) fn into_copy(self) -> Result<UserCopy, String> {
        if self.tokens.len() > UserRecord::MAX_TOKENS {
            return Err("more tokens than a person can have".to_owned());
        }
        let tokens = self.tokens.iter().map(TokenLine::token);
        Ok(UserCopy {
            tokens: tokens.collect::<Result<_, _>>()?,
            account: Account {
                name: self.name,
                uid: self.uid,
            },
            throttle: Throttle {
                failures: self.failures,
                last_failure: self.last_failure,
            },
            in_doubt: self.in_doubt,
        })
    }
}
