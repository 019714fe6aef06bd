//! What the helper and the module do to the system, as `strace` sees it, and whether a policy of AppArmor's or SELinux's
//! allows it. No kernel has to enforce either for that.

pub mod access;
pub mod apparmor;
pub mod recording;
pub mod selinux;
