//! google-authenticator as a module under test, with a secret file for each user in a folder of root's.

use crate::module::{Holding, Module, Surroundings, Wish};
use crate::peer;
use crate::scratch::{SERVICE, Scratch};
use crate::worker::Reply;
use otpair_tests::token::Token;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const MODULE: &str = "pam_google_authenticator.so";

/// google-authenticator in a scratch folder.
pub struct Google {
    scratch: Scratch,
}

impl Google {
    /// The options that its own program writes by default; for tokens with a counter what its README says, and as wide
    /// a window as otpair's.
    pub fn set_up(surroundings: &Surroundings, wish: &Wish<'_>, holdings: &[Holding<'_>]) -> Self {
        peer::assert_installed(MODULE, "libpam-google-authenticator");
        let scratch = Scratch::new(&surroundings.programs, wish.parent, "");
        let google = Self { scratch };
        fs::create_dir(google.folder()).expect("a peer's folder can't be made");
        let limit = wish
            .limit
            .map_or(String::new(), |limit| format!("\" RATE_LIMIT {limit} 30\n"));
        for (user, token) in holdings {
            let text = format!("{}\n{limit}{}", token.base32(), options(token));
            peer::write_private(&google.state(user), &text);
        }
        let secret = format!("{}/${{USER}}", google.folder().display());
        let line = format!("required {MODULE} secret={secret} user=root no_increment_hotp");
        google.scratch.service(SERVICE, &line);
        google
    }
}

fn options(token: &Token) -> &'static str {
    if token.is_hotp() {
        "\" HOTP_COUNTER 1\n\" WINDOW_SIZE 11\n"
    } else {
        "\" DISALLOW_REUSE\n\" TOTP_AUTH\n"
    }
}

impl Module for Google {
    fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path("google")
    }

    fn state(&self, user: &str) -> PathBuf {
        self.folder().join(user)
    }

    /// Its own program makes the file, and its user runs that program.
    fn as_instructed(&self, user: &str, uid: u32) -> PathBuf {
        let home = self.folder().join(format!("home-{user}"));
        DirBuilder::new()
            .mode(0o700)
            .create(&home)
            .and_then(|()| chown(&home, Some(uid), Some(uid)))
            .expect("a home folder can't be made");
        let file = home.join(".google_authenticator");
        let made = Command::new("setpriv")
            .args(peer::as_user(uid))
            .args([
                "google-authenticator",
                "--time-based",
                "--disallow-reuse",
                "--force",
                "--quiet",
            ])
            .args([
                "--rate-limit=3",
                "--rate-time=30",
                "--minimal-window",
                "--qr-mode=NONE",
            ])
            .arg("--secret")
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .expect("setpriv can't be started");
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "google-authenticator: {told}");
        file
    }

    fn documented(&self) -> String {
        let line = fs::read_to_string(self.scratch.confdir().join(SERVICE))
            .expect("a PAM service can be read");
        line.trim_start_matches("auth ").trim_end().to_owned()
    }

    fn looked_at(&self, _replies: &[Reply], log: &[String]) -> usize {
        log.iter()
            .filter(|line| line.contains("Invalid verification code"))
            .count()
    }

    fn tells_why(&self, log: &[String]) -> bool {
        log.iter().any(|line| line.contains("google_authenticator"))
    }

    /// Forgets when the tries of late were.
    fn unlock(&self, user: &str) {
        let text = fs::read_to_string(self.state(user)).expect("a secret file can be read");
        let forgotten = |line: &str| match line.strip_prefix("\" RATE_LIMIT ") {
            Some(rest) => {
                let limit: Vec<_> = rest.split(' ').take(2).collect();
                format!("\" RATE_LIMIT {}\n", limit.join(" "))
            }
            None => format!("{line}\n"),
        };
        let text: String = text.lines().map(forgotten).collect();
        peer::write_private(&self.state(user), &text);
    }
}
