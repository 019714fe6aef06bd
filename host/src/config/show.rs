//! The config in force, written out again.

use super::item::Written;
use super::rules::{self, Mode, SignOnRules};
use super::{Config, KeyPlace};
use crate::clock;
use otpair_core::policy::{Messages, Policy};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// A value: JSON's spelling of texts, numbers, flags and lists of texts is TOML's as well; dates are TOML's own.
enum Shown {
    Plain(Value),
    Date(u64),
}

type Keys = Vec<(&'static str, Shown)>;

impl Config {
    /// The config in force as TOML, with every default written out; [`Config::parse`] reads it as the same config.
    /// A `[service.NAME]` has the keys that differ from `[sign_on]`'s by being written there.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (table, keys) in self.tables() {
            let gap = if text.is_empty() { "" } else { "\n" };
            // Writing into a string can't fail.
            let _ = writeln!(
                text,
                "{gap}[{}]",
                table
                    .iter()
                    .map(|part| quoted_key(part))
                    .collect::<Vec<_>>()
                    .join(".")
            );
            for (key, value) in keys {
                let _ = writeln!(text, "{key} = {}", value.to_toml());
            }
        }
        text
    }

    /// The config in force as JSON, with the same keys; dates are texts by RFC 3339.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        for (table, keys) in self.tables() {
            let keys: Map<_, _> = keys
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.into_json()))
                .collect();
            match table.as_slice() {
                [service, name] => {
                    let services = document
                        .entry(service.clone())
                        .or_insert_with(|| Value::Object(Map::new()));
                    if let Some(services) = services.as_object_mut() {
                        services.insert(name.clone(), Value::Object(keys));
                    }
                }
                _ => {
                    document.insert(table.concat(), Value::Object(keys));
                }
            }
        }
        Value::Object(document)
    }

    fn tables(&self) -> Vec<(Vec<String>, Keys)> {
        let mut tables: Vec<_> = [
            ("cache", self.cache_keys()),
            ("sign_on", self.sign_on_keys()),
            ("prompts", self.prompt_keys()),
            ("passcode", self.passcode_keys()),
            ("throttle", self.throttle_keys()),
            ("audit", self.audit_keys()),
            (
                "helper",
                vec![(
                    "may_ask_for_others",
                    plain(self.helper.may_ask_for_others.clone()),
                )],
            ),
        ]
        .into_iter()
        .filter(|(_, keys)| !keys.is_empty())
        .map(|(name, keys)| (vec![name.to_owned()], keys))
        .collect();
        let services = self.services.iter();
        tables.extend(services.map(|(name, rules)| {
            (
                vec!["service".to_owned(), name.clone()],
                service_keys(rules),
            )
        }));
        tables
    }

    fn cache_keys(&self) -> Keys {
        let key = match &self.cache.key {
            KeyPlace::File(path) => format!("file:{}", path.display()),
            KeyPlace::Credential => "credential".to_owned(),
            KeyPlace::Keychain => "keychain".to_owned(),
        };
        vec![
            ("path", plain(self.cache.path.to_string_lossy())),
            ("key", plain(key)),
        ]
    }

    fn sign_on_keys(&self) -> Keys {
        let mut policy = Policy::default();
        self.sign_on.apply(&mut policy);
        let everybody = || vec!["*".to_owned()];
        let mode = self.sign_on.unpaired.unwrap_or(Mode::Pair);
        let mut keys = vec![
            (
                "required_for",
                plain(
                    self.sign_on
                        .required_for
                        .as_deref()
                        .map_or_else(everybody, texts),
                ),
            ),
            (
                "exempt",
                plain(self.sign_on.exempt.as_deref().map_or_else(Vec::new, texts)),
            ),
            ("unpaired", plain(mode_word(mode))),
        ];
        keys.extend(
            self.sign_on
                .allow_unpaired_until
                .map(|date| ("allow_unpaired_until", Shown::Date(date))),
        );
        keys.extend([
            ("attempts", plain(policy.attempts)),
            ("max_tokens_per_user", plain(policy.max_tokens_per_user)),
            ("strip_domain", plain(policy.strip_domain)),
            ("echo_passcode", plain(policy.echo_passcode)),
            ("messages", plain(messages_word(policy.messages))),
            ("help", plain(policy.help)),
        ]);
        let language = self.sign_on.language;
        keys.extend(language.map(|choice| ("language", plain(choice.word()))));
        keys
    }

    /// Only what the config sets: written out, a default would no longer go with the language.
    fn prompt_keys(&self) -> Keys {
        let prompts = [
            ("serial", &self.prompts.serial),
            ("passcode", &self.prompts.passcode),
            ("next_passcode", &self.prompts.next_passcode),
        ];
        let set = |(key, text): (_, &Option<String>)| Some((key, plain(text.as_deref()?)));
        prompts.into_iter().filter_map(set).collect()
    }

    fn passcode_keys(&self) -> Keys {
        vec![
            ("drift_window", plain(self.windows.drift_window)),
            ("look_ahead_window", plain(self.windows.look_ahead_window)),
            ("resync_window", plain(self.windows.resync_window)),
        ]
    }

    fn throttle_keys(&self) -> Keys {
        vec![
            ("max_failures", plain(self.throttle.max_failures)),
            (
                "first_wait",
                plain(clock::format_duration(self.throttle.first_wait)),
            ),
            (
                "max_wait",
                plain(clock::format_duration(self.throttle.max_wait)),
            ),
            ("max_total", plain(self.throttle.max_total)),
        ]
    }

    fn audit_keys(&self) -> Keys {
        let mut keys = vec![("syslog", plain(self.audit.syslog))];
        keys.extend(
            self.audit
                .file
                .as_ref()
                .map(|path| ("file", plain(path.to_string_lossy()))),
        );
        keys
    }
}

