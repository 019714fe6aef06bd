//! `otpair import`: from vendors' seed files into the inventory.

mod file;
pub(crate) mod options;
mod private_key;
mod report;

pub(crate) use options::Said;

use crate::args::Json;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use file::SeedFile;
use otpair_cache::SeedCache;
use otpair_cache::admin::{Batch, Left, Package, There};
use otpair_core::event::{Event, EventKind};
use otpair_core::keyfile::{self, Format, Item, KeyPackage, Options, Rejection, Unreadable};
use otpair_host::clock;
use report::Report;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The seed files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_parser = options::format, help = options::format_help())]
    format: Option<Format>,
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

/// One file on its way in.
struct Intake<'a> {
    report: &'a mut Report,
    /// What stands in front of a place in the file; empty where there is one file only.
    prefix: String,
    name: String,
    interrupt: &'a Interrupt,
    /// Ctrl-C cut the reading off.
    cut: bool,
    dry_run: bool,
}

impl Args {
    /// Imports the files one after another.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        let options = self.said.options(self.format, self.unlock.read()?);
        let mut cache = machine.cache()?;
        let interrupt = Interrupt::expect()?;
        let mut report = Report::new(self.json.json);
        let several = self.files.len() > 1;
        let taken = self.files.iter().try_for_each(|path| {
            let mut intake = Intake::of(path, several, self.dry_run, &mut report, &interrupt);
            intake.take_and_log(path, &options, &mut cache, &machine)
        });
        if taken.is_ok() || !report.is_empty() {
            report.count(self.dry_run);
        }
        taken?;
        report.verdict()
    }
}

impl<'a> Intake<'a> {
    fn of(
        path: &Path,
        several: bool,
        dry_run: bool,
        report: &'a mut Report,
        interrupt: &'a Interrupt,
    ) -> Self {
        let name = if path == Path::new("-") {
            "stdin".to_owned()
        } else {
            path.display().to_string()
        };
        let prefix = if several {
            format!("{name}: ")
        } else {
            String::new()
        };
        Self {
            report,
            prefix,
            name,
            interrupt,
            cut: false,
            dry_run,
        }
    }

    fn take_and_log(
        &mut self,
        path: &Path,
        options: &Options,
        cache: &mut SeedCache,
        machine: &Machine,
    ) -> Result<(), Failure> {
        let before = self.report.new;
        let taken = self.take(path, options, cache);
        let added = self.report.new - before;
        if added > 0 && !self.dry_run {
            let reason = format!("{added} tokens from {}", self.name);
            machine.record(None, &Event::new(EventKind::Imported).reason(reason));
        }
        taken?;
        if self.cut {
            return Err(self.interrupted());
        }
        Ok(())
    }

    fn interrupted(&self) -> Failure {
        Failure::new(if self.dry_run {
            "interrupted before the end of the file; nothing was imported: this was a dry run"
                .to_owned()
        } else {
            format!(
                "interrupted; {} new tokens are in the inventory; give the same command again to go on",
                self.report.new
            )
        })
    }

    fn take(
        &mut self,
        path: &Path,
        options: &Options,
        cache: &mut SeedCache,
    ) -> Result<(), Failure> {
        let file = match SeedFile::open(path, self.interrupt) {
            Ok(file) => file,
            Err(error) => {
                let why = format!("can't be read: {error}");
                self.report.reject_at(&self.name, &why);
                return Ok(());
            }
        };
        let items = match keyfile::read(&file, options) {
            Ok(items) => items,
            Err(unreadable) => {
                self.reject_rest(unreadable);
                return Ok(());
            }
        };
        self.report.begin(file.length());
        let mut import = cache.import(&self.name, clock::now(), self.dry_run)?;
        for (done, item) in (1..).zip(items) {
            match item {
                Ok(Item::Package(package)) => self.count(import.add(&as_package(&package))?),
                Ok(Item::Rejected(rejection)) => self.report.reject(&rejection, &self.prefix),
                Ok(Item::Assumed(assumption)) => {
                    self.report.note(&format!("{}{assumption}", self.prefix));
                }
                Err(unreadable) => self.reject_rest(unreadable),
            }
            self.report.at(done, file.read());
        }
        self.count(import.finish()?);
        self.report.end();
        Ok(())
    }

    /// What became of packages.
    fn count(&mut self, batch: Batch) {
        self.report.new += batch.new;
        self.report.unchanged += batch.unchanged;
        for left in batch.left {
            self.leave(&left);
        }
    }

    fn leave(&mut self, Left { serial, there }: &Left) {
        let prefix = &self.prefix;
        match there {
            There::Other {
                source,
                same_parameters,
            } => {
                let other = if *same_parameters {
                    "seed"
                } else {
                    "seed or parameters"
                };
                self.report.conflict(&format!(
                    "{prefix}conflict: token {serial} is there with another {other}, from {source}: left as it was"
                ));
            }
            There::Damaged(why) => {
                self.report
                    .reject_at(&format!("{prefix}token {serial}"), why);
            }
        }
    }

    /// Nothing of the file can be taken, or nothing more.
    fn reject_rest(&mut self, unreadable: Unreadable) {
        match unreadable {
            _ if self.interrupt.pressed() => self.cut = true,
            Unreadable { at: None, why } => self.report.reject_at(&self.name, &why),
            Unreadable { at: Some(at), why } => {
                self.report.reject(&Rejection { at, why }, &self.prefix);
            }
        }
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
