//! A process that is stopped at each of its system calls (`ptrace(2)`), and what it needs of libc.

#![allow(unsafe_code)]

use libc::{c_int, c_long, c_void, iovec, pid_t, ptrace_syscall_info, user_regs_struct};
use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

/// How many arguments a system call has at most.
pub const ARGUMENTS: usize = 6;

/// Longer than any sign-on, in seconds: what takes longer hangs.
const PATIENCE: u32 = 30;

/// Why a traced process has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It is about to make this system call.
    Entry {
        /// Its number, as the kernel counts.
        number: c_long,
        /// Its arguments.
        arguments: [u64; ARGUMENTS],
    },
    /// It has made it, with this result: an error is a negative number.
    Exit(i64),
    /// It is about to get this signal.
    Signal(c_int),
    /// It is no more, and has got this signal if it did not exit.
    Ended(Option<c_int>),
}

/// A child that is traced; killed when dropped.
#[derive(Debug)]
pub struct Traced {
    pid: pid_t,
    /// How it ended, if it has: the signal that it got, or none.
    end: Option<Option<c_int>>,
}

impl Traced {
    /// Has a copy of this process do `work`, which calls [`stop_here`] where the tracing is to begin, and waits until it
    /// does.
    pub fn fork(work: impl FnOnce()) -> Self {
        // SAFETY: this process has one thread, so nothing is locked or half done in the copy.
        let pid = unsafe { libc::fork() };
        assert!(
            pid >= 0,
            "no process can be made: {}",
            io::Error::last_os_error()
        );
        if pid == 0 {
            begin_as_traced();
            work();
            // SAFETY: ends the copy at once: what the parent has to do at its own end is not done twice.
            unsafe { libc::_exit(0) };
        }
        let mut traced = Self { pid, end: None };
        let stopped = traced.wait();
        assert_eq!(
            stopped,
            Stop::Signal(libc::SIGSTOP),
            "the copy did not get to its work"
        );
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        traced.request(
            libc::PTRACE_SETOPTIONS,
            ptr::null_mut(),
            options as usize as *mut c_void,
        );
        traced
    }

    /// The process's number.
    pub const fn pid(&self) -> pid_t {
        self.pid
    }

    /// Lets it go on, with a signal if that is not 0, until it stops again.
    pub fn resume(&mut self, signal: c_int) -> Stop {
        if let Some(signal) = self.end {
            return Stop::Ended(signal);
        }
        let signal = usize::try_from(signal).expect("a signal's number is positive");
        self.request(libc::PTRACE_SYSCALL, ptr::null_mut(), signal as *mut c_void);
        self.wait()
    }

    fn wait(&mut self) -> Stop {
        let mut status = 0;
        // SAFETY: `status` is a place for the answer.
        let waited = unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        assert_eq!(
            waited,
            self.pid,
            "a child can't be waited for: {}",
            io::Error::last_os_error()
        );
        if !libc::WIFSTOPPED(status) {
            let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
            self.end = Some(signal);
            return Stop::Ended(signal);
        }
        let signal = libc::WSTOPSIG(status);
        if signal == libc::SIGTRAP | 0x80 {
            self.system_call()
        } else {
            Stop::Signal(signal)
        }
    }

    fn system_call(&self) -> Stop {
        let mut info = MaybeUninit::<ptrace_syscall_info>::zeroed();
        let size = size_of::<ptrace_syscall_info>();
        self.request(
            libc::PTRACE_GET_SYSCALL_INFO,
            size as *mut c_void,
            info.as_mut_ptr().cast(),
        );
        // SAFETY: it was all zero, which is a valid value, and the kernel has written some of it.
        let info = unsafe { info.assume_init() };
        if info.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            // SAFETY: that is the part which the kernel writes where a call has been made.
            let exit = unsafe { info.u.exit };
            return Stop::Exit(exit.sval);
        }
        // SAFETY: that is the part which the kernel writes where a call is about to be made.
        let entry = unsafe { info.u.entry };
        Stop::Entry {
            number: c_long::try_from(entry.nr).expect("a system call's number is small"),
            arguments: entry.args,
        }
    }

    /// Where it is about to make a system call: has it make none. [`Traced::answer`] has to follow at the exit.
    pub fn skip(&self) {
        skip(self);
    }

    /// Where it is about to make a system call: another argument for it.
    pub fn set_argument(&self, place: usize, value: u64) {
        let mut registers = self.registers();
        *argument(&mut registers, place) = value;
        self.set_registers(&mut registers);
    }

    /// Where it has made a system call: another result.
    pub fn answer(&self, result: i64) {
        let mut registers = self.registers();
        *answer(&mut registers) = result.cast_unsigned();
        self.set_registers(&mut registers);
    }

    /// Kills it. A system call that it is about to make is not made.
    pub fn kill(&mut self) {
        if self.end.is_none() {
            // SAFETY: it is a child that has not been waited for, so the number is no other process's.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            while !matches!(self.wait(), Stop::Ended(_)) {}
        }
    }

    /// Its memory.
    pub fn memory(&self) -> File {
        let path = format!("/proc/{}/mem", self.pid);
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        opened.unwrap_or_else(|e| panic!("{path} can't be opened: {e}"))
    }

    fn registers(&self) -> user_regs_struct {
        let mut registers = MaybeUninit::<user_regs_struct>::zeroed();
        self.register_set(
            libc::PTRACE_GETREGSET,
            libc::NT_PRSTATUS,
            registers.as_mut_ptr(),
        );
        // SAFETY: the kernel has written all of it.
        unsafe { registers.assume_init() }
    }

    fn set_registers(&self, registers: &mut user_regs_struct) {
        self.register_set(libc::PTRACE_SETREGSET, libc::NT_PRSTATUS, registers);
    }

    fn register_set<T>(&self, request: libc::c_uint, set: c_int, registers: *mut T) {
        let mut vector = iovec {
            iov_base: registers.cast(),
            iov_len: size_of::<T>(),
        };
        let set = usize::try_from(set).expect("a register set's number is positive");
        self.request(request, set as *mut c_void, (&raw mut vector).cast());
    }

    fn request(&self, request: libc::c_uint, address: *mut c_void, data: *mut c_void) {
        // SAFETY: the child is stopped and traced by this process; each caller gives what the request writes to or
        // reads from.
        let done = unsafe { libc::ptrace(request, self.pid, address, data) };
        assert!(
            done >= 0,
            "ptrace request {request}: {}",
            io::Error::last_os_error()
        );
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.kill();
    }
}

