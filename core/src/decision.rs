//! The verdict on one answer: from a record, an answer and the time to a verdict and the record as it has to become.
//!
//! Nothing here writes. Whoever calls commits the changed record first and only then tells anybody the verdict.

use crate::acceptance::{self, Finding, Reach};
use crate::bypass::BypassCode;
use crate::otp::Otp;
use crate::policy::Policy;
use crate::records::{Fault, HeldToken, IssuedBypass, Pending, Secrets, Stock, UserRecord};
use crate::throttle::{Lock, Throttle};
use crate::token::{HashAlgorithm, Parameters, Serial, Token, TokenState, TokenType};
use subtle::ConstantTimeEq;

/// How somebody got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A passcode inside the window.
    Passcode(HeldToken),
    /// The second of two consecutive passcodes.
    Resynchronized(HeldToken),
    /// A bypass code.
    Bypass,
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Let in, once the changed record is durable.
    Granted(Proof),
    /// The passcode was used before. Nothing changes.
    Spent(Serial),
    /// The passcode is right for a token out of step: the next one has to follow. Committed as a failure.
    OutOfStep(Serial),
    /// Wrong, for this reason (for the log). Committed as a failure.
    Wrong(&'static str),
    /// Nothing was looked at, nothing changes.
    Locked(Lock),
}

/// A verdict with the record as it has to become; `None` where nothing changes.
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The record to commit before anybody hears of the verdict.
    pub record: Option<UserRecord>,
}

impl Decision {
    /// The verdict, and the record to commit.
    #[must_use]
    pub fn into_parts(self) -> (Verdict, Option<UserRecord>) {
        (self.verdict, self.record)
    }

    fn unchanged(verdict: Verdict) -> Self {
        Self {
            verdict,
            record: None,
        }
    }

    fn failed(verdict: Verdict, record: &UserRecord, now: u64) -> Self {
        let failed = UserRecord {
            throttle: record.throttle.fail(now),
            ..record.clone()
        };
        Self {
            verdict,
            record: Some(failed),
        }
    }
}

/// Something that a person gave as a proof.
pub enum Given<'a> {
    /// A passcode; with a serial number, it counts only for that token.
    Otp {
        /// The passcode.
        otp: &'a Otp,
        /// The token that the person named, if any.
        serial: Option<&'a Serial>,
        /// Only the passcode right after a pending one counts: it was asked for.
        only_next: bool,
    },
    /// A bypass code.
    Bypass(&'a BypassCode),
}

/// Decides on something that a user with tokens or bypass codes gave. `now` in seconds since 1970 UTC.
///
/// # Errors
/// A fault if a seed can't be opened.
pub fn judge(
    record: &UserRecord,
    user: &str,
    given: &Given<'_>,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Decision, Fault> {
    let lock = record.throttle.lock(&policy.throttle, now);
    if lock != Lock::Open {
        return Ok(Decision::unchanged(Verdict::Locked(lock)));
    }
    match given {
        Given::Bypass(code) => Ok(judge_bypass(record, &secrets.bypass_tag(user, code), now)),
        Given::Otp {
            otp,
            serial,
            only_next,
        } => {
            let held = usable(record, *serial, now);
            judge_otp(record, &held, otp, *only_next, policy, now, secrets)
        }
    }
}

/// A bypass code counts while it is valid and has uses left. It says nothing of what the tokens have spent: a doubt
/// about that stays.
fn judge_bypass(record: &UserRecord, tag: &[u8; 32], now: u64) -> Decision {
    // Every code is compared, so that the time taken tells nothing of which it was.
    let found = record
        .bypass
        .iter()
        .enumerate()
        .fold(None, |found, (place, bypass)| {
            let same: bool = bypass.tag.ct_eq(tag).into();
            if same && bypass.is_live(now) {
                Some(place)
            } else {
                found
            }
        });
    let Some(found) = found else {
        return Decision::failed(Verdict::Wrong("wrong bypass code"), record, now);
    };
    let mut changed = UserRecord {
        in_doubt: record.in_doubt,
        ..granted(record)
    };
    if let Some(bypass) = changed.bypass.get_mut(found) {
        bypass.uses_left = bypass.uses_left.saturating_sub(1);
    }
    changed.bypass.retain(|bypass| bypass.uses_left > 0);
    Decision {
        verdict: Verdict::Granted(Proof::Bypass),
        record: Some(changed),
    }
}

