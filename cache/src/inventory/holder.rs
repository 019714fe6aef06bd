//! Who has a token: claimed by a pairing, paired, given back.

use super::Inventory;
use super::row::{self, Entry};
use otpair_core::records::{Claim, Fault, Holder, Stock};
use otpair_core::token::{Serial, TokenState};

/// A token's serial number in its canonical form, with the token or what is wrong with it.
pub(crate) type Listed = (String, Result<Entry, Fault>);

impl Inventory {
    /// The token of a serial number.
    pub(crate) fn entry(&self, serial: &Serial) -> Result<Option<Entry>, Fault> {
        row::select(&self.connection, serial).map_err(|error| self.failed(error))
    }

    /// Changes a token in one transaction: `change` sees it as it is and says what becomes of it, if anything. The
    /// answer is what it said beside that; nothing if there is no such token.
    pub(crate) fn change<T>(
        &mut self,
        serial: &Serial,
        change: impl FnOnce(&Entry) -> (T, Option<(Holder, TokenState)>),
    ) -> Result<Option<T>, Fault> {
        self.write(|tx| {
            let Some(entry) = row::select(tx, serial)? else {
                return Ok(None);
            };
            let (answer, changed) = change(&entry);
            if let Some((holder, state)) = changed {
                row::update(tx, serial, &holder, &state)?;
            }
            Ok(Some(answer))
        })
    }

    /// See [`otpair_core::records::Records::claim`].
    pub(crate) fn claim(
        &mut self,
        serial: &Serial,
        user: &str,
        state: &TokenState,
        may_claim: &dyn Fn(&Stock) -> bool,
    ) -> Result<Claim, Fault> {
        let claim = self.change(serial, |entry| {
            if may_claim(&entry.stock) {
                let changed = (Holder::Pairing(user.to_owned()), *state);
                (Claim::Granted, Some(changed))
            } else {
                (Claim::Lost, None)
            }
        })?;
        Ok(claim.unwrap_or(Claim::Lost))
    }

    /// See [`otpair_core::records::Records::confirm`].
    pub(crate) fn confirm(&mut self, serial: &Serial, user: &str) -> Result<Claim, Fault> {
        let confirmed = self.change(serial, |entry| {
            let theirs = match &entry.stock.holder {
                Holder::Pairing(holder) | Holder::Paired(holder) => holder == user,
                // An admin freed the claim in this very moment: the record holds the token all the same.
                Holder::Nobody => true,
            };
            let changed = (Holder::Paired(user.to_owned()), entry.stock.state);
            (theirs, theirs.then_some(changed))
        })?;
        Ok(if confirmed == Some(true) {
            Claim::Granted
        } else {
            Claim::Lost
        })
    }

    /// Up to `most` tokens in the order of their serial numbers, from after one (in its canonical form) on.
    pub(crate) fn page(&self, after: &str, most: u32) -> Result<Vec<Listed>, Fault> {
        let rows = row::page(&self.connection, after, most).map_err(|error| self.failed(error))?;
        let fit = |(serial, entry): (String, rusqlite::Result<Entry>)| {
            let entry = entry.map_err(|error| self.damaged(&format!("token {serial}: {error}")));
            (serial, entry)
        };
        Ok(rows.into_iter().map(fit).collect())
    }
}
