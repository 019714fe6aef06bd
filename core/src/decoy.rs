//! The work for a token that nobody has: where there is nothing to examine, it takes as long as where there is.

use crate::acceptance::{self, Reach};
use crate::otp::Otp;
use crate::policy::Policy;
use crate::records::{Fault, Secrets};
use crate::seed::Seed;
use crate::token::{Parameters, Token, TokenState};

/// Examines a passcode for the decoy and forgets what was found, whatever its length. With a `reach` it does so for the
/// long search.
///
/// # Errors
/// A fault if the decoy's seed can't be opened.
pub fn examine_any(
    decoy: &Token,
    otp: &Otp,
    reach: Option<Reach>,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<(), Fault> {
    let parameters = Parameters {
        digits: otp.digits(),
        ..decoy.parameters
    };
    let seed = secrets.unseal(decoy)?;
    examine_as(&parameters, &seed, otp, reach, policy, now);
    Ok(())
}

/// The same as for somebody whose token the decoy is: a passcode of another length than its is compared with nothing.
///
/// # Errors
/// A fault if the decoy's seed can't be opened.
pub fn examine(
    decoy: &Token,
    otp: &Otp,
    reach: Option<Reach>,
    policy: &Policy,
    now: u64,
    secrets: &dyn Secrets,
) -> Result<(), Fault> {
    let seed = secrets.unseal(decoy)?;
    examine_as(&decoy.parameters, &seed, otp, reach, policy, now);
    Ok(())
}

fn examine_as(
    parameters: &Parameters,
    seed: &Seed,
    otp: &Otp,
    reach: Option<Reach>,
    policy: &Policy,
    now: u64,
) {
    let (state, windows) = (TokenState::default(), &policy.windows);
    match reach {
        None => {
            let _ = acceptance::examine(parameters, seed, &state, otp, now, windows);
        }
        Some(reach) => {
            let _ =
                acceptance::find_out_of_step(parameters, seed, &state, otp, now, windows, reach);
        }
    }
}
