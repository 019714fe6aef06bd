//! The Mac's login window: where otpair's mechanisms belong in the right `system.login.console`.
//!
//! A property list in, a property list out: nothing here runs `security`. The edit is made in the text, so that every
//! key, number, comment and blank that is not otpair's stays as it was. A mechanism that fails denies the whole right,
//! and the mechanisms run in their order; so what is put behind the password's check is asked only of somebody who
//! knows the password.

mod right;
mod vendor;
mod xml;

use right::Right;
use std::fmt;

pub use crate::login_window::{RIGHT as LOGIN_WINDOW, TRIAL_RIGHT as TRIAL};

/// Shows the pane and holds the dialog.
pub const PROMPT: &str = "otpair:prompt";

/// Decides, as root.
pub const VERIFY: &str = "otpair:verify,privileged";

/// otpair's plugin.
const PLUGIN: &str = "otpair";

/// Checks the password.
const PASSWORD: &str = "builtin:authenticate,privileged";

/// Gets a Kerberos ticket with the password. The last that happens before the session is granted.
const PKINIT: &str = "PKINITMechanism:auth,privileged";

/// From here on the login has effects.
const SUCCESS: &str = "builtin:login-success";

/// Asks for name and password in macOS's own login window.
const WINDOW: &str = "loginwindow:login";

/// Why a right is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is no property list that can be read, and why.
    Damaged(String),
    /// It is a binary property list.
    Binary,
    /// Its class is another one.
    Class(String),
    /// It has no array of mechanisms, or something else than strings in it.
    NoMechanisms,
    /// The password is not checked before the place where otpair belongs.
    NoPassword,
    /// There is no place for otpair.
    NoPlace,
}

impl Refusal {
    fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged(why.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(why) => write!(f, "the right is no property list: {why}"),
            Self::Binary => f.write_str(
                "the right is a binary property list; plutil -convert xml1 makes XML of it",
            ),
            Self::Class(class) => write!(
                f,
                "the right's class is {class}, not evaluate-mechanisms: something has replaced it"
            ),
            Self::NoMechanisms => f.write_str("the right has no list of mechanisms"),
            Self::NoPassword => write!(
                f,
                "the right does not check the password ({PASSWORD}) before the place where otpair belongs"
            ),
            Self::NoPlace => write!(
                f,
                "the right has neither {PKINIT} nor {SUCCESS}: otpair's place is not known"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// Where otpair's mechanisms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// None is there.
    Absent,
    /// Both are there, once each and in order, behind the password's check and before the login has effects.
    InForce,
    /// The one that shows the pane is missing: nobody could give a passcode.
    WithoutPrompt,
    /// The one that decides is missing: a passcode would be asked for and mean nothing.
    WithoutVerify,
    /// One of them is there more than once, or there is one that otpair's plugin does not have.
    Twice,
    /// The one that decides comes first.
    OutOfOrder,
    /// Before the password is checked, or when the login has had effects.
    Misplaced,
}

impl Placement {
    /// Whether any of otpair's mechanisms is there.
    #[must_use]
    pub fn is_any(self) -> bool {
        self != Self::Absent
    }

    fn of(names: &[String]) -> Self {
        let own: Vec<_> = names.iter().filter(|name| is_own(name)).collect();
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let (prompt, verify) = match (at(PROMPT), at(VERIFY)) {
            _ if own.is_empty() => return Self::Absent,
            (Some(prompt), Some(verify)) => (prompt, verify),
            (None, _) => return Self::WithoutPrompt,
            (_, None) => return Self::WithoutVerify,
        };
        let is_behind = at(PASSWORD).is_some_and(|password| password < prompt.min(verify));
        let is_before = at(SUCCESS).is_none_or(|success| prompt.max(verify) < success);
        match () {
            () if own.len() > 2 => Self::Twice,
            () if prompt > verify => Self::OutOfOrder,
            () if is_behind && is_before => Self::InForce,
            () => Self::Misplaced,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "otpair is not in it",
            Self::InForce => "otpair is in it",
            Self::WithoutPrompt => "otpair:prompt is missing in it, so nobody gets in",
            Self::WithoutVerify => "otpair:verify is missing in it, so the passcode means nothing",
            Self::Twice => "otpair is in it more than once",
            Self::OutOfOrder => "otpair:verify comes before otpair:prompt in it, so nobody gets in",
            Self::Misplaced => "otpair is not between the password and the login in it",
        })
    }
}

/// What a right has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Where otpair's mechanisms stand.
    pub placement: Placement,
    /// The products of other vendors that have mechanisms in it, by the names that people know, each once.
    pub others: Vec<String>,
    /// macOS's own window is not asked for: one of the others has its own instead.
    pub window_is_replaced: bool,
    /// All mechanisms in order.
    pub mechanisms: Vec<String>,
}

