//! otpair as a module under test.

use crate::module::{Holding, Module, Surroundings, Wish};
use crate::scratch::Scratch;
use crate::worker::Reply;
use std::path::PathBuf;

/// otpair in its scratch folder.
pub struct Otpair {
    scratch: Scratch,
}

impl Otpair {
    /// One attempt a sign-on, so that a session that is refused ends there; the defaults beside that.
    pub fn set_up(surroundings: &Surroundings, wish: &Wish<'_>, holdings: &[Holding<'_>]) -> Self {
        let limit = wish.limit.map_or(String::new(), |limit| {
            format!("[throttle]\nmax_failures = {limit}\n")
        });
        let config = format!("[sign_on]\nattempts = 1\n{limit}");
        let scratch = Scratch::new(&surroundings.programs, wish.parent, &config);
        scratch.import(holdings.iter().map(|(_, token)| (*token).clone()));
        for (user, token) in holdings {
            let mut pair = scratch.otpair(&["user", "pair", user, &token.serial]);
            if let Some(clock) = wish.clock {
                clock.rule(&mut pair);
            }
            let status = pair.output().expect("otpair can't be started").status;
            assert!(status.success(), "otpair user pair {user} failed");
        }
        Self { scratch }
    }
}

impl Module for Otpair {
    fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    fn folder(&self) -> PathBuf {
        self.scratch.cache()
    }

    fn state(&self, user: &str) -> PathBuf {
        self.scratch.cache().join("users").join(user)
    }

    fn documented(&self) -> String {
        self.scratch.line()
    }

    fn looked_at(&self, _replies: &[Reply], log: &[String]) -> usize {
        let wrong = |line: &&String| {
            line.contains("event=denied") && line.contains("reason=\"wrong passcode\"")
        };
        log.iter().filter(wrong).count()
    }

    fn tells_why(&self, log: &[String]) -> bool {
        log.iter()
            .any(|line| line.contains("event=fault") && line.contains("reason="))
    }

    fn unlock(&self, user: &str) {
        self.scratch.admin(&["user", "unlock", user]);
    }
}
