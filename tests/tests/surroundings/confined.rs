//! Programs with less than root's rights: capabilities dropped, system calls denied, another user namespace, a read-only
//! system.

use super::{SUCCESS, SYSTEM_ERR, UNAVAILABLE, host, machine, under};
use otpair_tests::machine::CACHE;

#[test]
fn root_without_any_capability_signs_people_on() {
    let (machine, hers, _) = machine();
    let sets = [
        "-all",
        "-dac_override,-dac_read_search,-setuid,-setgid,-chown,-fowner,-sys_resource",
    ];
    for (set, passcode) in sets.iter().zip(hers.presses(2)) {
        let bounding = format!("--bounding-set={set}");
        let inheritable = format!("--inh-caps={set}");
        let wrapper = ["setpriv", "--no-new-privs", &inheritable, &bounding];
        under(&machine, &wrapper, &["answer", &passcode, "sign-on"]).assert(&[SUCCESS]);
    }
}

#[test]
fn a_filter_of_system_calls_lets_in_rightly_or_not_at_all_and_the_log_says_why() {
    let (machine, hers, _) = machine();
    // What the log can do without, and what nothing is decided without.
    let needless = [
        "socket",
        "connect",
        "sched_yield",
        "sched_getaffinity",
        "sigaltstack",
        "getdents64",
        "madvise",
        "setrlimit",
        "prlimit64",
    ];
    let passcodes = hers.presses(40);
    let mut passcodes = passcodes.iter();
    let errors = ["1", "38"];
    for name in needless {
        for error in errors {
            let words = [
                "deny",
                name,
                error,
                "answer",
                passcodes.next().unwrap(),
                "sign-on",
            ];
            host(&machine, &words).assert(&[SUCCESS]);
        }
    }
    for name in ["flock", "fdatasync", "pwrite64"] {
        for error in errors {
            let faults = machine.events("fault").len();
            let words = [
                "deny",
                name,
                error,
                "answer",
                passcodes.next().unwrap(),
                "sign-on",
            ];
            host(&machine, &words).assert(&[UNAVAILABLE]);
            let logged = machine.events("fault");
            let reason = logged
                .last()
                .map(|fault| fault["reason"].clone())
                .unwrap_or_default();
            assert!(
                logged.len() > faults
                    && reason
                        .as_str()
                        .is_some_and(|why| why.contains("users/alice")),
                "{name}: {reason}"
            );
        }
    }
    for name in ["statx", "getrandom", "fcntl", "readlink", "readlinkat"] {
        for error in errors {
            let words = [
                "deny",
                name,
                error,
                "answer",
                passcodes.next().unwrap(),
                "sign-on",
            ];
            let came = host(&machine, &words);
            // libpam itself has no use for some of these errors, and says so.
            let codes = [SUCCESS, UNAVAILABLE, SYSTEM_ERR];
            let right = matches!(came.codes[..], [code] if codes.contains(&code));
            assert!(right, "{name}: {came:#?}");
        }
    }
    host(&machine, &["answer", passcodes.next().unwrap(), "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn in_a_user_namespace_of_ones_own_root_is_not_root() {
    let (machine, hers, _) = machine();
    let alice = [
        "setpriv",
        "--reuid=alice",
        "--regid=alice",
        "--clear-groups",
    ];
    let wrapper = [&alice[..], &["unshare", "--user", "--map-root-user", "--"]].concat();
    let passcode = hers.press(0);
    let came = under(&machine, &wrapper, &["answer", &passcode, "sign-on"]);
    came.assert(&[UNAVAILABLE]);
    assert!(
        machine.syslog_tells("event=fault"),
        "{:#?}",
        machine.syslog()
    );
    host(&machine, &["answer", &passcode, "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn a_program_of_another_effective_user_is_that_user_whoever_started_it() {
    let (machine, hers, _) = machine();
    let passcode = hers.press(0);
    for who in [["--ruid=0", "--euid=2001"], ["--ruid=2002", "--euid=2001"]] {
        let came = under(
            &machine,
            &[&["setpriv"][..], &who, &["--clear-groups"]].concat(),
            &["answer", &passcode, "sign-on"],
        );
        came.assert(&[UNAVAILABLE]);
    }
    let setuid = ["setpriv", "--ruid=2002", "--euid=0", "--clear-groups"];
    under(&machine, &setuid, &["answer", &passcode, "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn where_the_system_is_read_only_for_a_service_nobody_is_let_in_and_the_log_says_why() {
    let (machine, hers, _) = machine();
    let protect =
        format!("mount --bind {CACHE} {CACHE} && mount -o remount,bind,ro {CACHE} && exec \"$@\"");
    let wrapper = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &protect,
        "sh",
    ];
    let passcode = hers.press(0);
    under(&machine, &wrapper, &["answer", &passcode, "sign-on"]).assert(&[UNAVAILABLE]);
    let faults = machine.events("fault");
    let says = |fault: &serde_json::Value| {
        fault["reason"]
            .as_str()
            .is_some_and(|why| why.contains("Read-only"))
    };
    assert!(faults.iter().any(says), "{faults:#?}");
    host(&machine, &["answer", &passcode, "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn where_a_service_has_its_root_elsewhere_and_no_cache_there_nobody_is_let_in() {
    let (machine, hers, _) = machine();
    let hide =
        format!("mount -t tmpfs -o mode=0755 hidden {CACHE} && chmod 0700 {CACHE} && exec \"$@\"");
    let wrapper = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &hide,
        "sh",
    ];
    let passcode = hers.press(0);
    let words = ["answer", "12345678", "answer", &passcode, "sign-on"];
    let came = under(&machine, &wrapper, &words);
    assert_ne!(came.codes, [SUCCESS], "{came:#?}");
    host(&machine, &["answer", &passcode, "sign-on"]).assert(&[SUCCESS]);
}
