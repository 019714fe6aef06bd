//! Importing tokens into the inventory.
//!
//! Packages are collected and sealed first, and written in one transaction then, in the order of their serial numbers:
//! nobody who pairs meanwhile waits for a seed file to be read, and each page of the inventory is touched once.

use super::Entry;
use crate::SeedCache;
use crate::inventory::{Found, Inventory};
use crate::key::Keys;
use crate::rehearsal::Rehearsal;
use crate::seal;
use otpair_core::pairing::is_for;
use otpair_core::records::{Fault, FaultKind, HeldToken, Holder, Stock};
use otpair_core::seed::Seed;
use otpair_core::token::{Parameters, SealedSeed, Serial, Token, TokenState};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The most tokens in one transaction (contract section 5).
const BATCH: usize = 10_000;

/// The fewest, where the disk is too slow for more.
const SMALLEST_BATCH: usize = 100;

/// Who pairs meanwhile waits at most 5 s for the inventory: after a longer transaction than this the next is smaller.
const LONG: Duration = Duration::from_secs(1);

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

/// What became of packages. Each one is counted, or is in `left`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// So many are in the inventory now.
    pub new: u64,
    /// So many were there already, with the same parameters and seed. Their state was left as it is.
    pub unchanged: u64,
    /// The others, in the order in which they were given.
    pub left: Vec<Left>,
}

/// A package that was not taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    /// Its serial number.
    pub serial: Serial,
    /// What there is of that number. It was left as it is.
    pub there: There,
}

/// What keeps a package out.
#[derive(Debug, PartialEq, Eq)]
pub enum There {
    /// Another token.
    Other {
        /// The name of the file that it was imported from.
        source: String,
        /// It differs in nothing but the seed.
        same_parameters: bool,
    },
    /// The very token, but not reserved for whom the file says, nor theirs.
    Reserved {
        /// Whom it is reserved for, if anybody.
        reserved_for: Option<String>,
        /// Whom the file says.
        file: String,
    },
    /// A token that can't be read, and why.
    Damaged(String),
}

/// An import under way. What was added since the last full batch is lost unless [`Import::finish`] is called.
pub struct Import<'c> {
    inventory: Inventory,
    /// In a dry run.
    rehearsal: Option<&'c mut Rehearsal>,
    keys: &'c Keys,
    source: String,
    now: u64,
    waiting: Vec<Waiting>,
    /// So many are written at once.
    most: usize,
    /// Most of the last batch were there: before sealing the next it is worth a look.
    look: bool,
}

/// A package that is to be written with its batch.
pub(crate) struct Waiting {
    pub(crate) entry: Entry,
    pub(crate) seed: Zeroizing<Vec<u8>>,
}

/// What becomes of a package.
pub(crate) enum Verdict {
    New,
    Unchanged,
    Left(There),
}

