//! A process that is stopped at each of its system calls (`ptrace(2)`).

#![allow(unsafe_code)]

use libc::{c_int, c_long, c_void, iovec, pid_t, ptrace_syscall_info, user_regs_struct};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::ptr;

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
    /// Its last stop, once it has ended.
    end: Option<Stop>,
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
        traced.set_options();
        traced
    }

    /// Starts a program. It is stopped before its first instruction.
    pub fn spawn(mut command: Command) -> (Child, Self) {
        let be_traced = || {
            // SAFETY: takes no memory.
            match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        // SAFETY: between fork and exec it makes one system call, and takes no memory.
        unsafe { command.pre_exec(be_traced) };
        let child = command.spawn().expect("a program can't be started");
        let mut traced = Self {
            pid: pid_t::try_from(child.id()).expect("a process's number"),
            end: None,
        };
        let stopped = traced.wait();
        assert_eq!(
            stopped,
            Stop::Signal(libc::SIGTRAP),
            "the program did not start"
        );
        traced.set_options();
        (child, traced)
    }

    fn set_options(&self) {
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        self.request(libc::PTRACE_SETOPTIONS, ptr::null_mut(), number(options));
    }

    /// Lets a program go on without being traced.
    pub fn let_go(mut self) {
        self.request(libc::PTRACE_DETACH, ptr::null_mut(), ptr::null_mut());
        // It is not killed, nor waited for here.
        self.end = Some(Stop::Ended(None));
    }

    /// The process's number.
    pub const fn pid(&self) -> pid_t {
        self.pid
    }

    /// Lets it go on, with a signal if that is not 0, until it stops again.
    pub fn resume(&mut self, signal: c_int) -> Stop {
        if let Some(end) = self.end {
            return end;
        }
        self.request(libc::PTRACE_SYSCALL, ptr::null_mut(), number(signal));
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
            self.end = Some(Stop::Ended(signal));
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
        let size = ptr::without_provenance_mut(size_of::<ptrace_syscall_info>());
        self.request(
            libc::PTRACE_GET_SYSCALL_INFO,
            size,
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

    /// Where it has made a system call: the argument as it was, which the compiler takes to be in its register still.
    pub fn restore_argument(&self, place: usize, value: u64) {
        if !IS_RESULT_FIRST || place > 0 {
            self.set_argument(place, value);
        }
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
        self.request(request, number(set), (&raw mut vector).cast());
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

/// A number, where `ptrace` takes an address or a number.
fn number(value: c_int) -> *mut c_void {
    let value = usize::try_from(value).expect("no number of ptrace's is negative");
    ptr::without_provenance_mut(value)
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

/// Whether the result is in the first argument's register.
const IS_RESULT_FIRST: bool = cfg!(target_arch = "aarch64");

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
