//! Everything that a backup has, one entry after another, with seeds in the clear.

use super::Entry as StockEntry;
use crate::SeedCache;
use crate::cache::Home;
use crate::key::Keys;
use crate::seal;
use otpair_core::backup::{Entry, StockCopy, TokenCopy, UserCopy};
use otpair_core::records::{Account, Fault, FaultKind, HeldToken, UserRecord};
use otpair_core::token::{Token, TokenState};

/// An entry of a backup, or what can't be in it and why.
pub type Copied = Result<Entry, (String, Fault)>;

impl SeedCache {
    /// Calls `show` with every token of the inventory and then with every person's record, each as one state of it.
    /// People sign on and pair meanwhile: the records come last, and what counts is in them. Stops when `show` fails.
    ///
    /// # Errors
    /// Any fault of the inventory as a whole, or what `show` returns. No inventory is no fault.
    pub fn copies<E: From<Fault>>(
        &mut self,
        mut show: impl FnMut(Copied) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.inventory().map(drop) {
            Err(fault) if fault.kind == FaultKind::NoInventory => {}
            Err(fault) => return Err(fault.into()),
            Ok(()) => self.rows(|cache, entry| show(cache.stock_copy(entry)))?,
        }
        for user in self.names_of_users()? {
            match self.user_copy(&user) {
                Ok(Some(copy)) => show(Ok(Entry::User(copy)))?,
                // Forgotten meanwhile.
                Ok(None) => {}
                Err(fault) => show(Err((format!("the record of {user}"), fault)))?,
            }
        }
        Ok(())
    }

    /// How many entries a backup has, more or less.
    #[must_use]
    pub fn copies_estimate(&mut self) -> u64 {
        self.inventory()
            .and_then(|inventory| inventory.count())
            .unwrap_or(0)
    }

    fn names_of_users(&self) -> Result<Vec<String>, Fault> {
        self.home.as_ref().map_or(Ok(Vec::new()), Home::people)
    }

    fn stock_copy(&mut self, entry: Result<StockEntry, Fault>) -> Copied {
        let entry = entry.map_err(|fault| ("a token".to_owned(), fault))?;
        let name = format!("token {}", entry.stock.token.serial);
        // Where the holder's record can't be read it is that which is told.
        let entry = self.with_true_state(entry.clone()).unwrap_or(entry);
        let stock = entry.stock;
        let token = token_copy(&self.keys, &stock.token, stock.state);
        Ok(Entry::Token(Box::new(StockCopy {
            token: token.map_err(|fault| (name, fault))?,
            holder: stock.holder,
            reserved_for: stock.reserved_for,
            manufacturer: entry.manufacturer,
            imported: entry.imported,
            source: entry.source,
        })))
    }

    fn user_copy(&mut self, user: &str) -> Result<Option<UserCopy>, Fault> {
        let found = self.record_of(user)?;
        let copied = found.map(|(account, record)| copy_of(&self.keys, account, &record));
        copied.transpose()
    }
}

fn copy_of(keys: &Keys, account: Account, record: &UserRecord) -> Result<UserCopy, Fault> {
    let tokens = record.tokens.iter();
    let copies = tokens.map(|HeldToken { token, state }| token_copy(keys, token, *state));
    Ok(UserCopy {
        account,
        tokens: copies.collect::<Result<_, _>>()?,
        throttle: record.throttle,
        in_doubt: record.in_doubt,
    })
}

fn token_copy(keys: &Keys, token: &Token, state: TokenState) -> Result<TokenCopy, Fault> {
    Ok(TokenCopy {
        serial: token.serial.clone(),
        parameters: token.parameters,
        seed: seal::unseal(keys, token)?,
        state,
    })
}
