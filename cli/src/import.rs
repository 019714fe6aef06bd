//! `otpair import`: from vendors' seed files into the inventory.

mod file;
pub(crate) mod options;
mod private_key;

pub(crate) use options::Said;

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use crate::progress::Progress;
use otpair_cache::SeedCache;
use otpair_cache::admin::{Batch, Left, Package, There};
use otpair_core::event::{Event, EventKind};
use otpair_core::keyfile::{self, Format, Item, KeyPackage, Options, Rejection, Unreadable};
use otpair_host::clock;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The seed files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of the files, if it should not be recognized: pskc, ping-csv, oath-csv or otpauth
    #[arg(long, value_parser = options::format)]
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

/// What came of an import; the contract's JSON.
#[derive(Debug, Default, Serialize)]
struct Report {
    new: u64,
    unchanged: u64,
    conflict: u64,
    rejected: Vec<Rejected>,
    /// For people, in the order in which it was met: what was assumed, conflicts.
    #[serde(skip)]
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    r#where: String,
    why: String,
}

/// One file on its way in.
struct Intake<'a> {
    report: &'a mut Report,
    /// What stands in front of a place in the file; empty where there is one file only.
    prefix: String,
    name: String,
}

impl Args {
    /// Imports the files one after another.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        let options = self.said.options(self.format, self.unlock.read()?);
        let mut cache = machine.cache()?;
        let mut report = Report::default();
        for path in &self.files {
            let name = if path == Path::new("-") {
                "stdin".to_owned()
            } else {
                path.display().to_string()
            };
            let prefix = if self.files.len() > 1 {
                format!("{name}: ")
            } else {
                String::new()
            };
            let before = report.new;
            let mut intake = Intake {
                report: &mut report,
                prefix,
                name,
            };
            let taken = intake.take(path, &options, &mut cache, self.dry_run);
            let (added, name) = (intake.report.new - before, intake.name);
            if added > 0 && !self.dry_run {
                let reason = format!("{added} tokens from {name}");
                machine.record(None, &Event::new(EventKind::Imported).reason(reason));
            }
            taken?;
        }
        report.print(self.json.json, self.dry_run)?;
        report.verdict()
    }
}

impl Intake<'_> {
    fn take(
        &mut self,
        path: &Path,
        options: &Options,
        cache: &mut SeedCache,
        dry_run: bool,
    ) -> Result<(), Failure> {
        let file = match file::SeedFile::open(path) {
            Ok(file) => file,
            Err(error) => {
                self.reject_file(format!("can't be read: {error}"));
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
        let mut progress = Progress::new(file.length());
        let mut import = cache.import(&self.name, clock::now(), dry_run)?;
        for (done, item) in (1..).zip(items) {
            match item {
                Ok(Item::Package(package)) => self.count(import.add(&as_package(&package))?),
                Ok(Item::Rejected(rejection)) => self.reject(&rejection),
                Ok(Item::Assumed(assumption)) => {
                    let note = format!("{}{assumption}", self.prefix);
                    self.report.notes.push(note);
                }
                Err(unreadable) => self.reject_rest(unreadable),
            }
            progress.at(done, file.read());
        }
        self.count(import.finish()?);
        Ok(())
    }

    /// What became of packages.
    fn count(&mut self, batch: Batch) {
        self.report.new += batch.new;
        self.report.unchanged += batch.unchanged;
        for Left { serial, there } in batch.left {
            match there {
                There::Other {
                    source,
                    same_parameters,
                } => {
                    self.report.conflict += 1;
                    let other = if same_parameters {
                        "seed"
                    } else {
                        "seed or parameters"
                    };
                    let note = format!(
                        "{}conflict: token {serial} is there with another {other}, from {source}: left as it was",
                        self.prefix
                    );
                    self.report.notes.push(note);
                }
                There::Damaged(why) => {
                    let r#where = format!("{}token {serial}", self.prefix);
                    self.report.rejected.push(Rejected { r#where, why });
                }
            }
        }
    }

    fn reject(&mut self, rejection: &Rejection) {
        let r#where = format!("{}{}", self.prefix, rejection.at);
        self.report.rejected.push(Rejected {
            r#where,
            why: rejection.why.clone(),
        });
    }

    /// Nothing of the file can be taken, or nothing more.
    fn reject_rest(&mut self, unreadable: Unreadable) {
        match unreadable {
            Unreadable { at: None, why } => self.reject_file(why),
            Unreadable { at: Some(at), why } => self.reject(&Rejection { at, why }),
        }
    }

    /// As for a fault that has no place in the file.
    fn reject_file(&mut self, why: String) {
        self.report.rejected.push(Rejected {
            r#where: self.name.clone(),
            why,
        });
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

impl Report {
    fn print(&self, json: bool, dry_run: bool) -> Result<(), Failure> {
        if json {
            self.notes.iter().for_each(|note| output::note(note));
            return output::print_json(self);
        }
        let rejected = self.rejected.iter();
        let rejected =
            rejected.map(|Rejected { r#where, why }| format!("rejected: {where}: {why}"));
        let mut lines: Vec<_> = self.notes.iter().cloned().chain(rejected).collect();
        lines.push(format!(
            "new {}, unchanged {}, conflict {}, rejected {}",
            self.new,
            self.unchanged,
            self.conflict,
            self.rejected.len()
        ));
        if dry_run {
            lines.push("Nothing was imported: this was a dry run.".to_owned());
        }
        let lines: Vec<_> = lines.iter().map(|line| output::plain(line)).collect();
        output::print(&(lines.join("\n") + "\n"))
    }

    fn verdict(&self) -> Result<(), Failure> {
        match (self.conflict, self.rejected.len()) {
            (0, 0) => Ok(()),
            (conflicts, rejected) => Err(Failure::new(format!(
                "not everything could be taken: {conflicts} conflicts, {rejected} rejected; mend the file and import it again"
            ))),
        }
    }
}
