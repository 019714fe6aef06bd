//! Who has a file locked, for the admin: an attacker can stop a `su` of theirs while it holds a victim's record.
//!
//! Linux tells in /proc/locks (`proc_locks(5)`), as far as the caller may see it. Whatever can't be found out is left out.

use std::fs::File;

/// The process that has the file locked, such as `su (pid 1234, uid 2002, stopped)`; its uid is that of whoever started
/// it. Nothing if that can't be told.
#[cfg(not(target_os = "linux"))]
pub(super) fn of(_: &File) -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
pub(super) use linux::of;

#[cfg(target_os = "linux")]
mod linux {
    use super::File;
    use rustix::fs::{major, minor};
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    /// See above.
    pub(in super::super) fn of(file: &File) -> Option<String> {
        let found = file.metadata().ok()?;
        let device = (major(found.dev()), minor(found.dev()));
        let locks = fs::read_to_string("/proc/locks").ok()?;
        let pid = locks
            .lines()
            .find_map(|line| holder(line, device, found.ino()))?;
        Some(process(pid))
    }

    /// The process of a line such as `1: FLOCK  ADVISORY  WRITE 1234 08:01:131090 0 EOF`, if it is about this file. One
    /// that waits has an arrow before the kind.
    fn holder(line: &str, device: (u32, u32), inode: u64) -> Option<u32> {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let &[_, "FLOCK", _, _, pid, file, ..] = fields.as_slice() else {
            return None;
        };
        let &[major, minor, number] = file.split(':').collect::<Vec<_>>().as_slice() else {
            return None;
        };
        let hexadecimal = |digits| u32::from_str_radix(digits, 16).ok();
        let same = (hexadecimal(major)?, hexadecimal(minor)?) == device
            && number.parse::<u64>().ok()? == inode;
        // A process of another pid namespace is 0.
        let pid = pid.parse().ok().filter(|pid| *pid != 0)?;
        same.then_some(pid)
    }

    fn process(pid: u32) -> String {
        let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
        // A process names itself as it likes.
        let plain = |byte: &u8| match byte {
            b if b.is_ascii_alphanumeric() || b"._+-:/".contains(b) => char::from(*b),
            _ => '?',
        };
        let name: String = name.trim_ascii_end().iter().map(plain).collect();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.split_ascii_whitespace().next()
        };
        let name = if name.is_empty() { "a process" } else { &name };
        let uid = field("Uid:").map_or_else(String::new, |uid| format!(", uid {uid}"));
        let stopped = match field("State:") {
            Some("T" | "t") => ", stopped",
            _ => "",
        };
        format!("{name} (pid {pid}{uid}{stopped})")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_a_lock_that_is_held_on_the_very_file_counts() {
            let of = |line| holder(line, (8, 0x1f), 131_090);
            let held = "1: FLOCK  ADVISORY  WRITE 1234 08:1f:131090 0 EOF";
            assert_eq!(of(held), Some(1234));
            for other in [
                "1: -> FLOCK  ADVISORY  WRITE 1234 08:1f:131090 0 EOF",
                "1: POSIX  ADVISORY  WRITE 1234 08:1f:131090 0 EOF",
                "1: FLOCK  ADVISORY  WRITE 1234 08:1f:131091 0 EOF",
                "1: FLOCK  ADVISORY  WRITE 1234 08:1e:131090 0 EOF",
                "1: FLOCK  ADVISORY  WRITE 0 08:1f:131090 0 EOF",
                "1: FLOCK  ADVISORY  WRITE -1 08:1f:131090 0 EOF",
                "1: FLOCK  ADVISORY  WRITE 1234 <none>:0 0 EOF",
                "1: FLOCK",
                "",
            ] {
                assert_eq!(of(other), None, "{other}");
            }
        }

        #[test]
        fn a_process_that_is_gone_has_a_number_still() {
            assert_eq!(process(u32::MAX), format!("a process (pid {})", u32::MAX));
        }
    }
}
