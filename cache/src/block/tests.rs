use super::*;
use crate::testing::{self, account, arbitrary_record, keys};
use otpair_core::token::{
    Digits, HashAlgorithm, Parameters, Serial, TimeInterval, TokenState, TokenType,
};
use proptest::prelude::*;

fn largest() -> UserRecord {
    let serial = |n: usize| Serial::new(&format!("{n}{}", "x".repeat(63))).unwrap();
    let held = |n| HeldToken {
        token: Token {
            serial: serial(n),
            parameters: Parameters {
                token_type: TokenType::Totp {
                    time_interval: TimeInterval::new(300).unwrap(),
                    t0: u64::MAX,
                },
                algorithm: HashAlgorithm::Sha512,
                digits: Digits::new(8).unwrap(),
                not_before: Some(u64::MAX),
                not_after: Some(u64::MAX),
            },
            sealed_seed: SealedSeed(vec![0xff; seal::MAX_LEN]),
        },
        state: TokenState {
            last_accepted: Some(u64::MAX),
            drift: i32::MIN,
            below_drift: true,
            disabled: true,
        },
    };
    let bypass = IssuedBypass {
        tag: [0xff; 32],
        issued: u64::MAX,
        expires: u64::MAX,
        uses_left: u16::MAX,
    };
    UserRecord {
        tokens: (0..UserRecord::MAX_TOKENS).map(held).collect(),
        throttle: Throttle {
            failures: u32::MAX,
            last_failure: u64::MAX,
        },
        pending: Some(Pending {
            serial: serial(0),
            moving_factor: u64::MAX,
            since: u64::MAX,
        }),
        bypass: vec![bypass; UserRecord::MAX_BYPASS],
        in_doubt: true,
    }
}

fn state(record: UserRecord) -> State {
    State {
        account: account("alice", 1000),
        sequence: 7,
        record,
    }
}

#[test]
fn the_largest_record_fits_in_a_block_and_comes_back_from_it() {
    let largest = State {
        account: account(&"n".repeat(MAX_NAME), u32::MAX),
        sequence: u64::MAX,
        record: largest(),
    };
    let block = encode(&largest, &keys()).unwrap();
    assert_eq!(decode(&block, &keys()), Ok(largest));
}

#[test]
fn what_does_not_fit_is_refused_and_never_cut_short() {
    let mut tokens = largest();
    tokens.tokens.push(tokens.tokens[0].clone());
    assert_eq!(encode(&state(tokens), &keys()), None);
    let mut bypass = largest();
    bypass.bypass.push(bypass.bypass[0].clone());
    assert_eq!(encode(&state(bypass), &keys()), None);
    let mut sealed = largest();
    sealed.tokens[0].token.sealed_seed.0.push(0);
    assert_eq!(encode(&state(sealed), &keys()), None);
    let mut name = state(UserRecord::default());
    name.account.name = "n".repeat(MAX_NAME + 1);
    assert_eq!(encode(&name, &keys()), None);
}

/// A record with one of each, written down: whoever changes these bytes changes the format.
#[test]
fn the_layout_of_a_block_stays_as_it_is_written_down() {
    let serial = Serial::new("FT-1").unwrap();
    let record = UserRecord {
        tokens: vec![HeldToken {
            token: Token {
                serial: serial.clone(),
                parameters: Parameters {
                    token_type: TokenType::Totp {
                        time_interval: TimeInterval::new(30).unwrap(),
                        t0: 5,
                    },
                    algorithm: HashAlgorithm::Sha256,
                    digits: Digits::new(6).unwrap(),
                    not_before: None,
                    not_after: Some(0x0102),
                },
                sealed_seed: SealedSeed(vec![0xaa, 0xbb]),
            },
            state: TokenState {
                last_accepted: Some(0x0304),
                drift: -2,
                below_drift: true,
                disabled: false,
            },
        }],
        throttle: Throttle {
            failures: 3,
            last_failure: 0x0506,
        },
        pending: Some(Pending {
            serial,
            moving_factor: 0x0708,
            since: 0x090a,
        }),
        bypass: vec![IssuedBypass {
            tag: [0xcc; 32],
            issued: 1,
            expires: 2,
            uses_left: 3,
        }],
        in_doubt: false,
    };
    let block = encode(&state(record), &keys()).unwrap();
    let written = concat!(
        "6f7470616972550a", // magic
        "0200",             // version
        "6d5848a3acd94636", // key id
        "0700000000000000", // sequence
        "e8030000",         // uid
        "0500616c696365",   // name
        "00",               // in doubt
        "03000000",         // failures
        "0605000000000000", // last failure
        "01",               // pending
        "040046542d31",     // its serial number
        "0807000000000000", // its moving factor
        "0a09000000000000", // since
        "01",               // tokens
        "040046542d31",     // serial number
        "02",               // TOTP
        "1e00000000000000", // time interval
        "0500000000000000", // T0
        "02",               // SHA-256
        "06",               // digits
        "00",               // no start date
        "010201000000000000",
        "0200aabb",           // sealed seed
        "010403000000000000", // last accepted
        "feffffff",           // drift
        "01",                 // below drift
        "00",                 // disabled
        "01",                 // bypass codes
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        "0100000000000000",
        "0200000000000000",
        "0300",
    );
    let end = written.len() / 2;
    assert_eq!(testing::hex(&block[..end]), written);
    assert!(block[end..LEN - MAC_LEN].iter().all(|byte| *byte == 0));
    assert_eq!(
        testing::hex(&block[LEN - MAC_LEN..]),
        "a6d3067d9e8007edcd15fc87e9ebacf8d6275356c60797c640043ac808ccb9cb"
    );
}

