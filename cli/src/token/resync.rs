//! `otpair token resync`: back in step by two passcodes.

use super::{Which, list};
use crate::failure::Failure;
use crate::machine::Machine;
use crate::secret;
use otpair_cache::SeedCache;
use otpair_core::acceptance::{self, NotInStep, Windows};
use otpair_core::event::{Event, EventKind};
use otpair_core::otp::Otp;
use otpair_core::records::{Commit, HeldToken, Secrets, Stock, UserRecord};
use otpair_core::seed::Seed;
use otpair_core::token::{Token, TokenState};
use otpair_host::clock;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// A passcode that the token has just shown; - reads it from stdin
    passcode: String,
    /// The passcode right after it; - reads it from stdin
    next: String,
}

/// Two passcodes, and what they are judged by.
struct Proof {
    first: Otp,
    next: Otp,
    seed: Seed,
    windows: Windows,
    now: u64,
}

impl Args {
    /// Gets the token back in step.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let first = secret::passcode(self.passcode, "passcode")?;
        let next = secret::passcode(self.next, "next passcode")?;
        let mut cache = machine.cache()?;
        let entry = list::entry(&mut cache, &self.which.serial)?;
        let token = &entry.stock.token;
        let proof = Proof {
            first,
            next,
            seed: cache.unseal(token)?,
            windows: machine.policy().windows,
            now: clock::now(),
        };
        let user = entry.stock.holder.user();
        let in_record = match user {
            Some(user) => proof.commit_to_record(&mut cache, user, token)?,
            None => None,
        };
        let held = match in_record {
            Some(held) => held,
            None => proof.commit_to_stock(&mut cache, &entry.stock)?,
        };
        machine.record(user, &Event::about(EventKind::Resynchronized, &held));
        list::tell(
            &mut cache,
            &self.which,
            &format!("Token {} is in step again.", token.serial),
        )
    }
}

impl Proof {
    /// The token's state after both passcodes.
    fn judge(&self, token: &Token, state: &TokenState) -> Result<TokenState, Failure> {
        let (parameters, both) = (&token.parameters, [&self.first, &self.next]);
        let (seed, windows) = (&self.seed, &self.windows);
        acceptance::resynchronize_by_two(parameters, seed, state, both, self.now, windows)
            .map_err(|why| Failure::new(words(why)))
    }

    /// Where a user has the token. Nothing if their record does not hold it.
    fn commit_to_record(
        &self,
        cache: &mut SeedCache,
        user: &str,
        token: &Token,
    ) -> Result<Option<HeldToken>, Failure> {
        let Some((account, _)) = cache.record_of(user)? else {
            return Ok(None);
        };
        cache.modify(&account, |record: &mut UserRecord| {
            let mut tokens = record.tokens.iter_mut();
            let Some(held) = tokens.find(|held| held.token.serial == token.serial) else {
                return Ok(None);
            };
            held.state = self.judge(&held.token, &held.state)?;
            let held = held.clone();
            record
                .pending
                .take_if(|pending| pending.serial == token.serial);
            Ok(Some(held))
        })
    }

    /// Where nobody has the token.
    fn commit_to_stock(&self, cache: &mut SeedCache, stock: &Stock) -> Result<HeldToken, Failure> {
        let Stock { token, state, .. } = stock;
        let after = self.judge(token, state)?;
        match cache.set_stock_state(&token.serial, state, &after)? {
            Commit::Durable => Ok(HeldToken {
                token: token.clone(),
                state: after,
            }),
            Commit::Conflict => {
                let serial = &token.serial;
                Err(Failure::new(format!(
                    "token {serial} was changed meanwhile; give the next two passcodes"
                )))
            }
        }
    }
}

fn words(why: NotInStep) -> &'static str {
    match why {
        NotInStep::FirstSpent => "the first passcode was already used; give the next two",
        NotInStep::FirstWrong => {
            "the first passcode is not of this token, or further off than the config's resync_window"
        }
        NotInStep::NextWrong => {
            "the second passcode is not the one right after the first; give the next two"
        }
    }
}
