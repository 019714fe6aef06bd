//! `pam_oath` as a module under test, as its README sets it up.

use crate::module::{Holding, Module, Surroundings, Wish};
use crate::peer;
use crate::scratch::{SERVICE, Scratch};
use crate::worker::Reply;
use std::fs;
use std::path::PathBuf;

const MODULE: &str = "pam_oath.so";

/// `pam_oath` in a scratch folder.
pub struct Oath {
    scratch: Scratch,
}

impl Oath {
    /// One users file for everybody, and the window of its README. It has no limit to guessing.
    pub fn set_up(surroundings: &Surroundings, wish: &Wish<'_>, holdings: &[Holding<'_>]) -> Self {
        peer::assert_installed(MODULE, "libpam-oath");
        let scratch = Scratch::new(&surroundings.programs, wish.parent, "");
        let oath = Self { scratch };
        fs::create_dir(oath.folder()).expect("a peer's folder can't be made");
        let lines: String = holdings
            .iter()
            .map(|(user, token)| {
                let kind = if token.is_hotp() { "HOTP" } else { "HOTP/T30" };
                format!("{kind}\t{user}\t-\t{}\n", token.hex())
            })
            .collect();
        peer::write_private(&oath.users_file(), &lines);
        let line = oath.line();
        oath.scratch.service(SERVICE, &format!("required {line}"));
        oath
    }

    fn users_file(&self) -> PathBuf {
        self.folder().join("users.oath")
    }

    fn line(&self) -> String {
        format!(
            "{MODULE} usersfile={} window=20",
            self.users_file().display()
        )
    }
}

impl Module for Oath {
    fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path("oath")
    }

    fn state(&self, _user: &str) -> PathBuf {
        self.users_file()
    }

    fn documented(&self) -> String {
        format!("[user_unknown=ignore success=ok] {}", self.line())
    }

    fn looked_at(&self, replies: &[Reply], _log: &[String]) -> usize {
        replies.iter().filter(|reply| !reply.is_granted()).count()
    }

    fn tells_why(&self, log: &[String]) -> bool {
        log.iter().any(|line| line.contains("pam_oath"))
    }

    fn unlock(&self, _user: &str) {}
}
