//! What came of an import, told as it comes: a file of which every line is rejected takes no more memory than another.

use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use otpair_core::keyfile::Rejection;
use serde::Serialize;
use std::io::{self, Write as _};

/// The counts, and what is told beside them.
pub(super) struct Report {
    json: bool,
    pub(super) new: u64,
    pub(super) unchanged: u64,
    conflict: u64,
    rejected: u64,
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
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            new: 0,
            unchanged: 0,
            conflict: 0,
            rejected: 0,
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
            match serde_json::to_string(&rejected) {
                Ok(text) => self.write(&format!("{between}{text}")),
                Err(error) => self.lost = self.lost.take().or(Some(error.into())),
            }
        } else {
            self.line(&format!("rejected: {where}: {why}"));
        }
        self.rejected += 1;
    }

    /// Whether there is anything to count.
    pub(super) fn is_empty(&self) -> bool {
        self.new + self.unchanged + self.conflict + self.rejected == 0
    }

    /// Tells the counts.
    pub(super) fn count(&mut self, dry_run: bool) {
        let (new, unchanged, conflict) = (self.new, self.unchanged, self.conflict);
        if self.json {
            let opening = if self.rejected == 0 { OPENING } else { "" };
            self.write(&format!(
                "{opening}],\"new\":{new},\"unchanged\":{unchanged},\"conflict\":{conflict}}}\n"
            ));
            return;
        }
        let rejected = self.rejected;
        self.line(&format!(
            "new {new}, unchanged {unchanged}, conflict {conflict}, rejected {rejected}"
        ));
        if dry_run {
            self.line("Nothing was imported: this was a dry run.");
        }
    }

    /// Whether everything was taken and told.
    pub(super) fn verdict(self) -> Result<(), Failure> {
        match (self.lost, self.conflict, self.rejected) {
            (Some(error), ..) => Err(error.into()),
            (None, 0, 0) => Ok(()),
            (None, conflicts, rejected) => Err(Failure::new(format!(
                "not everything could be taken: {conflicts} conflicts, {rejected} rejected; mend the file and import it again"
            ))),
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

/// What stands before the first entry that was rejected.
const OPENING: &str = "{\"rejected\":[";
