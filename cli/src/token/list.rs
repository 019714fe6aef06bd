//! `otpair token list` and `show`.

use super::view::{AVAILABLE, DISABLED, HEADING, PAIRED, TokenView};
use super::{Which, unknown};
use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use otpair_cache::SeedCache;
use otpair_cache::admin::Entry;
use otpair_core::records::{Fault, FaultKind};
use otpair_core::token::Serial;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only tokens that nobody has
    #[arg(long, group = "state")]
    available: bool,
    /// Only tokens that somebody has and that are not disabled
    #[arg(long, group = "state")]
    paired: bool,
    /// Only disabled tokens, whether somebody has them or not
    #[arg(long, group = "state")]
    disabled: bool,
    #[command(flatten)]
    json: Json,
}

impl Args {
    /// Lists.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let wanted = [
            (self.available, AVAILABLE),
            (self.paired, PAIRED),
            (self.disabled, DISABLED),
        ];
        let wanted = wanted
            .into_iter()
            .find(|(is_wanted, _)| *is_wanted)
            .map(|(_, state)| state);
        let (mut tokens, mut unreadable) = (Vec::new(), 0);
        each_token(&mut machine.cache()?, |entry| match entry {
            Ok(entry) => tokens.push(TokenView::new(&entry)),
            Err(fault) => {
                unreadable += 1;
                output::note(&fault.detail);
            }
        })?;
        tokens.retain(|token| wanted.is_none_or(|state| token.state == state));
        output::show(self.json.json, &tokens, || {
            let rows: Vec<_> = tokens.iter().map(TokenView::row).collect();
            output::table(&HEADING, &rows)
        })?;
        if unreadable == 0 {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{unreadable} tokens can't be read; run otpair doctor"
        )))
    }
}

/// Calls `see` with every token of the inventory. No inventory is an empty one, unless people have tokens.
pub(crate) fn each_token(
    cache: &mut SeedCache,
    mut see: impl FnMut(Result<Entry, Fault>),
) -> Result<(), Failure> {
    let seen = cache.tokens(|entry| {
        see(entry);
        Ok::<_, Fault>(())
    });
    match seen {
        Err(fault) if fault.kind == FaultKind::NoInventory => {}
        seen => return Ok(seen?),
    }
    let holds_token = |(_, record): (_, Result<(_, otpair_core::records::UserRecord), _>)| {
        record.is_ok_and(|(_, record)| !record.tokens.is_empty())
    };
    if cache.users_with_records()?.any(holds_token) {
        return Err(Failure::new(
            "the inventory is lost, though people have tokens; run otpair doctor --mend",
        ));
    }
    Ok(())
}

/// A token of the inventory.
pub(crate) fn entry(cache: &mut SeedCache, serial: &Serial) -> Result<Entry, Failure> {
    match cache.token(serial) {
        Ok(Some(entry)) => Ok(entry),
        Ok(None) => Err(unknown(serial)),
        Err(fault) if fault.kind == FaultKind::NoInventory => Err(unknown(serial)),
        Err(fault) => Err(fault.into()),
    }
}

/// Shows one token.
pub(crate) fn show(machine: &Machine, which: &Which) -> Result<(), Failure> {
    let entry = entry(&mut machine.cache()?, &which.serial)?;
    let view = TokenView::new(&entry);
    output::show(which.json.json, &view, || view.details(&entry))
}

/// Prints what became of a token: itself as JSON, or a sentence.
pub(crate) fn tell(cache: &mut SeedCache, which: &Which, sentence: &str) -> Result<(), Failure> {
    let view = TokenView::new(&entry(cache, &which.serial)?);
    output::show(which.json.json, &view, || format!("{sentence}\n"))
}
