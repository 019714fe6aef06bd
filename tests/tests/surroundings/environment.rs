//! The environment: whoever starts `su` or a locker chooses it.

use super::{HOST, MAXTRIES, SUCCESS, host, machine, under};
use otpair_tests::machine::Machine;
use otpair_tests::token::Token;
use std::collections::BTreeSet;
use std::fs;

/// Where hostile variables point to.
const BAIT: &str = "/tmp/bait";

/// Variables that something in a process may heed, with values that somebody would choose who means harm; `{bait}`
/// stands for a folder that everybody may write in.
const HOSTILE: [&str; 56] = [
    "TMPDIR={bait}",
    "TMP={bait}",
    "TEMP={bait}",
    "SQLITE_TMPDIR={bait}",
    "SQLITE_HISTORY={bait}/history",
    "SQLITE_FORCE_PROXY_LOCKING=1",
    "HOME={bait}",
    "PATH={bait}",
    "PWD={bait}",
    "USER=root",
    "LOGNAME=root",
    "SUDO_USER=root",
    "MAIL={bait}/mail",
    "SHELL={bait}/shell",
    "IFS=/",
    "ENV={bait}/env",
    "XDG_CONFIG_HOME={bait}",
    "XDG_CONFIG_DIRS={bait}",
    "XDG_DATA_HOME={bait}",
    "XDG_DATA_DIRS={bait}",
    "XDG_STATE_HOME={bait}",
    "XDG_CACHE_HOME={bait}",
    "XDG_RUNTIME_DIR={bait}",
    "RUST_BACKTRACE=full",
    "RUST_LIB_BACKTRACE=full",
    "RUST_LOG=trace",
    "RUST_MIN_STACK=1",
    "TZ=:{bait}/zone",
    "TZDIR={bait}",
    "LC_ALL=../../..{bait}/../locale",
    "LC_MESSAGES=de_DE.UTF-8",
    "LANG={bait}",
    "LANGUAGE={bait}:../../etc",
    "NLSPATH={bait}/%N:{bait}/%L",
    "LOCPATH={bait}",
    "GCONV_PATH={bait}",
    "CHARSET=UTF-7",
    "OUTPUT_CHARSET=UTF-7",
    "MALLOC_CHECK_=3",
    "MALLOC_PERTURB_=165",
    "MALLOC_ARENA_MAX=1",
    "MALLOC_MMAP_THRESHOLD_=1",
    "MALLOC_TRACE={bait}/trace",
    "HOSTALIASES={bait}/hosts",
    "LOCALDOMAIN=example.com",
    "RES_OPTIONS=debug",
    "NIS_PATH={bait}",
    "GETCONF_DIR={bait}",
    "DBUS_SYSTEM_BUS_ADDRESS=unix:path={bait}/bus",
    "NOTIFY_SOCKET={bait}/notify",
    "JOURNAL_STREAM=1:1",
    "FAKETIME=@1",
    "OTPAIR_CONFIG={bait}/otpair.toml",
    "OTPAIR_CACHE={bait}",
    "OTPAIR_KEY=file:{bait}/key",
    "OTPAIR_UNPAIRED=allow",
];

/// The same, for the dynamic linker, which heeds them unless the program is setuid.
const LINKER: [&str; 11] = [
    "LD_LIBRARY_PATH={bait}",
    "LD_PRELOAD={bait}/preload.so",
    "LD_AUDIT={bait}/preload.so",
    "LD_DEBUG=all",
    "LD_DEBUG_OUTPUT={bait}/debug",
    "LD_PROFILE=pam_otpair.so",
    "LD_PROFILE_OUTPUT={bait}",
    "LD_BIND_NOT=1",
    "LD_ORIGIN_PATH={bait}",
    "LD_SHOW_AUXV=1",
    "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.tcache_count=0",
];

/// Every way to open, look at or reach something by its name.
const BY_NAME: &str = "trace=%file,connect,sendto";