fn judge_otp(
    record: &UserRecord,
    held: &[&HeldToken],
    otp: &Otp,
    only_next: bool,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Decision, Fault> {
    // Everything is looked at before anything is decided: see `acceptance::examine`.
    let in_step = complete_pending(record, held, otp, now, secrets)?;
    let mut findings = Vec::with_capacity(held.len());
    for token in held {
        let seed = secrets.unseal(&token.token)?;
        let (parameters, state) = (&token.token.parameters, &token.state);
        let found = acceptance::examine(parameters, &seed, state, otp, now, &policy.windows);
        findings.push((*token, found));
    }
    if let Some(changed) = in_step {
        return Ok(grant(record, &changed, Proof::Resynchronized));
    }
    if only_next {
        return Ok(Decision::failed(
            Verdict::Wrong("not the next passcode"),
            record,
            now,
        ));
    }
    Ok(choose(record, &findings, now))
}

/// The verdict on what each token says of a passcode: the most favourable one counts.
fn choose(record: &UserRecord, findings: &[(&HeldToken, Finding)], now: u64) -> Decision {
    let acceptable = findings.iter().find_map(|(held, found)| match found {
        Finding::Acceptable(moving_factor) => Some((held, *moving_factor)),
        Finding::Spent(_) | Finding::Unknown => None,
    });
    if let Some((held, moving_factor)) = acceptable {
        let HeldToken { token, state } = held;
        if record.in_doubt {
            return pend(record, &token.serial, moving_factor, now);
        }
        let state = acceptance::accept(&token.parameters, state, moving_factor, now);
        let changed = HeldToken {
            token: token.clone(),
            state,
        };
        return grant(record, &changed, Proof::Passcode);
    }
    let mut spent = findings
        .iter()
        .filter(|(_, found)| matches!(found, Finding::Spent(_)));
    match spent.next() {
        Some((held, _)) => Decision::unchanged(Verdict::Spent(held.token.serial.clone())),
        None if findings.is_empty() => {
            let reason = "no usable token: disabled, expired, or not the one named";
            Decision::failed(Verdict::Wrong(reason), record, now)
        }
        None => Decision::failed(Verdict::Wrong("wrong passcode"), record, now),
    }
}

fn grant(record: &UserRecord, changed: &HeldToken, proof: fn(HeldToken) -> Proof) -> Decision {
    Decision {
        verdict: Verdict::Granted(proof(changed.clone())),
        record: Some(with_token(record, changed)),
    }
}

/// Looks further for a passcode that was wrong near where the user's tokens are expected, once its failure is durable:
/// the record with a first passcode waiting for its next one, and the token it is of.
///
/// # Errors
/// A fault if a seed can't be opened.
pub fn look_further(
    record: &UserRecord,
    otp: &Otp,
    serial: Option<&Serial>,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Option<(Serial, UserRecord)>, Fault> {
    if record.throttle.lock(&policy.throttle, now) != Lock::Open {
        return Ok(None);
    }
    for held in usable(record, serial, now) {
        let (token, reach) = (&held.token, Reach::SignOn);
        if let Some(found) = search(token, &held.state, otp, reach, policy, now, secrets)? {
            return Ok(Some((
                token.serial.clone(),
                waiting(record, &token.serial, found, now),
            )));
        }
    }
    Ok(None)
}

/// The user's tokens that may count at `now`, or the one of them that was named.
fn usable<'a>(record: &'a UserRecord, serial: Option<&Serial>, now: u64) -> Vec<&'a HeldToken> {
    let counts = |held: &&HeldToken| {
        !held.state.disabled
            && held.token.parameters.in_force(now)
            && serial.is_none_or(|named| *named == held.token.serial)
    };
    record.tokens.iter().filter(counts).collect()
}