/// Says what a right has.
///
/// # Errors
/// A [`Refusal`] if it can't be read or is of another class.
pub fn examine(plist: &[u8]) -> Result<Examined, Refusal> {
    let mechanisms = Right::read(plist)?.names();
    let mut others: Vec<String> = Vec::new();
    for product in mechanisms.iter().filter_map(|name| vendor::product(name)) {
        if !others.iter().any(|other| other == product) {
            others.push(product.to_owned());
        }
    }
    Ok(Examined {
        placement: Placement::of(&mechanisms),
        others,
        window_is_replaced: !mechanisms.iter().any(|name| name == WINDOW),
        mechanisms,
    })
}

/// Puts otpair's mechanisms into a right: directly behind [`PKINIT`], or where that is missing directly before
/// [`SUCCESS`]. Where they are in force already, though others have come between, the right stays as it is; where they
/// are half there or misplaced that is mended.
///
/// # Errors
/// A [`Refusal`] if the right can't be read or there is no place that is right.
pub fn add(plist: &[u8]) -> Result<Vec<u8>, Refusal> {
    let right = Right::read(plist)?;
    if Placement::of(&right.names()) == Placement::InForce {
        return Ok(plist.to_vec());
    }
    let without = right.without(is_own);
    let right = Right::read(without.as_bytes())?;
    let index = place(&right.names())?;
    let text = right.with(index, &[PROMPT, VERIFY]);
    Ok(text.ok_or(Refusal::NoPlace)?.into_bytes())
}

/// Takes otpair's mechanisms out of a right, and nothing else.
///
/// # Errors
/// A [`Refusal`] if the right can't be read.
pub fn remove(plist: &[u8]) -> Result<Vec<u8>, Refusal> {
    Ok(Right::read(plist)?.without(is_own).into_bytes())
}

/// What a sign-on on the right [`TRIAL`] goes through.
const TRIAL_MECHANISMS: [&str; 4] = ["builtin:authenticate", PASSWORD, PROMPT, VERIFY];

/// The right [`TRIAL`]: macOS asks for name and password in an ordinary dialog and checks them, then comes otpair as at
/// the login window. Nothing of it is shared, so every try asks anew.
#[must_use]
pub fn trial() -> Vec<u8> {
    let mechanisms = TRIAL_MECHANISMS.map(|name| format!("\t\t<string>{name}</string>\n"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>class</key>\n\t<string>evaluate-mechanisms</string>\n\
         \t<key>comment</key>\n\t<string>otpair: to try the mechanisms on before they are put into {LOGIN_WINDOW}</string>\n\
         \t<key>mechanisms</key>\n\t<array>\n{}\t</array>\n\
         \t<key>shared</key>\n\t<false/>\n\
         \t<key>tries</key>\n\t<integer>3</integer>\n\
         </dict>\n</plist>\n",
        mechanisms.concat()
    )
    .into_bytes()
}

/// Whether this is that right, as macOS gives it back: the mechanisms are what counts.
#[must_use]
pub fn is_trial(plist: &[u8]) -> bool {
    Right::read(plist).is_ok_and(|right| right.names() == TRIAL_MECHANISMS)
}

/// Whether a mechanism is of otpair's plugin.
fn is_own(mechanism: &str) -> bool {
    vendor::plugin(mechanism) == PLUGIN
}

/// Before which mechanism otpair's belong.
fn place(names: &[String]) -> Result<usize, Refusal> {
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    let success = at(SUCCESS);
    let is_before_success = |place: &usize| success.is_none_or(|success| *place <= success);
    let pkinit = at(PKINIT).map(|pkinit| pkinit + 1);
    let places = [pkinit.filter(is_before_success), success];
    let mut places = places.into_iter().flatten().peekable();
    if places.peek().is_none() {
        return Err(Refusal::NoPlace);
    }
    let password = at(PASSWORD).ok_or(Refusal::NoPassword)?;
    places
        .find(|place| password < *place)
        .ok_or(Refusal::NoPassword)
}

#[cfg(test)]
mod tests;
