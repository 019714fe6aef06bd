//! What the harness has to know of system calls.

use libc::c_long;

/// The names of those that a sign-on makes.
const NAMES: &[(c_long, &str)] = &[
    (libc::SYS_brk, "brk"),
    (libc::SYS_clock_gettime, "clock_gettime"),
    (libc::SYS_clock_nanosleep, "clock_nanosleep"),
    (libc::SYS_close, "close"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_exit_group, "exit_group"),
    (libc::SYS_fchmod, "fchmod"),
    (libc::SYS_fchown, "fchown"),
    (libc::SYS_fcntl, "fcntl"),
    (libc::SYS_fdatasync, "fdatasync"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_fstat, "fstat"),
    (libc::SYS_fsync, "fsync"),
    (libc::SYS_ftruncate, "ftruncate"),
    (libc::SYS_futex, "futex"),
    (libc::SYS_getcwd, "getcwd"),
    (libc::SYS_getegid, "getegid"),
    (libc::SYS_geteuid, "geteuid"),
    (libc::SYS_getgid, "getgid"),
    (libc::SYS_getpid, "getpid"),
    (libc::SYS_getrandom, "getrandom"),
    (libc::SYS_getsockopt, "getsockopt"),
    (libc::SYS_gettid, "gettid"),
    (libc::SYS_gettimeofday, "gettimeofday"),
    (libc::SYS_getuid, "getuid"),
    (libc::SYS_lseek, "lseek"),
    (libc::SYS_mkdirat, "mkdirat"),
    (libc::SYS_mmap, "mmap"),
    (libc::SYS_mprotect, "mprotect"),
    (libc::SYS_mremap, "mremap"),
    (libc::SYS_munmap, "munmap"),
    (libc::SYS_newfstatat, "newfstatat"),
    (libc::SYS_openat, "openat"),
    (libc::SYS_ppoll, "ppoll"),
    (libc::SYS_pread64, "pread64"),
    (libc::SYS_prlimit64, "prlimit64"),
    (libc::SYS_pwrite64, "pwrite64"),
    (libc::SYS_read, "read"),
    (libc::SYS_recvfrom, "recvfrom"),
    (libc::SYS_recvmsg, "recvmsg"),
    (libc::SYS_renameat, "renameat"),
    (libc::SYS_renameat2, "renameat2"),
    (libc::SYS_rt_sigaction, "rt_sigaction"),
    (libc::SYS_rt_sigprocmask, "rt_sigprocmask"),
    (libc::SYS_sendto, "sendto"),
    (libc::SYS_setsockopt, "setsockopt"),
    (libc::SYS_socket, "socket"),
    (libc::SYS_statx, "statx"),
    (libc::SYS_umask, "umask"),
    (libc::SYS_uname, "uname"),
    (libc::SYS_unlinkat, "unlinkat"),
    (libc::SYS_write, "write"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_access, "access"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, "lstat"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mkdir, "mkdir"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_readlink, "readlink"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rename, "rename"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, "stat"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_unlink, "unlink"),
];

/// A call's name, or its number.
pub fn name(number: c_long) -> String {
    let found = NAMES.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| format!("call {number}"), |(_, name)| (*name).to_owned())
}

fn is_one_of(number: c_long, names: &[&str]) -> bool {
    names.contains(&&*name(number))
}

/// Whether a call always succeeds, by its manual, or fails only by a mistake in the program. An error would be none of
/// the machine's faults, and some libraries end the process at it (`abort(3)`).
pub fn never_fails(number: c_long) -> bool {
    const NEVER: &[&str] = &[
        "exit_group",
        "futex",
        "getegid",
        "geteuid",
        "getgid",
        "getpid",
        "gettid",
        "getuid",
        "rt_sigaction",
        "rt_sigprocmask",
        "umask",
    ];
    is_one_of(number, NEVER)
}

/// Which argument of a call is a length that the call may fall short of.
pub fn length_argument(number: c_long) -> Option<usize> {
    const SECOND: &[&str] = &["getrandom"];
    const THIRD: &[&str] = &["pread64", "pwrite64", "read", "recvfrom", "sendto", "write"];
    match () {
        () if is_one_of(number, SECOND) => Some(1),
        () if is_one_of(number, THIRD) => Some(2),
        () => None,
    }
}

/// Whether a call puts bytes into a file.
pub fn writes(number: c_long) -> bool {
    is_one_of(number, &["pwrite64", "write"])
}

/// Whether a call changes a disk, or flushes what was changed.
pub fn needs_disk(number: c_long) -> bool {
    const CHANGES: &[&str] = &[
        "fchmod",
        "fchown",
        "fdatasync",
        "fsync",
        "ftruncate",
        "mkdir",
        "mkdirat",
        "pwrite64",
        "rename",
        "renameat",
        "renameat2",
        "unlink",
        "unlinkat",
        "write",
    ];
    is_one_of(number, CHANGES)
}

/// Whether a call gives a new file descriptor.
pub fn opens(number: c_long) -> bool {
    is_one_of(number, &["open", "openat", "socket"])
}

/// Whether a call gives new memory.
pub fn gives_memory(number: c_long) -> bool {
    is_one_of(number, &["brk", "mmap", "mremap"])
}

/// Whether a call removes a file.
pub fn removes(number: c_long) -> bool {
    is_one_of(number, &["unlink", "unlinkat"])
}