fn search(
    token: &Token,
    state: &TokenState,
    otp: &Otp,
    reach: Reach,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Option<u64>, Fault> {
    let (seed, windows) = (secrets.unseal(token)?, &policy.windows);
    let parameters = &token.parameters;
    Ok(acceptance::find_out_of_step(
        parameters, &seed, state, otp, now, windows, reach,
    ))
}

/// The token back in step, if the passcode is the one right after a pending one that is still live.
fn complete_pending(
    record: &UserRecord,
    held: &[&HeldToken],
    otp: &Otp,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Option<HeldToken>, Fault> {
    let Some(pending) = &record.pending else {
        return Ok(None);
    };
    let Some(held) = held.iter().find(|held| held.token.serial == pending.serial) else {
        return Ok(None);
    };
    let state = follow(&held.token, &held.state, pending, otp, now, secrets)?;
    Ok(state.map(|state| HeldToken {
        token: held.token.clone(),
        state,
    }))
}

fn follow(
    token: &Token,
    state: &TokenState,
    pending: &Pending,
    otp: &Otp,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Option<TokenState>, Fault> {
    if !is_live(pending, token, now) {
        return Ok(None);
    }
    let seed = secrets.unseal(token)?;
    let next = acceptance::follows(&token.parameters, &seed, state, pending.moving_factor, otp);
    Ok(next.map(|next| acceptance::resynchronize(&token.parameters, state, next, now)))
}

/// A first passcode waits for its next one for 10 minutes or 3 time intervals, whichever is longer. One from the
/// future, by a clock set back, does not wait.
fn is_live(pending: &Pending, token: &Token, now: u64) -> bool {
    let intervals = token
        .parameters
        .token_type
        .time_interval()
        .map_or(0, |interval| 3 * interval.seconds());
    now.checked_sub(pending.since)
        .is_some_and(|age| age < intervals.max(600))
}

/// A failure that leaves a first passcode waiting for its next one.
fn pend(record: &UserRecord, serial: &Serial, moving_factor: u64, now: u64) -> Decision {
    let record = waiting(record, serial, moving_factor, now);
    Decision::failed(Verdict::OutOfStep(serial.clone()), &record, now)
}

fn waiting(record: &UserRecord, serial: &Serial, moving_factor: u64, now: u64) -> UserRecord {
    let pending = Some(Pending {
        serial: serial.clone(),
        moving_factor,
        since: now,
    });
    UserRecord {
        pending,
        ..record.clone()
    }
}

/// The record of somebody who was just let in: no failures, nothing pending, no doubt.
fn granted(record: &UserRecord) -> UserRecord {
    UserRecord {
        throttle: Throttle::default(),
        pending: None,
        in_doubt: false,
        ..record.clone()
    }
}

fn with_token(record: &UserRecord, changed: &HeldToken) -> UserRecord {
    let mut record = granted(record);
    for held in record
        .tokens
        .iter_mut()
        .filter(|held| held.token.serial == changed.token.serial)
    {
        held.state = changed.state;
    }
    record
}

/// Decides on a passcode for a token of the inventory that the user may pair. A [`Verdict::Granted`] here means:
/// claim the token, then commit [`pair`], then confirm.
///
/// # Errors
/// A fault if the seed can't be opened.
pub fn judge_pairing(
    record: &UserRecord,
    stock: &Stock,
    otp: &Otp,
    only_next: bool,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Decision, Fault> {
    let lock = record.throttle.lock(&policy.throttle, now);
    if lock != Lock::Open {
        return Ok(Decision::unchanged(Verdict::Locked(lock)));
    }
    let Stock { token, state, .. } = stock;
    let pending = record
        .pending
        .as_ref()
        .filter(|pending| pending.serial == token.serial);
    let in_step = match pending {
        Some(pending) => follow(token, state, pending, otp, now, secrets)?,
        None => None,
    };
    let seed = secrets.unseal(token)?;
    let finding = acceptance::examine(&token.parameters, &seed, state, otp, now, &policy.windows);
    let held = |state| HeldToken {
        token: token.clone(),
        state,
    };
    Ok(match (in_step, finding) {
        (Some(state), _) => {
            Decision::unchanged(Verdict::Granted(Proof::Resynchronized(held(state))))
        }
        (None, _) if only_next => Decision::failed(
            Verdict::Wrong("pairing: not the next passcode"),
            record,
            now,
        ),
        (None, Finding::Acceptable(found)) => {
            let state = acceptance::resynchronize(&token.parameters, state, found, now);
            Decision::unchanged(Verdict::Granted(Proof::Passcode(held(state))))
        }
        // To whoever pairs, a spent passcode is a wrong one: that it was ever right is not theirs to know.
        (None, Finding::Spent(_)) => {
            Decision::failed(Verdict::Wrong("pairing: a spent passcode"), record, now)
        }
        (None, Finding::Unknown) => {
            Decision::failed(Verdict::Wrong("pairing: wrong passcode"), record, now)
        }
    })
}

/// As [`look_further`], in pairing. For whoever can be paired and whoever can't, and whatever hash the token has, it
/// searches each hash once: the time it takes tells nothing of the inventory. `stock` is the token, if it may be paired.
///
/// # Errors
/// A fault if a seed can't be opened.
pub fn look_further_in_pairing(
    record: &UserRecord,
    stock: Option<&Stock>,
    decoy: &Token,
    otp: &Otp,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Option<(Serial, UserRecord)>, Fault> {
    if record.throttle.lock(&policy.throttle, now) != Lock::Open {
        return Ok(None);
    }
    let decoy_seed = secrets.unseal(decoy)?;
    let mut waits = None;
    for algorithm in [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha512,
    ] {
        let own = stock.filter(|stock| stock.token.parameters.algorithm == algorithm);
        let own = own.filter(|stock| stock.token.parameters.digits == otp.digits());
        if let Some(Stock { token, state, .. }) = own {
            let found = search(token, state, otp, Reach::Pairing, policy, now, secrets)?;
            waits = found.map(|found| {
                (
                    token.serial.clone(),
                    waiting(record, &token.serial, found, now),
                )
            });
        }
        // A counter is searched ahead only, a clock both ways: half of it is left for the decoy.
        let rest = match own.map(|stock| stock.token.parameters.token_type) {
            Some(TokenType::Totp { .. }) => continue,
            Some(TokenType::Hotp) => TokenType::Hotp,
            None => decoy.parameters.token_type,
        };
        let parameters = Parameters {
            token_type: rest,
            algorithm,
            digits: otp.digits(),
            ..decoy.parameters
        };
        let (state, windows) = (TokenState::default(), &policy.windows);
        let reach = Reach::Pairing;
        let _ = acceptance::find_out_of_step(
            &parameters,
            &decoy_seed,
            &state,
            otp,
            now,
            windows,
            reach,
        );
    }
    Ok(waits)
}

/// Decides on a passcode in pairing for a serial number that can't be paired: a failure like a wrong passcode.
#[must_use]
pub fn refuse_pairing(
    record: &UserRecord,
    reason: &'static str,
    policy: &Policy,
    now: u64,
) -> Decision {
    match record.throttle.lock(&policy.throttle, now) {
        Lock::Open => Decision::failed(Verdict::Wrong(reason), record, now),
        lock => Decision::unchanged(Verdict::Locked(lock)),
    }
}

/// The grant of a pairing whose token is claimed: the record gets the token.
#[must_use]
pub fn pair(record: &UserRecord, held: HeldToken) -> Decision {
    let mut changed = granted(record);
    changed.tokens.push(held.clone());
    Decision {
        verdict: Verdict::Granted(Proof::Passcode(held)),
        record: Some(changed),
    }
}

/// Whether a passcode that the admin was given proves the token, and the token's state then. The admin is not
/// throttled, and counts no failures: nothing here is to be committed.
///
/// # Errors
/// A fault if the seed can't be opened.
pub fn prove_for_admin(
    record: &UserRecord,
    stock: &Stock,
    otp: &Otp,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<Verdict, Fault> {
    let decision = judge_pairing(&unlock(record), stock, otp, false, policy, now, secrets)?;
    Ok(decision.verdict)
}

/// The record without failures.
#[must_use]
pub fn unlock(record: &UserRecord) -> UserRecord {
    UserRecord {
        throttle: Throttle::default(),
        ..record.clone()
    }
}

/// The record with a new bypass code, and unlocked. Expired codes go; where there is no room, so does the one that
/// expires first.
#[must_use]
pub fn issue_bypass(record: &UserRecord, issued: &IssuedBypass) -> UserRecord {
    let mut record = unlock(record);
    record.bypass.retain(|old| old.expires > issued.issued);
    record.bypass.push(issued.clone());
    while record.bypass.len() > UserRecord::MAX_BYPASS {
        let older = record.bypass.iter().enumerate().rev().skip(1);
        let first = older.min_by_key(|(_, old)| old.expires);
        record.bypass.remove(first.map_or(0, |(place, _)| place));
    }
    record
}

#[cfg(test)]
pub(crate) mod tests;
