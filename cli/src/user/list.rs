//! `otpair user list` and `show`.

use super::Who;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output::{self, details, or_dash};
use crate::token::TokenView;
use otpair_cache::SeedCache;
use otpair_cache::admin::Entry;
use otpair_core::records::{Holder, Stock, UserRecord};
use otpair_core::throttle::{Lock, ThrottlePolicy};
use otpair_host::{accounts, clock};
use serde::Serialize;

/// In the place of the lock's end where only an admin ends it.
const UNTIL_UNLOCKED: &str = "until unlocked";

/// Somebody; the contract's JSON.
#[derive(Debug, Serialize)]
pub(crate) struct UserView {
    user: String,
    serials: Vec<String>,
    failures: u32,
    locked_until: Option<String>,
}

/// Somebody, in detail.
#[derive(Debug, Serialize)]
struct UserDetails {
    #[serde(flatten)]
    user: UserView,
    uid: Option<u32>,
    tokens: Vec<TokenView>,
    pending: Option<String>,
    in_doubt: bool,
    bypass: Vec<Bypass>,
}

#[derive(Debug, Serialize)]
struct Bypass {
    issued: String,
    expires: String,
    uses_left: u16,
}

impl UserView {
    pub(super) fn new(user: &str, record: &UserRecord, throttle: &ThrottlePolicy) -> Self {
        let written =
            |held: &otpair_core::records::HeldToken| held.token.serial.as_str().to_owned();
        Self {
            user: user.to_owned(),
            serials: record.tokens.iter().map(written).collect(),
            failures: record.throttle.failures,
            locked_until: match record.throttle.lock(throttle, clock::now()) {
                Lock::Open => None,
                Lock::Until(until) => Some(clock::format_utc(until)),
                Lock::UntilUnlocked => Some(UNTIL_UNLOCKED.to_owned()),
            },
        }
    }
}

/// Lists everybody who has a record.
pub(super) fn list(machine: &Machine, json: bool) -> Result<(), Failure> {
    let throttle = machine.policy().throttle;
    let (mut users, mut unreadable) = (Vec::new(), 0);
    for (user, record) in machine.cache()?.users_with_records()? {
        match record {
            Ok((_, record)) => users.push(UserView::new(&user, &record, &throttle)),
            Err(fault) => {
                unreadable += 1;
                output::note(&fault.detail);
            }
        }
    }
    users.sort_by(|one, other| one.user.cmp(&other.user));
    output::show(json, &users, || {
        let row = |user: &UserView| {
            let serials = Some(user.serials.join(", ")).filter(|serials| !serials.is_empty());
            let failures = user.failures.to_string();
            vec![
                user.user.clone(),
                or_dash(serials),
                failures,
                or_dash(user.locked_until.as_deref()),
            ]
        };
        let rows: Vec<_> = users.iter().map(row).collect();
        output::table(&["USER", "TOKENS", "FAILURES", "LOCKED UNTIL"], &rows)
    })?;
    if unreadable == 0 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{unreadable} records can't be read; run otpair doctor"
    )))
}

/// Prints what became of somebody: their entry in the list as JSON, or a sentence.
pub(super) fn tell(
    machine: &Machine,
    cache: &mut SeedCache,
    who: &Who,
    user: &str,
    sentence: &str,
) -> Result<(), Failure> {
    let record = cache
        .record_of(user)?
        .map_or_else(UserRecord::default, |(_, record)| record);
    let view = UserView::new(user, &record, &machine.policy().throttle);
    output::show(who.json.json, &view, || format!("{sentence}\n"))
}

/// Shows somebody.
pub(super) fn show(machine: &Machine, who: &Who) -> Result<(), Failure> {
    let mut cache = machine.cache()?;
    let user = machine.name_of(&who.user)?;
    let stored = cache.record_of(&user)?;
    let uid = accounts::lookup_user(&user)?.map(|account| account.uid);
    if stored.is_none() && uid.is_none() {
        return Err(Failure::new(format!(
            "the system knows no user {user}, and there is no record either"
        )));
    }
    let record = stored.map_or_else(UserRecord::default, |(_, record)| record);
    let details = UserDetails {
        user: UserView::new(&user, &record, &machine.policy().throttle),
        uid,
        tokens: tokens(&mut cache, &user, &record),
        pending: record
            .pending
            .map(|pending| pending.serial.as_str().to_owned()),
        in_doubt: record.in_doubt,
        bypass: record
            .bypass
            .iter()
            .map(|issued| Bypass {
                issued: clock::format_utc(issued.issued),
                expires: clock::format_utc(issued.expires),
                uses_left: issued.uses_left,
            })
            .collect(),
    };
    output::show(who.json.json, &details, || for_people(&details))
}

/// The tokens as the record has them; what only the inventory knows is added if that can be read.
fn tokens(cache: &mut SeedCache, user: &str, record: &UserRecord) -> Vec<TokenView> {
    let view = |held: &otpair_core::records::HeldToken| {
        let entry = cache.token(&held.token.serial).ok().flatten();
        let known = entry.map(|entry| (entry.manufacturer, entry.imported, entry.source));
        let (manufacturer, imported, source) = known.unwrap_or_default();
        let stock = Stock {
            token: held.token.clone(),
            state: held.state,
            holder: Holder::Paired(user.to_owned()),
            reserved_for: None,
        };
        TokenView::new(&Entry {
            stock,
            manufacturer,
            imported,
            source,
        })
    };
    record.tokens.iter().map(view).collect()
}

fn for_people(shown: &UserDetails) -> String {
    let UserDetails {
        user,
        uid,
        tokens,
        pending,
        in_doubt,
        bypass,
    } = shown;
    let mut lines = vec![
        ("user", Some(user.user.clone())),
        (
            "uid",
            Some(uid.map_or_else(
                || "the system knows no such user".to_owned(),
                |uid| uid.to_string(),
            )),
        ),
    ];
    if tokens.is_empty() {
        lines.push(("token", Some("none".to_owned())));
    }
    lines.extend(tokens.iter().map(|token| {
        let drift = token
            .drift
            .map_or_else(String::new, |drift| format!(", drift {drift}"));
        let last = or_dash(token.last_accepted);
        let text = format!(
            "{} ({}, {}{drift}, last accepted {last})",
            token.serial, token.r#type, token.state
        );
        ("token", Some(text))
    }));
    lines.push(("failures", Some(user.failures.to_string())));
    let locked = match user.locked_until.as_deref() {
        Some(UNTIL_UNLOCKED) => Some("an administrator unlocks".to_owned()),
        until => until.map(str::to_owned),
    };
    lines.push(("locked until", locked));
    lines.push((
        "pending",
        pending
            .as_ref()
            .map(|serial| format!("the next passcode of token {serial}")),
    ));
    let doubt = "half of the record is damaged: the next sign-on takes two passcodes";
    lines.push(("in doubt", in_doubt.then(|| doubt.to_owned())));
    lines.extend(bypass.iter().map(|code| {
        (
            "bypass code",
            Some(format!(
                "until {}, uses left: {}",
                code.expires, code.uses_left
            )),
        )
    }));
    details(&lines)
}
