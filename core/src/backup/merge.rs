//! What a restore makes of what is here and what a backup has (contract section 5). It never lowers: what was spent stays
//! spent, what was disabled stays disabled, whoever waits waits on, and no bypass code comes back.

use super::{StockCopy, UserCopy};
use crate::acceptance;
use crate::pairing::is_for;
use crate::records::{Account, HeldToken, Holder, Stock, UserRecord};
use crate::throttle::Throttle;
use crate::token::{Serial, TokenState, TokenType};
use std::fmt;

/// Why something of a backup was left out, and what is here was left as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// There is another token of this serial number.
    OtherToken,
    /// Somebody else has the token here.
    Held(String),
    /// The token is kept here for somebody else.
    Reserved(String),
    /// The user has as many tokens here as one may have.
    NoRoom(usize),
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherToken => write!(f, "it is here with another seed or other parameters"),
            Self::Held(user) => write!(f, "it is with {user} here"),
            Self::Reserved(user) => write!(f, "it is reserved for {user} here"),
            Self::NoRoom(most) => write!(
                f,
                "its user has {most} here already; unpair one, or raise max_tokens_per_user"
            ),
        }
    }
}

/// Why a person's record can't be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// The system knows no such user.
    Unknown,
    /// The user has this uid here.
    OtherUid(u32),
}

/// Whether an account of this machine is the one that a record was made for.
///
/// # Errors
/// Why it is not.
pub fn same_account(copy: &Account, here: Option<&Account>) -> Result<(), Stranger> {
    match here {
        Some(here) if here == copy => Ok(()),
        // By another name it is somebody else: a backup has primary names.
        Some(here) if here.name == copy.name => Err(Stranger::OtherUid(here.uid)),
        Some(_) | None => Err(Stranger::Unknown),
    }
}

/// The failures of a person who has some here and in a backup.
#[must_use]
pub fn higher_throttle(here: Throttle, copy: Throttle) -> Throttle {
    Throttle {
        failures: here.failures.max(copy.failures),
        last_failure: here.last_failure.max(copy.last_failure),
    }
}

/// The state in which a token comes that is not here yet, at `now` (seconds since 1970 UTC). One that somebody had comes
/// as it was: nobody else can have it, and their record says from when on it counts.
#[must_use]
pub fn new_in_stock(copy: &StockCopy, now: u64) -> TokenState {
    match copy.holder {
        Holder::Paired(_) => copy.token.state,
        Holder::Nobody | Holder::Pairing(_) => {
            acceptance::from_now_on(&copy.token.parameters, &copy.token.state, now)
        }
    }
}

/// The state and the reservation of a token that is here, the same one as in a backup; and what was left of the backup.
#[must_use]
pub fn in_stock(here: &Stock, copy: &StockCopy) -> (TokenState, Option<String>, Option<Left>) {
    let state = here.state.higher(&copy.token.state);
    let (reserved_for, left) = match (&here.reserved_for, &copy.reserved_for) {
        (Some(here), Some(copy)) if here != copy => {
            (Some(here), Some(Left::Reserved(here.clone())))
        }
        // Whom it was kept for does not take it from whoever has it.
        (None, Some(copy)) if here.holder == Holder::Nobody => (Some(copy), None),
        (here, _) => (here.as_ref(), None),
    };
    (state, reserved_for.cloned(), left)
}

/// Whether a user who had a token may have it again, as it is here.
///
/// # Errors
/// Why not.
pub fn may_have(here: &Stock, user: &str, strip_domain: bool) -> Result<(), Left> {
    match (&here.holder, &here.reserved_for) {
        (Holder::Paired(holder) | Holder::Pairing(holder), _) if holder == user => Ok(()),
        (Holder::Paired(holder) | Holder::Pairing(holder), _) => Err(Left::Held(holder.clone())),
        (Holder::Nobody, Some(name)) if !is_for(name, user, strip_domain) => {
            Err(Left::Reserved(name.clone()))
        }
        (Holder::Nobody, _) => Ok(()),
    }
}

/// A person's record after a restore at `now` (seconds since 1970 UTC), and the tokens that it has no room for. `tokens`
/// are those of the backup that the person may have, of which there may be `most`.
///
/// What was spent of a token that is not in the record is not known: a clock counts from now on, and where there is a
/// counter the next sign-on takes two passcodes.
#[must_use]
pub fn record(
    here: &UserRecord,
    copy: &UserCopy,
    tokens: &[HeldToken],
    most: usize,
    now: u64,
) -> (UserRecord, Vec<Serial>) {
    let mut merged = UserRecord {
        throttle: higher_throttle(here.throttle, copy.throttle),
        in_doubt: here.in_doubt || copy.in_doubt,
        ..here.clone()
    };
    let mut no_room = Vec::new();
    for HeldToken { token, state } in tokens {
        let mut held = merged.tokens.iter_mut();
        if let Some(held) = held.find(|held| held.token.serial == token.serial) {
            held.state = held.state.higher(state);
        } else if merged.tokens.len() < most.min(UserRecord::MAX_TOKENS) {
            merged.in_doubt |= token.parameters.token_type == TokenType::Hotp;
            merged.tokens.push(HeldToken {
                token: token.clone(),
                state: acceptance::from_now_on(&token.parameters, state, now),
            });
        } else {
            no_room.push(token.serial.clone());
        }
    }
    (merged, no_room)
}

#[cfg(test)]
mod tests;
