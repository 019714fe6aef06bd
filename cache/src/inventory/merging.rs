//! What a restore does to the inventory: it changes many tokens in one transaction.

use super::Inventory;
use super::row::{self, Entry, Rows};
use otpair_core::records::{Fault, Holder};
use otpair_core::token::{Serial, TokenState};

impl Inventory {
    /// Begins a transaction, unless one is under way: what is read from now on stays so until
    /// [`Inventory::commit_batch`].
    pub(crate) fn begin_batch(&mut self) -> Result<(), Fault> {
        if !self.connection.is_autocommit() {
            return Ok(());
        }
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        begun.map_err(|error| self.failed(error))
    }

    /// Adds a token, unless there is one of its serial number; durable after [`Inventory::commit_batch`].
    pub(crate) fn add_in_batch(&self, entry: &Entry) -> Result<(), Fault> {
        Rows::prepare(&self.connection)
            .and_then(|mut rows| rows.insert(entry).map(drop))
            .map_err(|error| self.failed(error))
    }

    /// Makes durable what was done since [`Inventory::begin_batch`].
    pub(crate) fn commit_batch(&mut self) -> Result<(), Fault> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        let done = self.connection.execute_batch("COMMIT");
        done.map_err(|error| self.failed(error))
    }

    /// Changes a token; durable after [`Inventory::commit_batch`]. Whom it is reserved for changes only while nobody
    /// has it.
    pub(crate) fn merge(
        &mut self,
        serial: &Serial,
        holder: &Holder,
        state: &TokenState,
        reserved_for: Option<&str>,
    ) -> Result<(), Fault> {
        row::update(&self.connection, serial, holder, state)
            .and_then(|()| row::reserve_unheld(&self.connection, serial, reserved_for))
            .map_err(|error| self.failed(error))
    }

    /// How many tokens there are.
    pub(crate) fn count(&self) -> Result<u64, Fault> {
        let count = self
            .connection
            .query_row("SELECT count(*) FROM main.tokens", [], |row| {
                row.get::<_, i64>(0)
            });
        count
            .map(i64::cast_unsigned)
            .map_err(|error| self.failed(error))
    }
}
