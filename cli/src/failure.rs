//! What went wrong, for stderr and for the exit status.

use crate::output;
use otpair_cache::admin;
use otpair_core::records::{Fault, FaultKind};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused or failed, and what to do. Status 1.
    Failed(String),
    /// As [`Failure::Failed`], where the line stands for itself: `file:line:column: message`.
    Place(String),
    /// The command line makes no sense. Status 2.
    Usage(String),
    /// No failure: the help or version was asked for. Status 0.
    Help(String),
    /// Whoever read the output has gone. Status 1.
    Gone,
}

impl Failure {
    /// Refused or failed: what is wrong and what to do, in one line.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A file that can't be used.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::Failed(format!("{}: {error}", path.display()))
    }

    /// What is told of it.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Failed(why) | Self::Place(why) | Self::Usage(why) | Self::Help(why) => why,
            Self::Gone => "",
        }
    }

    /// Tells on stderr, and gives the exit status.
    pub(crate) fn report(self) -> ExitCode {
        let (line, status) = match self {
            Self::Help(text) => {
                let shown = output::print(&text);
                return if shown.is_ok() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                };
            }
            Self::Gone => return ExitCode::FAILURE,
            Self::Place(line) => (line, 1),
            Self::Failed(message) => (format!("otpair: {message}"), 1),
            Self::Usage(message) => (format!("otpair: {message}"), 2),
        };
        // Where stderr is closed there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{}", output::plain(&line));
        ExitCode::from(status)
    }
}

/// What to do about a fault; empty where the fault's detail says it.
pub(crate) fn advice(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Io if !rustix::process::geteuid().is_root() => "run this as root",
        FaultKind::Io => "see that the disk can be read and written and has room",
        FaultKind::Damaged | FaultKind::OtherUid => "run otpair doctor",
        FaultKind::Newer => "use the otpair that wrote it, or a newer one",
        FaultKind::Unsafe => "give it to root, and let nobody else write there (chown, chmod go-w)",
        FaultKind::Key | FaultKind::Helper => "",
        FaultKind::Busy => "try again in a moment; fuser(1) tells who holds it",
        FaultKind::NoInventory => "import a seed file first: otpair import FILE",
        FaultKind::Config => "see otpair.toml(5)",
        FaultKind::Lookup => "see that getent passwd works here",
        FaultKind::Limit => "give this user a shorter name, or unpair one of their tokens",
        FaultKind::Internal => "this is a mistake in otpair: please report it with this line",
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match advice(fault.kind) {
            "" => Self::Failed(fault.detail),
            advice => Self::Failed(format!("{}; {advice}", fault.detail)),
        }
    }
}

impl From<admin::Error> for Failure {
    fn from(error: admin::Error) -> Self {
        match error {
            admin::Error::Refused(refusal) => Self::Failed(refusal.to_string()),
            admin::Error::Fault(fault) => fault.into(),
            admin::Error::InRecordOnly { user, fault } => Self::Failed(format!(
                "done in the record of {user}, which is what counts, but the inventory could not be told: {fault}; run otpair doctor"
            )),
        }
    }
}

impl From<io::Error> for Failure {
    /// For output: what can't be shown is no failure of the command when nobody reads it any more.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Failed(format!("the output can't be written: {error}")),
        }
    }
}
