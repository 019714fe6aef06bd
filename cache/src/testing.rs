//! What the tests of this crate share.

use crate::admin::Package;
use crate::key::Keys;
use crate::{KeySource, SeedCache};
use otpair_core::pairing;
use otpair_core::records::{
    Account, Commit, HeldToken, IssuedBypass, Pending, Records as _, Snapshot, Stock, UserRecord,
};
use otpair_core::seed::Seed;
use otpair_core::throttle::Throttle;
use otpair_core::token::{
    Digits, HashAlgorithm, Parameters, SealedSeed, Serial, TimeInterval, Token, TokenState,
    TokenType,
};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) fn keys() -> Keys {
    Keys::derive(&[7; 32])
}

pub(crate) fn account(name: &str, uid: u32) -> Account {
    Account {
        name: name.to_owned(),
        uid,
    }
}

pub(crate) fn alice() -> Account {
    account("alice", 1000)
}

pub(crate) fn bob() -> Account {
    account("bob", 1001)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

pub(crate) fn serial(written: &str) -> Serial {
    Serial::new(written).unwrap()
}

pub(crate) fn totp() -> Parameters {
    Parameters {
        token_type: TokenType::Totp {
            time_interval: TimeInterval::new(30).unwrap(),
            t0: 0,
        },
        algorithm: HashAlgorithm::Sha1,
        digits: Digits::new(6).unwrap(),
        not_before: None,
        not_after: None,
    }
}

pub(crate) fn accepted(last_accepted: u64) -> TokenState {
    TokenState {
        last_accepted: Some(last_accepted),
        ..TokenState::default()
    }
}

/// A cache in a folder of its own, which goes with it.
pub(crate) struct Scratch {
    pub(crate) folder: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn key(&self) -> KeySource {
        KeySource::File(self.join("cache.key"))
    }

    pub(crate) fn open(&self) -> SeedCache {
        SeedCache::open(&self.path(), &self.key()).unwrap()
    }

    pub(crate) fn create(&self) -> SeedCache {
        SeedCache::create(&self.path(), &self.key()).unwrap()
    }

    /// A cache into which tokens of these serial numbers were imported.
    pub(crate) fn with_tokens(&self, serials: &[&str]) -> SeedCache {
        let mut cache = self.create();
        import(&mut cache, serials);
        cache
    }
}

pub(crate) fn failed(times: u32) -> UserRecord {
    let mut record = UserRecord::default();
    record.throttle.failures = times;
    record
}

/// Commits so many failures, each on the one before.
pub(crate) fn fail(cache: &mut SeedCache, account: &Account, times: u32) -> Snapshot {
    for _ in 0..times {
        let Snapshot {
            mut record,
            revision,
        } = cache.read(account).unwrap();
        record.throttle.failures += 1;
        assert_eq!(
            cache.commit(account, revision, &record),
            Ok(Commit::Durable)
        );
    }
    cache.read(account).unwrap()
}

pub(crate) fn seed(of: &Serial) -> Seed {
    Seed::new(format!("seed of {:>20}", of.canonical()).into_bytes()).unwrap()
}

pub(crate) fn import(cache: &mut SeedCache, serials: &[&str]) {
    let mut import = cache.import("box.xml", 1_700_000_000, false).unwrap();
    for written in serials {
        let serial = serial(written);
        let package = Package {
            serial: &serial,
            manufacturer: Some("Acme"),
            parameters: &totp(),
            seed: &seed(&serial),
            counter: 0,
            drift: 0,
            reserved_for: None,
        };
        import.add(&package).unwrap();
    }
    import.finish().unwrap();
}

fn arbitrary_serial() -> impl Strategy<Value = Serial> {
    "[A-Za-z0-9][A-Za-z0-9 -]{0,40}".prop_map(|written| serial(&written))
}

fn arbitrary_parameters() -> impl Strategy<Value = Parameters> {
    let token_type = prop_oneof![
        Just(TokenType::Hotp),
        (10_u64..=300, any::<u64>()).prop_map(|(interval, t0)| TokenType::Totp {
            time_interval: TimeInterval::new(interval).unwrap(),
            t0,
        }),
    ];
    let algorithm = prop_oneof![
        Just(HashAlgorithm::Sha1),
        Just(HashAlgorithm::Sha256),
        Just(HashAlgorithm::Sha512),
    ];
    (token_type, algorithm, 6_u64..=8, any::<[Option<u64>; 2]>()).prop_map(
        |(token_type, algorithm, digits, [not_before, not_after])| Parameters {
            token_type,
            algorithm,
            digits: Digits::new(digits).unwrap(),
            not_before,
            not_after,
        },
    )
}

pub(crate) fn arbitrary_state() -> impl Strategy<Value = TokenState> {
    any::<(Option<u64>, i32, bool, bool)>().prop_map(
        |(last_accepted, drift, below_drift, disabled)| TokenState {
            last_accepted,
            drift,
            below_drift,
            disabled,
        },
    )
}

pub(crate) fn arbitrary_held() -> impl Strategy<Value = HeldToken> {
    let sealed = prop::collection::vec(any::<u8>(), 0..=crate::seal::MAX_LEN);
    let parts = (
        arbitrary_serial(),
        arbitrary_parameters(),
        sealed,
        arbitrary_state(),
    );
    parts.prop_map(|(serial, parameters, sealed, state)| HeldToken {
        token: Token {
            serial,
            parameters,
            sealed_seed: SealedSeed(sealed),
        },
        state,
    })
}

pub(crate) fn arbitrary_record() -> impl Strategy<Value = UserRecord> {
    let pending = (arbitrary_serial(), any::<u64>(), any::<u64>()).prop_map(
        |(serial, moving_factor, since)| Pending {
            serial,
            moving_factor,
            since,
        },
    );
    let bypass =
        any::<([u8; 32], u64, u64, u16)>().prop_map(|(tag, issued, expires, uses_left)| {
            IssuedBypass {
                tag,
                issued,
                expires,
                uses_left,
            }
        });
    let parts = (
        prop::collection::vec(arbitrary_held(), 0..=UserRecord::MAX_TOKENS),
        any::<(u32, u64)>(),
        prop::option::of(pending),
        prop::collection::vec(bypass, 0..=UserRecord::MAX_BYPASS),
        any::<bool>(),
    );
    parts.prop_map(
        |(tokens, (failures, last_failure), pending, bypass, in_doubt)| UserRecord {
            tokens,
            throttle: Throttle {
                failures,
                last_failure,
            },
            pending,
            bypass,
            in_doubt,
        },
    )
}

/// What a sign-on asks of a token that it claims.
pub(crate) fn may_claim(account: &Account, state: &TokenState) -> impl Fn(&Stock) -> bool {
    let (user, state) = (account.name.clone(), *state);
    move |stock| pairing::may_claim(stock, &user, &state, false, 0)
}