fn begin_as_traced() {
    // SAFETY: takes no memory.
    let traced = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
    assert_eq!(
        traced,
        0,
        "this process can't be traced: {}",
        io::Error::last_os_error()
    );
    // SAFETY: sets a timer whose signal ends the process.
    unsafe { libc::alarm(PATIENCE) };
}

/// In the child: here the tracing begins.
pub fn stop_here() {
    // Not by raise(3), which has more to do when the process goes on.
    let pid = pid_t::try_from(std::process::id()).expect("a process's number");
    // SAFETY: stops this process until its tracer lets it go on.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
}

#[cfg(target_arch = "x86_64")]
fn skip(traced: &Traced) {
    let mut registers = traced.registers();
    registers.orig_rax = u64::MAX;
    traced.set_registers(&mut registers);
}

#[cfg(target_arch = "x86_64")]
fn argument(registers: &mut user_regs_struct, place: usize) -> &mut u64 {
    match place {
        0 => &mut registers.rdi,
        1 => &mut registers.rsi,
        2 => &mut registers.rdx,
        3 => &mut registers.r10,
        4 => &mut registers.r8,
        _ => &mut registers.r9,
    }
}

#[cfg(target_arch = "x86_64")]
fn answer(registers: &mut user_regs_struct) -> &mut u64 {
    &mut registers.rax
}

#[cfg(target_arch = "aarch64")]
fn skip(traced: &Traced) {
    // elf.h has it as NT_ARM_SYSTEM_CALL.
    const SYSTEM_CALL: c_int = 0x404;
    let mut none: c_int = -1;
    traced.register_set(libc::PTRACE_SETREGSET, SYSTEM_CALL, &raw mut none);
}

#[cfg(target_arch = "aarch64")]
fn argument(registers: &mut user_regs_struct, place: usize) -> &mut u64 {
    &mut registers.regs[place]
}

#[cfg(target_arch = "aarch64")]
fn answer(registers: &mut user_regs_struct) -> &mut u64 {
    &mut registers.regs[0]
}

/// Runs this program with these arguments and without the kernel's shortcut to the clock (`vdso(7)`): then every reading
/// is a system call.
pub fn run_without_shortcut(arguments: &[String]) -> ExitStatus {
    let exe = std::env::current_exe().expect("the program's own path can't be found");
    let mut command = Command::new(exe);
    // A panic that shows where it was reads this program's own file, by calls that no host process makes.
    command.args(arguments).env_remove("RUST_BACKTRACE");
    // SAFETY: between fork and exec, and takes no memory.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        })
    };
    let mut child = command
        .spawn()
        .expect("this program can't be started again");
    let mut traced = Traced {
        pid: pid_t::try_from(child.id()).expect("a process's number"),
        end: None,
    };
    assert_eq!(
        traced.wait(),
        Stop::Signal(libc::SIGTRAP),
        "the program did not start"
    );
    hide_shortcut(&traced);
    traced.request(libc::PTRACE_DETACH, ptr::null_mut(), ptr::null_mut());
    // From here on it is the standard library's child again.
    traced.end = Some(None);
    child.wait().expect("a child can be waited for")
}

