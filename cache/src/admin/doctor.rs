//! What is wrong with a cache, and mending what can be mended.

use super::{Entry, Error, UserAndRecord, import};
use crate::SeedCache;
use crate::folder::{Access, Folder, UNFINISHED, UNFINISHED_JOURNAL};
use crate::name;
use crate::record::{RecordFile, Whose};
use otpair_core::records::{
    Account, Commit, Fault, FaultKind, HeldToken, Holder, Records as _, UserRecord,
};
use otpair_core::token::Serial;
use std::collections::HashMap;

mod problem;

pub use problem::Problem;

impl SeedCache {
    /// Looks for what is wrong. `uid_of` is the system's uid of a user's name.
    ///
    /// # Errors
    /// [`FaultKind::Io`] if the cache's folders can't be listed, [`FaultKind::Key`] if there are records but no key.
    pub fn check(
        &mut self,
        mut uid_of: impl FnMut(&str) -> Option<u32>,
    ) -> Result<Vec<Problem>, Fault> {
        let mut problems = self.stray_files()?;
        let records: Vec<UserAndRecord> = self.users_with_records()?.collect();
        let mut sound = HashMap::new();
        for (user, record) in records {
            match record {
                Err(fault) => problems.push(Problem::Fault(fault)),
                Ok((recorded, record)) => {
                    let actual = uid_of(&user);
                    if actual != Some(recorded.uid) {
                        problems.push(Problem::OtherUid { recorded, actual });
                    }
                    if self.has_one_block(&user) {
                        problems.push(Problem::OneBlock { user: user.clone() });
                    }
                    sound.insert(user, record);
                }
            }
        }
        problems.extend(held_twice(&sound));
        match self.check_inventory(&sound) {
            Ok(found) => problems.extend(found),
            // Nothing imported and nothing paired is no problem.
            Err(fault)
                if fault.kind == FaultKind::NoInventory
                    && sound.values().all(|record| record.tokens.is_empty()) => {}
            Err(fault) => problems.push(Problem::Inventory(fault)),
        }
        Ok(problems)
    }

    fn stray_files(&self) -> Result<Vec<Problem>, Fault> {
        let mut problems = Vec::new();
        let Some(home) = &self.home else {
            return Ok(problems);
        };
        for name in [UNFINISHED, UNFINISHED_JOURNAL] {
            if home.folder.stat(name)?.is_some() {
                problems.push(left_over(&home.folder, name));
            }
        }
        let Some(users) = &home.users else {
            return Ok(problems);
        };
        for file in users.names()? {
            if file == UNFINISHED {
                problems.push(left_over(users, &file));
            } else if name::decode(&file).is_none() {
                let path = users.join(&file).display().to_string();
                problems.push(Problem::Stray { path });
            }
        }
        Ok(problems)
    }

    fn has_one_block(&self, user: &str) -> bool {
        let one_block = || {
            let file = RecordFile::open(self.users()?, user, Access::Read).ok()??;
            let current = file.read(Whose::Name(user), &self.keys).ok()?;
            Some(current.one_block)
        };
        one_block() == Some(true)
    }

    fn check_inventory(
        &mut self,
        records: &HashMap<String, UserRecord>,
    ) -> Result<Vec<Problem>, Fault> {
        let mut problems = Vec::new();
        let mut at_home: HashMap<Serial, Holder> = HashMap::new();
        self.rows(|_, entry| {
            match entry {
                Err(fault) => problems.push(Problem::Inventory(fault)),
                Ok(entry) => {
                    problems.extend(self_contradiction(&entry, records));
                    if entry.stock.holder != Holder::Nobody {
                        at_home.insert(entry.stock.token.serial, entry.stock.holder);
                    }
                }
            }
            Ok::<_, Fault>(())
        })?;
        for (user, record) in records {
            for held in &record.tokens {
                let serial = &held.token.serial;
                let known =
                    matches!(at_home.get(serial), Some(Holder::Paired(holder)) if holder == user);
                if !known {
                    problems.push(Problem::NotConfirmed {
                        serial: serial.clone(),
                        user: user.clone(),
                    });
                }
            }
        }
        Ok(problems)
    }

