//! The caller's limit on file sizes, lifted while otpair writes.
//!
//! A setuid program such as sudo inherits the limits of whoever started it. With a small one an attacker could have a
//! record's block torn, the count of a failure refused, or the audit file's lines left out, and the host process killed
//! by SIGXFSZ in the middle of it. Root may lift the limit; it is put back as soon as the writing is done.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit is lifted as long as this lives.
pub(crate) struct Lifted {
    before: Option<Rlimit>,
}

impl Lifted {
    /// Lifts the limit, if there is one and the process may.
    pub(crate) fn new() -> Self {
        let before = getrlimit(Resource::Fsize);
        let none = Rlimit {
            current: None,
            maximum: None,
        };
        // Without the right to lift the hard limit, up to that.
        let most = Rlimit {
            current: before.maximum,
            maximum: before.maximum,
        };
        let lifted = before.current.is_some()
            && (setrlimit(Resource::Fsize, none).is_ok()
                || setrlimit(Resource::Fsize, most).is_ok());
        Self {
            before: lifted.then_some(before),
        }
    }
}

impl Drop for Lifted {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // Lowering a limit is always allowed.
            let _ = setrlimit(Resource::Fsize, before);
        }
    }
}
