//! What people's records say: who waits, who is in doubt, whose token is ahead of the clock.

use super::finding::Finding;
use otpair_cache::SeedCache;
use otpair_core::acceptance;
use otpair_core::policy::Policy;
use otpair_core::records::UserRecord;
use otpair_core::throttle::Lock;
use otpair_host::clock;

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
            "token {} has been used at a later time than it is now: the clock was set back",
            held.token.serial
        );
        Finding::stops(
            &about,
            what,
            "set the clock; if it is right now, wait until it has caught up",
        )
    }));
    findings
}
