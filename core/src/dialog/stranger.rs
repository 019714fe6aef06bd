//! Somebody whom the system does not know.

use super::Dialog;
use crate::acceptance::Reach;
use crate::answer::Answer;
use crate::decoy;
use crate::policy::Unpaired;
use crate::records::{Fault, Records};

impl Dialog {
    /// They get a paired user's dialog for a wrong passcode, and as slowly.
    pub(super) fn take_from_stranger(
        &mut self,
        typed: &[u8],
        records: &mut dyn Records,
        now: u64,
    ) -> Result<(), Fault> {
        match Answer::at_passcode_prompt(typed) {
            Answer::Otp(otp) => {
                let (decoy, policy) = (records.decoy(), &self.policy);
                records.read_decoy()?;
                decoy::examine(&decoy, &otp, None, policy, now, &*records)?;
                records.commit_decoy()?;
                records.read_decoy()?;
                let reach = Some(Reach::SignOn);
                decoy::examine(&decoy, &otp, reach, policy, now, &*records)?;
            }
            // Who has a token, but not that one: nothing is searched.
            Answer::SerialAndOtp(..) => {
                if self.policy.unpaired != Unpaired::Deny {
                    records.read_decoy()?;
                }
                records.read_decoy()?;
                records.commit_decoy()?;
                records.read_decoy()?;
            }
            Answer::Bypass(code) => {
                records.read_decoy()?;
                let _ = records.bypass_tag("", &code);
                records.commit_decoy()?;
            }
            Answer::Other => {
                self.take_other();
                return Ok(());
            }
            Answer::Serial(_) | Answer::Nothing => {
                self.no_passcode();
                return Ok(());
            }
        }
        self.deny("the system knows no such user");
        self.wrong(false);
        Ok(())
    }
}
