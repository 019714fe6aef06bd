//! Restoring a backup: token by token, then person by person. What becomes of each is decided in
//! [`otpair_core::backup::merge`]; killed at any point, the restore goes on when it is run again.

use super::{Entry, Error, Refusal};
use crate::SeedCache;
use crate::seal;
use otpair_core::backup::merge::{self, Left};
use otpair_core::backup::{StockCopy, TokenCopy, UserCopy};
use otpair_core::records::{
    Account, Fault, FaultKind, HeldToken, Holder, Records as _, Stock, UserRecord,
};
use otpair_core::token::{Serial, Token, TokenState};
use std::thread;
use std::time::Duration;

/// The most steps in one transaction, two for each token: what is read and sealed for them keeps others from pairing.
const BATCH: u32 = 2_000;

/// How long others may have the inventory after a transaction: whoever waits for SQLite's lock looks every 100 ms.
const PAUSE: Duration = Duration::from_millis(110);

/// A token of the backup that was left out.
pub type LeftOut = (Serial, Left);

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Something was changed.
    pub changed: bool,
    /// Tokens that the person has with this and had not before, or would have.
    pub paired: Vec<Serial>,
    /// What was left as it is here.
    pub left: Vec<LeftOut>,
}

/// By which rules a restore goes.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The time, in seconds since 1970 UTC.
    pub now: u64,
    /// How many tokens one may have.
    pub most: usize,
    /// Whether a reserved token is for somebody whose name has no domain.
    pub strip_domain: bool,
    /// Nothing is written.
    pub dry_run: bool,
}

/// A restore under way. The tokens since the last full batch are lost unless [`Restore::finish`] is called.
pub struct Restore<'c> {
    cache: &'c mut SeedCache,
    rules: Rules,
    waiting: u32,
}

impl SeedCache {
    /// Begins a restore. A lost inventory is made anew from the records first; a dry run writes nothing.
    ///
    /// # Errors
    /// Any fault of the inventory, or of a record if it has to be made anew.
    pub fn restore(&mut self, rules: Rules) -> Result<Restore<'_>, Fault> {
        if !rules.dry_run {
            self.need_inventory(rules.now)?;
        }
        Ok(Restore {
            cache: self,
            rules,
            waiting: 0,
        })
    }
}

