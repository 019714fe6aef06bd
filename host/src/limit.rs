//! The caller's limit on file sizes, lifted while otpair writes.
//!
//! A setuid program such as sudo inherits the limits of whoever started it. With a small one an attacker could have a
//! record's block torn, the count of a failure refused, or the audit file's lines left out, and the host process killed
//! by SIGXFSZ in the middle of it. Root may lift the limit; it is put back as soon as the writing is done.

use rlimit::{INFINITY, Resource};

/// The limit is lifted as long as this lives.
pub(crate) struct Lifted {
    /// The soft and the hard limit.
    before: Option<(u64, u64)>,
}

impl Lifted {
    /// Lifts the limit, if there is one and the process may.
    pub(crate) fn new() -> Self {
        // Where a filter such as seccomp hides it there is nothing to put back.
        let before = Resource::FSIZE.get().ok();
        let lifted = |(soft, hard): &(u64, u64)| {
            // Without the right to lift the hard limit, up to that.
            *soft != INFINITY
                && (Resource::FSIZE.set(INFINITY, INFINITY).is_ok()
                    || Resource::FSIZE.set(*hard, *hard).is_ok())
        };
        Self {
            before: before.filter(lifted),
        }
    }
}

impl Drop for Lifted {
    fn drop(&mut self) {
        if let Some((soft, hard)) = self.before.take() {
            // Lowering a limit is always allowed.
            let _ = Resource::FSIZE.set(soft, hard);
        }
    }
}