impl SeedCache {
    /// Begins an import. `source` is the name of the seed file and `now` the time, in seconds since 1970 UTC, for the
    /// inventory to remember. A lost inventory is made anew from the records first.
    ///
    /// A dry run writes nothing to the cache. It knows what earlier dry runs with the same `SeedCache` would have
    /// imported.
    ///
    /// # Errors
    /// Any fault of the inventory, or of a record if it has to be made anew.
    pub fn import(&mut self, source: &str, now: u64, dry_run: bool) -> Result<Import<'_>, Fault> {
        let inventory = if dry_run {
            self.inventory_for_dry_run(now)?
        } else {
            self.need_inventory(now)?;
            self.take_inventory()?
        };
        inventory.prepare_import()?;
        self.rehearsal = match self.rehearsal.take() {
            None if dry_run => Some(Rehearsal::begin()?),
            begun => begun.filter(|_| dry_run),
        };
        Ok(Import {
            inventory,
            rehearsal: self.rehearsal.as_mut(),
            keys: &self.keys,
            source: source.to_owned(),
            now,
            waiting: Vec::new(),
            most: BATCH,
            look: false,
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
    /// Takes a package, which is added with its batch unless a token of its serial number is there. The answer is what
    /// became of the batch that is full with it.
    ///
    /// # Errors
    /// Any fault of the inventory. Nothing of this batch is in it then.
    pub fn add(&mut self, package: &Package<'_>) -> Result<Batch, Fault> {
        let waiting = self.waiting(package);
        self.waiting.push(waiting);
        if self.waiting.len() < self.most {
            return Ok(Batch::default());
        }
        self.write()
    }

    /// Makes all that was added durable. The answer is what became of the last batch.
    ///
    /// # Errors
    /// As [`Import::add`].
    pub fn finish(mut self) -> Result<Batch, Fault> {
        self.write()
    }

    fn write(&mut self) -> Result<Batch, Fault> {
        let mut packages: Vec<_> = self.waiting.drain(..).enumerate().collect();
        // A stable sort: of two packages of one serial number the first counts.
        packages.sort_by(|(_, one), (_, other)| one.canonical().cmp(other.canonical()));
        let mut found = if self.look || self.rehearsal.is_some() {
            let entries = packages.iter().map(|(_, waiting)| &waiting.entry);
            self.inventory.like(entries)?
        } else {
            packages.iter().map(|_| None).collect()
        };
        if self.rehearsal.is_none() {
            self.add_missing(&mut packages, &mut found)?;
        }
        let there = found.iter().filter(|found| found.is_some()).count();
        self.look = there > found.len() / 2;
        let mut verdicts: Vec<_> = packages
            .iter()
            .zip(found)
            .map(|((_, waiting), found)| match found {
                None => Verdict::New,
                Some(found) => waiting.beside(self.keys, *found),
            })
            .collect();
        if let Some(rehearsal) = &mut self.rehearsal {
            rehearsal.meet(packages.iter().map(|(_, waiting)| waiting), &mut verdicts)?;
        }
        Ok(Batch::of(packages, verdicts))
    }

    /// Seals and adds those of which nothing was found; what was there all the same is found then.
    fn add_missing(
        &mut self,
        packages: &mut [(usize, Waiting)],
        found: &mut [Found],
    ) -> Result<(), Fault> {
        let missing = packages.iter_mut().zip(found);
        let mut missing: Vec<_> = missing.filter(|(_, found)| found.is_none()).collect();
        let nonces = seal::nonces(missing.len())?;
        for (((_, waiting), _), nonce) in missing.iter_mut().zip(nonces) {
            let token = &mut waiting.entry.stock.token;
            let (serial, parameters) = (&token.serial, &token.parameters);
            token.sealed_seed =
                seal::seal_with(nonce, self.keys, serial, parameters, &waiting.seed)?;
        }
        let begun = Instant::now();
        let entries = missing.iter().map(|((_, waiting), _)| &waiting.entry);
        let added = self.inventory.add_missing(entries)?;
        self.most = next_size(self.most, begun.elapsed());
        for ((_, found), added) in missing.into_iter().zip(added) {
            *found = added;
        }
        Ok(())
    }

    fn waiting(&self, package: &Package<'_>) -> Waiting {
        let Package {
            serial,
            parameters,
            seed,
            ..
        } = *package;
        let entry = Entry {
            stock: Stock {
                token: Token {
                    serial: serial.clone(),
                    parameters: *parameters,
                    // Sealed when it is known that it is not there.
                    sealed_seed: SealedSeed(Vec::new()),
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
        };
        Waiting {
            entry,
            seed: Zeroizing::new(seed.expose().to_vec()),
        }
    }
}

impl Batch {
    fn of(packages: Vec<(usize, Waiting)>, verdicts: Vec<Verdict>) -> Self {
        let mut batch = Self::default();
        let mut left = Vec::new();
        for ((place, waiting), verdict) in packages.into_iter().zip(verdicts) {
            match verdict {
                Verdict::New => batch.new += 1,
                Verdict::Unchanged => batch.unchanged += 1,
                Verdict::Left(there) => {
                    let serial = waiting.entry.stock.token.serial;
                    left.push((place, Left { serial, there }));
                }
            }
        }
        left.sort_unstable_by_key(|(place, _)| *place);
        batch.left = left.into_iter().map(|(_, left)| left).collect();
        batch
    }
}

impl Waiting {
    fn canonical(&self) -> &str {
        self.entry.stock.token.serial.canonical()
    }

    /// What becomes of it beside a token of the same serial number.
    fn beside(&self, keys: &Keys, existing: Result<Entry, Fault>) -> Verdict {
        let opened = existing.and_then(|existing| {
            let seed = seal::unseal(keys, &existing.stock.token)?;
            Ok((existing, seed))
        });
        let (existing, seed) = match opened {
            Ok(opened) => opened,
            Err(fault) => return Verdict::Left(There::Damaged(fault.detail)),
        };
        let same_parameters = existing.stock.token.parameters == self.entry.stock.token.parameters;
        if same_parameters && seed.expose() == &**self.seed {
            return self.beside_itself(existing.stock.reserved_for, &existing.stock.holder);
        }
        Verdict::Left(There::Other {
            source: existing.source,
            same_parameters,
        })
    }

    /// What becomes of it beside the very same token.
    pub(crate) fn beside_itself(&self, reserved_for: Option<String>, holder: &Holder) -> Verdict {
        let file = match &self.entry.stock.reserved_for {
            Some(file) if reserved_for.as_ref() != Some(file) => file,
            _ => return Verdict::Unchanged,
        };
        match holder {
            // The name that the file has for them may have a domain.
            Holder::Paired(holder) | Holder::Pairing(holder) if is_for(file, holder, true) => {
                Verdict::Unchanged
            }
            _ => Verdict::Left(There::Reserved {
                reserved_for,
                file: file.clone(),
            }),
        }
    }
}

/// How many are written at once, after so many took so long.
fn next_size(size: usize, took: Duration) -> usize {
    if took > LONG {
        SMALLEST_BATCH.max(size / 2)
    } else {
        BATCH.min(size * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_disk_gets_smaller_batches_and_a_quick_one_the_largest_again() {
        let slow = (0..20).fold(BATCH, |size, _| next_size(size, Duration::from_secs(3)));
        assert_eq!(slow, SMALLEST_BATCH);
        let quick = (0..20).fold(slow, |size, _| next_size(size, Duration::from_millis(3)));
        assert_eq!(quick, BATCH);
    }
}