    /// Mends a problem that [`SeedCache::check`] found. True if it was mended; false if there is nothing that could be
    /// done about it, or it is gone.
    ///
    /// # Errors
    /// Any fault on the way.
    pub fn mend(&mut self, problem: &Problem, now: u64) -> Result<bool, Fault> {
        match problem {
            Problem::OneBlock { user } => self.rewrite(user),
            Problem::LeftOver { .. } => self.remove_left_overs(),
            Problem::OtherUid {
                recorded,
                actual: Some(_),
            } => self.forget_former(recorded),
            Problem::NotConfirmed { serial, user } => self.confirm_by_record(serial, user, now),
            Problem::Inventory(fault) if fault.kind == FaultKind::NoInventory => {
                self.need_inventory(now).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Writes a record as it was read, over its damaged block. It stays in doubt.
    fn rewrite(&mut self, user: &str) -> Result<bool, Fault> {
        let Some((account, _)) = self.record_of(user)? else {
            return Ok(false);
        };
        if !self.has_one_block(user) {
            return Ok(false);
        }
        let snapshot = self.read(&account)?;
        let commit = self.commit(&account, snapshot.revision, &snapshot.record)?;
        Ok(commit == Commit::Durable)
    }

    /// Removes the record of somebody whose name another has now.
    fn forget_former(&mut self, recorded: &Account) -> Result<bool, Fault> {
        match self.record_of(&recorded.name)? {
            Some((account, record)) if account == *recorded && record.tokens.is_empty() => {}
            _ => return Ok(false),
        }
        match self.forget(&recorded.name) {
            Ok(()) => Ok(true),
            Err(Error::Refused(_)) => Ok(false),
            Err(Error::Fault(fault) | Error::InRecordOnly { fault, .. }) => Err(fault),
        }
    }

    fn remove_left_overs(&self) -> Result<bool, Fault> {
        let mut removed = false;
        let folders = self
            .home
            .iter()
            .map(|home| &home.folder)
            .chain(self.users());
        for folder in folders {
            let _lock = folder.lock()?;
            removed |= folder.clear()?;
        }
        Ok(removed)
    }

    /// Makes the inventory say what the record says.
    fn confirm_by_record(&mut self, serial: &Serial, user: &str, now: u64) -> Result<bool, Fault> {
        let Some((_, record)) = self.record_of(user)? else {
            return Ok(false);
        };
        let Some(held) = record.token(serial) else {
            return Ok(false);
        };
        self.need_inventory(now)?;
        let inventory = self.inventory()?;
        inventory.add_if_missing(&import::of_record(HeldToken::clone(held), user, now))?;
        let mended = inventory.change(serial, |entry| {
            let free = match &entry.stock.holder {
                Holder::Nobody => true,
                Holder::Pairing(holder) | Holder::Paired(holder) => holder == user,
            };
            // A token of the same number with another seed is another token.
            let same = entry.stock.token.sealed_seed == held.token.sealed_seed;
            let changed = (Holder::Paired(user.to_owned()), entry.stock.state);
            (free && same, (free && same).then_some(changed))
        })?;
        Ok(mended == Some(true))
    }
}

fn left_over(folder: &Folder, name: &str) -> Problem {
    let path = folder.join(name).display().to_string();
    Problem::LeftOver { path }
}

/// A token whose holder's record does not know of it.
fn self_contradiction(entry: &Entry, records: &HashMap<String, UserRecord>) -> Option<Problem> {
    let serial = &entry.stock.token.serial;
    let held_by = |user: &String| {
        records
            .get(user)
            .is_some_and(|record| record.token(serial).is_some())
    };
    match &entry.stock.holder {
        Holder::Pairing(user) if !held_by(user) => Some(Problem::Unfinished {
            serial: serial.clone(),
            user: user.clone(),
        }),
        Holder::Paired(user) if !held_by(user) => Some(Problem::LostPairing {
            serial: serial.clone(),
            user: user.clone(),
        }),
        _ => None,
    }
}

fn held_twice(records: &HashMap<String, UserRecord>) -> Vec<Problem> {
    let mut holders: HashMap<&Serial, &String> = HashMap::new();
    let mut problems = Vec::new();
    for (user, record) in records {
        for held in &record.tokens {
            if let Some(other) = holders.insert(&held.token.serial, user) {
                problems.push(Problem::HeldTwice {
                    serial: held.token.serial.clone(),
                    users: [other.clone(), user.clone()],
                });
            }
        }
    }
    problems
}