/// A machine of its own, in which the same is always done in the same order.
fn stage() -> (Machine, Vec<String>) {
    let (machine, hers, _) = machine();
    // What is said depends on the locale, if anything does.
    machine.config("[sign_on]\nlanguage = \"auto\"\n");
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    machine.done("mkdir", &["-m", "0777", BAIT]);
    let words = [
        ["answer", &hers.wrong(), "answer", &hers.press(0), "sign-on"].map(str::to_owned),
        ["user", "carol", "answer", "33333333", "answer"].map(str::to_owned),
    ];
    let mut words = words.concat();
    words.extend([new.press(0), "sign-on".to_owned()]);
    let stranger = ["user", "ghost", "answer", "123456", "answer", "123456"];
    words.extend(
        [&stranger[..], &["answer", "123456", "sign-on"]]
            .concat()
            .into_iter()
            .map(str::to_owned),
    );
    (machine, words)
}

/// What the sign-ons reach by name. `user` runs the program setuid, if given.
fn reached(environment: &[String], user: Option<&str>) -> BTreeSet<String> {
    let (machine, words) = stage();
    let mut wrapper = vec![
        "env",
        "-i",
        "/usr/bin/strace",
        "-f",
        "-o",
        "/run/trace",
        "-e",
        BY_NAME,
    ];
    for variable in environment {
        wrapper.extend(["-E", variable]);
    }
    if let Some(user) = user {
        machine.chmod(HOST, 0o4755);
        wrapper.extend(["-u", user]);
    }
    let came = under(&machine, &wrapper, &words);
    came.assert(&[SUCCESS, SUCCESS, MAXTRIES]);
    let bait: Vec<_> = fs::read_dir(machine.path(BAIT)).unwrap().collect();
    assert!(bait.is_empty(), "{bait:?}");
    let trace = String::from_utf8(machine.read("/run/trace")).unwrap();
    let started = trace.matches(" execve(").count();
    assert_eq!(started, 1, "no program is started by the module");
    let calls = trace
        .lines()
        .filter(|line| !line.contains(" execve(") && !line.contains(" readlink("));
    let names = calls.flat_map(|line| line.split('"').skip(1).step_by(2));
    // What is sent to the log is no name, and a line of it has the process's number in it.
    names
        .filter(|name| !name.starts_with('<'))
        .map(str::to_owned)
        .collect()
}

fn baited(variables: &[&str]) -> Vec<String> {
    variables
        .iter()
        .map(|text| text.replace("{bait}", BAIT))
        .collect()
}

#[track_caller]
fn assert_same(hostile: &BTreeSet<String>, plain: &BTreeSet<String>) {
    let only: Vec<_> = hostile.symmetric_difference(plain).collect();
    assert!(only.is_empty(), "{only:#?}");
}

#[test]
fn no_variable_changes_a_verdict_or_what_is_opened() {
    let plain = reached(&[], None);
    assert!(
        plain.contains("inventory.db") || plain.iter().any(|name| name.ends_with("/inventory.db")),
        "{plain:#?}"
    );
    assert_same(&reached(&baited(&HOSTILE), None), &plain);
    // As large as the kernel takes it.
    let huge: Vec<_> = (0..400)
        .map(|n| format!("V{n}={}", "x".repeat(4000)))
        .collect();
    assert_same(&reached(&huge, None), &plain);
}

#[test]
fn in_a_setuid_program_the_linkers_variables_change_nothing_either() {
    let plain = reached(&[], Some("alice"));
    let hostile = baited(&[&HOSTILE[..], &LINKER].concat());
    assert_same(&reached(&hostile, Some("alice")), &plain);
}

#[test]
fn nothing_in_a_home_is_needed_or_even_looked_at() {
    let homes = ["/home", "/root"];
    let names = reached(&[], None);
    let looked: Vec<_> = names
        .iter()
        .filter(|name| homes.iter().any(|home| name.starts_with(home)))
        .collect();
    assert!(looked.is_empty(), "{looked:#?}");
    let (machine, hers, _) = machine();
    machine.done("rm", &["-rf", "/home/alice"]);
    host(&machine, &["answer", &hers.press(0), "sign-on"]).assert(&[SUCCESS]);
}
