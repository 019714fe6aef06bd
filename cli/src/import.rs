//! `otpair import`: from vendors' seed files into the inventory.

mod file;
pub(crate) mod options;
mod ownership;
mod pairings;
mod private_key;

pub(crate) use options::Said;

use self::ownership::Ownership;
use self::pairings::{Named, NotPaired, Paired, Pairings};
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
use std::collections::HashSet;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The seed files; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of the files, if it should not be recognized: pskc, ping-csv, oath-csv, otpauth, users-oath or google-authenticator
    #[arg(long, value_parser = options::format)]
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

/// What came of an import; the contract's JSON.
#[derive(Debug, Default, Serialize)]
struct Report {
    new: u64,
    unchanged: u64,
    conflict: u64,
    rejected: Vec<Rejected>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paired: Vec<Paired>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_paired: Vec<NotPaired>,
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
struct Intake<'a, 'm> {
    args: &'a Args,
    machine: &'m Machine,
    report: &'a mut Report,
    pairings: &'a mut Pairings<'m>,
    /// What stands in front of a place in the file; empty where there is one file only.
    prefix: String,
    name: String,
}

impl Args {
    /// Imports the files one after another.
    pub(crate) fn run(mut self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        if self.user.is_some() && self.files.len() > 1 {
            let why = "--user says whose one file is: give one file at a time";
            return Err(Failure::Usage(why.to_owned()));
        }
        let mut options = self
            .said
            .options(self.format, std::mem::take(&mut self.unlock).read()?);
        let mut pairings = Pairings::new(&machine, self.dry_run);
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
                args: &self,
                machine: &machine,
                report: &mut report,
                pairings: &mut pairings,
                prefix,
                name,
            };
            let taken = intake.take(path, &mut options, &mut cache);
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

impl Intake<'_, '_> {
    fn take(
        &mut self,
        path: &Path,
        options: &mut Options,
        cache: &mut SeedCache,
    ) -> Result<(), Failure> {
        let file = match file::SeedFile::open(path) {
            Ok(file) => file,
            Err(error) => {
                self.reject_file(format!("can't be read: {error}"));
                return Ok(());
            }
        };
        let ownership = file.ownership();
        let person = ownership.person(self.machine, self.args.user.as_deref());
        options.format = self.args.format.or_else(|| format_of_name(path));
        options.owner = person.as_ref().ok().cloned();
        let items = match keyfile::read(&file, options) {
            Ok(items) => items,
            Err(unreadable) => {
                self.reject_rest(unreadable);
                return Ok(());
            }
        };
        if let Err(why) = self.may_name(items.format(), ownership, person) {
            self.reject_file(why);
            return Ok(());
        }
        if ownership.others_may_read() {
            let note = "others than its owner may read the file, and whoever does has the seeds: chmod 600, and remove it when it is imported";
            self.report.notes.push(format!("{}{note}", self.prefix));
        }
        let mut progress = Progress::new(file.length());
        let mut import = cache.import(&self.name, clock::now(), self.args.dry_run)?;
        let mut named = Vec::new();
        for (done, item) in (1..).zip(items) {
            match item {
                Ok(Item::Package(package)) => {
                    let first = pairings::first(&package);
                    named.extend(Named::of(&package, first));
                    let package = Package {
                        counter: first,
                        ..as_package(&package)
                    };
                    self.count(import.add(&package)?, &mut named);
                }
                Ok(Item::Rejected(rejection)) => self.reject(&rejection),
                Ok(Item::Assumed(assumption)) => {
                    let note = format!("{}{assumption}", self.prefix);
                    self.report.notes.push(note);
                }
                Err(unreadable) => self.reject_rest(unreadable),
            }
            progress.at(done, file.read());
        }
        self.count(import.finish()?, &mut named);
        for named in &named {
            self.pairings.pair(cache, named, self.report);
        }
        Ok(())
    }

    /// Whether a file of this format may say what it says of people.
    fn may_name(
        &self,
        format: Format,
        ownership: &Ownership,
        person: Result<String, String>,
    ) -> Result<(), String> {
        match format {
            Format::GoogleAuthenticator => person.map(drop),
            _ if self.args.user.is_some() => {
                Err("--user is for a google-authenticator file, and this is none".to_owned())
            }
            Format::UsersOath => ownership.may_name_anybody(),
            _ => Ok(()),
        }
    }

    /// What became of packages. What was not taken is not paired either.
    fn count(&mut self, batch: Batch, named: &mut Vec<Named>) {
        self.report.new += batch.new;
        self.report.unchanged += batch.unchanged;
        let left: HashSet<_> = batch.left.iter().map(|left| &left.serial).collect();
        named.retain(|named| !left.contains(named.serial()));
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

/// People call one file by one name. Whatever they put there, it is read as nothing else.
fn format_of_name(path: &Path) -> Option<Format> {
    let is_theirs = path.file_name() == Some(".google_authenticator".as_ref());
    is_theirs.then_some(Format::GoogleAuthenticator)
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
        let paired = self.paired.iter().map(|paired| paired.line(dry_run));
        let not_paired = self.not_paired.iter().map(NotPaired::line);
        let lines = self.notes.iter().cloned().chain(rejected);
        let mut lines: Vec<_> = lines.chain(paired).chain(not_paired).collect();
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
        let left = self.not_paired.iter().filter(|left| !left.is_gone).count();
        match (self.conflict, self.rejected.len()) {
            (0, 0) if left == 0 => Ok(()),
            (0, 0) => Err(Failure::new(format!(
                "all tokens are imported, but {left} not paired: do what is said of each, and import the file again"
            ))),
            (conflicts, rejected) => Err(Failure::new(format!(
                "not everything could be taken: {conflicts} conflicts, {rejected} rejected; mend the file and import it again"
            ))),
        }
    }
}
