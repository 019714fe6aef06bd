//! `otpair protect login-window` on a Mac: otpair's mechanisms in the right `system.login.console`, put in so that they
//! come out by themselves unless somebody could still log in.
//!
//! All of it compiles everywhere and is tested on Linux, with programs in place of macOS's; [`Window::here`] says where
//! it is used.

mod edit;
mod installed;
mod job;
mod keep;
mod mac;

pub(crate) use installed::Lack;
pub(crate) use mac::Window;

use super::pending::Pending;
use crate::failure::Failure;
use crate::files;
use crate::output;
use mac::{refused, run};
use otpair_core::event::{Event, EventKind};
use otpair_host::audit::{Audit, Context};
use otpair_host::clock;
use otpair_host::config::Config;
use otpair_host::loginright::{self, Examined, LOGIN_WINDOW, Placement, TRIAL};
use std::path::{Path, absolute};
use std::process;

/// The login window's name as a service.
pub(crate) const SERVICE: &str = otpair_host::login_window::SERVICE;

/// Switches of `otpair protect` that are for the login window only.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Flags {
    /// Put otpair into login-window without trying it first, where nobody is at the screen
    #[arg(long, conflicts_with_all = ["confirm", "revert", "keep"])]
    pub(super) untested: bool,
    /// Put back what was confirmed at login-window and is gone, as launchd asks now and then
    #[arg(long, hide = true, conflicts_with_all = ["services", "confirm", "revert"])]
    pub(super) keep: bool,
}

impl Flags {
    pub(super) fn are_any(self) -> bool {
        self.untested || self.keep
    }
}

/// What `otpair protect login-window` was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// How long to wait for the confirmation, in seconds.
    pub(super) seconds: u64,
    /// Nobody tries the mechanisms first.
    pub(super) untested: bool,
    pub(super) config: Option<&'a Path>,
}

/// Why something is in the log.
pub(super) struct Reason(String);

impl Reason {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    fn of(what: &str, failure: &Failure) -> Self {
        Self(format!("{what}: {}", failure.message()))
    }
}

/// Refuses every service but the login window.
pub(super) fn check_names(services: &[String]) -> Result<(), Failure> {
    match services.iter().find(|service| *service != SERVICE) {
        Some(other) => Err(Failure::new(format!(
            "{other}: on macOS otpair can be put in front of {SERVICE} only"
        ))),
        None => Ok(()),
    }
}

/// Refuses a config of somebody's own: nobody could tell the login window of it.
pub(super) fn check_config(config: Option<&Path>) -> Result<(), Failure> {
    match config {
        Some(_) => Err(Failure::new(format!(
            "the login window goes by this Mac's own config: without --config, by {}",
            otpair_host::config::DEFAULT_PATH
        ))),
        None => Ok(()),
    }
}

impl Window {
    /// Whether otpair is asked.
    pub(crate) fn is_protected(&self) -> Result<bool, Failure> {
        Ok(self.examine()?.placement == Placement::InForce)
    }

    /// Tries the mechanisms, sees that they will be taken out again, and only then puts them in. What to do now.
    pub(super) fn switch_on(&self, request: &Request<'_>) -> Result<String, Failure> {
        let _lock = files::lock(&self.lock, "otpair protect")?;
        self.need_all()?;
        let is_pending = self.pending()?.is_some();
        let was_confirmed = self.is_confirmed();
        let examined = self.examine()?;
        if examined.placement == Placement::InForce && was_confirmed && !is_pending {
            return Ok("Nothing to do: otpair is in front of it already.".to_owned());
        }
        // What would be refused is refused before anybody is asked for anything.
        loginright::add(&self.right(LOGIN_WINDOW)?).map_err(|refusal| refused(&refusal))?;
        note_others(&examined);
        self.try_on(request.untested)?;
        let pending = request.pending();
        let done = self.put_in_until(&pending, request.seconds);
        if let Err(failure) = done {
            // What was there before and waited for nothing is none of this.
            let is_new = is_pending || !examined.placement.is_any();
            self.undo(request.config, is_new, was_confirmed);
            return Err(failure);
        }
        let deadline = clock::format_utc(pending.deadline);
        let why = Reason::new(format!("until {deadline} unless confirmed"));
        record(request.config, EventKind::Protected, &why);
        Ok(what_now(&deadline))
    }

    /// Refuses where a part of otpair is missing or not as it has to be.
    fn need_all(&self) -> Result<(), Failure> {
        match self.lack() {
            Some(lack) => Err(Failure::new(format!(
                "{}, so nothing was switched on: {}",
                lack.what, lack.mend
            ))),
            None => Ok(()),
        }
    }

    /// The wait comes first, then the journal: from there on nothing that happens leaves otpair in the window for good.
    fn put_in_until(&self, pending: &Pending, seconds: u64) -> Result<(), Failure> {
        self.start_wait(seconds)?;
        pending.write_to(&self.journal)?;
        files::remove(&self.marker())?;
        self.put_in()
    }