#[test]
fn every_flipped_bit_makes_a_block_invalid() {
    let block = encode(&state(largest()), &keys()).unwrap();
    for bit in 0..LEN * 8 {
        let mut flipped = block;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped, &keys()).is_err(), "bit {bit}");
    }
}

/// A block with this body, and a right MAC.
fn signed(body: &[u8]) -> [u8; LEN] {
    let mut block = [0; LEN];
    block[..body.len()].copy_from_slice(body);
    let end = block.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    sign(&mut block, end + 1);
    block
}

/// Gives a block a MAC over so many bytes of it.
fn sign(block: &mut [u8; LEN], length: usize) {
    let mac = hmac_sha256(&keys().record, &[&block[..length]]);
    block[LEN - MAC_LEN..].copy_from_slice(&mac);
}

#[test]
fn a_block_of_the_first_version_counts_if_its_mac_goes_over_the_padding() {
    let of_now = state(largest());
    let mut block = encode(&of_now, &keys()).unwrap();
    block[8] = 1;
    assert_eq!(decode(&block, &keys()), Err(Invalid::Damaged));
    sign(&mut block, LEN - MAC_LEN);
    assert_eq!(decode(&block, &keys()), Ok(of_now));
    block[8] = 0;
    sign(&mut block, LEN - MAC_LEN);
    assert_eq!(decode(&block, &keys()), Err(Invalid::Damaged));
}

#[test]
fn zeros_at_the_end_of_a_state_are_as_good_as_padding() {
    for length in 0..LEN - MAC_LEN {
        let mut body = [0; LEN - MAC_LEN];
        assert!(unpadded(&body).iter().all(|byte| *byte == 0));
        body[length] = 1;
        assert_eq!(unpadded(&body).len(), length + 1);
    }
}

#[test]
fn a_block_with_anything_after_its_end_is_invalid() {
    let block = encode(&state(UserRecord::default()), &keys()).unwrap();
    let mut body = block[..LEN - MAC_LEN].to_vec();
    body[LEN - MAC_LEN - 1] = 1;
    assert_eq!(decode(&signed(&body), &keys()), Err(Invalid::Damaged));
}

#[test]
fn a_block_of_a_newer_version_or_of_another_key_is_told_apart() {
    let mut block = encode(&state(UserRecord::default()), &keys()).unwrap();
    assert_eq!(
        decode(&block, &Keys::derive(&[8; 32])),
        Err(Invalid::OtherKey)
    );
    block[8] = 3;
    assert_eq!(decode(&block, &keys()), Err(Invalid::Newer));
    assert_eq!(decode(&[0; LEN], &keys()), Err(Invalid::Damaged));
}

proptest! {
    #[test]
    fn every_record_comes_back_as_it_was_written(record in arbitrary_record(), sequence in 1_u64.., uid: u32) {
        let state = State { account: account("al\u{fc}ce", uid), sequence, record };
        let block = encode(&state, &keys()).unwrap();
        let back = decode(&block, &keys()).unwrap();
        for (one, other) in back.record.tokens.iter().zip(&state.record.tokens) {
            prop_assert_eq!(one.token.serial.as_str(), other.token.serial.as_str());
        }
        prop_assert_eq!(back, state);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_even_with_a_right_mac(
        bytes in prop::collection::vec(any::<u8>(), 0..600), record in arbitrary_record(), at in 26_usize..600
    ) {
        let block = encode(&state(record), &keys()).unwrap();
        let mut body = block[..at].to_vec();
        body.extend_from_slice(&bytes);
        let block = signed(&body);
        if let Ok(read) = decode(&block, &keys()) {
            // Strict: there is one way to write a state.
            prop_assert_eq!(encode(&read, &keys()), Some(block));
        }
        let _ = decode(&signed(&bytes), &keys());
    }
}
