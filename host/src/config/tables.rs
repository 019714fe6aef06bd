//! The config's small tables, one function each.

use super::item::{self, Item, Slip, items};
use super::{AuditConfig, CacheConfig, HelperConfig, KeyPlace};
use otpair_core::acceptance::Windows;
use otpair_core::policy::Prompts;
use otpair_core::throttle::ThrottlePolicy;

/// The longest that a wait after failures can be made, in seconds.
const MAX_WAIT: u64 = 30 * 24 * 60 * 60;

pub(super) fn cache(table: &Item<'_>) -> Result<CacheConfig, Slip> {
    let (mut cache, mut key) = (CacheConfig::default(), None);
    for item in items(table.table()?) {
        match item.key() {
            "path" => cache = CacheConfig::at(item.absolute_path()?),
            "key" => key = Some(key_place(&item)?),
            _ => return Err(item.unknown("[cache]", &["path", "key"])),
        }
    }
    Ok(CacheConfig {
        key: key.unwrap_or(cache.key),
        ..cache
    })
}

fn key_place(item: &Item<'_>) -> Result<KeyPlace, Slip> {
    let (here, elsewhere, only) = if cfg!(target_os = "macos") {
        (("keychain", KeyPlace::Keychain), "credential", "Linux")
    } else {
        (("credential", KeyPlace::Credential), "keychain", "macOS")
    };
    let (name, place) = here;
    let text = item.text()?;
    if text == name {
        return Ok(place);
    }
    if text == elsewhere {
        let message =
            format!("there is a \"{text}\" on {only} only: write \"file:/absolute/path\"");
        return Err(item.wrong(message));
    }
    let wanted = format!("\"file:/absolute/path\" is wanted here, or \"{name}\"");
    text.strip_prefix("file:")
        .and_then(item::absolute)
        .map(KeyPlace::File)
        .ok_or_else(|| item.wrong(wanted))
}

pub(super) fn prompts(table: &Item<'_>) -> Result<Prompts, Slip> {
    let mut prompts = Prompts::default();
    for item in items(table.table()?) {
        let place = match item.key() {
            "serial" => &mut prompts.serial,
            "passcode" => &mut prompts.passcode,
            "next_passcode" => &mut prompts.next_passcode,
            _ => return Err(item.unknown("[prompts]", &["serial", "passcode", "next_passcode"])),
        };
        *place = Some(item.shown_text(1..=200)?);
    }
    Ok(prompts)
}

pub(super) fn passcode(table: &Item<'_>) -> Result<Windows, Slip> {
    let mut windows = Windows::default();
    for item in items(table.table()?) {
        match item.key() {
            "drift_window" => windows.drift_window = item.number(0..=10)?,
            "look_ahead_window" => windows.look_ahead_window = item.number(0..=1000)?,
            "resync_window" => windows.resync_window = item.number(0..=10_000)?,
            _ => {
                return Err(item.unknown(
                    "[passcode]",
                    &["drift_window", "look_ahead_window", "resync_window"],
                ));
            }
        }
    }
    Ok(windows)
}

pub(super) fn throttle(table: &Item<'_>) -> Result<ThrottlePolicy, Slip> {
    let mut throttle = ThrottlePolicy::default();
    // Where a contradiction is shown: at the value that is written, or the first of two.
    let (mut wait_at, mut count_at) = (None, None);
    for item in items(table.table()?) {
        match item.key() {
            "max_failures" => throttle.max_failures = item.number(1..=u32::MAX)?,
            "max_total" => throttle.max_total = item.number(1..=u32::MAX)?,
            "first_wait" => throttle.first_wait = item.duration(1..=MAX_WAIT)?,
            "max_wait" => throttle.max_wait = item.duration(1..=MAX_WAIT)?,
            _ => {
                return Err(item.unknown(
                    "[throttle]",
                    &["max_failures", "first_wait", "max_wait", "max_total"],
                ));
            }
        }
        let at = if item.key().ends_with("wait") {
            &mut wait_at
        } else {
            &mut count_at
        };
        at.get_or_insert(item.at());
    }
    if throttle.first_wait > throttle.max_wait {
        return Err(Slip::new(
            wait_at.unwrap_or(0),
            "first_wait is longer than max_wait",
        ));
    }
    if throttle.max_total < throttle.max_failures {
        return Err(Slip::new(
            count_at.unwrap_or(0),
            "max_total is less than max_failures",
        ));
    }
    Ok(throttle)
}

pub(super) fn audit(table: &Item<'_>) -> Result<AuditConfig, Slip> {
    let mut audit = AuditConfig::default();
    for item in items(table.table()?) {
        match item.key() {
            "syslog" => audit.syslog = item.flag()?,
            "file" => audit.file = Some(item.absolute_path()?),
            _ => return Err(item.unknown("[audit]", &["syslog", "file"])),
        }
    }
    Ok(audit)
}

pub(super) fn helper(table: &Item<'_>) -> Result<HelperConfig, Slip> {
    let mut helper = HelperConfig::default();
    for item in items(table.table()?) {
        match item.key() {
            "may_ask_for_others" => {
                let names = item.list("an account's name", |text| {
                    item::is_name(text).then(|| text.to_owned())
                })?;
                helper.may_ask_for_others = names.into_iter().map(|name| name.value).collect();
            }
            _ => return Err(item.unknown("[helper]", &["may_ask_for_others"])),
        }
    }
    Ok(helper)
}