    /// Takes back what could not be switched on. What can't be taken back now is when the wait is over.
    fn undo(&self, config: Option<&Path>, is_new: bool, was_confirmed: bool) {
        let why = Reason::new("could not be switched on");
        if !is_new || self.take_out(config, &why).is_ok() {
            let _ = files::remove(&self.journal);
            let _ = self.end_wait();
            if was_confirmed {
                let _ = self.mark();
            }
        }
    }

    /// Has somebody at the screen give a passcode, on a right that nothing else asks for.
    fn try_on(&self, untested: bool) -> Result<(), Failure> {
        self.write_right(TRIAL, &loginright::trial())?;
        if untested {
            return Ok(());
        }
        output::note(
            "macOS asks for your name and password now, and then otpair for a passcode: this tries it before it is put into the login window",
        );
        let tried = run(&self.security, &["authorize", "-u", TRIAL], b"");
        tried.map(drop).map_err(|failure| {
            Failure::new(format!(
                "otpair was not passed when it was tried, so nothing was switched on: {}; try again at the Mac's own screen, or without trying: --untested",
                failure.message()
            ))
        })
    }

    /// Ends the wait: what was switched on stays, also when a macOS upgrade replaces the right.
    pub(crate) fn confirm(&self) -> Result<String, Failure> {
        let _lock = files::lock(&self.lock, "otpair protect")?;
        if self.pending()?.is_none() {
            return Err(Failure::new(
                "nothing waits to be confirmed; otpair status says what is switched on",
            ));
        }
        let placement = self.examine()?.placement;
        if placement != Placement::InForce {
            return Err(Failure::new(format!(
                "{LOGIN_WINDOW}: {placement}; otpair protect {SERVICE} puts it in again"
            )));
        }
        self.mark()?;
        files::remove(&self.journal)?;
        self.end_wait()?;
        Ok(format!("It stays: {SERVICE}."))
    }

    /// Takes back what nobody confirmed. Whether anything waited for that.
    pub(super) fn revert(&self, config: Option<&Path>) -> Result<bool, Failure> {
        // Nothing that another one does keeps otpair in.
        let _lock = files::lock(&self.lock, "otpair protect").ok();
        let pending = match Pending::read_from(&self.journal) {
            Ok(None) => {
                self.end_wait()?;
                return Ok(false);
            }
            Ok(pending) => pending,
            // One that can't be read is one that was not confirmed.
            Err(_) => None,
        };
        let logged_by = pending.and_then(|pending| pending.config);
        files::remove(&self.marker())?;
        self.take_out(
            config.or(logged_by.as_deref()),
            &Reason::new("not confirmed"),
        )?;
        files::remove(&self.journal)?;
        self.end_wait()?;
        Ok(true)
    }

    /// Takes otpair out, confirmed or not. What became of it.
    pub(super) fn switch_off(&self, config: Option<&Path>) -> Result<&'static str, Failure> {
        let _lock = files::lock(&self.lock, "otpair protect").ok();
        // First: whatever comes now, nothing puts it back.
        files::remove(&self.marker())?;
        let were_any = self.take_out(config, &Reason::new("by the admin"))?;
        files::remove(&self.journal)?;
        self.end_wait()?;
        Ok(if were_any {
            "otpair is not asked any more."
        } else {
            "Nothing to do: otpair was not asked there."
        })
    }
}

impl Request<'_> {
    fn pending(&self) -> Pending {
        Pending {
            id: format!("{}-{}", process::id(), clock::now()),
            services: vec![SERVICE.to_owned()],
            deadline: clock::now() + self.seconds,
            config: self.config.and_then(|path| absolute(path).ok()),
        }
    }
}

/// Logs what became of the login window. With a config that is at fault it is syslog that hears of it.
fn record(config: Option<&Path>, kind: EventKind, why: &Reason) {
    let audit =
        Config::load(config).map_or_else(|_| Audit::default(), |config| Audit::open(&config));
    let context = Context {
        service: Some(SERVICE),
        ..Context::default()
    };
    audit.record(&context, &Event::new(kind).reason(why.0.clone()));
}

fn note_others(examined: &Examined) {
    if !examined.others.is_empty() {
        output::note(&format!(
            "the login window also has {}: try that both are asked there",
            examined.others.join(", ")
        ));
    }
}

fn what_now(deadline: &str) -> String {
    format!(
        "otpair asks for a passcode now at: {SERVICE}.\n\
         Log in over SSH and stay there. Log out at the screen, and log in with a passcode. If you were asked for one and it\n\
         works:\n\
         \n    sudo otpair protect --confirm\n\n\
         Else it is taken back at {deadline}, or later by as long as the Mac sleeps. Starting the Mac again before that\n\
         takes it back too."
    )
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
