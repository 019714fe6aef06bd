//! The clock that grants are measured by: it is never set, and it goes on while the machine sleeps.

use otpair_core::grant::Moment;
use rustix::time::{ClockId, clock_gettime};
use std::io;

/// Now.
pub(super) fn now() -> io::Result<Moment> {
    // macOS's monotonic clock counts sleep, Linux's does not.
    #[cfg(target_os = "macos")]
    let clock = ClockId::Monotonic;
    #[cfg(not(target_os = "macos"))]
    let clock = ClockId::Boottime;
    let seconds = u64::try_from(clock_gettime(clock).tv_sec).map_err(io::Error::other)?;
    Ok(Moment {
        boot: boot()?,
        seconds,
    })
}

/// The name of this run of the machine.
#[cfg(not(target_os = "macos"))]
fn boot() -> io::Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_owned())
}

/// The name of this run of the machine (`kern.bootsessionuuid`).
#[cfg(target_os = "macos")]
fn boot() -> io::Result<String> {
    super::ffi::boot_session()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_has_a_name_and_its_clock_only_goes_forward() {
        let (first, second) = (now().unwrap(), now().unwrap());
        assert_eq!(first.boot, second.boot);
        assert!(!first.boot.is_empty() && !first.boot.contains(char::is_whitespace));
        assert!(first.seconds <= second.seconds);
    }
}
