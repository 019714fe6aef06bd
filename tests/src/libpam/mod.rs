//! A client of libpam: one sign-on from `pam_start` to `pam_end`, with a person who is a Rust type.

mod ffi;

use ffi::{Listener, Transaction};
use libc::{c_int, c_uint};
use std::ffi::CString;

/// `PAM_SUCCESS`.
pub const PAM_SUCCESS: c_int = 0;
/// The flag with which a program asks for silence.
pub const PAM_SILENT: c_int = 0x8000;
/// PAM's return codes that the tests know by name (`_pam_types.h`).
const CODES: [(c_int, &str); 13] = [
    (PAM_SUCCESS, "PAM_SUCCESS"),
    (3, "PAM_SERVICE_ERR"),
    (4, "PAM_SYSTEM_ERR"),
    (6, "PAM_PERM_DENIED"),
    (7, "PAM_AUTH_ERR"),
    (8, "PAM_CRED_INSUFFICIENT"),
    (9, "PAM_AUTHINFO_UNAVAIL"),
    (10, "PAM_USER_UNKNOWN"),
    (11, "PAM_MAXTRIES"),
    (19, "PAM_CONV_ERR"),
    (25, "PAM_IGNORE"),
    (26, "PAM_ABORT"),
    (28, "PAM_MODULE_UNKNOWN"),
];

/// A return code's name.
pub fn name(code: c_int) -> String {
    let found = CODES.iter().find(|(number, _)| *number == code);
    found.map_or_else(
        || format!("PAM code {code}"),
        |(_, name)| (*name).to_owned(),
    )
}

/// What kind of message it is (`pam_conv(3)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A prompt whose answer is not shown.
    EchoOff,
    /// A prompt whose answer is shown.
    EchoOn,
    /// An error text.
    Error,
    /// Any other text.
    Info,
    /// None that Linux-PAM's modules use.
    Other,
}

impl Style {
    const fn of(number: c_int) -> Self {
        match number {
            1 => Self::EchoOff,
            2 => Self::EchoOn,
            3 => Self::Error,
            4 => Self::Info,
            _ => Self::Other,
        }
    }

    const fn is_prompt(self) -> bool {
        matches!(self, Self::EchoOff | Self::EchoOn)
    }
}

/// What the person answers to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A text; bytes after a NUL are lost, as in any C program.
    Text(Vec<u8>),
    /// A response whose text is NULL.
    Null,
    /// The conversation fails.
    Fail,
}

/// The person at the other end.
pub trait Person {
    /// Answers a prompt.
    fn asked(&mut self, style: Style, text: &str) -> Answer;
    /// Hears a message.
    fn told(&mut self, style: Style, text: &str);
    /// PAM asked for a delay after a failure, in microseconds. It is not kept.
    fn delayed(&mut self, _microseconds: c_uint) {}
}

/// What to ask libpam for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The folder that holds the service's file, if it is not the system's.
    pub confdir: Option<CString>,
    /// The service.
    pub service: CString,
    /// The user.
    pub user: Option<CString>,
    /// Where the user comes from.
    pub rhost: Option<CString>,
    /// The user's terminal.
    pub tty: Option<CString>,
    /// Flags for `pam_authenticate`.
    pub flags: c_int,
    /// Whether there is a conversation function.
    pub conversation: bool,
}

impl Request {
    /// A user at a service of the system's.
    ///
    /// # Panics
    /// If a name holds a NUL.
    pub fn new(service: &str, user: Option<&str>) -> Self {
        Self {
            confdir: None,
            service: c_string(service),
            user: user.map(c_string),
            rhost: None,
            tty: None,
            flags: 0,
            conversation: true,
        }
    }

    /// The same, at a service of a folder of one's own.
    ///
    /// # Panics
    /// If its name holds a NUL.
    #[must_use]
    pub fn in_folder(self, confdir: &str) -> Self {
        Self {
            confdir: Some(c_string(confdir)),
            ..self
        }
    }
}

/// A name for C.
///
/// # Panics
/// If it holds a NUL.
pub fn c_string(text: &str) -> CString {
    CString::new(text).expect("no NUL in names")
}

/// The return codes of `pam_authenticate`, `pam_setcred` and `pam_acct_mgmt`, or of what failed before.
#[derive(Debug, Clone, Copy)]
pub struct Codes {
    /// `pam_authenticate`
    pub authenticate: c_int,
    /// `pam_setcred`
    pub setcred: c_int,
    /// `pam_acct_mgmt`
    pub account: c_int,
}

/// Authenticates, and nothing else; returns the code of `pam_authenticate`, or of `pam_start` if that failed.
pub fn authenticate(request: &Request, person: &mut dyn Person) -> c_int {
    match Transaction::start(request, &mut Listener(person)) {
        Ok(mut transaction) => transaction.authenticate(request.flags),
        Err(code) => code,
    }
}

/// Authenticates, then asks for the credentials and the account, whatever came of it.
pub fn sign_on(request: &Request, person: &mut dyn Person) -> Codes {
    match Transaction::start(request, &mut Listener(person)) {
        Ok(mut transaction) => Codes {
            authenticate: transaction.authenticate(request.flags),
            setcred: transaction.setcred(),
            account: transaction.account(),
        },
        Err(code) => Codes {
            authenticate: code,
            setcred: code,
            account: code,
        },
    }
}

/// Loads the modules of a service and keeps them loaded while `work` is done; nobody is asked for anything.
pub fn with_modules<T>(request: &Request, work: impl FnOnce() -> T) -> T {
    let mut nobody = Nobody;
    let mut listener = Listener(&mut nobody);
    let transaction = Transaction::start(request, &mut listener).map(|mut transaction| {
        transaction.account();
        transaction
    });
    let done = work();
    drop(transaction);
    done
}

/// Authenticates, for somebody who watches: calls `loaded`, if there is such, when the service's modules are loaded and
/// before they are asked for anything, and `decided` with the code of `pam_authenticate`.
pub fn watched(
    request: &Request,
    person: &mut dyn Person,
    loaded: Option<&dyn Fn()>,
    decided: &dyn Fn(c_int),
) {
    match Transaction::start(request, &mut Listener(person)) {
        Ok(mut transaction) => {
            if let Some(loaded) = loaded {
                // Of any service type: libpam loads the modules of all of them.
                transaction.account();
                loaded();
            }
            decided(transaction.authenticate(request.flags));
        }
        Err(code) => decided(code),
    }
}

/// Somebody who is not there.
struct Nobody;

impl Person for Nobody {
    fn asked(&mut self, _style: Style, _text: &str) -> Answer {
        Answer::Fail
    }

    fn told(&mut self, _style: Style, _text: &str) {}
}