/// Takes the shortcut's address from what the kernel tells a new program (`getauxval(3)`).
fn hide_shortcut(traced: &Traced) {
    const AT_IGNORE: u64 = 1;
    let stat = fs::read_to_string(format!("/proc/{}/stat", traced.pid)).expect("/proc is there");
    // Field 28 of proc_pid_stat(5), counted from the end of the name in parentheses: where the stack begins.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let start = fields
        .split_whitespace()
        .nth(25)
        .and_then(|field| field.parse().ok());
    let mut at: u64 = start.expect("the kernel tells where the stack begins");
    let memory = traced.memory();
    let word = |at: u64| {
        let mut word = [0; 8];
        memory
            .read_exact_at(&mut word, at)
            .expect("a new program has a stack");
        u64::from_ne_bytes(word)
    };
    // The count and the arguments, then the environment, each up to a null pointer; then pairs of a type and a value.
    at += 8;
    for _ in 0..2 {
        while word(at) != 0 {
            at += 8;
        }
        at += 8;
    }
    while word(at) != 0 {
        if word(at) == libc::AT_SYSINFO_EHDR {
            memory
                .write_all_at(&AT_IGNORE.to_ne_bytes(), at)
                .expect("a stack can be written");
        }
        at += 16;
    }
}

/// How much text a child may leave.
const MOST_TEXT: usize = 16 * 1024;

#[repr(C)]
struct Page {
    code: AtomicI32,
    length: AtomicUsize,
    text: [u8; MOST_TEXT],
}

/// Memory that a child shares with its parent. Leaving something in it is no system call.
#[derive(Debug)]
pub struct Shared(*mut Page);

impl Shared {
    /// What there is before a child has left a code.
    const NONE: i32 = i32::MIN;

    /// An empty one.
    pub fn new() -> Self {
        let (access, how) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
        );
        // SAFETY: asks for new memory, anywhere.
        let page = unsafe { libc::mmap(ptr::null_mut(), size_of::<Page>(), access, how, -1, 0) };
        assert_ne!(page, libc::MAP_FAILED, "no memory can be shared");
        let shared = Self(page.cast());
        shared.clear();
        shared
    }

    fn page(&self) -> &Page {
        // SAFETY: it is as large, zeroed by the kernel, which is a valid value, and never unmapped.
        unsafe { &*self.0 }
    }

    /// Empties it.
    pub fn clear(&self) {
        self.page().code.store(Self::NONE, Ordering::SeqCst);
        self.page().length.store(0, Ordering::SeqCst);
    }

    /// Leaves a code.
    pub fn set_code(&self, code: i32) {
        self.page().code.store(code, Ordering::SeqCst);
    }

    /// Leaves more text; what does not fit is lost.
    pub fn append(&self, text: &str) {
        let length = self.page().length.load(Ordering::SeqCst);
        let fits = text.len().min(MOST_TEXT - length);
        // SAFETY: the place is within the page, and nobody looks at it before the length says so.
        let place = unsafe { (&raw mut (*self.0).text).cast::<u8>().add(length) };
        // SAFETY: so much fits there, and a text lies elsewhere.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), place, fits) };
        self.page().length.store(length + fits, Ordering::SeqCst);
    }

    /// The code, if one was left, and the text.
    pub fn read(&self) -> (Option<i32>, String) {
        let code = self.page().code.load(Ordering::SeqCst);
        let length = self.page().length.load(Ordering::SeqCst);
        // SAFETY: so much has been written, and the child that wrote it is no more.
        let text =
            unsafe { slice::from_raw_parts((&raw const (*self.0).text).cast::<u8>(), length) };
        let text = String::from_utf8_lossy(text).into_owned();
        ((code != Self::NONE).then_some(code), text)
    }
}

/// Takes all memory that this process may still have when `limit` has been called, but for one block of so many bytes.
pub fn take_memory(but: usize, limit: impl FnOnce()) {
    const MOST: c_int = 32 << 20;
    for what in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: from here on malloc gives all from the heap, and the heap keeps what is freed.
        unsafe { libc::mallopt(what, MOST) };
    }
    // SAFETY: asks for memory only.
    let spared = black_box(unsafe { libc::malloc(but) });
    limit();
    let mut size = 1 << 20;
    while size >= 16 {
        // SAFETY: asks for memory only, and leaves it as it is.
        while !black_box(unsafe { libc::malloc(size) }).is_null() {}
        size /= 2;
    }
    // SAFETY: it came from malloc, or is null, and is not used any more.
    unsafe { libc::free(spared) };
}

/// What a panic says on stderr is counted by the tracer, and shown to nobody.
pub fn silence() {
    let nowhere = File::options().write(true).open("/dev/null");
    let nowhere = nowhere.expect("/dev/null can be opened");
    // SAFETY: both are open; the standard library's stderr is only a number.
    let stderr = unsafe { libc::dup2(nowhere.as_raw_fd(), libc::STDERR_FILENO) };
    assert_eq!(stderr, libc::STDERR_FILENO, "stderr can't be another file");
}

/// From here on this process and its children stay on the processor that they are on: a tracer and who is traced never
/// run at once, and hand over faster there.
pub fn stay_on_one_processor() {
    let mut set = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: takes no memory.
    let processor = unsafe { libc::sched_getcpu() };
    let processor = usize::try_from(processor).expect("the kernel tells the processor");
    // SAFETY: a set that is all zero is an empty one.
    let set = unsafe { set.assume_init_mut() };
    // SAFETY: the set is a whole one; a number beyond it is left out.
    unsafe { libc::CPU_SET(processor, set) };
    // SAFETY: reads the set. Where it is refused, everything is only slower.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) };
}
