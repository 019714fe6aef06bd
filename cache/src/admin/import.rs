//! Importing tokens into the inventory.

use super::Entry;
use crate::SeedCache;
use crate::inventory::Inventory;
use crate::key::Keys;
use crate::seal;
use otpair_core::records::{Fault, FaultKind, HeldToken, Holder, Stock};
use otpair_core::seed::Seed;
use otpair_core::token::{Parameters, Serial, Token, TokenState};

/// The most tokens in one transaction (contract section 5).
const BATCH: u32 = 10_000;

/// One token of a seed file.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// The number on its back.
    pub serial: &'a Serial,
    /// Who made it.
    pub manufacturer: Option<&'a str>,
    /// How its passcodes are made.
    pub parameters: &'a Parameters,
    /// Its seed.
    pub seed: &'a Seed,
    /// The first counter that counts (HOTP), or the first time step; 0 if the file does not say.
    pub counter: u64,
    /// The token's clock less the time, in time steps, as the file says; 0 for HOTP.
    pub drift: i32,
    /// The one user who may pair it.
    pub reserved_for: Option<&'a str>,
}

/// What became of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is in the inventory now.
    New,
    /// It was there already, with the same parameters and seed. Its state was left as it is.
    Unchanged,
    /// There is another token of this serial number, which was left as it is.
    Conflict(Box<Entry>),
}

/// An import under way. What was added since the last full batch is lost unless [`Import::finish`] is called.
pub struct Import<'c> {
    inventory: Inventory,
    keys: &'c Keys,
    source: String,
    now: u64,
    dry_run: bool,
    waiting: u32,
}

impl SeedCache {
    /// Begins an import. `source` is the name of the seed file and `now` the time, in seconds since 1970 UTC, for the
    /// inventory to remember. A lost inventory is made anew from the records first; a dry run writes nothing.
    ///
    /// # Errors
    /// Any fault of the inventory, or of a record if it has to be made anew.
    pub fn import(&mut self, source: &str, now: u64, dry_run: bool) -> Result<Import<'_>, Fault> {
        let inventory = if dry_run {
            let inventory = self.inventory_for_dry_run(now)?;
            inventory.prepare_dry_run()?;
            inventory
        } else {
            self.need_inventory(now)?;
            self.take_inventory()?
        };
        Ok(Import {
            inventory,
            keys: &self.keys,
            source: source.to_owned(),
            now,
            dry_run,
            waiting: 0,
        })
    }

    fn inventory_for_dry_run(&mut self, now: u64) -> Result<Inventory, Fault> {
        match self.take_inventory() {
            Err(fault) if fault.kind == FaultKind::NoInventory => {
                let entries = self.entries_of_records(now)?;
                Inventory::in_memory(&self.keys, &entries)
            }
            found => found,
        }
    }

    /// Makes the inventory if there is none, with the tokens that are in people's records.
    pub(crate) fn need_inventory(&mut self, now: u64) -> Result<(), Fault> {
        match self.inventory() {
            Err(fault) if fault.kind == FaultKind::NoInventory => {}
            found => return found.map(drop),
        }
        self.furnish()?;
        let entries = self.entries_of_records(now)?;
        self.home.as_ref().map_or(Ok(()), |home| {
            Inventory::make(&home.folder, &self.keys, &entries)
        })
    }

    fn entries_of_records(&mut self, now: u64) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        for (user, record) in self.users_with_records()? {
            // A record that can't be read may hold tokens: without it they would seem to be nobody's, and unspent.
            let (_, record) = record?;
            entries.extend(
                record
                    .tokens
                    .into_iter()
                    .map(|held| of_record(held, &user, now)),
            );
        }
        Ok(entries)
    }
}

/// The inventory's row for a token that is known only from its holder's record.
pub(super) fn of_record(held: HeldToken, user: &str, now: u64) -> Entry {
    Entry {
        stock: Stock {
            token: held.token,
            state: held.state,
            holder: Holder::Paired(user.to_owned()),
            reserved_for: None,
        },
        manufacturer: None,
        imported: now,
        source: format!("the record of {user}"),
    }
}

impl Import<'_> {
    /// Adds a token, unless one of its serial number is there.
    ///
    /// # Errors
    /// [`FaultKind::Damaged`] if one is there and can't be read: the import can go on without it. Any other fault of
    /// the inventory ends the import.
    pub fn add(&mut self, package: &Package<'_>) -> Result<Added, Fault> {
        if let Some(existing) = self.inventory.imported(package.serial, self.dry_run)? {
            return self.compare(package, existing);
        }
        let entry = self.entry(package)?;
        self.inventory.add(&entry, self.dry_run)?;
        self.waiting += 1;
        if self.waiting >= BATCH {
            self.flush()?;
        }
        Ok(Added::New)
    }

    /// Makes what was added durable.
    ///
    /// # Errors
    /// Any fault of the inventory.
    pub fn finish(mut self) -> Result<(), Fault> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.waiting = 0;
        self.inventory.commit_added()
    }

    fn compare(&self, package: &Package<'_>, existing: Entry) -> Result<Added, Fault> {
        let token = &existing.stock.token;
        let seed = seal::unseal(self.keys, token)?;
        let same =
            token.parameters == *package.parameters && seed.expose() == package.seed.expose();
        Ok(if same {
            Added::Unchanged
        } else {
            Added::Conflict(Box::new(existing))
        })
    }

    fn entry(&self, package: &Package<'_>) -> Result<Entry, Fault> {
        let Package {
            serial,
            parameters,
            seed,
            ..
        } = *package;
        Ok(Entry {
            stock: Stock {
                token: Token {
                    serial: serial.clone(),
                    parameters: *parameters,
                    sealed_seed: seal::seal(self.keys, serial, parameters, seed)?,
                },
                state: TokenState {
                    last_accepted: package.counter.checked_sub(1),
                    drift: package.drift,
                    ..TokenState::default()
                },
                holder: Holder::Nobody,
                reserved_for: package.reserved_for.map(ToOwned::to_owned),
            },
            manufacturer: package.manufacturer.map(ToOwned::to_owned),
            imported: self.now,
            source: self.source.clone(),
        })
    }
}
