//! What people's records say: who waits, who is in doubt, whose token is ahead of the clock.

use super::finding::{Finding, Severity};
use crate::machine::Machine;
use crate::reserved;
use otpair_cache::SeedCache;
use otpair_cache::admin::Entry;
use otpair_core::acceptance;
use otpair_core::policy::{Policy, Unpaired, Who};
use otpair_core::records::{Fault, Holder, UserRecord};
use otpair_core::throttle::Lock;
use otpair_host::clock;
use std::path::Path;

/// What all the records say.
pub(super) fn record_findings(cache: &mut SeedCache, policy: &Policy) -> Vec<Finding> {
    let now = clock::now();
    // What can't be read has been told by the check.
    let Ok(users) = cache.users_with_records() else {
        return Vec::new();
    };
    let sound = users.filter_map(|(user, record)| Some((user, record.ok()?.1)));
    sound
        .flat_map(|(user, record)| findings_of(&user, &record, policy, now))
        .collect()
}

fn findings_of(user: &str, record: &UserRecord, policy: &Policy, now: u64) -> Vec<Finding> {
    let about = format!("user {user}");
    let unlock = format!("otpair user unlock {user}");
    let mut findings = Vec::new();
    match record.throttle.lock(&policy.throttle, now) {
        Lock::Open => {}
        Lock::Until(until) => {
            let what = format!("is locked until {}", clock::format_utc(until));
            findings.push(Finding::warning(&about, what, unlock));
        }
        Lock::UntilUnlocked => {
            findings.push(Finding::warning(
                &about,
                "is locked until an administrator unlocks",
                unlock,
            ));
        }
    }
    if record.in_doubt {
        let what = "what was spent last may be lost: the next sign-on takes two passcodes";
        findings.push(Finding::warning(
            &about,
            what,
            "nothing to do: that sign-on mends it",
        ));
    }
    let windows = &policy.windows;
    let ahead = record
        .tokens
        .iter()
        .filter(|held| acceptance::is_ahead(&held.token.parameters, &held.state, now, windows));
    findings.extend(ahead.map(|held| {
        let what = format!(
            "token {} has been used at a later time than it is now: the clock was set back, or it has just come from a .google_authenticator file",
            held.token.serial
        );
        Finding::stops(
            &about,
            what,
            "compare date -u with a right clock, and set it; if it is right, wait a few minutes: it has to catch up",
        )
    }));
    findings
}

/// Why nobody could sign on at a service that asks, or nothing if somebody could: with a token or a live bypass code,
/// with a token to pair, or because the config asks some people nothing.
pub(super) fn nobody(cache: &mut SeedCache, policy: &Policy) -> Option<&'static str> {
    let now = clock::now();
    let asks_all = policy.required_for.contains(&Who::Everybody) && policy.exempt.is_empty();
    let lets_in = matches!(policy.unpaired, Unpaired::AllowUntil(until) if now < until);
    if !asks_all || lets_in || any_ready(cache, now) {
        return None;
    }
    match policy.unpaired {
        Unpaired::Deny => Some("nobody has a token or a bypass code that counts"),
        _ if any_to_pair(cache, now) => None,
        _ => Some("nobody has a token or a bypass code that counts, and there is none to pair"),
    }
}

fn any_ready(cache: &mut SeedCache, now: u64) -> bool {
    let Ok(mut users) = cache.users_with_records() else {
        return false;
    };
    users.any(|(_, record)| {
        record.is_ok_and(|(_, record)| {
            let mut tokens = record.tokens.iter();
            tokens.any(|held| !held.state.disabled && held.token.parameters.in_force(now))
                || record.bypass.iter().any(|issued| issued.is_live(now))
        })
    })
}

/// Tokens that nobody can pair, because whom they are reserved for is unknown here.
pub(super) fn strangers_tokens(config: Option<&Path>) -> Option<Finding> {
    // What can't be opened has been told.
    let machine = Machine::load(config).ok()?;
    let mut cache = machine.cache().ok()?;
    let mut names = reserved::Names::default();
    // What can't be read has been told by the check.
    let _ = cache.tokens(|entry| {
        let stock = entry.ok().map(|entry| entry.stock);
        let free = stock.filter(|stock| stock.holder == Holder::Nobody);
        if let Some(name) = free.and_then(|stock| stock.reserved_for) {
            names.meet(&machine, &name);
        }
        Ok::<_, Fault>(())
    });
    let what = names.strangers()?;
    Some(Finding::new(
        Severity::Hint,
        "inventory",
        what,
        reserved::ADVICE,
    ))
}

fn any_to_pair(cache: &mut SeedCache, now: u64) -> bool {
    let mut any = false;
    let _ = cache.tokens(|entry| {
        any |= entry.is_ok_and(|entry| is_free(&entry, now));
        Ok::<_, Fault>(())
    });
    any
}

fn is_free(entry: &Entry, now: u64) -> bool {
    entry.stock.holder == Holder::Nobody
        && !entry.stock.state.disabled
        && entry.stock.token.parameters.in_force(now)
}
