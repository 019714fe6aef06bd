//! A token as it is printed.

use crate::output::{details, or_dash};
use otpair_cache::admin::Entry;
use otpair_core::keyfile::KeyPackage;
use otpair_core::records::Holder;
use otpair_core::token::{TimeInterval, TokenType};
use otpair_host::clock;
use serde::Serialize;

/// A token; the contract's JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TokenView {
    pub(crate) serial: String,
    pub(crate) manufacturer: Option<String>,
    pub(crate) r#type: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) digits: u8,
    pub(crate) time_interval: Option<u64>,
    pub(crate) state: &'static str,
    pub(crate) user: Option<String>,
    pub(crate) reserved_for: Option<String>,
    pub(crate) drift: Option<i32>,
    pub(crate) last_accepted: Option<u64>,
}

pub(crate) const AVAILABLE: &str = "available";
pub(crate) const PAIRED: &str = "paired";
pub(crate) const DISABLED: &str = "disabled";

impl TokenView {
    /// The token of an entry.
    pub(crate) fn new(entry: &Entry) -> Self {
        let stock = &entry.stock;
        let (parameters, state) = (&stock.token.parameters, &stock.state);
        let (user, claimed_for) = match &stock.holder {
            Holder::Nobody => (None, None),
            Holder::Pairing(user) => (None, Some(user.clone())),
            Holder::Paired(user) => (Some(user.clone()), None),
        };
        let is_totp = parameters.token_type != TokenType::Hotp;
        Self {
            serial: stock.token.serial.as_str().to_owned(),
            manufacturer: entry.manufacturer.clone(),
            r#type: parameters.token_type.name(),
            algorithm: parameters.algorithm.name(),
            digits: parameters.digits.count(),
            time_interval: parameters
                .token_type
                .time_interval()
                .map(TimeInterval::seconds),
            state: match &user {
                _ if state.disabled => DISABLED,
                Some(_) => PAIRED,
                None => AVAILABLE,
            },
            user,
            // Whoever has begun to pair it is the only one who can.
            reserved_for: stock.reserved_for.clone().or(claimed_for),
            drift: is_totp.then_some(state.drift),
            last_accepted: state.last_accepted,
        }
    }

    /// The token's row in a list.
    pub(crate) fn row(&self) -> Vec<String> {
        vec![
            self.serial.clone(),
            self.r#type.to_owned(),
            self.digits.to_string(),
            or_dash(self.time_interval.map(|seconds| format!("{seconds} s"))),
            self.algorithm.to_owned(),
            self.state.to_owned(),
            or_dash(self.user.as_deref()),
            or_dash(self.reserved_for.as_deref()),
            or_dash(self.manufacturer.as_deref()),
        ]
    }

    /// Everything, for people.
    pub(crate) fn details(&self, entry: &Entry) -> String {
        let parameters = &entry.stock.token.parameters;
        let date = |time: Option<u64>| time.map(clock::format_utc);
        let claimed = matches!(entry.stock.holder, Holder::Pairing(_));
        details(&[
            ("serial number", Some(self.serial.clone())),
            ("manufacturer", self.manufacturer.clone()),
            ("type", Some(self.r#type.to_owned())),
            ("hash algorithm", Some(self.algorithm.to_owned())),
            ("digits", Some(self.digits.to_string())),
            (
                "time interval",
                self.time_interval.map(|seconds| format!("{seconds} s")),
            ),
            ("counts from", date(parameters.not_before)),
            ("counts until", date(parameters.not_after)),
            ("state", Some(self.state.to_owned())),
            ("user", self.user.clone()),
            ("reserved for", self.reserved_for.clone()),
            (
                "pairing",
                claimed.then(|| "was begun and not finished".to_owned()),
            ),
            (
                "drift",
                self.drift.map(|drift| format!("{drift} time steps")),
            ),
            ("last accepted", Some(or_dash(self.last_accepted))),
            (
                "imported",
                Some(format!(
                    "{} from {}",
                    clock::format_utc(entry.imported),
                    entry.source
                )),
            ),
        ])
    }
}

/// A token that is yet to be added, for people.
pub(super) fn of_package(package: &KeyPackage) -> String {
    let parameters = &package.parameters;
    let interval = parameters.token_type.time_interval();
    let is_hotp = parameters.token_type == TokenType::Hotp;
    details(&[
        ("serial number", Some(package.serial.to_string())),
        ("manufacturer", package.manufacturer.clone()),
        ("type", Some(parameters.token_type.name().to_owned())),
        ("hash algorithm", Some(parameters.algorithm.to_string())),
        ("digits", Some(parameters.digits.count().to_string())),
        (
            "time interval",
            interval.map(|interval| format!("{} s", interval.seconds())),
        ),
        ("counter", is_hotp.then(|| package.counter.to_string())),
    ])
}

/// The heading of a list of [`TokenView::row`]s.
pub(crate) const HEADING: [&str; 9] = [
    "SERIAL",
    "TYPE",
    "DIGITS",
    "INTERVAL",
    "HASH",
    "STATE",
    "USER",
    "RESERVED FOR",
    "MANUFACTURER",
];
