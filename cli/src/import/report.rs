//! What came of an import, told as it comes: a file of which every line is rejected takes no more memory than another.

use super::pairings::{NotPaired, Paired};
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use otpair_core::keyfile::Rejection;
use serde::Serialize;
use std::io::{self, Write as _};

/// The counts, and what is told beside them.
pub(super) struct Report {
    json: bool,
    dry_run: bool,
    pub(super) new: u64,
    pub(super) unchanged: u64,
    conflict: u64,
    rejected: u64,
    /// How many of these are files of which nothing could be read.
    refused: u64,
    paired: Vec<Paired>,
    not_paired: Vec<NotPaired>,
    /// So many could be paired, were something done about it.
    left_unpaired: u64,
    progress: Option<Progress>,
    /// Why stdout takes no more. The import goes on all the same: whoever reads its output does not decide on it.
    lost: Option<io::Error>,
}

/// An entry of the JSON's array.
#[derive(Serialize)]
struct Rejected<'a> {
    r#where: &'a str,
    why: &'a str,
}

impl Report {
    pub(super) fn new(json: bool, dry_run: bool) -> Self {
        Self {
            json,
            dry_run,
            new: 0,
            unchanged: 0,
            conflict: 0,
            rejected: 0,
            refused: 0,
            paired: Vec::new(),
            not_paired: Vec::new(),
            left_unpaired: 0,
            progress: None,
            lost: None,
        }
    }

    /// A file of so many bytes begins.
    pub(super) fn begin(&mut self, bytes: u64) {
        self.progress = Some(Progress::new(bytes));
    }

    /// So many entries of the file are read, and so many bytes.
    pub(super) fn at(&mut self, entries: u64, bytes: u64) {
        if let Some(progress) = &mut self.progress {
            progress.at(entries, bytes);
        }
    }

    /// The file is at its end.
    pub(super) fn end(&mut self) {
        self.progress = None;
    }

    /// Something was assumed.
    pub(super) fn note(&mut self, note: &str) {
        if self.json {
            self.hide();
            output::note(note);
        } else {
            self.line(note);
        }
    }

    /// A token was left as it was.
    pub(super) fn conflict(&mut self, note: &str) {
        self.conflict += 1;
        self.note(note);
    }

    /// An entry can't be taken.
    pub(super) fn reject(&mut self, rejection: &Rejection, prefix: &str) {
        self.reject_at(&format!("{prefix}{}", rejection.at), &rejection.why);
    }

    /// As [`Report::reject`], with the place in words.
    pub(super) fn reject_at(&mut self, r#where: &str, why: &str) {
        if self.json {
            let between = if self.rejected == 0 { OPENING } else { "," };
            let rejected = Rejected { r#where, why };
            match output::json(&rejected) {
                Ok(text) => self.write(&format!("{between}{text}")),
                Err(error) => self.lost = self.lost.take().or(Some(error)),
            }
        } else {
            self.line(&format!("rejected: {where}: {why}"));
        }
        self.rejected += 1;
    }

    /// A whole file can't be taken.
    pub(super) fn refuse(&mut self, file: &str, why: &str) {
        self.reject_at(file, why);
        self.refused += 1;
    }

    /// A token was paired, or would be.
    pub(super) fn paired(&mut self, paired: Paired) {
        if self.json {
            self.paired.push(paired);
        } else {
            self.line(&paired.line(self.dry_run));
        }
    }

    /// A token was not paired, though the file says whose it is.
    pub(super) fn not_paired(&mut self, left: NotPaired) {
        self.left_unpaired += u64::from(!left.is_gone);
        if self.json {
            self.not_paired.push(left);
        } else {
            self.line(&left.line());
        }
    }

    /// Whether there is anything to count.
    pub(super) fn is_empty(&self) -> bool {
        self.new + self.unchanged + self.conflict + self.rejected == 0
    }

    /// Tells the counts.
    pub(super) fn count(&mut self) {
        let (new, unchanged, conflict) = (self.new, self.unchanged, self.conflict);
        if self.json {
            let opening = if self.rejected == 0 { OPENING } else { "" };
            let paired = list("paired", &self.paired) + &list("not_paired", &self.not_paired);
            self.write(&format!(
                "{opening}],\"new\":{new},\"unchanged\":{unchanged},\"conflict\":{conflict}{paired}}}\n"
            ));
            return;
        }
        let rejected = self.rejected;
        self.line(&format!(
            "new {new}, unchanged {unchanged}, conflict {conflict}, rejected {rejected}"
        ));
        if self.dry_run {
            self.line("Nothing was imported: this was a dry run.");
        }
    }

    /// Whether everything was taken and told.
    pub(super) fn verdict(self) -> Result<(), Failure> {
        let left = self.left_unpaired;
        match (self.lost, self.conflict, self.rejected) {
            (Some(error), ..) => Err(error.into()),
            (None, 0, 0) if left == 0 => Ok(()),
            (None, 0, 0) => Err(Failure::new(format!(
                "all tokens are imported, but {left} not paired: do what is said of each, and import the file again"
            ))),
            (None, conflicts, rejected) => {
                let rejected = rejected - self.refused;
                Err(Failure::new(not_everything(
                    conflicts,
                    rejected,
                    self.refused,
                )))
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.write(&(output::plain(text) + "\n"));
    }

    fn write(&mut self, text: &str) {
        self.hide();
        if self.lost.is_none() {
            self.lost = io::stdout().lock().write_all(text.as_bytes()).err();
        }
    }

    /// The bar may stand where a line is to be.
    fn hide(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.hide();
        }
    }
}

/// How much could not be taken, and what to do about it: of a file that was refused its reason has told that.
fn not_everything(conflicts: u64, rejected: u64, refused: u64) -> String {
    let mut counts = Vec::new();
    let mut advice = String::new();
    if conflicts > 0 {
        counts.push(output::count(conflicts, "conflict"));
        advice += "; otpair token show SERIAL shows what is there: otpair token remove SERIAL first if the new one is right";
    }
    if rejected > 0 {
        counts.push(format!("{rejected} rejected"));
        advice += "; mend what is rejected and import it again";
    }
    if refused > 0 {
        counts.push(format!("{} as a whole", output::count(refused, "file")));
    }
    format!(
        "not everything could be taken: {}{advice}",
        counts.join(", ")
    )
}

/// What stands before the first entry that was rejected.
const OPENING: &str = "{\"rejected\":[";

/// A further key of the JSON, unless its list is empty.
fn list<T: Serialize>(name: &str, entries: &[T]) -> String {
    match output::json(&entries) {
        Ok(text) if !entries.is_empty() => format!(",\"{name}\":{text}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_at_the_end_is_for_what_happened() {
        let conflicts = not_everything(1, 0, 0);
        assert!(
            conflicts.contains("1 conflict; otpair token show"),
            "{conflicts}"
        );
        assert!(!conflicts.contains("mend"), "{conflicts}");
        assert_eq!(
            not_everything(0, 2, 0),
            "not everything could be taken: 2 rejected; mend what is rejected and import it again"
        );
        assert_eq!(
            not_everything(0, 0, 1),
            "not everything could be taken: 1 file as a whole"
        );
    }
}
