//! A module under test, so that a question is written once and asked of each.

use crate::clock::Clock;
use crate::google::Google;
use crate::oath::Oath;
use crate::otpair::Otpair;
use crate::scratch::{Programs, Scratch};
use crate::worker::{Reply, Visit};
use otpair_tests::syslog::Syslog;
use otpair_tests::token::Token;
use std::fs;
use std::path::{Path, PathBuf};

/// Where programs log to.
pub const LOG: &str = "/dev/log";

/// What a set-up is for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The folder in which it makes its own.
    pub parent: &'a Path,
    /// After how many wrong passcodes somebody has to wait, where the module has such a limit; its own without.
    pub limit: Option<u32>,
    /// The clock by which it is set up.
    pub clock: Option<&'a Clock>,
}

impl<'a> Wish<'a> {
    /// A set-up in this folder with nothing special.
    pub fn plain(parent: &'a Path) -> Self {
        Self {
            parent,
            limit: None,
            clock: None,
        }
    }
}

/// A module, set up in a scratch folder of its own.
pub trait Module {
    /// The scratch folder: its PAM service is [`crate::scratch::SERVICE`].
    fn scratch(&self) -> &Scratch;
    /// The folder that everything lies in that it keeps.
    fn folder(&self) -> PathBuf;
    /// The file that a user's sign-on goes by.
    fn state(&self, user: &str) -> PathBuf;
    /// The file with a user's seed, as the module's own tools and instructions make it, for an account with this uid.
    fn as_instructed(&self, user: &str, _uid: u32) -> PathBuf {
        self.state(user)
    }
    /// The `auth` line that its documents show, without the word `auth`.
    fn documented(&self) -> String;
    /// How many wrong passcodes were looked at: what its sessions were told, and what it logged meanwhile.
    fn looked_at(&self, replies: &[Reply], log: &[String]) -> usize;
    /// Whether the log tells why somebody was denied.
    fn tells_why(&self, log: &[String]) -> bool;
    /// Lets a user try again who has to wait.
    fn unlock(&self, user: &str);

    /// A sign-on of a user.
    fn visit(&self, user: &str, passcode: &str) -> Visit {
        Visit::new(self.scratch(), user, passcode)
    }

    /// Every file that it keeps.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        list(&self.folder(), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a module's folder can be listed");
    for entry in entries {
        let path = entry.expect("a module's folder can be listed").path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Where modules are set up.
pub struct Surroundings {
    /// otpair's programs.
    pub programs: Programs,
    /// What is logged.
    pub syslog: Syslog,
    /// The folder for scratch folders.
    pub parent: PathBuf,
}

impl Surroundings {
    /// What was logged since this was last asked.
    pub fn news(&self) -> Vec<String> {
        self.syslog.news(Path::new(LOG))
    }
}

/// A user of the system's, and the token.
pub type Holding<'a> = (&'static str, &'a Token);

/// A module that can be set up.
pub struct Candidate {
    /// Its name in the table.
    pub name: &'static str,
    set_up: fn(&Surroundings, &Wish<'_>, &[Holding<'_>]) -> Box<dyn Module>,
}

/// otpair first.
pub const CANDIDATES: [Candidate; 3] = [
    Candidate {
        name: "otpair",
        set_up: |surroundings, wish, holdings| {
            Box::new(Otpair::set_up(surroundings, wish, holdings))
        },
    },
    Candidate {
        name: "pam_oath",
        set_up: |surroundings, wish, holdings| Box::new(Oath::set_up(surroundings, wish, holdings)),
    },
    Candidate {
        name: "google-authenticator",
        set_up: |surroundings, wish, holdings| {
            Box::new(Google::set_up(surroundings, wish, holdings))
        },
    },
];

impl Candidate {
    /// Sets it up: each of these users has this token.
    pub fn set_up(
        &self,
        surroundings: &Surroundings,
        wish: &Wish<'_>,
        holdings: &[Holding<'_>],
    ) -> Box<dyn Module> {
        (self.set_up)(surroundings, wish, holdings)
    }

    /// Whether it is otpair.
    pub fn is_ours(&self) -> bool {
        self.name == CANDIDATES[0].name
    }
}
