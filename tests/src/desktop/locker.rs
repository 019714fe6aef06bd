//! Screen lockers, run by the person whose screen it is.

use super::screen::Screen;
use super::watch::Watch;
use super::{assert_installed, furnish};
use crate::machine::{Machine, User};
use std::process::{Child, ExitStatus, Stdio};

/// A kind of screen locker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// i3lock: one field, for the password, a comma and the passcode.
    I3lock,
    /// xsecurelock: shows every prompt in turn.
    Xsecurelock,
}

impl Kind {
    /// The PAM service that it uses.
    pub fn service(self) -> &'static str {
        match self {
            Self::I3lock => "i3lock",
            Self::Xsecurelock => "xsecurelock",
        }
    }

    /// What it writes when PAM has refused.
    fn refusal(self) -> &'static str {
        match self {
            Self::I3lock => "Authentication failure",
            // Whatever asked is gone then.
            Self::Xsecurelock => " auth child failed",
        }
    }

    /// How a user's session starts it. Each writes what it does to stderr; xsecurelock, once it has locked, `locked`.
    fn command_line(self) -> &'static str {
        match self {
            Self::I3lock => "exec i3lock --nofork --debug",
            Self::Xsecurelock => {
                "for file in /etc/X11/Xsession.d/*xsecurelock*; do . \"$file\"; done; \
                 exec xsecurelock -- sh -c 'echo locked >&2'"
            }
        }
    }
}

/// A locked screen.
#[derive(Debug)]
pub struct Locker<'m> {
    kind: Kind,
    screen: Screen<'m>,
    child: Child,
    log: Watch,
}

impl<'m> Locker<'m> {
    /// A user's new screen, which they lock.
    pub fn lock(kind: Kind, machine: &'m Machine, user: User) -> Self {
        furnish(machine);
        Self::lock_again(kind, user, Screen::open(machine, user))
    }

    /// Locks a screen.
    ///
    /// # Panics
    /// If the locker is missing or does not start.
    pub fn lock_again(kind: Kind, user: User, screen: Screen<'m>) -> Self {
        let program = kind.service();
        assert_installed(&format!("/usr/bin/{program}"), program);
        let mut child = screen
            .command(user)
            .args(["sh", "-c", kind.command_line()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nsenter can't be started");
        let mut log = Watch::of(child.stderr.take().unwrap());
        match kind {
            Kind::I3lock => screen.wait_for_window("i3lock"),
            Kind::Xsecurelock => log.wait_for("locked"),
        }
        Self {
            kind,
            screen,
            child,
            log,
        }
    }

    /// Types a password and a passcode, as this locker wants them.
    pub fn answer(&self, password: &str, passcode: &str) {
        match self.kind {
            Kind::I3lock => self.type_line(&format!("{password},{passcode}")),
            Kind::Xsecurelock => {
                self.answer_password(password, passcode);
                self.type_line(passcode);
            }
        }
    }

    /// Types a password, where that will be the end of it.
    pub fn answer_password(&self, password: &str, passcode: &str) {
        match self.kind {
            Kind::I3lock => self.answer(password, passcode),
            Kind::Xsecurelock => {
                // The first key only has it ask, and is harmless where it asks already.
                self.screen.press("BackSpace");
                self.type_line(password);
            }
        }
    }

    /// As [`Locker::answer_password`], as often as the locker itself lets PAM begin anew: xsecurelock three times, unless
    /// PAM says that those were too many.
    pub fn answer_password_to_the_end(&self, password: &str, passcode: &str) {
        let times = if self.kind == Kind::Xsecurelock { 3 } else { 1 };
        for _ in 0..times {
            self.answer_password(password, passcode);
        }
    }

    /// Types a line.
    pub fn type_line(&self, text: &str) {
        self.screen.type_line(text);
    }

    /// Waits until PAM has refused, and the locker would take another try. The screen is locked then.
    ///
    /// # Panics
    /// If the locker ends instead.
    pub fn refused(&mut self) {
        self.log.wait_for(self.kind.refusal());
        assert!(
            self.child.try_wait().unwrap().is_none(),
            "the screen is unlocked: {}",
            self.log.text()
        );
    }

    /// Waits for the locker's end, which must be a success: the screen is unlocked. Gives the screen back.
    pub fn unlocked(mut self) -> Screen<'m> {
        self.log.wait_for_end();
        let status: ExitStatus = self.child.wait().unwrap();
        assert!(
            status.success(),
            "the locker ended with {status}:\n{}",
            self.log.text()
        );
        self.screen
    }

    /// The screen.
    pub fn screen(&self) -> &Screen<'m> {
        &self.screen
    }
}
