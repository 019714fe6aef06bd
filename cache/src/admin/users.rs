//! People's records, for the admin.

use super::{Error, Refusal};
use crate::SeedCache;
use crate::folder::Access;
use crate::name;
use crate::record::{RecordFile, Whose};
use otpair_core::records::{
    Account, Commit, Fault, FaultKind, Records as _, Revision, Snapshot, UserRecord,
};

/// A user's name, with the account that the record was made for and the record, or what is wrong with it.
pub type UserAndRecord = (String, Result<(Account, UserRecord), Fault>);

/// Somebody who changes a record again and again can keep an admin waiting no longer than this many tries.
const MOST_CONFLICTS: u32 = 1000;

impl SeedCache {
    /// Everybody who has a record, by name, with the record and the account that it was made for, or what is wrong
    /// with it.
    ///
    /// # Errors
    /// [`FaultKind::Io`] if the folder can't be listed, [`FaultKind::Key`] if there are records but no key.
    pub fn users_with_records(
        &mut self,
    ) -> Result<impl Iterator<Item = UserAndRecord> + '_, Fault> {
        let names = match self.users() {
            Some(users) => users.names()?,
            None => Vec::new(),
        };
        let users: Vec<String> = names.iter().filter_map(|name| name::decode(name)).collect();
        if !users.is_empty() {
            self.need_keys()?;
        }
        Ok(users.into_iter().filter_map(|user| {
            let record = self.stored(&user).transpose()?;
            Some((user, record))
        }))
    }

    /// A user's record with the account that it was made for, which the system may no longer know; nothing if there
    /// is none.
    ///
    /// # Errors
    /// Any fault of the record.
    pub fn record_of(&mut self, user: &str) -> Result<Option<(Account, UserRecord)>, Fault> {
        let there = match self.users() {
            Some(users) => users.stat(&name::encode(user)?)?.is_some(),
            None => false,
        };
        if there {
            self.need_keys()?;
        }
        self.stored(user)
    }

    fn stored(&self, user: &str) -> Result<Option<(Account, UserRecord)>, Fault> {
        let Some(users) = self.users() else {
            return Ok(None);
        };
        let Some(file) = RecordFile::open(users, user, Access::Read)? else {
            return Ok(None);
        };
        let state = file.read(Whose::Name(user), &self.keys)?.state;
        Ok(Some((state.account, state.record)))
    }

    /// Changes an account's record. `change` may be called again if somebody else changed the record meanwhile; if it
    /// leaves the record as it is, nothing is written.
    ///
    /// # Errors
    /// What `change` returns, or any fault of the record.
    pub fn modify<T, E: From<Fault>>(
        &mut self,
        account: &Account,
        mut change: impl FnMut(&mut UserRecord) -> Result<T, E>,
    ) -> Result<T, E> {
        for _ in 0..MOST_CONFLICTS {
            let Snapshot {
                mut record,
                revision,
            } = self.read(account)?;
            let before = record.clone();
            let answer = change(&mut record)?;
            if record == before || self.store(account, revision, &record)? {
                return Ok(answer);
            }
        }
        let why = format!("the record of {} changes all the time", account.name);
        Err(Fault::new(FaultKind::Busy, why).into())
    }

    /// Removes a record that holds no token, with its failures, its bypass codes and the uid that it was made for: for
    /// a name that somebody else has now. No record is no fault.
    ///
    /// # Errors
    /// [`Refusal::HasTokens`], or any fault of the record.
    pub fn forget(&mut self, user: &str) -> Result<(), Error> {
        if self.record_of(user)?.is_none() {
            return Ok(());
        }
        let Some(users) = self.users() else {
            return Ok(());
        };
        let Some(file) = RecordFile::open_locked(users, user)? else {
            return Ok(());
        };
        let current = file.examine(Whose::Name(user), &self.keys)?;
        if !current.state.record.tokens.is_empty() {
            return Err(Refusal::HasTokens(user.to_owned()).into());
        }
        // With the lock held: whoever waits for it sees then that the name leads elsewhere.
        Ok(users.remove(&name::encode(user)?)?)
    }

    fn store(
        &mut self,
        account: &Account,
        base: Revision,
        record: &UserRecord,
    ) -> Result<bool, Fault> {
        Ok(self.commit(account, base, record)? == Commit::Durable)
    }
}
