//! `otpair restore`: what is in a backup, merged with what is here.

use super::{Rejected, file, passphrase};
use crate::args::Json;
use crate::failure::{Failure, advice};
use crate::machine::Machine;
use crate::output;
use crate::progress::Progress;
use otpair_cache::admin::{Restore, Restored, Rules};
use otpair_core::age::{self, FileKey, Header};
use otpair_core::backup::merge::{Stranger, same_account};
use otpair_core::backup::text::{Counts, Reader, Unreadable};
use otpair_core::backup::{Entry, UserCopy};
use otpair_core::event::{Event, EventKind};
use otpair_core::records::{Account, Fault};
use otpair_core::token::Serial;
use otpair_host::{accounts, clock};
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup; - is stdin
    file: PathBuf,
    /// A file with the passphrase, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Only say what would be restored
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

/// What came of a restore, entry by entry: tokens and people's records.
#[derive(Debug, Default, Serialize)]
struct Report {
    restored: u64,
    unchanged: u64,
    conflict: u64,
    rejected: Vec<Rejected>,
    /// For people: each conflict, and each token that somebody has again.
    #[serde(skip)]
    notes: Vec<String>,
    /// So many tokens somebody has again.
    #[serde(skip)]
    paired: usize,
}

/// So many of these are named; the audit log has them all.
const NAMED: usize = 100;

/// A backup that its passphrase has opened.
struct Backup {
    file: File,
    header: Header,
    key: FileKey,
}

type Text = Reader<age::Reader<BufReader<File>>>;

impl Args {
    /// Restores what is in the file, once it has been read to its end and found whole.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let stdin = Path::new("-");
        if self.file == stdin && self.passphrase_file.as_deref() == Some(stdin) {
            let why = "stdin can't be both the backup and the passphrase (otpair restore --help)";
            return Err(Failure::Usage(why.to_owned()));
        }
        let machine = Machine::load(config)?;
        let backup = self.open()?;
        let counts = self.verify(&backup)?;
        let mut report = Report::default();
        let done = self.restore(&machine, &backup, counts, &mut report);
        if report.restored > 0 && !self.dry_run {
            let reason = format!("{} entries from {}", report.restored, self.file.display());
            machine.record(None, &Event::new(EventKind::Restored).reason(reason));
        }
        done?;
        report.print(self.json.json, self.dry_run)?;
        report.verdict()
    }

    fn open(&self) -> Result<Backup, Failure> {
        let mut file = file::open(&self.file).map_err(|error| Failure::file(&self.file, &error))?;
        let header = Header::read(&mut BufReader::new(&mut file));
        let header = header.map_err(|error| Failure::file(&self.file, &error))?;
        let passphrase = passphrase::known(self.passphrase_file.as_deref())?;
        let key = header
            .unlock(&passphrase)
            .map_err(|why| self.unreadable(why))?;
        Ok(Backup { file, header, key })
    }

    /// Reads all of it, and changes nothing.
    fn verify(&self, backup: &Backup) -> Result<Counts, Failure> {
        let mut text = self.read(backup)?;
        let wrong = text.by_ref().find_map(Result::err);
        match wrong {
            Some(why) => Err(self.unreadable(why)),
            None => Ok(text.counts()),
        }
    }

    fn read(&self, backup: &Backup) -> Result<Text, Failure> {
        let again = || {
            let mut file = backup.file.try_clone()?;
            file.rewind()?;
            let mut input = BufReader::new(file);
            if Header::read(&mut input)? != backup.header {
                return Err(std::io::Error::other("it was changed meanwhile"));
            }
            age::Reader::new(input, &backup.key).map(Reader::new)
        };
        again().map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, why: impl std::fmt::Display) -> Failure {
        let file = self.file.display();
        Failure::new(format!("{file}: {why}; nothing was restored"))
    }

    fn restore(
        &self,
        machine: &Machine,
        backup: &Backup,
        counts: Counts,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let policy = machine.policy();
        let rules = Rules {
            now: clock::now(),
            most: usize::try_from(policy.max_tokens_per_user).unwrap_or(usize::MAX),
            strip_domain: policy.strip_domain,
            dry_run: self.dry_run,
        };
        let mut cache = machine.cache()?;
        let mut restore = cache.restore(rules)?;
        let mut progress = Progress::new(counts.all());
        for (done, entry) in (1..).zip(self.read(backup)?) {
            match entry {
                Ok(Entry::Token(copy)) => {
                    let what = format!("token {}", copy.token.serial);
                    report.count(what, restore.token(&copy))?;
                }
                Ok(Entry::User(copy)) => user(machine, &mut restore, &copy, rules, report)?,
                Err(why @ (Unreadable::Input(_) | Unreadable::Line { .. })) => {
                    let file = self.file.display();
                    let rest = "it was whole a moment ago: run this again with a file that stays";
                    return Err(Failure::new(format!("{file}: {why}; {rest}")));
                }
            }
            progress.at(done, done);
        }
        Ok(restore.finish()?)
    }
}

