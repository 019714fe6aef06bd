//! This machine as a command sees it: its config, seed cache, accounts and audit log.

use crate::failure::Failure;
use otpair_cache::SeedCache;
use otpair_core::event::Event;
use otpair_core::policy::Policy;
use otpair_core::records::Account;
use otpair_core::token::Serial;
use otpair_host::accounts;
use otpair_host::audit::{Audit, Context};
use otpair_host::config::Config;
use std::path::Path;

/// The service that the admin's command stands for in policy and log.
const SERVICE: &str = "otpair";

/// This machine.
pub(crate) struct Machine {
    pub(crate) config: Config,
    audit: Audit,
}

impl Machine {
    /// The machine with the config named, or its own.
    pub(crate) fn load(config: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self::with(Config::load(config)?))
    }

    /// The machine with this config.
    pub(crate) fn with(config: Config) -> Self {
        let audit = Audit::open(&config);
        Self { config, audit }
    }

    /// The seed cache.
    pub(crate) fn cache(&self) -> Result<SeedCache, Failure> {
        Ok(otpair_host::open_cache(&self.config)?)
    }

    /// The seed cache, made where there is none.
    pub(crate) fn new_cache(&self) -> Result<SeedCache, Failure> {
        Ok(otpair_host::create_cache(&self.config)?)
    }

    /// The name under which somebody has a record: the primary one, or the name as given if the system knows no such
    /// user (any more).
    pub(crate) fn name_of(&self, user: &str) -> Result<String, Failure> {
        let found = accounts::resolve(user, self.policy().strip_domain)?;
        Ok(found.map_or_else(|| user.to_owned(), |account| account.name))
    }

    /// The rules that hold where the admin acts for somebody.
    pub(crate) fn policy(&self) -> Policy {
        self.config.policy(SERVICE)
    }

    /// The account of somebody whom the system knows.
    pub(crate) fn account(&self, user: &str) -> Result<Account, Failure> {
        self.known(user)?.ok_or_else(|| unknown(user))
    }

    /// The same; nothing of somebody whom the system does not know.
    pub(crate) fn known(&self, user: &str) -> Result<Option<Account>, Failure> {
        Ok(accounts::resolve(user, self.policy().strip_domain)?)
    }

    /// Logs what the admin did; `user` is whom it concerns.
    pub(crate) fn record(&self, user: Option<&str>, event: &Event) {
        let context = Context {
            user,
            service: Some(SERVICE),
            rhost: None,
        };
        self.audit.record(&context, event);
    }
}

/// That the system does not know somebody.
pub(crate) fn unknown(user: &str) -> Failure {
    Failure::new(format!(
        "the system knows no user {user}: see getent passwd"
    ))
}

/// Reads a serial number from the command line.
pub(crate) fn serial(text: &str) -> Result<Serial, String> {
    Serial::new(text).map_err(|error| error.to_string())
}
