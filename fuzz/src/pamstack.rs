//! The files of Linux-PAM.

use otpair_host::pamstack::{FirstFactor, Protected, examine, protect, unprotect};
use std::collections::HashMap;

/// What stands before the name of a further file, at the beginning of a line.
const FILE: &str = "%file ";

/// Protects a service's file and takes it back. Lines `%file NAME` begin further files, which may be included.
pub fn pamstack(data: &[u8]) {
    assert!(unprotect(data).len() <= data.len());
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut parts = text.split(FILE);
    let text = parts.next().unwrap_or_default();
    let files: HashMap<_, _> = parts.filter_map(|part| part.split_once('\n')).collect();
    let reader = |name: &str| files.get(name).map(|text| (*text).to_owned());
    let _ = examine(text, &reader);
    for first in [FirstFactor::InStack, FirstFactor::BeforeStack] {
        let Ok(Protected::Text(protected)) = protect(text, &reader, "", first) else {
            continue;
        };
        let examined = examine(&protected, &reader);
        assert_eq!(examined.lines, 1, "{protected}");
        assert!(
            !examined.first_factor || examined.weakness.is_none(),
            "{protected}"
        );
        let again = protect(&protected, &reader, "", first);
        assert_eq!(again, Ok(Protected::Already), "{protected}");
        // A line of otpair's that is commented out goes with the others.
        assert_eq!(
            unprotect(protected.as_bytes()),
            unprotect(text.as_bytes()),
            "{protected}"
        );
    }
}
