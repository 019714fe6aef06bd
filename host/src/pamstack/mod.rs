//! The stacks of Linux-PAM: where otpair's line belongs in a service's file, and what a stack lets through.
//!
//! Text in, text out: nothing here opens a file. What a stack does is found by walking every way through it, with every
//! outcome that each module may have, as libpam's dispatcher would (pam.conf(5)). So two things are known before a line
//! is written: nobody reaches otpair without the first factor, and nobody is let in past it.

mod edit;
mod parse;
mod refusal;
mod stack;
mod walk;

pub use edit::{MARK, is_marked, unprotect};
pub use refusal::Refusal;

use edit::{Marked, is_in_force};
use parse::{Line, Says};
use stack::{Handler, Role, Stack};
use std::collections::HashSet;
use walk::Walk;

/// Gives the text of a file of PAM's folder by its name, or nothing if there is none.
pub type Reader<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What verifies who somebody is, before otpair asks for a passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstFactor {
    /// A module of the stack, such as `pam_unix`.
    InStack,
    /// The door itself, before it calls PAM: sshd with `AuthenticationMethods publickey,keyboard-interactive`.
    BeforeStack,
}

/// What [`protect`] made of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protected {
    /// The file with otpair's lines.
    Text(String),
    /// The lines are there: nothing is to be done.
    Already,
    /// A line that somebody wrote by hand is there, or one in an included file.
    ByHand,
}

/// Puts otpair's marked lines into a service's file, behind what checks the first factor. `arguments` are the module's.
///
/// # Errors
/// A [`Refusal`] that says what to change by hand, where no place is right.
pub fn protect(
    text: &str,
    reader: Reader<'_>,
    arguments: &str,
    first: FirstFactor,
) -> Result<Protected, Refusal> {
    let lines = parse::lines(text);
    let stack = Stack::of(&lines, reader);
    let is_alone = !stack.has(Role::FirstFactor);
    readable(text, reader)?;
    whole(&stack)?;
    if stack.has(Role::Otpair) {
        sound(&stack, first)?;
        return Ok(if is_in_force(text) {
            Protected::Already
        } else {
            Protected::ByHand
        });
    }
    if is_alone && first == FirstFactor::InStack {
        return Err(Refusal::NoFirstFactor);
    }
    let text = if is_alone {
        alone(text, &lines, arguments)
    } else {
        let place = place(&lines, &stack)?;
        edit::insert(text, place, &[Marked::otpair(arguments)])
    };
    // What was written is judged once more, as it will be read.
    sound(&Stack::of(&parse::lines(&text), reader), first)?;
    Ok(Protected::Text(text))
}

/// Refuses a file, or one that it includes, in which a line about `auth` can't be read for certain.
fn readable(text: &str, reader: Reader<'_>) -> Result<(), Refusal> {
    let (mut open, mut seen) = (vec![text.to_owned()], HashSet::new());
    while let Some(text) = open.pop() {
        for line in parse::lines(&text) {
            match line.says {
                Says::Unreadable => return Err(Refusal::Unreadable(line.text)),
                Says::Include(name) | Says::Substack(name) if seen.insert(name.clone()) => {
                    open.extend(reader(&name));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Refuses a stack of which only the beginning is known.
fn whole(stack: &Stack) -> Result<(), Refusal> {
    if stack.is_whole() {
        Ok(())
    } else {
        Err(Refusal::TooLong)
    }
}

/// Refuses a stack with otpair in it that has a weakness.
fn sound(stack: &Stack, first: FirstFactor) -> Result<(), Refusal> {
    whole(stack)?;
    let is_alone = !stack.has(Role::FirstFactor);
    if is_alone && first == FirstFactor::InStack {
        return Err(Refusal::NoFirstFactor);
    }
    match Walk::beginning(stack, is_alone).weakness() {
        None => Ok(()),
        Some(weakness) => Err(Refusal::of(weakness, stack)),
    }
}

/// otpair where nothing else decides: with a line behind it that says yes when otpair has nothing to say.
fn alone(text: &str, lines: &[Line], arguments: &str) -> String {
    let last = lines.iter().rev().find(|line| line.is_auth());
    let end = last.map_or(text.len(), |line| line.end);
    edit::insert(text, end, &[Marked::otpair(arguments), Marked::permit()])
}

/// The first place, in bytes, at which otpair's line is reached by everybody with the first factor and nobody without.
fn place(lines: &[Line], stack: &Stack) -> Result<usize, Refusal> {
    // What speaks against the first place after the first factor is what an admin can understand.
    let mut refusal = None;
    for line in lines.iter().filter(|line| line.is_auth()) {
        let at = stack.end_of(line.number);
        let mut before = stack.handlers.iter().take(at);
        if !before.any(Handler::is_first_factor) {
            continue;
        }
        if let Some(jump) = stack.jump_over(at) {
            refusal.get_or_insert(Refusal::jump(jump));
            continue;
        }
        let with = stack.with_otpair(at);
        match Walk::through(&with).weakness() {
            None => return Ok(line.end),
            Some(weakness) => {
                refusal.get_or_insert(Refusal::of(weakness, &with));
            }
        }
    }
    Err(refusal.unwrap_or(Refusal::NoFirstFactor))
}

/// What is to be said of a service's stack as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Whether something in it checks a first factor.
    pub first_factor: bool,
    /// Whether otpair decides in it.
    pub protected: bool,
    /// How many of otpair's lines decide, for more than one asks more than once.
    pub lines: usize,
    /// What is wrong with the place of otpair's line: who gets past it, or reaches it too early.
    pub weakness: Option<Refusal>,
}

/// Examines a service's stack.
#[must_use]
pub fn examine(text: &str, reader: Reader<'_>) -> Examined {
    let stack = Stack::of(&parse::lines(text), reader);
    let (first_factor, protected) = (stack.has(Role::FirstFactor), stack.has(Role::Otpair));
    let unreadable = readable(text, reader).and_then(|()| whole(&stack));
    let unreadable = unreadable.err().filter(|_| protected);
    let weakness = match (first_factor, protected) {
        _ if unreadable.is_some() => unreadable,
        (true, true) => Walk::through(&stack)
            .weakness()
            .map(|weakness| Refusal::of(weakness, &stack)),
        (false, true) => Some(Refusal::NoFirstFactor),
        (_, false) => None,
    };
    Examined {
        first_factor,
        protected,
        lines: stack.count(Role::Otpair),
        weakness,
    }
}

#[cfg(test)]
mod tests;
