//! `otpair user unlock`.

use super::{Who, list};
use crate::failure::Failure;
use crate::machine::Machine;
use otpair_core::decision;
use otpair_core::event::{Event, EventKind};
use otpair_core::records::Fault;

/// Ends the wait of somebody with failures.
pub(super) fn run(machine: &Machine, who: &Who) -> Result<(), Failure> {
    let mut cache = machine.cache()?;
    let user = machine.name_of(&who.user)?;
    let failures = match cache.record_of(&user)? {
        None => {
            // A slip of the pen is told; somebody without a record is not locked.
            machine.account(&user)?;
            0
        }
        Some((account, _)) => cache.modify(&account, |record| {
            let failures = record.throttle.failures;
            *record = decision::unlock(record);
            Ok::<_, Fault>(failures)
        })?,
    };
    if failures > 0 {
        let reason = format!("{failures} failures forgotten");
        machine.record(Some(&user), &Event::new(EventKind::Unlocked).reason(reason));
    }
    list::tell(
        machine,
        &mut cache,
        who,
        &user,
        &format!("{user} is not locked."),
    )
}
