//! `otpair import`: from vendors' seed files into the inventory.

mod ahead;
mod file;
mod intake;
pub(crate) mod options;
mod ownership;
mod pairings;
mod private_key;
mod report;

pub(crate) use options::Said;

use crate::args::Json;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use intake::Intake;
use otpair_cache::admin::Package;
use otpair_core::keyfile::{Format, KeyPackage};
use pairings::Pairings;
use report::Report;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The seed files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_parser = options::format, help = options::format_help())]
    format: Option<Format>,
    /// Whose token a google-authenticator file is that belongs to root
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    unlock: options::UnlockArgs,
    #[command(flatten)]
    said: Said,
    /// Only say what would be imported
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

impl Args {
    /// Imports the files one after another.
    pub(crate) fn run(mut self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        if self.user.is_some() && self.files.len() > 1 {
            let why = "--user says whose one file is: give one file at a time";
            return Err(Failure::Usage(why.to_owned()));
        }
        let unlock = std::mem::take(&mut self.unlock).read()?;
        let mut options = self.said.options(self.format, unlock);
        let mut cache = machine.cache()?;
        let interrupt = Interrupt::expect()?;
        let mut report = Report::new(self.json.json, self.dry_run);
        let mut pairings = Pairings::new(&machine, self.dry_run);
        let taken = self.files.iter().try_for_each(|path| {
            let mut intake = Intake::of(path, &self, &machine, &interrupt);
            intake.take_and_log(path, &mut options, &mut cache, &mut report, &mut pairings)
        });
        if taken.is_ok() || !report.is_empty() {
            report.count();
        }
        taken?;
        report.verdict()
    }
}

/// A token of a seed file, as the cache takes it.
pub(crate) fn as_package(package: &KeyPackage) -> Package<'_> {
    Package {
        serial: &package.serial,
        manufacturer: package.manufacturer.as_deref(),
        parameters: &package.parameters,
        seed: &package.seed,
        counter: package.counter,
        drift: package.drift,
        reserved_for: package.reserved_for.as_deref(),
    }
}
