//! One seed file on its way in.

use super::ahead;
use super::file::SeedFile;
use super::ownership::Ownership;
use super::pairings::{self, Named, Pairings};
use super::report::Report;
use super::{Args, as_package};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::machine::Machine;
use crate::reserved;
use otpair_cache::SeedCache;
use otpair_cache::admin::{Batch, Import, Left, Package, There};
use otpair_core::event::{Event, EventKind};
use otpair_core::keyfile::{self, Format, Item, KeyPackage, Names, Options, Rejection, Unreadable};
use otpair_host::clock;
use std::collections::HashSet;
use std::path::Path;
use std::thread;

/// One file on its way in.
pub(super) struct Intake<'a> {
    args: &'a Args,
    machine: &'a Machine,
    interrupt: &'a Interrupt,
    /// What stands in front of a place in the file; empty where there is one file only.
    prefix: String,
    name: String,
    /// Tokens of the file that it says are somebody's.
    named: Vec<Named>,
    /// Whom it reserves the others for.
    reserved: reserved::Names,
    /// Ctrl-C cut the reading off.
    cut: bool,
}

impl<'a> Intake<'a> {
    pub(super) fn of(
        path: &Path,
        args: &'a Args,
        machine: &'a Machine,
        interrupt: &'a Interrupt,
    ) -> Self {
        let name = if path == Path::new("-") {
            "stdin".to_owned()
        } else {
            path.display().to_string()
        };
        let prefix = if args.files.len() > 1 {
            format!("{name}: ")
        } else {
            String::new()
        };
        Self {
            args,
            machine,
            interrupt,
            prefix,
            name,
            named: Vec::new(),
            reserved: reserved::Names::default(),
            cut: false,
        }
    }

    /// Imports the file, pairs what it says is somebody's, and leaves a line in the audit log.
    pub(super) fn take_and_log(
        &mut self,
        path: &Path,
        options: &mut Options,
        cache: &mut SeedCache,
        report: &mut Report,
        pairings: &mut Pairings<'_>,
    ) -> Result<(), Failure> {
        let before = report.new;
        let taken = self.take(path, options, cache, report);
        let added = report.new - before;
        if added > 0 && !self.args.dry_run {
            let reason = format!("{added} tokens from {}", self.name);
            let event = Event::new(EventKind::Imported).reason(reason);
            self.machine.record(None, &event);
        }
        taken?;
        if self.cut {
            return Err(self.interrupted(report.new));
        }
        for named in &self.named {
            if self.interrupt.pressed() {
                return Err(self.interrupted(report.new));
            }
            pairings.pair(cache, named, report);
        }
        Ok(())
    }

    fn interrupted(&self, new: u64) -> Failure {
        Failure::new(if self.args.dry_run {
            "interrupted before the end of the file; nothing was imported: this was a dry run"
                .to_owned()
        } else {
            format!(
                "interrupted; {new} new tokens are in the inventory; give the same command again to go on"
            )
        })
    }

    fn take(
        &mut self,
        path: &Path,
        options: &mut Options,
        cache: &mut SeedCache,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let file = match SeedFile::open(path, self.machine, self.interrupt) {
            Ok(file) => file,
            Err(_) if self.interrupt.pressed() => {
                self.cut = true;
                return Ok(());
            }
            Err(error) => {
                report.refuse(&self.name, &format!("can't be read: {error}"));
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
                self.reject_rest(&unreadable, report);
                return Ok(());
            }
        };
        if let Err(why) = self.may_name(items.names(), ownership, person) {
            report.refuse(&self.name, &why);
            return Ok(());
        }
        if ownership.others_may_read() {
            report.note(&format!(
                "others may read {0}: chmod 600 {0}, and remove it when it is imported",
                self.name
            ));
        }
        report.begin(file.length());
        let mut import = cache.import(&self.name, clock::now(), self.args.dry_run)?;
        thread::scope(|scope| {
            let ahead = ahead::read(scope, items, &file);
            let mut count = 0;
            for piece in ahead.pieces {
                for item in &piece.items {
                    count += 1;
                    self.take_item(item, &mut import, report)?;
                    report.at(count, piece.read);
                }
                // The reader is gone when the file has ended: then it is dropped here.
                let _ = ahead.done.send(piece);
            }
            Ok::<_, Failure>(())
        })?;
        self.count(import.finish()?, report);
        report.end();
        if let Some(strangers) = self.reserved.strangers() {
            let (prefix, advice) = (&self.prefix, reserved::ADVICE);
            report.note(&format!("{prefix}{strangers}; {advice}"));
        }
        Ok(())
    }

