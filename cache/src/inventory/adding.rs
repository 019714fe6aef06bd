//! What an import does to the inventory: many tokens in one transaction, or none in a dry run.

use super::row::{self, Entry, Rows};
use super::{Inventory, failed};
use otpair_core::records::Fault;
use otpair_core::token::Serial;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

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
        let entries: Vec<_> = entries.collect();
        let path = &self.path;
        let add = |rows: &mut Rows<'_>| {
            let mut found: Vec<Found> = Vec::with_capacity(entries.len());
            let (pieces, rest) = entries.as_chunks();
            for piece in pieces {
                if rows.insert_together(piece)? {
                    found.extend(piece.iter().map(|_| None));
                } else {
                    add_one_by_one(path, rows, piece, &mut found)?;
                }
            }
            add_one_by_one(path, rows, rest, &mut found)?;
            Ok(found)
        };
        Self::at_once(&mut self.connection, TransactionBehavior::Immediate, add)
            .map_err(|error| failed(path, error))
    }

    /// For each of these tokens what is there of its serial number.
    pub(crate) fn like<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Result<Vec<Found>, Fault> {
        let path = &self.path;
        let look = |rows: &mut Rows<'_>| {
            entries
                .map(|entry| there(path, rows.select(&entry.stock.token.serial)))
                .collect()
        };
        Self::at_once(&mut self.connection, TransactionBehavior::Deferred, look)
            .map_err(|error| failed(path, error))
    }

    /// Does something in one transaction.
    fn at_once<T>(
        connection: &mut Connection,
        behavior: TransactionBehavior,
        work: impl FnOnce(&mut Rows<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let tx = connection.transaction_with_behavior(behavior)?;
        let mut rows = Rows::prepare(&tx)?;
        let done = work(&mut rows)?;
        drop(rows);
        tx.commit()?;
        Ok(done)
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

/// Adds those tokens of which there is none; for each what was there before.
fn add_one_by_one(
    path: &Path,
    rows: &mut Rows<'_>,
    entries: &[&Entry],
    found: &mut Vec<Found>,
) -> rusqlite::Result<()> {
    for entry in entries {
        found.push(if rows.insert(entry)? {
            None
        } else {
            there(path, rows.select(&entry.stock.token.serial))?
        });
    }
    Ok(())
}

/// What was found. A row that can't be read stops none of the others.
fn there(path: &Path, found: rusqlite::Result<Option<Entry>>) -> rusqlite::Result<Found> {
    match found {
        Ok(found) => Ok(found.map(|found| Box::new(Ok(found)))),
        Err(error) if error.sqlite_error_code().is_none() => {
            Ok(Some(Box::new(Err(failed(path, error)))))
        }
        Err(error) => Err(error),
    }
}
