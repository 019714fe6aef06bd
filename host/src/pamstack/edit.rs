//! Putting lines in and taking them out. A line of otpair's ends in a mark, and nothing else is ever touched.

/// The end of every line that is otpair's.
pub const MARK: &str = "# otpair protect: taken out by otpair unprotect";

/// A line of otpair's, without its end.
pub(super) struct Marked(String);

impl Marked {
    /// The line that asks for the passcode.
    pub(super) fn otpair(arguments: &str) -> Self {
        let module = format!("pam_otpair.so {arguments}");
        Self(format!("auth required {} {MARK}", module.trim_end()))
    }

    /// The line that decides where otpair has nothing to say.
    pub(super) fn permit() -> Self {
        Self(format!("auth required pam_permit.so {MARK}"))
    }
}

/// Whether otpair's lines are in a file.
#[must_use]
pub fn is_marked(text: impl AsRef<[u8]>) -> bool {
    lines(text.as_ref()).any(is_own)
}

/// Whether one of them is not itself a comment.
pub(super) fn is_in_force(text: &str) -> bool {
    lines(text.as_bytes()).any(|line| is_own(line) && !line.trim_ascii_start().starts_with(b"#"))
}

/// The lines, each with its end.
fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

fn is_own(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(MARK.as_bytes())
}

/// The text with these lines at a place, in bytes, where a line begins or the text ends.
pub(super) fn insert(text: &str, place: usize, lines: &[Marked]) -> String {
    let (before, after) = text.split_at_checked(place).unwrap_or((text, ""));
    let own: Vec<&str> = lines.iter().map(|line| line.0.as_str()).collect();
    let own = own.join("\n");
    // A last line that is not ended stays so, whoever is the last now.
    if before.is_empty() || before.ends_with('\n') {
        format!("{before}{own}\n{after}")
    } else {
        format!("{before}\n{own}")
    }
}

/// The text without otpair's lines: what it was before, if nobody else has changed it since. Bytes, for an admin's comment
/// may be in any encoding.
#[must_use]
pub fn unprotect(text: &[u8]) -> Vec<u8> {
    let kept: Vec<&[u8]> = lines(text).filter(|line| !is_own(line)).collect();
    let mut kept = kept.concat();
    // Ours stood behind a last line without an end.
    let last = lines(text).next_back().unwrap_or_default();
    if is_own(last) && !last.ends_with(b"\n") && kept.ends_with(b"\n") {
        kept.pop();
    }
    kept
}