/// The keys that a service sets.
fn service_keys(rules: &SignOnRules) -> Keys {
    let keys = [
        (
            "required_for",
            rules
                .required_for
                .as_deref()
                .map(|people| plain(texts(people))),
        ),
        (
            "exempt",
            rules.exempt.as_deref().map(|people| plain(texts(people))),
        ),
        (
            rules::TRUSTED_NETWORKS,
            rules
                .trusted_networks
                .as_deref()
                .map(|networks| plain(texts(networks))),
        ),
        (
            "unpaired",
            rules.unpaired.map(|mode| plain(mode_word(mode))),
        ),
        (
            "allow_unpaired_until",
            rules.allow_unpaired_until.map(Shown::Date),
        ),
        ("attempts", rules.attempts.map(plain)),
        ("max_tokens_per_user", rules.max_tokens_per_user.map(plain)),
        ("strip_domain", rules.strip_domain.map(plain)),
        ("echo_passcode", rules.echo_passcode.map(plain)),
        (
            "messages",
            rules
                .messages
                .map(|messages| plain(messages_word(messages))),
        ),
        ("help", rules.help.as_deref().map(plain)),
        (
            "language",
            rules.language.map(|choice| plain(choice.word())),
        ),
    ];
    keys.into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

impl Shown {
    fn to_toml(&self) -> String {
        match self {
            // The one character that JSON leaves as it is and TOML does not allow.
            Self::Plain(value) => value.to_string().replace('\u{7f}', "\\u007F"),
            Self::Date(time) => clock::format_utc(*time),
        }
    }

    fn into_json(self) -> Value {
        match self {
            Self::Plain(value) => value,
            Self::Date(time) => Value::String(clock::format_utc(time)),
        }
    }
}

fn plain(value: impl Into<Value>) -> Shown {
    Shown::Plain(value.into())
}

fn texts<T>(written: &[Written<T>]) -> Vec<String> {
    written.iter().map(|w| w.text.clone()).collect()
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Pair => "pair",
        Mode::Deny => "deny",
        Mode::Allow => "allow",
    }
}

fn messages_word(messages: Messages) -> &'static str {
    match messages {
        Messages::Shown => "shown",
        Messages::InPrompt => "in-prompt",
    }
}

/// A key as TOML writes it: bare where it may be.
fn quoted_key(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare {
        key.to_owned()
    } else {
        plain(key).to_toml()
    }
}

#[cfg(test)]
mod tests;
