//! The script's rules, tokens, records, and turns.

use super::world::{Trouble, World};
use crate::bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use otpair_core::acceptance::Windows;
use otpair_core::bypass::BypassCode;
use otpair_core::language::Language;
use otpair_core::policy::{Groups, Messages, Network, Policy, Unpaired, Who};
use otpair_core::records::{Holder, IssuedBypass, Pending, Secrets, Stock};
use otpair_core::throttle::{Throttle, ThrottlePolicy};
use otpair_core::token::{
    Digits, HashAlgorithm, Parameters, SealedSeed, Serial, TimeInterval, Token, TokenState,
    TokenType,
};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

const SERIALS: [&str; 4] = ["10000001", "1000-0002", "ft 3", "10000004"];
const CODES: [&str; 2] = ["ABCDEFGHJKMN", "0123456789AZ"];
const USUAL_NOW: u64 = 1_800_000_000;

/// Alice is staff.
pub(super) struct Staff;

impl Groups for Staff {
    fn has_member(&self, group: &str, user: &str) -> Option<bool> {
        (group == "staff").then_some(user == "alice")
    }
}

/// What happens next.
pub(super) enum Turn {
    /// Nothing in any session.
    Nothing,
    /// A session begins, at a door that may ask only once.
    Begin { once: bool },
    /// Somebody goes away.
    Leave,
    /// Somebody answers, or the door gives no text.
    Answer(Option<String>),
}

pub(super) fn policy(bytes: &mut Bytes<'_>) -> Policy {
    let who = [
        Who::Everybody,
        Who::User("bob".into()),
        Who::Group("staff".into()),
    ];
    let mut flags = bytes.u8();
    let mut flag = || {
        let set = flags & 1 == 1;
        flags >>= 1;
        set
    };
    let trusted = if flag() {
        Network::parse("192.0.2.0/24")
    } else {
        None
    };
    let (exempt, echo_passcode, in_prompt) = (flag(), flag(), flag());
    let messages = if in_prompt {
        Messages::InPrompt
    } else {
        Messages::Shown
    };
    let help = if flag() { "Call 555." } else { "" };
    let unpaired = match bytes.below(4) {
        0 | 1 => Unpaired::Pair,
        2 => Unpaired::Deny,
        _ => Unpaired::AllowUntil(USUAL_NOW + 100),
    };
    Policy {
        required_for: vec![who[usize::from(bytes.below(3))].clone()],
        exempt: if exempt {
            vec![who[1].clone()]
        } else {
            Vec::new()
        },
        trusted_networks: trusted.into_iter().collect(),
        unpaired,
        attempts: u32::from(bytes.below(6)),
        strip_domain: flag(),
        echo_passcode,
        messages,
        help: help.to_owned(),
        language: Language::ALL[usize::from(bytes.below(5))],
        windows: Windows {
            drift_window: u32::from(bytes.below(4)),
            look_ahead_window: u32::from(bytes.below(16)),
            resync_window: u32::from(bytes.below(64)),
        },
        throttle: ThrottlePolicy {
            max_failures: u32::from(bytes.u8()),
            first_wait: u64::from(bytes.u8()),
            max_wait: u64::from(bytes.u16()),
            max_total: u32::from(bytes.u8()),
        },
        ..Policy::default()
    }
}

/// A time: mostly one of these days, now and then any.
pub(super) fn time(bytes: &mut Bytes<'_>) -> u64 {
    if bytes.below(8) == 7 {
        bytes.u64()
    } else {
        USUAL_NOW + u64::from(bytes.u16())
    }
}

pub(super) fn world(bytes: &mut Bytes<'_>, now: u64) -> World {
    let mut world = World::default();
    world.tokens = SERIALS.map(|serial| stock(serial, bytes, now)).to_vec();
    for place in 0..SERIALS.len() {
        match bytes.below(8) {
            0..=2 => world.give(place, "alice"),
            3 => world.give(place, "bob"),
            _ => {}
        }
    }
    if bytes.flag() {
        trouble_alice(bytes, &mut world, now);
    }
    world.note_spent();
    world
}

fn stock(serial: &str, bytes: &mut Bytes<'_>, now: u64) -> Stock {
    let kind = bytes.u8();
    let interval = TimeInterval::new([30, 60, 10, 300][usize::from(kind >> 2 & 3)]).unwrap();
    let t0 = if kind & 2 == 2 { 946_684_800 } else { 0 };
    let token_type = if kind & 1 == 1 {
        TokenType::Hotp
    } else {
        TokenType::Totp {
            time_interval: interval,
            t0,
        }
    };
    let algorithm = [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha512,
    ];
    let digits = Digits::new(u64::from(6 + (kind >> 4) % 3)).unwrap();
    let state = bytes.u8();
    let last_accepted = match state & 3 {
        0 => None,
        1 => Some(u64::from(state)),
        2 => Some(moving_factor(token_type, now)),
        _ => Some(bytes.u64()),
    };
    let parameters = Parameters {
        token_type,
        algorithm: algorithm[usize::from(bytes.below(3))],
        digits,
        not_before: (state & 4 == 4).then_some(USUAL_NOW + 9),
        not_after: (state & 8 == 8).then_some(USUAL_NOW + 1000),
    };
    let drift = if state & 16 == 16 {
        i32::from(bytes.u8()) - 128
    } else {
        0
    };
    Stock {
        token: Token {
            serial: Serial::new(serial).unwrap(),
            parameters,
            sealed_seed: SealedSeed(format!("the seed of {serial}").into_bytes()),
        },
        state: TokenState {
            last_accepted,
            drift: if token_type == TokenType::Hotp {
                0
            } else {
                drift
            },
            below_drift: state & 32 == 32,
            disabled: state & 64 == 64,
        },
        holder: Holder::Nobody,
        reserved_for: (state & 128 == 128).then(|| "alice@example.com".to_owned()),
    }
}

