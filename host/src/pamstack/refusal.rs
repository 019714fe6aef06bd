//! Why otpair's line has no right place in a stack, and what to change by hand.

use super::stack::{Handler, Role, Stack};
use super::walk::Weakness;
use std::fmt;

/// Why a stack is not protected, or not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing in the stack checks a password or what takes its place.
    NoFirstFactor,
    /// A line about `auth` that libpam may read differently.
    Unreadable(String),
    /// It includes more lines than anybody can have written.
    TooLong,
    /// A failed password goes on to otpair.
    GoesOn {
        /// The line that goes on.
        line: String,
        /// The included file that it stands in.
        file: Option<String>,
    },
    /// A failed password ends only a substack.
    Substack {
        /// The line that begins the substack.
        line: String,
        /// Whether `include` in its place would do.
        include_would_do: bool,
    },
    /// Somebody is let in without a passcode.
    EndsBefore {
        /// The line that lets them in.
        line: String,
        /// The included file that it stands in.
        file: Option<String>,
    },
    /// A jump would land elsewhere.
    Jump(String),
    /// A line lets people in whom otpair has refused.
    LetInAfter,
    /// Nobody would be let in where otpair asks nothing.
    NobodyLetIn,
}

impl Refusal {
    pub(super) fn jump(handler: &Handler) -> Self {
        Self::Jump(handler.text.clone())
    }

    /// What a weakness of a stack comes to, in words of its lines.
    pub(super) fn of(weakness: Weakness, stack: &Stack) -> Self {
        match weakness {
            Weakness::ReachedWithout => goes_on(stack),
            Weakness::LetInBefore(at) => {
                let line = stack.handlers.get(at);
                Self::EndsBefore {
                    line: line
                        .map_or_else(|| "the stack".to_owned(), |handler| handler.text.clone()),
                    file: line.and_then(|handler| handler.file.clone()),
                }
            }
            Weakness::LetInAfter => Self::LetInAfter,
            Weakness::NobodyLetIn => Self::NobodyLetIn,
        }
    }
}

fn goes_on(stack: &Stack) -> Refusal {
    let firsts = || {
        stack
            .handlers
            .iter()
            .filter(|handler| handler.is_first_factor())
    };
    if let Some(inner) = firsts().find(|handler| handler.level > 0) {
        let outer = |handler: &&Handler| {
            handler.role == Role::Substack
                && handler.own_line == inner.own_line
                && handler.level == 0
        };
        let line = stack.handlers.iter().find(outer);
        return Refusal::Substack {
            line: line.map_or_else(String::new, |handler| handler.text.clone()),
            include_would_do: super::walk::Walk::through(&flat(stack))
                .weakness()
                .is_none(),
        };
    }
    match firsts().next() {
        None => Refusal::NoFirstFactor,
        Some(handler) => Refusal::GoesOn {
            line: handler.text.clone(),
            file: handler.file.clone(),
        },
    }
}

/// The stack as it would be with `include` for every `substack`.
fn flat(stack: &Stack) -> Stack {
    let handlers = stack
        .handlers
        .iter()
        .filter(|handler| handler.role != Role::Substack);
    let handlers = handlers.map(|handler| Handler {
        level: 0,
        ..handler.clone()
    });
    let handlers = handlers.collect();
    let mut flat = stack.clone();
    flat.handlers = handlers;
    flat
}

fn place(file: Option<&String>) -> String {
    file.map_or_else(String::new, |file| format!(" in {file}"))
}

/// Where to read on, if it is a file that authselect writes.
fn fedora(file: Option<&str>) -> &'static str {
    match file {
        Some("system-auth" | "password-auth") => {
            "; /usr/share/doc/otpair/doors/fedora.md says how on Fedora and its relatives"
        }
        _ => "",
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFirstFactor => f.write_str(
                "nothing in it checks a password, so a passcode would be the only thing asked for; \
                 put \"auth requisite pam_unix.so\" into it first",
            ),
            Self::Unreadable(line) => write!(
                f,
                "\"{line}\" can't be read for certain; write it in one line, without a backslash and with brackets around the control only"
            ),
            Self::TooLong => f.write_str(
                "the files that it includes come to more than 1024 lines; take out the line by which a file includes itself",
            ),
            Self::GoesOn { line, file } => write!(
                f,
                "\"{line}\"{} goes on when the password was wrong, and would reach otpair; \
                 write requisite instead of what stands behind auth there",
                place(file.as_ref())
            ),
            Self::Substack { line, include_would_do: true } => write!(
                f,
                "\"{line}\" goes on when the password was wrong, and would reach otpair; write include instead of substack"
            ),
            Self::Substack { line, include_would_do: false } => write!(
                f,
                "\"{line}\" goes on when the password was wrong, and would reach otpair; \
                 put \"auth requisite pam_unix.so\" in its place, or what checks passwords here{}",
                fedora(line.rsplit(' ').next())
            ),
            Self::EndsBefore { line, file } => write!(
                f,
                "\"{line}\"{} lets people in before otpair could ask; \
                 make it go on to the next line when it succeeds, or put what checks the password into the service's own file{}",
                place(file.as_ref()),
                fedora(file.as_deref())
            ),
            Self::Jump(line) => write!(
                f,
                "\"{line}\" jumps over the place where otpair's line belongs, which would make it land elsewhere; \
                 put \"auth requisite pam_unix.so\" in the place of the jump"
            ),
            Self::LetInAfter => f.write_str(
                "a line behind otpair's resets what was decided, and would let in whom otpair has refused; take it out",
            ),
            Self::NobodyLetIn => f.write_str(
                "nobody would be let in whom otpair asks nothing; put \"auth required pam_permit.so\" at the end of its auth lines",
            ),
        }
    }
}
