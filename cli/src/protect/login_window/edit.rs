//! The edit itself: otpair's mechanisms in the right of the login window, and out of it, each read back.

use super::mac::{Window, refused};
use super::{Reason, record};
use crate::failure::Failure;
use otpair_core::event::EventKind;
use otpair_host::loginright::{self, LOGIN_WINDOW};
use std::path::Path;

impl Window {
    /// Puts the mechanisms in, and reads them back. If macOS did not keep them as they were written they are taken out.
    pub(super) fn put_in(&self) -> Result<(), Failure> {
        let before = self.right(LOGIN_WINDOW)?;
        let after = loginright::add(&before).map_err(|refusal| refused(&refusal))?;
        if after != before {
            self.write_right(LOGIN_WINDOW, &after)?;
        }
        let wanted = loginright::examine(&after).map_err(|refusal| refused(&refusal))?;
        match self.examine() {
            Ok(found) if found.mechanisms == wanted.mechanisms => Ok(()),
            found => {
                let _ = self.take_out_in_silence();
                let why = found.err().map_or_else(
                    || "macOS did not keep what was written".to_owned(),
                    |failure| failure.message().to_owned(),
                );
                Err(Failure::new(format!(
                    "{LOGIN_WINDOW}: {why}; nothing was switched on"
                )))
            }
        }
    }

    /// Takes otpair's mechanisms out, and logs that. Whether there were any.
    pub(super) fn take_out(&self, config: Option<&Path>, why: &Reason) -> Result<bool, Failure> {
        let were_any = self.take_out_in_silence()?;
        if were_any {
            record(config, EventKind::Unprotected, why);
        }
        Ok(were_any)
    }

    fn take_out_in_silence(&self) -> Result<bool, Failure> {
        let before = self.right(LOGIN_WINDOW)?;
        let after = match loginright::remove(&before) {
            Ok(after) if after == before => return Ok(false),
            Ok(after) => after,
            // Whatever has replaced the right: otpair is not in it.
            Err(_) if !names_otpair(&before) => return Ok(false),
            Err(refusal) => return Err(refused(&refusal)),
        };
        self.write_right(LOGIN_WINDOW, &after)?;
        if names_otpair(&self.right(LOGIN_WINDOW)?) {
            return Err(Failure::new(format!(
                "{LOGIN_WINDOW}: macOS did not take otpair out; see security authorizationdb read {LOGIN_WINDOW}"
            )));
        }
        Ok(true)
    }
}

/// Whether a right names a mechanism of otpair's, also where it can't be read as a property list.
fn names_otpair(plist: &[u8]) -> bool {
    String::from_utf8_lossy(plist).contains("<string>otpair:")
}
