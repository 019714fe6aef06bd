//! What is compared: a kind of sign-on at one PAM service.

use crate::probe::Cost;
use otpair_tests::libpam::{self, Answer, PAM_SUCCESS, Person, Request, Style};
use std::collections::VecDeque;
use std::fmt;

/// Whose module decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// `pam_permit`: what libpam itself costs.
    Permit,
    /// `pam_oath`
    PamOath,
    /// `pam_google_authenticator`
    GoogleAuthenticator,
    /// `pam_otpair`
    Otpair,
}

impl Who {
    /// All that are compared with each other, in the table's order.
    pub const COMPARED: [Self; 3] = [Self::PamOath, Self::GoogleAuthenticator, Self::Otpair];
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permit => "pam_permit",
            Self::PamOath => "pam_oath",
            Self::GoogleAuthenticator => "google-authenticator",
            Self::Otpair => "otpair",
        })
    }
}

/// What the person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Gives the next passcode of a HOTP token.
    Good,
    /// Gives a passcode that the TOTP token shows nowhere near: the longest search.
    Wrong,
    /// Signs on for the first time, with a serial number and a passcode.
    Pairing,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "good passcode",
            Self::Wrong => "wrong passcode",
            Self::Pairing => "pairing",
        })
    }
}

/// One sign-on to come.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The user.
    pub user: String,
    /// What is answered, prompt by prompt.
    pub answers: Vec<String>,
    /// Whether it gets in.
    pub good: bool,
}

/// The sign-ons to come.
#[derive(Debug)]
pub enum Visits {
    /// The same each time.
    Same(Visit),
    /// Another each time.
    Each(VecDeque<Visit>),
}

impl Visits {
    /// One user's good passcodes, one after the other.
    pub fn good(user: &str, passcodes: Vec<String>) -> Self {
        let visit = |passcode| Visit {
            user: user.to_owned(),
            answers: vec![passcode],
            good: true,
        };
        Self::Each(passcodes.into_iter().map(visit).collect())
    }

    /// The same wrong passcode each time.
    pub fn wrong(user: &str, passcode: String) -> Self {
        Self::Same(Visit {
            user: user.to_owned(),
            answers: vec![passcode],
            good: false,
        })
    }
}

/// One thing to sign on with.
#[derive(Debug)]
pub struct Contender {
    /// Whose module it is.
    pub who: Who,
    /// What the person does.
    pub what: What,
    /// How many tokens, or lines of a file, there are.
    pub tokens: usize,
    /// The PAM service.
    pub service: String,
    /// In which rounds it takes part: in every so-manyth.
    pub every: usize,
    /// The sign-ons to come.
    pub visits: Visits,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {} tokens", self.who, self.what, self.tokens)
    }
}

impl Contender {
    /// The next sign-on.
    ///
    /// # Panics
    /// If there is none left.
    pub fn next(&mut self) -> Visit {
        let visit = match &mut self.visits {
            Visits::Same(visit) => Some(visit.clone()),
            Visits::Each(visits) => visits.pop_front(),
        };
        visit.unwrap_or_else(|| panic!("{self} has no sign-on left"))
    }

    /// Signs on once, and returns what it took from `pam_start` to `pam_end`.
    ///
    /// # Panics
    /// If it came out otherwise than it must.
    pub fn sign_on(&mut self) -> Cost {
        let visit = self.next();
        let (code, cost) = Cost::of(|| sign_on(&self.service, &visit.user, &visit.answers));
        assert_eq!(code == PAM_SUCCESS, visit.good, "{self}: PAM code {code}");
        cost
    }

    /// Whether its sign-ons are so long that they take part in few rounds.
    pub fn is_slow(&self) -> bool {
        self.who == Who::PamOath && self.every > 1
    }
}

/// One sign-on, from `pam_start` to `pam_end`: PAM's code.
pub fn sign_on(service: &str, user: &str, answers: &[String]) -> i32 {
    let request = Request::new(service, Some(user));
    libpam::authenticate(&request, &mut InTurn(answers.iter()))
}

/// Gives the answers in turn, and then none.
struct InTurn<'a>(std::slice::Iter<'a, String>);

impl Person for InTurn<'_> {
    fn asked(&mut self, _style: Style, _text: &str) -> Answer {
        self.0.next().map_or(Answer::Fail, |answer| {
            Answer::Text(answer.as_bytes().to_vec())
        })
    }

    fn told(&mut self, _style: Style, _text: &str) {}
}
