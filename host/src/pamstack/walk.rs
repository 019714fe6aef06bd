//! Every way through a stack. This is `_pam_dispatch_aux` of Linux-PAM, for all answers at once.

use super::parse::Action;
use super::stack::{Handler, Role, Stack};
use std::collections::HashSet;

/// What libpam thinks so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Impression {
    Undefined,
    Good,
    /// `ok` was said of an answer that is no success: nobody is let in, and nothing changes that but `reset`.
    Odd,
    Bad,
}

/// What came of otpair on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Passed {
    NotYet,
    /// It let the person on.
    Yes,
    Refused,
}

/// Somewhere on a way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Spot {
    next: usize,
    impression: Impression,
    /// The impression at the beginning of each substack that the way is in.
    saved: Vec<Impression>,
    first_factor: bool,
    /// Whether a first factor was wrong.
    failed: bool,
    otpair: Passed,
}

/// What is wrong with a stack that otpair is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weakness {
    /// Somebody without the first factor gets as far as otpair.
    ReachedWithout,
    /// Somebody with the first factor, or with a wrong one, is let in without otpair, by the module at this place or, behind
    /// the last one, by the stack's end.
    LetInBefore(usize),
    /// Somebody whom otpair has refused is let in.
    LetInAfter,
    /// Nobody is let in where otpair asks nothing.
    NobodyLetIn,
}

/// What was seen on all the ways.
#[derive(Debug, Default)]
pub(super) struct Walk {
    reached_without: bool,
    let_in_before: Option<usize>,
    let_in_after: bool,
    let_in: bool,
}

impl Walk {
    /// Walks every way.
    pub(super) fn through(stack: &Stack) -> Self {
        Self::beginning(stack, false)
    }

    /// The same, for somebody who may have given the first factor before the stack begins.
    pub(super) fn beginning(stack: &Stack, first_factor: bool) -> Self {
        let mut walk = Self::default();
        let mut seen = HashSet::new();
        let mut open = vec![Spot {
            next: 0,
            impression: Impression::Undefined,
            saved: vec![Impression::Undefined],
            first_factor,
            failed: false,
            otpair: Passed::NotYet,
        }];
        while let Some(spot) = open.pop() {
            if !seen.insert(spot.clone()) {
                continue;
            }
            let Some(handler) = stack.handlers.get(spot.next) else {
                walk.end(&spot, spot.next);
                continue;
            };
            if handler.role == Role::Otpair && !spot.first_factor {
                walk.reached_without = true;
            }
            for answer in answers(handler) {
                open.extend(walk.step(stack, &spot, handler, answer));
            }
        }
        walk
    }

    /// The gravest thing that was seen.
    pub(super) fn weakness(&self) -> Option<Weakness> {
        if let Some(at) = self.let_in_before {
            Some(Weakness::LetInBefore(at))
        } else if self.reached_without {
            Some(Weakness::ReachedWithout)
        } else if self.let_in_after {
            Some(Weakness::LetInAfter)
        } else {
            (!self.let_in).then_some(Weakness::NobodyLetIn)
        }
    }

    /// The end of a way; `by` is the module that ended it.
    fn end(&mut self, spot: &Spot, by: usize) {
        // Whoever is not asked for a first factor, such as root, is not otpair's business.
        if spot.impression != Impression::Good || !(spot.first_factor || spot.failed) {
            return;
        }
        match spot.otpair {
            Passed::NotYet => {
                self.let_in_before.get_or_insert(by);
            }
            Passed::Refused => self.let_in_after = true,
            Passed::Yes => self.let_in = true,
        }
    }

    /// One module, one answer: where the way goes on.
    fn step(
        &mut self,
        stack: &Stack,
        spot: &Spot,
        handler: &Handler,
        answer: &str,
    ) -> Option<Spot> {
        let mut spot = spot.clone();
        let here = spot.next;
        let success = is_success(answer);
        enter(&mut spot, handler.level);
        if handler.is_first_factor() {
            spot.first_factor |= success;
            spot.failed |= !success && answer != "ignore";
        }
        if handler.role == Role::Otpair {
            let on = success || answer == "ignore";
            spot.otpair = if on && spot.otpair != Passed::Refused {
                Passed::Yes
            } else {
                Passed::Refused
            };
        }
        if handler.role == Role::Substack {
            spot.next += 1;
            return Some(spot);
        }
        let action = handler.control.action(answer);
        spot.impression = judged(spot.impression, action, success, &spot.saved);
        let decided = match action {
            Action::Die => true,
            Action::Done => matches!(spot.impression, Impression::Good | Impression::Odd),
            _ => false,
        };
        spot.next = match action {
            _ if decided => after(stack, here),
            Action::Jump(count) => stack.landing(here, count).unwrap_or_else(|| {
                // libpam takes it for a mistake and refuses, but goes on.
                spot.impression = Impression::Bad;
                after(stack, here)
            }),
            _ => here + 1,
        };
        if decided && spot.next == stack.handlers.len() {
            self.end(&spot, here);
            return None;
        }
        Some(spot)
    }
}

/// The impression at the beginning of a substack is kept, for `reset`.
fn enter(spot: &mut Spot, level: usize) {
    while spot.saved.len() <= level {
        spot.saved.push(spot.impression);
    }
    spot.saved.truncate(level + 1);
}

fn judged(so_far: Impression, action: Action, success: bool, saved: &[Impression]) -> Impression {
    match (action, so_far) {
        (Action::Reset, _) => saved.last().copied().unwrap_or(Impression::Undefined),
        (Action::Ok | Action::Done, Impression::Undefined | Impression::Good) => {
            if success {
                Impression::Good
            } else {
                Impression::Odd
            }
        }
        (Action::Bad | Action::Die, _) => Impression::Bad,
        (_, so_far) => so_far,
    }
}

/// Where it goes on after a decision: behind the substack, or at the end.
fn after(stack: &Stack, here: usize) -> usize {
    let level = stack.handlers.get(here).map_or(0, |handler| handler.level);
    let rest = stack.handlers.iter().skip(here + 1);
    here + 1 + rest.take_while(|handler| handler.level >= level).count()
}

fn is_success(answer: &str) -> bool {
    matches!(answer, "success" | "new_authtok_reqd")
}

/// Every answer that a module may give; one stands for all that the control field does not name.
fn answers(handler: &Handler) -> Vec<&str> {
    match handler.role {
        Role::Permit | Role::Substack => vec!["success"],
        Role::Deny => vec!["auth_err"],
        Role::Otpair => vec![
            "success",
            "ignore",
            "auth_err",
            "maxtries",
            "authinfo_unavail",
            "conv_err",
        ],
        Role::FirstFactor | Role::Other => {
            let named = handler.control.named.iter().map(|(name, _)| name.as_str());
            let all = named.chain(["success", "new_authtok_reqd", "ignore", "any other"]);
            let may_ignore = handler.role == Role::Other || handler.may_ignore;
            all.filter(|answer| may_ignore || *answer != "ignore")
                .collect()
        }
    }
}
