//! What an import does to the inventory: many tokens in one transaction, or none in a dry run.

use super::Inventory;
use super::row::{self, Entry, Table};
use otpair_core::records::Fault;
use otpair_core::token::Serial;

impl Inventory {
    /// Makes room in memory for what a dry run would add.
    pub(crate) fn prepare_dry_run(&self) -> Result<(), Fault> {
        row::prepare_dry_run(&self.connection).map_err(|error| self.failed(error))
    }

    /// The token of a serial number, or what the dry run would have added.
    pub(crate) fn imported(&self, serial: &Serial, dry_run: bool) -> Result<Option<Entry>, Fault> {
        match self.entry(serial)? {
            None if dry_run => row::select(&self.connection, Table::DryRun, serial)
                .map_err(|error| self.failed(error)),
            found => Ok(found),
        }
    }

    /// Adds a token; durable after [`Inventory::commit_added`].
    pub(crate) fn add(&mut self, entry: &Entry, dry_run: bool) -> Result<(), Fault> {
        let table = if dry_run {
            Table::DryRun
        } else {
            Table::Tokens
        };
        let add = || {
            // A dry run keeps nobody waiting.
            if !dry_run && self.connection.is_autocommit() {
                self.connection.execute_batch("BEGIN IMMEDIATE")?;
            }
            row::insert(&self.connection, table, entry)
        };
        add().map_err(|error| self.failed(error))
    }

    /// Makes what was added durable.
    pub(crate) fn commit_added(&mut self) -> Result<(), Fault> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection
            .execute_batch("COMMIT")
            .map_err(|error| self.failed(error))
    }

    /// Adds one token durably, unless one of its serial number is there.
    pub(crate) fn add_if_missing(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.write(|tx| {
            let serial = &entry.stock.token.serial;
            match row::select(tx, Table::Tokens, serial)? {
                Some(_) => Ok(()),
                None => row::insert(tx, Table::Tokens, entry),
            }
        })
    }

    /// Changes the one user who may pair a token that nobody has; the token as it was, if it is there.
    pub(crate) fn reserve(
        &mut self,
        serial: &Serial,
        user: Option<&str>,
    ) -> Result<Option<Entry>, Fault> {
        self.write(|tx| {
            let found = row::select(tx, Table::Tokens, serial)?;
            if found.is_some() {
                row::reserve_unheld(tx, serial, user)?;
            }
            Ok(found)
        })
    }

    /// Removes a token that nobody has; the token as it was, if it was there.
    pub(crate) fn remove(&mut self, serial: &Serial) -> Result<Option<Entry>, Fault> {
        self.write(|tx| {
            let found = row::select(tx, Table::Tokens, serial)?;
            if found.is_some() {
                row::remove_unheld(tx, serial)?;
            }
            Ok(found)
        })
    }
}
