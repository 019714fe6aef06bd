//! What an import does to the inventory: many tokens in one transaction, or none in a dry run.

use super::row::{self, Entry, Rows};
use super::{Inventory, failed};
use otpair_core::records::Fault;
use otpair_core::token::Serial;
use rusqlite::TransactionBehavior;

/// A token that was there already, or what is wrong with it. Few are, mostly.
pub(crate) type Found = Option<Box<Result<Entry, Fault>>>;

/// Room for the pages of one batch, in KiB: what does not fit is written and flushed before its time.
const CACHE_KIB: i32 = 16 * 1024;

impl Inventory {
    /// Makes room for what an import writes at once. It never takes more.
    pub(crate) fn prepare_import(&self) -> Result<(), Fault> {
        self.connection
            .pragma_update(None, "cache_size", -CACHE_KIB)
            .map_err(|error| self.failed(error))
    }

    /// Adds those tokens durably of whose serial numbers there is none; for each what was there before.
    pub(crate) fn add_missing<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Result<Vec<Found>, Fault> {
        self.each(TransactionBehavior::Immediate, entries, |rows, entry| {
            if rows.insert(entry)? {
                return Ok(None);
            }
            rows.select(&entry.stock.token.serial)
        })
    }

    /// For each of these tokens what is there of its serial number.
    pub(crate) fn like<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Result<Vec<Found>, Fault> {
        self.each(TransactionBehavior::Deferred, entries, |rows, entry| {
            rows.select(&entry.stock.token.serial)
        })
    }

    /// In one transaction. A row that can't be read stops none of the others.
    fn each<'e>(
        &mut self,
        behavior: TransactionBehavior,
        entries: impl Iterator<Item = &'e Entry>,
        step: impl Fn(&mut Rows<'_>, &Entry) -> rusqlite::Result<Option<Entry>>,
    ) -> Result<Vec<Found>, Fault> {
        let path = &self.path;
        let run = || {
            let tx = self.connection.transaction_with_behavior(behavior)?;
            let mut rows = Rows::prepare(&tx)?;
            let found = entries
                .map(|entry| match step(&mut rows, entry) {
                    Ok(found) => Ok(found.map(|found| Box::new(Ok(found)))),
                    Err(error) if error.sqlite_error_code().is_none() => {
                        Ok(Some(Box::new(Err(failed(path, error)))))
                    }
                    Err(error) => Err(error),
                })
                .collect::<rusqlite::Result<Vec<_>>>()?;
            drop(rows);
            tx.commit()?;
            Ok(found)
        };
        run().map_err(|error| failed(path, error))
    }

    /// Adds one token durably, unless one of its serial number is there.
    pub(crate) fn add_if_missing(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.write(|tx| Rows::prepare(tx)?.insert(entry).map(drop))
    }

    /// Changes the one user who may pair a token that nobody has; the token as it was, if it is there.
    pub(crate) fn reserve(
        &mut self,
        serial: &Serial,
        user: Option<&str>,
    ) -> Result<Option<Entry>, Fault> {
        self.write(|tx| {
            let found = row::select(tx, serial)?;
            if found.is_some() {
                row::reserve_unheld(tx, serial, user)?;
            }
            Ok(found)
        })
    }

    /// Removes a token that nobody has; the token as it was, if it was there.
    pub(crate) fn remove(&mut self, serial: &Serial) -> Result<Option<Entry>, Fault> {
        self.write(|tx| {
            let found = row::select(tx, serial)?;
            if found.is_some() {
                row::remove_unheld(tx, serial)?;
            }
            Ok(found)
        })
    }
}
