//! `otpair protect --keep`, which launchd runs at boot and now and then: a macOS upgrade may replace the login window's
//! right, and with it what was confirmed.

use super::mac::Window;
use super::{Reason, record};
use crate::failure::Failure;
use crate::files;
use otpair_core::event::EventKind;
use otpair_host::loginright::{self, LOGIN_WINDOW, Placement, TRIAL};
use std::path::Path;

const UNCONFIRMED: &str = "Nothing to do: otpair was not confirmed at the login window.";

/// What is to be done about the login window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing.
    Nothing,
    /// Somebody has confirmed, and otpair is not in it as it has to be: it is put back, if it could work.
    PutBack,
    /// The right names a plugin that is not there: nobody would get in.
    TakeOut,
}

/// What there is to know for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) placement: Placement,
    /// Part of otpair is missing on this Mac.
    pub(super) is_missing: bool,
    pub(super) is_confirmed: bool,
    pub(super) is_pending: bool,
}

impl Seen {
    /// What is missing counts most: what locks people out has to go, whoever put it in. What is not confirmed yet is the
    /// business of whoever waits for that.
    pub(super) fn decide(self) -> Keep {
        match self {
            Self {
                is_missing: true,
                placement,
                ..
            } if placement.is_any() => Keep::TakeOut,
            Self {
                is_confirmed: true,
                is_pending: false,
                placement,
                ..
            } if placement != Placement::InForce => Keep::PutBack,
            _ => Keep::Nothing,
        }
    }
}

impl Window {
    /// Puts back what was confirmed and is gone, and takes out what can't work. What was done.
    pub(crate) fn keep(&self, config: Option<&Path>) -> Result<&'static str, Failure> {
        let kept = self.keep_in_silence(config);
        if let Err(failure) = &kept {
            let why = Reason::of("could not be kept", failure);
            record(config, EventKind::Fault, &why);
        }
        kept
    }

    /// Anybody may add a right to the authorization database, but an ordinary user can't change one: so the one that otpair's
    /// mechanisms serve beside the login window's is always there.
    fn keep_trial(&self) -> Result<(), Failure> {
        match self.right(TRIAL) {
            Ok(right) if loginright::is_trial(&right) => Ok(()),
            _ => self.write_right(TRIAL, &loginright::trial()),
        }
    }

    fn keep_in_silence(&self, config: Option<&Path>) -> Result<&'static str, Failure> {
        self.keep_trial()?;
        // Writing the right to try it on starts this too, while somebody types for whom the lock is held.
        if self.missing().is_none() && !self.is_confirmed() {
            return Ok(UNCONFIRMED);
        }
        let Some(_lock) = files::try_lock(&self.lock)? else {
            return Ok("Nothing to do now: another otpair protect is at work.");
        };
        let missing = self.missing();
        let is_confirmed = self.is_confirmed();
        if missing.is_none() && !is_confirmed {
            return Ok(UNCONFIRMED);
        }
        let placement = self.examine()?.placement;
        let seen = Seen {
            placement,
            is_missing: missing.is_some(),
            is_confirmed,
            // What can't be read is pending all the same.
            is_pending: !matches!(self.pending(), Ok(None)),
        };
        match seen.decide() {
            Keep::Nothing => Ok("Nothing to do."),
            Keep::PutBack => self.put_back(config, placement),
            Keep::TakeOut => {
                let why = missing.unwrap_or_default();
                self.take_out(config, &Reason::new(why))?;
                Ok("otpair is not asked any more: a part of it is missing.")
            }
        }
    }

    /// Where otpair could not work, a window that lets people in without it is left as it is: else nobody would get in.
    fn put_back(
        &self,
        config: Option<&Path>,
        placement: Placement,
    ) -> Result<&'static str, Failure> {
        if let Some(lack) = self.lack_once_loaded() {
            return Err(Failure::new(format!(
                "{LOGIN_WINDOW}: {placement}, and it is not put back, or nobody would get in: {}; to mend that: {}",
                lack.what, lack.mend
            )));
        }
        self.put_in()?;
        let why = Reason::new(format!("put back: {placement}"));
        record(config, EventKind::Protected, &why);
        Ok("otpair is asked at the login window again.")
    }
}