/// Restores a person's record, if the system knows the person.
fn user(
    machine: &Machine,
    restore: &mut Restore<'_>,
    copy: &UserCopy,
    rules: Rules,
    report: &mut Report,
) -> Result<(), Failure> {
    let name = &copy.account.name;
    let what = format!("user {name}");
    let here = accounts::resolve(name, rules.strip_domain)?;
    if let Err(why) = same_account(&copy.account, here.as_ref()) {
        report.rejected.push(Rejected {
            r#where: what,
            why: stranger(why, &copy.account),
        });
        return Ok(());
    }
    let done = restore.user(copy, &copy.account);
    for serial in done.iter().flat_map(|done| &done.paired) {
        report.pair(serial, name);
        if !rules.dry_run {
            let event = Event::new(EventKind::Paired).serial(Some(serial));
            machine.record(Some(name), &event.reason("as in a backup"));
        }
    }
    if matches!(&done, Ok(Restored { changed: true, .. })) && !rules.dry_run {
        let event = Event::new(EventKind::Restored).reason("the user's record");
        machine.record(Some(name), &event);
    }
    report.count(what, done)
}

fn stranger(why: Stranger, account: &Account) -> String {
    let Account { name, uid } = account;
    match why {
        Stranger::Unknown => format!(
            "the system knows no such user; make the account with uid {uid} and restore again, or give the tokens back with otpair user unpair {name}"
        ),
        Stranger::OtherUid(here) => format!(
            "uid {uid} in the backup, but {here} here; give the tokens back with otpair user unpair {name}"
        ),
    }
}

impl Report {
    fn count(&mut self, what: String, done: Result<Restored, Fault>) -> Result<(), Failure> {
        match done {
            Ok(Restored { changed, left, .. }) => {
                for (serial, why) in &left {
                    self.conflict += 1;
                    let note = format!("conflict: token {serial}: {why}; that was left as it is");
                    self.notes.push(note);
                }
                if changed {
                    self.restored += 1;
                } else if left.is_empty() {
                    self.unchanged += 1;
                }
            }
            Err(fault) if Restore::is_of_one(&fault) => {
                let why = match advice(fault.kind) {
                    "" => fault.detail,
                    advice => format!("{}; {advice}", fault.detail),
                };
                self.rejected.push(Rejected { r#where: what, why });
            }
            Err(fault) => return Err(fault.into()),
        }
        Ok(())
    }

    fn pair(&mut self, serial: &Serial, user: &str) {
        self.paired += 1;
        if self.paired <= NAMED {
            let note = format!("paired: token {serial} with {user}, as in the backup");
            self.notes.push(note);
        }
    }

    fn print(&mut self, json: bool, dry_run: bool) -> Result<(), Failure> {
        if self.paired > NAMED {
            let more = self.paired - NAMED;
            self.notes
                .push(format!("paired: {more} more tokens, as in the backup"));
        }
        if json {
            self.notes.iter().for_each(|note| output::note(note));
            return output::print_json(self);
        }
        let rejected = self.rejected.iter();
        let rejected =
            rejected.map(|Rejected { r#where, why }| format!("rejected: {where}: {why}"));
        let mut lines: Vec<_> = self.notes.iter().cloned().chain(rejected).collect();
        lines.push(format!(
            "restored {}, unchanged {}, conflict {}, rejected {}",
            self.restored,
            self.unchanged,
            self.conflict,
            self.rejected.len()
        ));
        if dry_run {
            lines.push("Nothing was restored: this was a dry run.".to_owned());
        }
        let lines: Vec<_> = lines.iter().map(|line| output::plain(line)).collect();
        output::print(&(lines.join("\n") + "\n"))
    }

    fn verdict(&self) -> Result<(), Failure> {
        match (self.conflict, self.rejected.len()) {
            (0, 0) => Ok(()),
            (conflicts, rejected) => Err(Failure::new(format!(
                "not everything could be restored: {}, {rejected} rejected; mend that and restore again",
                output::count(conflicts, "conflict")
            ))),
        }
    }
}
