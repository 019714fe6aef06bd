//! What goes into the audit log: one event a line (contract section 7).

use crate::records::HeldToken;
use crate::token::{Serial, TokenType};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody was let in.
    Granted,
    /// Somebody was refused, or a passcode was.
    Denied,
    /// A token was paired with somebody.
    Paired,
    /// A token was taken from somebody.
    Unpaired,
    /// A token is back in step.
    Resynchronized,
    /// Somebody has to wait after too many failures.
    Locked,
    /// An admin ended the wait.
    Unlocked,
    /// An admin issued a bypass code.
    BypassIssued,
    /// A bypass code was used.
    BypassUsed,
    /// Tokens were imported.
    Imported,
    /// Tokens and people's records were backed up.
    BackedUp,
    /// A backup, or somebody's record of one, was restored.
    Restored,
    /// A token was disabled.
    Disabled,
    /// A token was enabled again.
    Enabled,
    /// A token was reserved for somebody, or no longer is.
    Reserved,
    /// A token was removed from the inventory.
    Removed,
    /// otpair's lines were put into a PAM service.
    Protected,
    /// otpair's lines were taken out of a PAM service.
    Unprotected,
    /// The sealing key was sealed with the TPM, or a step to that was done.
    KeyProtected,
    /// The sealing key was put back into a file, or a step to that was done.
    KeyUnprotected,
    /// Something on this machine was mended.
    Mended,
    /// Something on this machine does not work.
    Fault,
}

impl EventKind {
    /// The name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Paired => "paired",
            Self::Unpaired => "unpaired",
            Self::Resynchronized => "resynchronized",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::BypassIssued => "bypass_issued",
            Self::BypassUsed => "bypass_used",
            Self::Imported => "imported",
            Self::BackedUp => "backed_up",
            Self::Restored => "restored",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Reserved => "reserved",
            Self::Removed => "removed",
            Self::Protected => "protected",
            Self::Unprotected => "unprotected",
            Self::KeyProtected => "key_protected",
            Self::KeyUnprotected => "key_unprotected",
            Self::Mended => "mended",
            Self::Fault => "fault",
        }
    }
}

/// One event. Who, at which service and from where is added by the host. Never holds a passcode, a seed, or what
/// somebody typed where a password might be: a serial number only if the inventory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The token it is about.
    pub serial: Option<Serial>,
    /// Why, for the admin.
    pub reason: Option<String>,
    /// The token's drift in time steps, after a granted or resynchronized TOTP passcode.
    pub drift: Option<i32>,
}

impl Event {
    /// An event with nothing but its kind.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            serial: None,
            reason: None,
            drift: None,
        }
    }

    /// An event about a token and its state: its drift goes with it, if it has a clock.
    #[must_use]
    pub fn about(kind: EventKind, held: &HeldToken) -> Self {
        let has_clock = held.token.parameters.token_type != TokenType::Hotp;
        Self {
            serial: Some(held.token.serial.clone()),
            drift: has_clock.then_some(held.state.drift),
            ..Self::new(kind)
        }
    }

    /// The event, about a token.
    #[must_use]
    pub fn serial(self, serial: Option<&Serial>) -> Self {
        Self {
            serial: serial.cloned(),
            ..self
        }
    }

    /// The event, with a reason.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }
}
