//! What is found wrong, and how it is told.

use crate::failure;
use crate::output;
use otpair_core::records::{Fault, FaultKind};
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Stops somebody's sign-on.
    Stops,
    /// Stops pairing, which is the sign-on of whoever has no token yet, and nobody who is paired.
    #[serde(rename = "warning")]
    StopsPairing,
    /// Stops nobody yet, or only somebody who has to wait.
    Warning,
    /// Nothing is wrong, but it could be better.
    Hint,
    /// Was wrong.
    Mended,
}

impl Severity {
    pub(super) fn stops_somebody(self) -> bool {
        matches!(self, Self::Stops | Self::StopsPairing)
    }
}

/// Something found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) about: String,
    pub(super) what: String,
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        about: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let (about, what, mend) = (about.to_owned(), what.into(), mend.into());
        Self {
            severity,
            about,
            what,
            mend,
        }
    }

    pub(super) fn stops(about: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Severity::Stops, about, what, mend)
    }

    pub(super) fn warning(about: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Severity::Warning, about, what, mend)
    }

    pub(super) fn fault(about: &str, fault: &Fault) -> Self {
        Self::stops(about, fault.detail.clone(), advice(fault.kind))
    }

    /// Something wrong with the inventory, or with a token in it.
    pub(super) fn inventory(fault: &Fault) -> Self {
        let what = match fault.kind {
            FaultKind::NoInventory => "is missing, though people have tokens",
            _ => fault.detail.as_str(),
        };
        let mend = match fault.kind {
            FaultKind::Damaged => {
                "move inventory.db away, then run otpair doctor --mend: it is rebuilt from the records; \
                 import the seed file again for the tokens nobody has"
            }
            kind => advice(kind),
        };
        let what = format!("{what}: this stops pairing or import, and nobody who is paired");
        Self::new(Severity::StopsPairing, "inventory", what, mend)
    }
}

/// What to do about a fault: here nobody is sent to the doctor.
pub(super) fn advice(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Damaged => {
            "move it away, otpair user unpair what it held, wait 10 minutes, and pair that again with a fresh passcode"
        }
        FaultKind::OtherUid => {
            "unpair the old account's tokens with otpair user unpair; when none is left, run otpair doctor --mend"
        }
        FaultKind::NoInventory => "run otpair doctor --mend: it is made anew from people's records",
        kind => failure::advice(kind),
    }
}

pub(super) fn for_people(findings: &[Finding]) -> String {
    let first = if findings
        .iter()
        .all(|found| found.severity == Severity::Hint)
    {
        "Nothing here stops a sign-on.\n"
    } else {
        ""
    };
    let lines = findings.iter().map(
        |Finding {
             severity,
             about,
             what,
             mend,
         }| {
            let severity = match severity {
                Severity::Stops => "STOPS",
                Severity::StopsPairing | Severity::Warning => "warning",
                Severity::Hint => "hint",
                Severity::Mended => "mended",
            };
            let first = output::plain(&format!("{severity}: {about}: {what}"));
            let second = output::plain(mend);
            if second.is_empty() {
                format!("{first}\n")
            } else {
                format!("{first}\n    {second}\n")
            }
        },
    );
    first.to_owned() + &lines.collect::<String>()
}
