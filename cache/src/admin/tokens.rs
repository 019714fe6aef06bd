//! Tokens of the inventory, for the admin.

use super::pairing::refuse_held;
use super::{Entry, Error, Refusal};
use crate::SeedCache;
use otpair_core::records::{Account, Fault, FaultKind, Holder, UserRecord};
use otpair_core::token::{Serial, TokenState};

/// How many tokens are read from the inventory at a time.
const PAGE: u32 = 500;

impl SeedCache {
    /// Calls `show` with every token in the order of serial numbers, each with its state as its holder's record has
    /// it; or with what is wrong with a token or with its holder's record. Stops when `show` fails.
    ///
    /// # Errors
    /// Any fault of the inventory as a whole, or what `show` returns.
    pub fn tokens<E: From<Fault>>(
        &mut self,
        mut show: impl FnMut(Result<Entry, Fault>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows(|cache, entry| show(entry.and_then(|entry| cache.with_true_state(entry))))
    }

    /// As [`SeedCache::tokens`], but as the inventory alone has them.
    pub(super) fn rows<E: From<Fault>>(
        &mut self,
        mut show: impl FnMut(&mut Self, Result<Entry, Fault>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = String::new();
        loop {
            let page = self.inventory()?.page(&after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after.clone_from(last);
            for (_, entry) in page {
                show(self, entry)?;
            }
        }
    }

    /// The token of a serial number, with its state as its holder's record has it.
    ///
    /// # Errors
    /// Any fault of the inventory or of the holder's record.
    pub fn token(&mut self, serial: &Serial) -> Result<Option<Entry>, Fault> {
        match self.inventory()?.entry(serial)? {
            Some(entry) => self.with_true_state(entry).map(Some),
            None => Ok(None),
        }
    }

    /// While a token is paired, the inventory's state of it is old: the holder's record has the true one. A token whose
    /// pairing got as far as the record is paired, though the inventory was not told any more.
    pub(super) fn with_true_state(&mut self, mut entry: Entry) -> Result<Entry, Fault> {
        if let Some(user) = entry.stock.holder.user()
            && let Some((_, record)) = self.record_of(user)?
            && let Some(held) = record.token(&entry.stock.token.serial)
        {
            entry.stock.state = held.state;
            entry.stock.holder = Holder::Paired(user.to_owned());
        }
        Ok(entry)
    }

    /// Disables or enables a token: in its holder's record first, so that it is in force when this returns. The answer
    /// is the holder. Where the inventory does not say who that is, the records are looked through.
    ///
    /// # Errors
    /// [`Refusal::NoSuchToken`], or any fault of the inventory or of the holder's record; [`Error::InRecordOnly`] if only
    /// the inventory is at fault.
    pub fn set_disabled(
        &mut self,
        serial: &Serial,
        disabled: bool,
    ) -> Result<Option<String>, Error> {
        loop {
            let known = match self.inventory() {
                Ok(inventory) => inventory.entry(serial),
                Err(fault) => Err(fault),
            };
            let known = known.map(|entry| entry.map(|entry| entry.stock.holder));
            let user = match &known {
                Ok(Some(Holder::Paired(user) | Holder::Pairing(user))) => Some(user.clone()),
                Ok(Some(Holder::Nobody) | None) | Err(_) => self.holder_by_records(serial)?,
            };
            if let Some(user) = &user {
                self.set_disabled_in_record(user, serial, disabled)?;
            }
            let holder = match (known, user) {
                (Ok(Some(holder)), _) => holder,
                (known, Some(user)) => return Err(in_record_only(user, serial, known.err())),
                (Ok(None), None) => return Err(Refusal::NoSuchToken(serial.clone()).into()),
                (Err(fault), None) if fault.kind == FaultKind::NoInventory => {
                    return Err(Refusal::NoSuchToken(serial.clone()).into());
                }
                (Err(fault), None) => return Err(fault.into()),
            };
            let same_holder = self.inventory()?.change(serial, |entry| {
                let state = TokenState {
                    disabled,
                    ..entry.stock.state
                };
                let changed = (entry.stock.holder.clone(), state);
                (entry.stock.holder == holder, Some(changed))
            })?;
            // Paired with somebody in this very moment: their record has to know too.
            if same_holder != Some(false) {
                return Ok(holder.user().map(ToOwned::to_owned));
            }
        }
    }

    /// Whose record holds a token. A record that can't be read tells nothing, and lets nobody in either.
    fn holder_by_records(&mut self, serial: &Serial) -> Result<Option<String>, Fault> {
        let holds = |(user, record): (String, Result<(Account, UserRecord), Fault>)| {
            let (_, record) = record.ok()?;
            record.token(serial).map(|_| user)
        };
        Ok(self.users_with_records()?.find_map(holds))
    }

    /// Whether the record holds the token; then it is disabled or enabled there.
    pub(super) fn set_disabled_in_record(
        &mut self,
        user: &str,
        serial: &Serial,
        disabled: bool,
    ) -> Result<bool, Fault> {
        let Some((account, _)) = self.record_of(user)? else {
            return Ok(false);
        };
        self.modify(&account, |record| {
            let held = record.token_mut(serial);
            Ok(held.map(|held| held.state.disabled = disabled).is_some())
        })
    }

    /// Reserves a token that nobody has for the one user who may pair it, or for nobody.
    ///
    /// # Errors
    /// [`Refusal::NoSuchToken`], [`Refusal::Held`] while somebody has it, or any fault of the inventory.
    pub fn reserve(&mut self, serial: &Serial, user: Option<&str>) -> Result<(), Error> {
        let found = self.inventory()?.reserve(serial, user)?;
        was_free(found, serial)
    }

    /// Removes a token and its seed from the inventory.
    ///
    /// # Errors
    /// [`Refusal::NoSuchToken`], [`Refusal::Held`] while somebody has it, or any fault of the inventory.
    pub fn remove(&mut self, serial: &Serial) -> Result<(), Error> {
        let found = self.inventory()?.remove(serial)?;
        was_free(found, serial)
    }
}

/// Refuses what may be done only to a token that nobody has; `found` is the token as it was.
fn was_free(found: Option<Entry>, serial: &Serial) -> Result<(), Error> {
    let entry = found.ok_or_else(|| Refusal::NoSuchToken(serial.clone()))?;
    match entry.stock.holder {
        Holder::Nobody => Ok(()),
        Holder::Paired(_) | Holder::Pairing(_) => Err(refuse_held(&entry.stock).into()),
    }
}

/// The inventory's fault, in the words of somebody whose tokens are paired.
fn in_record_only(user: String, serial: &Serial, fault: Option<Fault>) -> Error {
    let fault = match fault {
        None => {
            let why = format!("the inventory does not have token {serial}");
            Fault::new(FaultKind::Damaged, why)
        }
        Some(Fault {
            kind: kind @ FaultKind::NoInventory,
            ..
        }) => Fault::new(kind, "the inventory is missing"),
        Some(fault) => fault,
    };
    Error::InRecordOnly { user, fault }
}
