//! `otpair backup`: everything that is in the seed cache, in a file that a passphrase opens.

mod file;
pub(crate) mod passphrase;
pub(crate) mod restore;

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use crate::progress::Progress;
use otpair_cache::SeedCache;
use otpair_core::age::{self, Random};
use otpair_core::backup::Entry;
use otpair_core::backup::text::{Counts, Writer};
use otpair_core::event::{Event, EventKind};
use otpair_host::clock;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The work that each try at a passphrase costs, as a power of two: what age takes.
const WORK: u8 = 18;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the backup goes; - is stdout
    file: PathBuf,
    /// A file with the passphrase, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Put it in the place of a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    json: Json,
}

/// What is in a backup.
#[derive(Debug, Serialize)]
struct Report {
    tokens: u64,
    users: u64,
    left_out: Vec<Rejected>,
}

/// Something that can't be taken, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Rejected {
    pub(crate) r#where: String,
    pub(crate) why: String,
}

impl Args {
    /// Makes the backup.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        let to_stdout = self.file == Path::new("-");
        if to_stdout && io::stdout().is_terminal() {
            return Err(Failure::new(
                "a backup is no text for a terminal: name a file, or send stdout elsewhere",
            ));
        }
        if !to_stdout {
            file::may_make(&self.file, self.force)?;
        }
        let mut cache = machine.cache()?;
        let passphrase = passphrase::new(self.passphrase_file.as_deref())?;
        let report = if to_stdout {
            let out = write(io::stdout().lock(), &mut cache, &passphrase)?;
            out.1
        } else {
            let file = file::Unfinished::make(&self.file)?;
            let (file, report) = write(file, &mut cache, &passphrase)
                .map_err(|failure| named(&self.file, failure))?;
            file.finish(&self.file, self.force)?;
            report
        };
        let people = match report.users {
            1 => "1 person".to_owned(),
            users => format!("{users} people"),
        };
        let what = format!("{} and {people}", output::count(report.tokens, "token"));
        let event = Event::new(EventKind::BackedUp);
        machine.record(
            None,
            &event.reason(format!("{what} to {}", self.file.display())),
        );
        report.tell(self.json.json, to_stdout, &what)
    }
}

/// Which file could not be written.
fn named(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Gone => Failure::new(format!("{}: it can't be written", path.display())),
        other => other,
    }
}

/// Writes all that there is, encrypted. Gives back what it was written to.
fn write<W: Write>(
    output: W,
    cache: &mut SeedCache,
    passphrase: &[u8],
) -> Result<(W, Report), Failure> {
    let encrypted = age::Writer::new(BufWriter::new(output), passphrase, WORK, random()?)?;
    let mut text = Writer::new(encrypted, clock::now())?;
    let mut left_out = Vec::new();
    let mut progress = Progress::new(cache.copies_estimate());
    let mut done = 0;
    cache.copies(|entry| {
        match entry {
            Ok(Entry::Token(copy)) => text.token(&copy)?,
            Ok(Entry::User(copy)) => text.user(&copy)?,
            Err((what, fault)) => left_out.push(Rejected {
                r#where: what,
                why: fault.detail,
            }),
        }
        done += 1;
        progress.at(done, done);
        Ok::<_, Failure>(())
    })?;
    let (encrypted, Counts { tokens, users }) = text.finish()?;
    let output = encrypted.finish()?.into_inner();
    let mut output = output.map_err(io::IntoInnerError::into_error)?;
    output.flush()?;
    let report = Report {
        tokens,
        users,
        left_out,
    };
    Ok((output, report))
}

fn random() -> Result<Random, Failure> {
    let mut random = Random {
        file_key: Zeroizing::new([0; 16]),
        salt: [0; 16],
        nonce: [0; 16],
    };
    for bytes in [&mut *random.file_key, &mut random.salt, &mut random.nonce] {
        getrandom::fill(bytes)
            .map_err(|error| Failure::new(format!("the system gives no random bytes: {error}")))?;
    }
    Ok(random)
}

impl Report {
    /// Where the backup itself is on stdout, it is told on stderr.
    fn tell(&self, json: bool, to_stdout: bool, what: &str) -> Result<(), Failure> {
        let left_out = self.left_out.iter();
        let mut lines: Vec<_> = left_out
            .map(|Rejected { r#where, why }| format!("left out: {where}: {why}"))
            .collect();
        lines.push(format!("In the backup: {what}."));
        match (json, to_stdout) {
            (true, false) => output::print_json(self)?,
            (true, true) => {
                let text = output::json(self)?;
                let _ = writeln!(io::stderr(), "{text}");
            }
            (false, true) => {
                for line in &lines {
                    let _ = writeln!(io::stderr(), "{}", output::plain(line));
                }
            }
            (false, false) => {
                let lines: Vec<_> = lines.iter().map(|line| output::plain(line)).collect();
                output::print(&(lines.join("\n") + "\n"))?;
            }
        }
        if self.left_out.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            "the backup lacks what can't be read here: run otpair doctor, mend it, and make another one",
        ))
    }
}
