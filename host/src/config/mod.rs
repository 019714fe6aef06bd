//! The config file (contract section 6): TOML, every key with a default, and errors that say where.

mod item;
mod load;
mod rules;
mod show;
mod tables;

use item::{Item, Slip, items};
use otpair_core::acceptance::Windows;
use otpair_core::policy::{Policy, Prompts};
use otpair_core::throttle::ThrottlePolicy;
pub use rules::LanguageChoice;
use rules::SignOnRules;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use toml::de::{DeTable, Error};

/// The config where `--config` or `config=` names none.
pub const DEFAULT_PATH: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/otpair/otpair.toml"
} else {
    "/etc/otpair/otpair.toml"
};

/// The seed cache's folder where the config names none.
pub const DEFAULT_CACHE: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/otpair"
} else {
    "/var/lib/otpair"
};

/// Where each boot puts the sealing key that `[cache] key = "credential"` means: `otpair-key.service` unseals it there.
pub const UNSEALED_KEY: &str = "/run/otpair-key/cache.key";

/// The config of this machine: what the file says, and the defaults for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Where the seed cache is.
    pub cache: CacheConfig,
    /// Where events are logged.
    pub audit: AuditConfig,
    /// What the helper serves.
    pub helper: HelperConfig,
    sign_on: SignOnRules,
    prompts: Prompts,
    windows: Windows,
    throttle: ThrottlePolicy,
    services: BTreeMap<String, SignOnRules>,
}

/// `[cache]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// The seed cache's folder, an absolute path.
    pub path: PathBuf,
    /// Where the sealing key is.
    pub key: KeyPlace,
}

/// Where the key that seals the seeds is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a file, named by an absolute path.
    File(PathBuf),
    /// In a systemd credential, from which each boot unseals it to [`UNSEALED_KEY`].
    Credential,
    /// In macOS's System keychain.
    Keychain,
}

impl CacheConfig {
    fn at(path: PathBuf) -> Self {
        let key = KeyPlace::File(path.join("cache.key"));
        Self { path, key }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self::at(PathBuf::from(DEFAULT_CACHE))
    }
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// Whether events go to syslog.
    pub syslog: bool,
    /// The file of JSON lines that events go to, an absolute path.
    pub file: Option<PathBuf>,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            syslog: true,
            // What goes to syslog is hard to find again on macOS.
            file: cfg!(target_os = "macos").then(|| "/var/log/otpair.jsonl".into()),
        }
    }
}

/// `[helper]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HelperConfig {
    /// Accounts that the helper serves for other users than themselves.
    pub may_ask_for_others: Vec<String>,
}

/// What is wrong with a config, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// The column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong there, in one line.
    pub message: String,
}

impl ConfigError {
    /// Turns an offset in bytes into line and column.
    fn at(text: &str, offset: usize, message: &str) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let message = message
            .split('\n')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            line,
            column,
            message,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a config.
    ///
    /// # Errors
    /// The first mistake: a text that is no TOML, an unknown key, or a value that is of the wrong type or out of bounds.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let document = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
        Self::read(document.get_ref()).map_err(|slip| ConfigError::at(text, slip.at, &slip.message))
    }

    /// The rules of a sign-on at a service (the PAM service's name): `[service.NAME]` over `[sign_on]` over the
    /// defaults. The language is still English: see [`Self::language`].
    #[must_use]
    pub fn policy(&self, service: &str) -> Policy {
        self.policy_with(self.services.get(service))
    }

    /// The rules where no service is known: `[sign_on]` over the defaults. The language is still English.
    #[must_use]
    pub fn policy_everywhere(&self) -> Policy {
        self.policy_with(None)
    }

    /// What is set for the language at a service; nothing if nothing is.
    #[must_use]
    pub fn language(&self, service: &str) -> Option<LanguageChoice> {
        let of_service = self.services.get(service).and_then(|rules| rules.language);
        of_service.or(self.sign_on.language)
    }

    fn policy_with(&self, service: Option<&SignOnRules>) -> Policy {
        let mut policy = Policy {
            prompts: self.prompts.clone(),
            windows: self.windows,
            throttle: self.throttle,
            ..Policy::default()
        };
        self.sign_on.apply(&mut policy);
        if let Some(rules) = service {
            rules.apply(&mut policy);
        }
        policy.unpaired = rules::unpaired(&self.sign_on, service);
        policy
    }

    fn read(document: &DeTable<'_>) -> Result<Self, Slip> {
        const TABLES: &[&str] = &[
            "cache",
            "sign_on",
            "prompts",
            "passcode",
            "throttle",
            "audit",
            "helper",
            "service.NAME",
        ];
        let mut config = Self::default();
        let mut services = None;
        for item in items(document) {
            match item.key() {
                "cache" => config.cache = tables::cache(&item)?,
                "sign_on" => config.sign_on = SignOnRules::read(item.table()?, "[sign_on]", None)?,
                "prompts" => config.prompts = tables::prompts(&item)?,
                "passcode" => config.windows = tables::passcode(&item)?,
                "throttle" => config.throttle = tables::throttle(&item)?,
                "audit" => config.audit = tables::audit(&item)?,
                "helper" => config.helper = tables::helper(&item)?,
                "service" => services = Some(item),
                _ => return Err(item.unknown("the config's tables", TABLES)),
            }
        }
        // Last, wherever they stand: they lie over [sign_on].
        if let Some(services) = services {
            config.services = read_services(&services, &config.sign_on)?;
        }
        Ok(config)
    }
}

fn syntax(text: &str, error: &Error) -> ConfigError {
    let offset = error.span().map_or(0, |span| span.start);
    ConfigError::at(text, offset, error.message())
}

fn read_services(
    services: &Item<'_>,
    sign_on: &SignOnRules,
) -> Result<BTreeMap<String, SignOnRules>, Slip> {
    let mut read = BTreeMap::new();
    for item in items(services.table()?) {
        let name = item.key();
        if !item::is_name(name) {
            return Err(item.wrong_key("a service needs a name, without blanks around it"));
        }
        let rules = SignOnRules::read(item.table()?, &format!("[service.{name}]"), Some(sign_on))?;
        read.insert(name.to_owned(), rules);
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
