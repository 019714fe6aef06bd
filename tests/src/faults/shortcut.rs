//! The kernel's shortcut to the clock (`vdso(7)`), and a program without it: there every reading is a system call.

use crate::traced::Traced;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::process::{Command, ExitStatus};

/// Runs this program with these arguments and without the shortcut.
pub fn run_without(arguments: &[String]) -> ExitStatus {
    let exe = std::env::current_exe().expect("the program's own path can't be found");
    let mut command = Command::new(exe);
    // A panic that shows where it was reads this program's own file, by calls that no host process makes.
    command.args(arguments).env_remove("RUST_BACKTRACE");
    let (mut child, traced) = Traced::spawn(command);
    hide(&traced);
    traced.let_go();
    child.wait().expect("a child can be waited for")
}

/// Takes the shortcut's address, before the first instruction, from what the kernel tells a new program (`getauxval(3)`).
pub fn hide(traced: &Traced) {
    const AT_IGNORE: u64 = 1;
    let memory = traced.memory();
    let word = |at: u64| {
        let mut word = [0; 8];
        let read = memory.read_exact_at(&mut word, at);
        read.expect("a new program has a stack");
        u64::from_ne_bytes(word)
    };
    // The count and the arguments, then the environment, each up to a null pointer; then pairs of a type and a value.
    let mut at = stack(traced) + 8;
    for _ in 0..2 {
        while word(at) != 0 {
            at += 8;
        }
        at += 8;
    }
    while word(at) != 0 {
        if word(at) == libc::AT_SYSINFO_EHDR {
            let written = memory.write_all_at(&AT_IGNORE.to_ne_bytes(), at);
            written.expect("a stack can be written");
        }
        at += 16;
    }
}

/// Where a new program's stack begins.
fn stack(traced: &Traced) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", traced.pid())).expect("/proc is there");
    // Field 28 of proc_pid_stat(5), counted from the end of the name in parentheses.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let field = fields.split_whitespace().nth(25);
    let begins = field.and_then(|field| field.parse().ok());
    begins.expect("the kernel tells where the stack begins")
}
