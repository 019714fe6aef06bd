//! `otpair log`: the audit log's file.

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use otpair_host::audit::{Filter, Line, read_log};
use otpair_host::clock;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often the log is looked at for more. Growth of a file is an event on some systems only.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this user's events
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only events since this time: 2027-01-31, 2027-01-31T18:00:00Z, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Since>,
    /// Go on with what is logged from now on, until Ctrl-C
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    Time(u64),
    Ago(u64),
}

fn time(text: &str) -> Result<Since, String> {
    let ago = || clock::parse_duration(text).map(Since::Ago);
    let time = clock::parse_time(text).map(Since::Time).or_else(ago);
    time.ok_or_else(|| {
        "neither a date, a time with its offset, nor a duration such as 2h".to_owned()
    })
}

impl Args {
    /// Prints the events.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::load(config)?;
        let Some(path) = &machine.config.audit.file else {
            return Err(Failure::new(
                "events go to syslog only: look with journalctl -t otpair, or name a file in the config's [audit]",
            ));
        };
        let since = self.since.map(|since| match since {
            Since::Time(time) => time,
            Since::Ago(seconds) => clock::now().saturating_sub(seconds),
        });
        let filter = Filter {
            user: self.user,
            since,
        };
        let shown = Shown {
            filter,
            json: self.json.json,
        };
        if self.follow {
            return follow(path, &shown);
        }
        if !path.try_exists().unwrap_or(true) {
            return Ok(());
        }
        for line in read_log(path)? {
            match line {
                Ok(line) => shown.print(&line)?,
                Err(unreadable) => {
                    output::note(&format!(
                        "{}:{}: no line of this log",
                        path.display(),
                        unreadable.number
                    ));
                }
            }
        }
        Ok(())
    }
}

struct Shown {
    filter: Filter,
    json: bool,
}

impl Shown {
    fn print(&self, line: &Line) -> Result<(), Failure> {
        if !self.filter.admits(line) {
            return Ok(());
        }
        output::print(&if self.json {
            line.to_json() + "\n"
        } else {
            for_people(line)
        })
    }
}

fn for_people(line: &Line) -> String {
    let part = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!("  {name}{value}"))
    };
    let drift = line
        .drift
        .filter(|drift| *drift != 0)
        .map(|drift| format!("{drift:+}"));
    let text = [
        format!(
            "{}  {:14}  {:12}",
            line.time,
            line.event,
            line.user.as_deref().unwrap_or("-")
        ),
        part("", line.service.as_deref()),
        part("from ", line.rhost.as_deref()),
        part("token ", line.serial.as_deref()),
        part("drift ", drift.as_deref()),
        part("", line.reason.as_deref()),
    ];
    output::plain(text.concat().trim_end()) + "\n"
}

/// Prints the log and what is added to it. When the file is put aside for a new one, that one is read from its
/// beginning.
fn follow(path: &Path, shown: &Shown) -> Result<(), Failure> {
    loop {
        match File::open(path) {
            Ok(file) => follow_file(path, file, shown)?,
            Err(error) if error.kind() == ErrorKind::NotFound => std::thread::sleep(PAUSE),
            Err(error) => return Err(Failure::file(path, &error)),
        }
    }
}

fn follow_file(path: &Path, file: File, shown: &Shown) -> Result<(), Failure> {
    let opened = file
        .metadata()
        .map_err(|error| Failure::file(path, &error))?;
    let mut reader = BufReader::new(file);
    let (mut line, mut position) = (Vec::new(), 0);
    loop {
        // Before the read: what is written between the two is then read, and only after that the file is left.
        let replaced = is_replaced(path, &opened, position);
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::file(path, &error))?;
        position += u64::try_from(read).unwrap_or(0);
        if line.last() == Some(&b'\n') {
            if let Some(line) = Line::parse(&String::from_utf8_lossy(&line)) {
                shown.print(&line)?;
            }
            line.clear();
        } else if read == 0 {
            if replaced {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Whether the path no longer leads to this file, or the file was emptied.
fn is_replaced(path: &Path, opened: &std::fs::Metadata, position: u64) -> bool {
    let now: io::Result<_> = path.metadata();
    now.map_or(true, |now| {
        now.ino() != opened.ino() || now.dev() != opened.dev() || now.len() < position
    })
}