/// Failures, a passcode that waits for the next one, bypass codes, doubts.
fn trouble_alice(bytes: &mut Bytes<'_>, world: &mut World, now: u64) {
    let tags = CODES.map(|code| {
        let code = BypassCode::parse(code.as_bytes()).unwrap();
        world.bypass_tag("alice", &code)
    });
    let (_, record) = world.users.entry("alice".to_owned()).or_default();
    record.throttle = Throttle {
        failures: u32::from(bytes.u8()),
        last_failure: time(bytes),
    };
    record.in_doubt = bytes.flag();
    for tag in &tags[..usize::from(bytes.below(3))] {
        record.bypass.push(IssuedBypass {
            tag: *tag,
            issued: now.saturating_sub(u64::from(bytes.u8())),
            expires: now.saturating_add(u64::from(bytes.u16())),
            uses_left: 1 + u16::from(bytes.below(3)),
        });
    }
    let waiting = record.tokens.first().filter(|_| bytes.flag());
    record.pending = waiting.map(|held| Pending {
        serial: held.token.serial.clone(),
        moving_factor: moving_factor(held.token.parameters.token_type, now),
        since: now,
    });
}

pub(super) fn turn(bytes: &mut Bytes<'_>, world: &mut World, now: &mut u64) -> Turn {
    match bytes.below(16) {
        0 => *now = now.saturating_add(u64::from(bytes.u16())),
        1 => *now = now.saturating_sub(u64::from(bytes.u8())),
        2 => {
            let troubles = [
                Trouble::Broken,
                Trouble::BrokenBehind,
                Trouble::Faster,
                Trouble::GivenAway,
            ];
            let when = bytes.below(16);
            world.trouble = Some((when, troubles[usize::from(bytes.below(4))]));
        }
        3 => world.unpair(if bytes.flag() { "alice" } else { "bob" }),
        4 => return Turn::Begin { once: bytes.flag() },
        5 => return Turn::Leave,
        _ => return Turn::Answer(answer(bytes, world, *now)),
    }
    Turn::Nothing
}

fn answer(bytes: &mut Bytes<'_>, world: &World, now: u64) -> Option<String> {
    let kind = bytes.u8();
    let stock = &world.tokens[usize::from(kind >> 6)];
    let serial = stock.token.serial.as_str();
    Some(match kind & 15 {
        0..=4 => passcode(stock, bytes, world, now),
        5 | 6 => format!("token {serial} {}", passcode(stock, bytes, world, now)),
        7 | 8 => serial.to_owned(),
        9 => format!("token {serial}"),
        10 => CODES[usize::from(kind >> 7)].to_owned(),
        11 => "other".to_owned(),
        12 => return None,
        13 => "000000".to_owned(),
        _ => {
            let typed = bytes.up_to(12);
            String::from_utf8_lossy(typed).into_owned()
        }
    })
}

/// What a token shows near now, or near what it has last spent.
fn passcode(stock: &Stock, bytes: &mut Bytes<'_>, world: &World, now: u64) -> String {
    let parameters = &stock.token.parameters;
    let about = match parameters.token_type {
        TokenType::Hotp => world.next(&stock.token.serial),
        TokenType::Totp { .. } => moving_factor(parameters.token_type, now)
            .saturating_add_signed(stock.state.drift.into()),
    };
    let off = i64::from(bytes.u8()) - 128;
    // Near now as often as not: an eighth of the distance, a half of the time.
    let off = if off & 1 == 0 { off / 32 } else { off };
    shown(stock, about.saturating_add_signed(off))
}

fn moving_factor(token_type: TokenType, now: u64) -> u64 {
    match token_type {
        TokenType::Hotp => 7,
        TokenType::Totp { time_interval, t0 } => now.saturating_sub(t0) / time_interval.seconds(),
    }
}

/// RFC 4226 section 5.3, written once more.
fn shown(stock: &Stock, moving_factor: u64) -> String {
    let (seed, text) = (&stock.token.sealed_seed.0, moving_factor.to_be_bytes());
    let parameters = &stock.token.parameters;
    let mac = match parameters.algorithm {
        HashAlgorithm::Sha1 => mac::<Hmac<Sha1>>(seed, &text),
        HashAlgorithm::Sha256 => mac::<Hmac<Sha256>>(seed, &text),
        HashAlgorithm::Sha512 => mac::<Hmac<Sha512>>(seed, &text),
    };
    let offset = usize::from(mac[mac.len() - 1] & 15);
    let cut = [
        mac[offset] & 0x7f,
        mac[offset + 1],
        mac[offset + 2],
        mac[offset + 3],
    ];
    let digits = parameters.digits.count();
    let value = u32::from_be_bytes(cut) % 10_u32.pow(digits.into());
    format!("{value:0width$}", width = digits.into())
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