impl Restore<'_> {
    /// Restores a token of the inventory. Where somebody has it here, their record is raised too, and first.
    ///
    /// # Errors
    /// [`FaultKind::Damaged`] and other faults of this token or its holder's record alone ([`Restore::is_of_one`]): the
    /// restore can go on without it. Any other fault ends it.
    pub fn token(&mut self, copy: &StockCopy) -> Result<Restored, Fault> {
        let serial = &copy.token.serial;
        self.begin()?;
        let mut raised = false;
        let entry = self.entry(serial)?;
        if let Some(user) = entry.as_ref().and_then(|entry| entry.stock.holder.user()) {
            raised = self.raise_in_record(user, &copy.token)?;
        }
        self.begin()?;
        let Some(entry) = self.entry(serial)? else {
            self.add(copy, merge::new_in_stock(copy, self.rules.now))?;
            return Ok(Restored {
                changed: true,
                ..Restored::default()
            });
        };
        if !self.is_same(&entry.stock.token, &copy.token)? {
            return Ok(left(serial, Left::OtherToken));
        }
        let (state, reserved_for, why) = merge::in_stock(&entry.stock, copy);
        let stock = &entry.stock;
        let changed = state != stock.state || reserved_for != stock.reserved_for;
        if changed && !self.rules.dry_run {
            let (holder, reserved_for) = (&stock.holder, reserved_for.as_deref());
            let inventory = self.cache.inventory()?;
            inventory.merge(serial, holder, &state, reserved_for)?;
        }
        Ok(Restored {
            changed: changed || raised,
            paired: Vec::new(),
            left: why.map(|why| (serial.clone(), why)).into_iter().collect(),
        })
    }

    /// Restores a person's record, for the account that [`merge::same_account`] has found to be the same. Each token
    /// goes the way of a pairing: claim, record, confirm.
    ///
    /// # Errors
    /// As [`Restore::token`].
    pub fn user(&mut self, copy: &UserCopy, account: &Account) -> Result<Restored, Fault> {
        self.flush()?;
        let before = self.cache.read(account)?.record;
        let mut done = Restored::default();
        let mut taken = Vec::new();
        let most = self.rules.most.min(UserRecord::MAX_TOKENS);
        let mut room = most.saturating_sub(before.tokens.len());
        for token in &copy.tokens {
            let new = before.token(&token.serial).is_none();
            let claimed = if new && room == 0 {
                Err(Left::NoRoom(most))
            } else {
                self.claim(token, account, new)?
            };
            match claimed {
                Ok(held) => {
                    if new {
                        done.paired.push(token.serial.clone());
                    }
                    room -= usize::from(new);
                    taken.push(held);
                }
                Err(why) => done.left.push((token.serial.clone(), why)),
            }
        }
        let (changed, no_room) = self.write(copy, account, &before, &taken)?;
        done.changed = changed;
        for serial in taken.iter().map(|held| &held.token.serial) {
            if no_room.contains(serial) {
                // They have paired another one meanwhile. The claim stays: it is theirs to resume.
                done.left.push((serial.clone(), Left::NoRoom(most)));
                done.paired.retain(|paired| paired != serial);
            } else {
                self.confirm(serial, account, &mut done)?;
            }
        }
        Ok(done)
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// Any fault of the inventory.
    pub fn finish(mut self) -> Result<(), Fault> {
        self.flush()
    }

    /// Whether a fault is one of a single token or record.
    #[must_use]
    pub fn is_of_one(fault: &Fault) -> bool {
        use FaultKind::{Busy, Damaged, Limit, Newer, OtherUid, Unsafe};
        matches!(
            fault.kind,
            Busy | Damaged | Limit | Newer | OtherUid | Unsafe
        )
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if self.rules.dry_run {
            return Ok(());
        }
        self.waiting += 1;
        if self.waiting > BATCH {
            self.flush()?;
            thread::sleep(PAUSE);
        }
        self.cache.inventory()?.begin_batch()
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.waiting = 0;
        if self.rules.dry_run {
            return Ok(());
        }
        self.cache.inventory()?.commit_batch()
    }

    /// The token of a serial number as the inventory has it; a dry run may have none.
    fn entry(&mut self, serial: &Serial) -> Result<Option<Entry>, Fault> {
        match self.cache.inventory() {
            Err(fault) if fault.kind == FaultKind::NoInventory && self.rules.dry_run => Ok(None),
            inventory => inventory?.entry(serial),
        }
    }

    fn is_same(&self, here: &Token, copy: &TokenCopy) -> Result<bool, Fault> {
        let seed = seal::unseal(&self.cache.keys, here)?;
        Ok(here.parameters == copy.parameters && seed.expose() == copy.seed.expose())
    }

    fn add(&mut self, copy: &StockCopy, state: TokenState) -> Result<(), Fault> {
        if self.rules.dry_run {
            return Ok(());
        }
        let entry = Entry {
            stock: Stock {
                token: self.seal(&copy.token)?,
                state,
                holder: copy.holder.clone(),
                reserved_for: copy.reserved_for.clone(),
            },
            manufacturer: copy.manufacturer.clone(),
            imported: copy.imported,
            source: copy.source.clone(),
        };
        self.cache.inventory()?.add_in_batch(&entry)
    }

    fn seal(&self, copy: &TokenCopy) -> Result<Token, Fault> {
        let (serial, parameters) = (&copy.serial, &copy.parameters);
        Ok(Token {
            serial: serial.clone(),
            parameters: *parameters,
            sealed_seed: seal::seal(&self.cache.keys, serial, parameters, &copy.seed)?,
        })
    }

    /// Raises the state of a token in the record of whoever has it here. Whether that changed anything.
    fn raise_in_record(&mut self, user: &str, copy: &TokenCopy) -> Result<bool, Fault> {
        let Some((account, record)) = self.cache.record_of(user)? else {
            return Ok(false);
        };
        let Some(held) = record.token(&copy.serial) else {
            return Ok(false);
        };
        let rises = held.state.higher(&copy.state) != held.state;
        if !rises || !self.is_same(&held.token, copy)? {
            return Ok(false);
        }
        if self.rules.dry_run {
            return Ok(true);
        }
        // Whoever unpairs holds the record while waiting for the inventory.
        self.flush()?;
        self.cache.modify(&account, |record| {
            if let Some(held) = record.token_mut(&copy.serial) {
                held.state = held.state.higher(&copy.state);
            }
            Ok(true)
        })
    }

    /// Claims a token for the account that had it, unless it is in its record already.
    fn claim(
        &mut self,
        copy: &TokenCopy,
        account: &Account,
        new: bool,
    ) -> Result<Result<HeldToken, Left>, Fault> {
        let user = &account.name;
        let Some(entry) = self.entry(&copy.serial)? else {
            return self.claim_missing(copy, account).map(Ok);
        };
        if !self.is_same(&entry.stock.token, copy)? {
            return Ok(Err(Left::OtherToken));
        }
        let strip_domain = self.rules.strip_domain;
        if let Err(why) = merge::may_have(&entry.stock, user, strip_domain) {
            return Ok(Err(why));
        }
        let held = HeldToken {
            state: entry.stock.state.higher(&copy.state),
            token: entry.stock.token,
        };
        if !new || self.rules.dry_run || entry.stock.holder == Holder::Paired(user.clone()) {
            return Ok(Ok(held));
        }
        let claimed =
            self.cache.inventory()?.change(&copy.serial, |entry| {
                match merge::may_have(&entry.stock, user, strip_domain) {
                    Ok(()) => {
                        let state = entry.stock.state.higher(&copy.state);
                        let changed = (Holder::Pairing(user.clone()), state);
                        (Ok(()), Some(changed))
                    }
                    Err(why) => (Err(why), None),
                }
            })?;
        Ok(claimed.unwrap_or(Err(Left::OtherToken)).map(|()| held))
    }

    /// A token that was only in its holder's record when the backup was made.
    fn claim_missing(&mut self, copy: &TokenCopy, account: &Account) -> Result<HeldToken, Fault> {
        let held = HeldToken {
            token: self.seal(copy)?,
            state: copy.state,
        };
        if !self.rules.dry_run {
            let user = &account.name;
            let mut entry = super::import::of_record(held.clone(), user, self.rules.now);
            entry.stock.holder = Holder::Pairing(user.clone());
            self.cache.inventory()?.add_if_missing(&entry)?;
        }
        Ok(held)
    }

    /// Writes the record. Whether that changes anything, and the tokens for which it has no room.
    fn write(
        &mut self,
        copy: &UserCopy,
        account: &Account,
        before: &UserRecord,
        taken: &[HeldToken],
    ) -> Result<(bool, Vec<Serial>), Fault> {
        let Rules { now, most, .. } = self.rules;
        let merged = |here: &UserRecord| merge::record(here, copy, taken, most, now);
        if self.rules.dry_run {
            let (after, no_room) = merged(before);
            return Ok((after != *before, no_room));
        }
        self.cache.modify(account, |record| {
            let (after, no_room) = merged(record);
            let changed = after != *record;
            *record = after;
            Ok((changed, no_room))
        })
    }

    /// Tells the inventory that a token is in the record, or the record that somebody else has the token now.
    fn confirm(
        &mut self,
        serial: &Serial,
        account: &Account,
        done: &mut Restored,
    ) -> Result<(), Fault> {
        if self.rules.dry_run {
            return Ok(());
        }
        let entry = self.entry(serial)?;
        if entry.is_some_and(|entry| entry.stock.holder == Holder::Paired(account.name.clone())) {
            return Ok(());
        }
        done.changed = true;
        match self.cache.confirm_or_give_back(serial, account) {
            Ok(()) => Ok(()),
            Err(Error::Refused(Refusal::Held { holder, .. })) => {
                done.paired.retain(|paired| paired != serial);
                done.left.push((serial.clone(), Left::Held(holder)));
                Ok(())
            }
            Err(Error::Refused(_)) => {
                done.paired.retain(|paired| paired != serial);
                done.left.push((serial.clone(), Left::OtherToken));
                Ok(())
            }
            Err(Error::Fault(fault) | Error::InRecordOnly { fault, .. }) => Err(fault),
        }
    }
}

fn left(serial: &Serial, why: Left) -> Restored {
    Restored {
        left: vec![(serial.clone(), why)],
        ..Restored::default()
    }
}

#[cfg(test)]
mod tests;
