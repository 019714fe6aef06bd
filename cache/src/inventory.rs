//! The inventory: every imported token and who has it, in SQLite. A sign-on of somebody who has a token never gets
//! here.

use crate::folder::{Folder, UNFINISHED};
use crate::key::Keys;
use crate::{fault, limit};
use otpair_core::records::{Fault, FaultKind};
use row::Rows;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod adding;
mod holder;
mod merging;
mod row;

pub(crate) use adding::Found;
pub use row::Entry;

/// The inventory's file in the cache's folder.
const NAME: &str = "inventory.db";

/// Files that SQLite may put beside it, and goes by if they are there.
const BESIDE: [&str; 3] = [
    "inventory.db-journal",
    "inventory.db-wal",
    "inventory.db-shm",
];

/// "otpa": tells an inventory from other SQLite files.
const APPLICATION_ID: i32 = 0x6f74_7061;

/// What leads from each version to the next; the first makes an empty inventory.
const MIGRATIONS: [&str; 1] = [include_str!("inventory/version1.sql")];

/// What SQLite may write beyond the inventory's length: a few pages, or a journal that has all of them. In bytes.
const ROOM: u64 = 16_384;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open inventory.
pub(crate) struct Inventory {
    connection: Connection,
    path: PathBuf,
}

/// Whether there is an inventory, which must be a plain file of root or the caller.
pub(crate) fn exists(folder: &Folder) -> Result<bool, Fault> {
    // Looked at without opening: closing a file drops the locks that this process has on it through SQLite.
    folder.has_safe_file(NAME)
}

impl Inventory {
    /// Opens the inventory, and brings it to this version.
    pub(crate) fn open(folder: &Folder, keys: &Keys) -> Result<Self, Fault> {
        for name in BESIDE {
            folder.has_safe_file(name)?;
        }
        let path = folder.join(NAME);
        let size = folder.stat(NAME)?.map_or(0, |look| look.size);
        limit::allow(&path, size.saturating_add(size / 64 + ROOM))?;
        let mut inventory = Self::connect(path)?;
        inventory.check(keys)?;
        Ok(inventory)
    }

    /// Makes an inventory of these tokens where there is none: complete or not at all.
    pub(crate) fn make(folder: &Folder, keys: &Keys, entries: &[Entry]) -> Result<(), Fault> {
        let _lock = folder.lock()?;
        if exists(folder)? {
            return Ok(());
        }
        for name in BESIDE {
            if folder.stat(name)?.is_some() {
                let why = "belongs to a lost inventory; move it away";
                return Err(fault::damaged(&folder.join(name), why));
            }
        }
        let made = folder.unfinished().and_then(|file| {
            let mut inventory = Self::connect(folder.join(UNFINISHED))?;
            inventory.fill(keys, entries)?;
            let Self { connection, path } = inventory;
            connection
                .close()
                .map_err(|(_, error)| failed(&path, error))?;
            file.sync_all()
                .map_err(|error| fault::io(&folder.join(NAME), "flush", error))?;
            folder.finish(NAME)
        });
        if made.is_err() {
            let _ = folder.clear();
        }
        made
    }

    /// An inventory of these tokens that is on no disk, for a dry run.
    pub(crate) fn in_memory(keys: &Keys, entries: &[Entry]) -> Result<Self, Fault> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(|error| failed(&path, error))?;
        let mut inventory = Self { connection, path };
        inventory.fill(keys, entries)?;
        Ok(inventory)
    }

    fn connect(path: PathBuf) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connect = || {
            let connection = Connection::open_with_flags(&path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            // fullfsync: on macOS a flush goes no further than the drive's cache without it. Elsewhere it is nothing.
            connection.execute_batch(
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
                 PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
                 PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;",
            )?;
            Ok(connection)
        };
        match connect() {
            Ok(connection) => Ok(Self { connection, path }),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Whether it is an inventory, of a version that can be read, made with this key.
    fn check(&mut self, keys: &Keys) -> Result<(), Fault> {
        let application: i32 = self.pragma("application_id")?;
        let version: i32 = self.pragma("user_version")?;
        let version = usize::try_from(version).unwrap_or(0);
        if application != APPLICATION_ID || version == 0 {
            return Err(self.damaged("is no inventory of otpair"));
        }
        if version > MIGRATIONS.len() {
            let why = format!("{}: was written by a newer otpair", self.path.display());
            return Err(Fault::new(FaultKind::Newer, why));
        }
        if version < MIGRATIONS.len() {
            self.migrate()?;
        }
        let id: Vec<u8> = self
            .connection
            .query_row("SELECT key_id FROM cache", [], |row| row.get(0))
            .map_err(|error| self.failed(error))?;
        if id == keys.id {
            return Ok(());
        }
        let why = "was made with another sealing key; put the right key back";
        Err(Fault::new(
            FaultKind::Key,
            format!("{}: {why}", self.path.display()),
        ))
    }

    fn fill(&mut self, keys: &Keys, entries: &[Entry]) -> Result<(), Fault> {
        self.migrate()?;
        self.write(|tx| {
            tx.execute("INSERT INTO cache (key_id) VALUES (?1)", [&keys.id[..]])?;
            let mut rows = Rows::prepare(tx)?;
            entries
                .iter()
                .try_for_each(|entry| rows.insert(entry).map(drop))
        })
    }

    /// Applies the migrations that are missing, all or none.
    fn migrate(&mut self) -> Result<(), Fault> {
        self.write(|tx| {
            let version: i32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            for step in MIGRATIONS
                .iter()
                .skip(usize::try_from(version).unwrap_or(0))
            {
                tx.execute_batch(step)?;
            }
            let newest = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
            tx.pragma_update(None, "user_version", newest)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)
        })
    }

    /// Runs one durable transaction, alone.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let path = &self.path;
        let run = || {
            let tx = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        run().map_err(|error| failed(path, error))
    }

    fn pragma(&self, name: &str) -> Result<i32, Fault> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> Fault {
        failed(&self.path, error)
    }

    fn damaged(&self, why: &str) -> Fault {
        fault::damaged(&self.path, why)
    }
}

/// An error of SQLite, by what the admin has to do.
pub(crate) fn failed(path: &Path, error: rusqlite::Error) -> Fault {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => FaultKind::Busy,
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory,
        ) => FaultKind::Io,
        _ => FaultKind::Damaged,
    };
    // Without the statement that failed: its text is of no use to an admin.
    let why = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        other => other.to_string(),
    };
    Fault::new(kind, format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests;