    fn take_item(
        &mut self,
        item: &Result<Item, Unreadable>,
        import: &mut Import<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        match item {
            Ok(Item::Package(package)) => self.add(import, package, report)?,
            Ok(Item::Rejected(rejection)) => report.reject(rejection, &self.prefix),
            Ok(Item::Assumed(assumption)) => report.note(&format!("{}{assumption}", self.prefix)),
            Err(unreadable) => self.reject_rest(unreadable, report),
        }
        Ok(())
    }

    fn add(
        &mut self,
        import: &mut Import<'_>,
        package: &KeyPackage,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let first = pairings::first(package);
        match (Named::of(package, first), &package.reserved_for) {
            (Some(named), _) => self.named.push(named),
            (None, Some(name)) => self.reserved.meet(self.machine, name),
            (None, None) => {}
        }
        let batch = import.add(&Package {
            counter: first,
            ..as_package(package)
        })?;
        self.count(batch, report);
        Ok(())
    }

    /// Whether a file may say what those of its format say of people.
    fn may_name(
        &self,
        names: Names,
        ownership: &Ownership,
        person: Result<String, String>,
    ) -> Result<(), String> {
        if names != Names::Owner && self.args.user.is_some() {
            return Err("--user is for a google-authenticator file, and this is none".to_owned());
        }
        match names {
            Names::Owner => person.map(drop),
            Names::Anybody => ownership.may_name_anybody(),
            Names::Nobody => Ok(()),
        }
    }

    /// What became of packages. What was not taken is not paired either.
    fn count(&mut self, batch: Batch, report: &mut Report) {
        report.new += batch.new;
        report.unchanged += batch.unchanged;
        let named: HashSet<_> = self.named.iter().map(Named::serial).collect();
        // Whose these are to be, pairing tells.
        let is_paired = |left: &Left| {
            matches!(left.there, There::Reserved { .. }) && named.contains(&left.serial)
        };
        let (paired, left): (Vec<_>, Vec<_>) = batch.left.into_iter().partition(is_paired);
        report.unchanged += u64::try_from(paired.len()).unwrap_or_default();
        if !self.named.is_empty() {
            let left: HashSet<_> = left.iter().map(|left| &left.serial).collect();
            self.named.retain(|named| !left.contains(named.serial()));
        }
        for left in left {
            self.leave(&left, report);
        }
    }

    fn leave(&self, Left { serial, there }: &Left, report: &mut Report) {
        let prefix = &self.prefix;
        match there {
            There::Reserved { reserved_for, file } => {
                let reserved_for = reserved_for.as_deref().unwrap_or("nobody");
                report.conflict(&format!(
                    "{prefix}token {serial} is there, reserved for {reserved_for}; the file says {file}: otpair token reserve {serial} {file}"
                ));
            }
            There::Other {
                source,
                same_parameters,
            } => {
                let other = if *same_parameters {
                    "seed"
                } else {
                    "seed or parameters"
                };
                report.conflict(&format!(
                    "{prefix}conflict: token {serial} is there with another {other}, from {source}: left as it was"
                ));
            }
            There::Damaged(why) => report.reject_at(&format!("{prefix}token {serial}"), why),
        }
    }

    /// Nothing of the file can be taken, or nothing more.
    fn reject_rest(&mut self, unreadable: &Unreadable, report: &mut Report) {
        let Unreadable { at, why } = unreadable;
        match at {
            _ if self.interrupt.pressed() => self.cut = true,
            None => report.refuse(&self.name, why),
            Some(at) => {
                let (at, why) = (at.clone(), why.clone());
                report.reject(&Rejection { at, why }, &self.prefix);
            }
        }
    }
}

/// People call one file by one name. Whatever they put there, it is read as nothing else.
fn format_of_name(path: &Path) -> Option<Format> {
    let is_theirs = path.file_name() == Some(".google_authenticator".as_ref());
    is_theirs.then_some(Format::GoogleAuthenticator)
}
