//! The state of a token that nobody has.

use crate::SeedCache;
use otpair_core::records::{Commit, Fault, Holder};
use otpair_core::token::{Serial, TokenState};

impl SeedCache {
    /// Sets the state of a token that is in nobody's record, durably, if it is still `before` and what was spent stays
    /// spent; for `token resync` of a token in stock.
    ///
    /// # Errors
    /// Any fault of the inventory.
    pub fn set_stock_state(
        &mut self,
        serial: &Serial,
        before: &TokenState,
        state: &TokenState,
    ) -> Result<Commit, Fault> {
        let set = self.inventory()?.change(serial, |entry| {
            let stock = &entry.stock;
            let free = !matches!(stock.holder, Holder::Paired(_));
            let rises = state.last_accepted >= before.last_accepted;
            let may = free && rises && stock.state == *before;
            (may, may.then(|| (stock.holder.clone(), *state)))
        })?;
        Ok(if set == Some(true) {
            Commit::Durable
        } else {
            Commit::Conflict
        })
    }
}
