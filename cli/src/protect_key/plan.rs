//! What comes next on the sealing key's way into a credential or back, from what is there alone: so a second run finishes
//! what a first one began, wherever that was killed.

use otpair_cache::Fit;

/// Where the key is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// In a credential that only this machine's TPM opens.
    Tpm2,
    /// In the file beside the records.
    File,
}

/// Where the config says that the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Credential,
}

/// Where a key was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the copy that the admin has brought.
    Copy,
    /// In the file beside the records.
    Plain,
    /// In the credential.
    Sealed,
    /// Where the boot has put it.
    Unsealed,
}

/// What a place has, next to the key that the cache was made with: the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    Right,
    Other,
    /// Something that can't be opened.
    Shut,
}

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five things that are or are not so"
)]
pub(super) struct Facts {
    pub(super) config: Place,
    /// In the file beside the records.
    pub(super) plain: Held,
    /// A crash has left the key in a file that was being made or removed.
    pub(super) has_remains: bool,
    /// In the credential.
    pub(super) sealed: Held,
    /// Where the boot has put it.
    pub(super) unsealed: Held,
    /// Whether the next boot will put it there.
    pub(super) is_enabled: bool,
    /// It is to be sealed even if it is: by other PCRs, or because it is not by the TPM.
    pub(super) seal_anew: bool,
    /// A copy has to be written.
    pub(super) copy_is_due: bool,
    /// The admin neither has a copy, nor gets one, nor has said to do without.
    pub(super) lacks_copy: bool,
}

/// One change. Between any two of them, and in the middle of each, everybody can sign on. (Only a sign-on that has read
/// the config and then stands still for longer than `work` waits for it has to be held again.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Seal,
    Enable,
    Unseal,
    Copy,
    Point(Place),
    PlacePlain,
    ErasePlain,
    Disable,
    RemoveSealed,
    RemoveUnsealed,
}

/// Why nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The copy is of another key than that of the records.
    NotTheKey,
    /// None of the keys that there are is that of the records.
    Lost,
    /// The file beside the records has another key than they.
    OtherPlain,
    /// The credential has another key, or can't be opened, and the config does not name it.
    OtherSealed,
    /// The key would be in the credential alone, and nobody has said that it may.
    NoCopy,
}

/// Which of the keys that were found is the right one: the first that the cache was made with, or where it was made with
/// none the first of all. Nothing if there is none and none is needed.
pub(super) fn choose(found: &[(Origin, Fit)], is_empty: bool) -> Result<Option<Origin>, Refusal> {
    if found.contains(&(Origin::Copy, Fit::Differs)) {
        return Err(Refusal::NotTheKey);
    }
    let right = found.iter().find(|(_, fit)| *fit != Fit::Differs);
    match right {
        Some((origin, _)) => Ok(Some(*origin)),
        None if is_empty => Ok(None),
        None => Err(Refusal::Lost),
    }
}

/// The next step; nothing if it is done.
pub(super) fn next(goal: Goal, facts: Facts) -> Result<Option<Step>, Refusal> {
    if facts.plain == Held::Other {
        return Err(Refusal::OtherPlain);
    }
    match goal {
        Goal::Tpm2 => to_tpm2(facts),
        Goal::File => Ok(to_file(facts)),
    }
}

/// The plain file goes last, once the unit has shown that it gives the key back.
fn to_tpm2(facts: Facts) -> Result<Option<Step>, Refusal> {
    if facts.config == Place::File && !is_own(facts) {
        return Err(Refusal::OtherSealed);
    }
    let erases = facts.plain == Held::Right || facts.has_remains;
    if facts.lacks_copy && (erases || facts.config == Place::File) {
        return Err(Refusal::NoCopy);
    }
    let steps = [
        (facts.sealed != Held::Right || facts.seal_anew, Step::Seal),
        (!facts.is_enabled, Step::Enable),
        (facts.unsealed != Held::Right, Step::Unseal),
        (facts.copy_is_due, Step::Copy),
        (facts.config == Place::File, Step::Point(Place::Credential)),
        (erases, Step::ErasePlain),
    ];
    Ok(first(&steps))
}

/// The credential goes last, once the config names the file.
fn to_file(facts: Facts) -> Option<Step> {
    let is_own = is_own(facts);
    // Nobody signs on by such a one, and it is no more known as one's own when the config has ceased to name it.
    let is_dead = facts.sealed == Held::Shut && facts.unsealed != Held::Right;
    let steps = [
        (facts.plain == Held::Nothing, Step::PlacePlain),
        (is_own && is_dead, Step::RemoveSealed),
        (facts.config == Place::Credential, Step::Point(Place::File)),
        (is_own && facts.is_enabled, Step::Disable),
        (is_own && facts.sealed != Held::Nothing, Step::RemoveSealed),
        (
            is_own && facts.unsealed != Held::Nothing,
            Step::RemoveUnsealed,
        ),
    ];
    first(&steps)
}

/// Whether the credential is of this config. One that can't be opened is if the config names it, or if this boot has the
/// right key from it.
fn is_own(facts: Facts) -> bool {
    match facts.sealed {
        Held::Nothing | Held::Right => true,
        Held::Other => false,
        Held::Shut => facts.config == Place::Credential || facts.unsealed == Held::Right,
    }
}

fn first(steps: &[(bool, Step)]) -> Option<Step> {
    let due = steps.iter().find(|(is_due, _)| *is_due);
    due.map(|(_, step)| *step)
}

#[cfg(test)]
mod tests;
