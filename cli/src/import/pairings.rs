//! Pairing what a file says is somebody's, after its tokens are in the inventory.

use super::report::Report;
use crate::failure::Failure;
use crate::machine::{self, Machine};
use crate::pairing::Pairing;
use otpair_cache::SeedCache;
use otpair_core::keyfile::KeyPackage;
use otpair_core::records::{Account, Holder, UserRecord};
use otpair_core::token::{Serial, TokenState};
use otpair_host::clock;
use serde::Serialize;
use std::collections::HashMap;

/// A token and whose it is, by a file.
pub(super) struct Named {
    serial: Serial,
    user: String,
    /// The first moving factor that may count.
    first: u64,
}

/// The first moving factor of a package that may count here.
pub(super) fn first(package: &KeyPackage) -> u64 {
    let (parameters, seed, drift) = (&package.parameters, &package.seed, package.drift);
    let spent = &package.spent;
    package
        .counter
        .max(spent.first_time_step(parameters, seed, drift, clock::now()))
}

impl Named {
    /// What a package says of whose it is.
    pub(super) fn of(package: &KeyPackage, first: u64) -> Option<Self> {
        Some(Self {
            serial: package.serial.clone(),
            user: package.paired_with.clone()?,
            first,
        })
    }

    pub(super) fn serial(&self) -> &Serial {
        &self.serial
    }
}

/// A token that was paired.
#[derive(Debug, Serialize)]
pub(super) struct Paired {
    serial: String,
    user: String,
}

/// A token that was not paired, though a file says whose it is.
#[derive(Debug, Serialize)]
pub(super) struct NotPaired {
    serial: String,
    user: String,
    why: String,
    /// There is no such person here any more: that was to be expected.
    #[serde(skip)]
    pub(super) is_gone: bool,
}

impl Paired {
    pub(super) fn line(&self, dry_run: bool) -> String {
        let is = if dry_run { "would be" } else { "is now" };
        format!("token {} {is} paired with {}", self.serial, self.user)
    }
}

impl NotPaired {
    pub(super) fn line(&self) -> String {
        let Self {
            serial, user, why, ..
        } = self;
        format!("token {serial} is not paired with {user}: {why}")
    }
}

/// Pairs one after another.
pub(super) struct Pairings<'m> {
    machine: &'m Machine,
    pairing: Pairing<'m>,
    dry_run: bool,
    /// Whom the names of the file are: a directory that is far away is asked once for each.
    known: HashMap<String, Option<Account>>,
    /// How many tokens a dry run would have given to whom.
    promised: HashMap<String, usize>,
}

impl<'m> Pairings<'m> {
    pub(super) fn new(machine: &'m Machine, dry_run: bool) -> Self {
        Self {
            machine,
            pairing: Pairing::new(machine),
            dry_run,
            known: HashMap::new(),
            promised: HashMap::new(),
        }
    }

    /// Pairs a token with whom the file says, as `otpair user pair` would; what came of it goes into the report.
    pub(super) fn pair(&mut self, cache: &mut SeedCache, named: &Named, report: &mut Report) {
        let (serial, user) = (named.serial.to_string(), named.user.clone());
        match self.try_pair(cache, named) {
            Ok(Some(user)) => report.paired(Paired { serial, user }),
            Ok(None) => {}
            Err(failure) => {
                let is_gone = matches!(self.known.get(&user), Some(None));
                report.not_paired(NotPaired {
                    serial,
                    user,
                    why: failure.message().to_owned(),
                    is_gone,
                });
            }
        }
    }

    /// With whom it was paired; nothing if they have it already.
    fn try_pair(
        &mut self,
        cache: &mut SeedCache,
        named: &Named,
    ) -> Result<Option<String>, Failure> {
        let account = self.account(&named.user)?;
        let serial = &named.serial;
        let stock = Pairing::find(cache, serial)?;
        let record = cache.record_of(&account.name)?;
        let record = record.map_or_else(UserRecord::default, |(_, record)| record);
        let holds = record
            .tokens
            .iter()
            .any(|held| held.token.serial == *serial);
        let is_theirs = |holder: &Holder| *holder == Holder::Paired(account.name.clone());
        if holds && stock.as_ref().is_some_and(|stock| is_theirs(&stock.holder)) {
            return Ok(None);
        }
        if self.dry_run {
            if stock.is_some() {
                self.pairing
                    .eligible(stock.as_ref(), serial, &account.name)?;
            }
            return self.promise(account, record.tokens.len()).map(Some);
        }
        let stock = self
            .pairing
            .eligible(stock.as_ref(), serial, &account.name)?;
        let state = TokenState {
            last_accepted: stock.state.last_accepted.max(named.first.checked_sub(1)),
            ..stock.state
        };
        self.pairing.commit(cache, stock, &account, state)?;
        Ok(Some(account.name))
    }

    fn account(&mut self, user: &str) -> Result<Account, Failure> {
        if !self.known.contains_key(user) {
            let found = self.machine.known(user)?;
            self.known.insert(user.to_owned(), found);
        }
        let known = self.known.get(user).cloned().flatten();
        known.ok_or_else(|| machine::unknown(user))
    }

    fn promise(&mut self, account: Account, has: usize) -> Result<String, Failure> {
        let promised = self.promised.entry(account.name.clone()).or_default();
        self.pairing.has_room(&account.name, has + *promised)?;
        *promised += 1;
        Ok(account.name)
    }
}
