//! The SELinux module. The kernel here enforces nothing; so the module is linked with the whole of Debian's policy, and all
//! that the programs were seen to do is asked of what comes of it, and what they must never do.

use otpair_tests::confinement::access::Access;
use otpair_tests::confinement::recording::Recording;
use otpair_tests::confinement::selinux::{Policy, Question, build, question, workspace};
use otpair_tests::machine::told;
use otpair_tests::page::Page;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const HELPER: &str = "otpair_helper_t";

/// Programs that sign people on as root: sshd, login, a display manager, sudo and su of a confined user, Cockpit, OpenVPN and
/// polkit's.
const SIGN_ON: [&str; 9] = [
    "sshd_t",
    "local_login_t",
    "remote_login_t",
    "xdm_t",
    "user_sudo_t",
    "user_su_t",
    "cockpit_session_t",
    "openvpn_t",
    "policykit_auth_t",
];

/// Programs that ask as somebody else: a screen lock of a confined user's, a web server, FreeRADIUS.
const CALLERS: [&str; 5] = [
    "user_t",
    "staff_t",
    "httpd_t",
    "radiusd_t",
    "xscreensaver_t",
];

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::link(&[&build(&workspace())], &scratch("linked")));
static RECORDING: LazyLock<Recording> = LazyLock::new(Recording::make);

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("selinux-{name}"))
}

/// All that these domains need for these accesses; each question once.
fn needs(policy: &Policy, domains: &[&str], accesses: &BTreeSet<Access>) -> Vec<Question> {
    let mut all = BTreeSet::new();
    for access in accesses {
        for domain in domains {
            all.extend(policy.needed(domain, access));
            all.extend(policy.way_to(domain, &access.path));
        }
    }
    all.into_iter().collect()
}

fn refused(policy: &Policy, questions: &[Question]) -> Vec<String> {
    let answers = policy.allowed(questions);
    let answered = questions.iter().zip(answers);
    answered
        .filter(|(_, answer)| answer != "always")
        .map(|(question, answer)| format!("{question:?}: {answer}"))
        .collect()
}

/// The name of the sign-on program that keeps the helper waiting. The log does without it.
fn is_a_name(access: &Access) -> bool {
    access.path.starts_with("/proc/")
        && ["/comm", "/status"]
            .iter()
            .any(|end| access.path.ends_with(end))
}

#[test]
fn the_policy_allows_all_that_the_helper_does_but_reading_other_processes_names() {
    let (names, accesses): (BTreeSet<_>, BTreeSet<_>) =
        RECORDING.helper.iter().cloned().partition(is_a_name);
    assert!(!names.is_empty(), "it was never kept waiting");
    let questions = needs(&POLICY, &[HELPER], &accesses);
    assert!(questions.len() > 40, "{questions:#?}");
    let refused = refused(&POLICY, &questions);
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_program_that_signs_people_on_may_do_what_the_module_does() {
    // What else they do is theirs.
    let of_otpair = |access: &&Access| {
        let path = &access.path;
        path.contains("/otpair") || path == "/proc/locks" || path == "/dev/log"
    };
    let accesses = RECORDING.module.iter().filter(of_otpair).cloned().collect();
    let questions = needs(&POLICY, &SIGN_ON, &accesses);
    assert!(questions.len() > 15 * SIGN_ON.len(), "{questions:#?}");
    let refused = refused(&POLICY, &questions);
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Every one of these questions, for every domain.
fn all(domains: &[&str], asked: &[(&str, &str, &str)]) -> Vec<Question> {
    let of = |domain: &str| -> Vec<Question> {
        let own = |&(target, class, permission): &(&str, &str, &str)| {
            let target = if target == "self" { domain } else { target };
            question(domain, target, class, permission)
        };
        asked.iter().map(own).collect()
    };
    domains.iter().flat_map(|domain| of(domain)).collect()
}

/// Every permission on every one of these types, as questions.
fn each<'a>(
    targets: &[&'a str],
    class: &'a str,
    permissions: &[&'a str],
) -> Vec<(&'a str, &'a str, &'a str)> {
    let of = |target: &'a str| permissions.iter().map(move |one| (target, class, *one));
    targets.iter().flat_map(|target| of(target)).collect()
}

#[test]
fn programs_that_are_not_root_reach_the_helper_and_nothing_behind_it() {
    let asks = [
        ("otpair_run_t", "dir", "search"),
        ("otpair_run_t", "sock_file", "write"),
        ("otpair_helper_t", "unix_stream_socket", "connectto"),
    ];
    let refused = refused(&POLICY, &all(&CALLERS, &asks));
    assert!(refused.is_empty(), "{refused:#?}");
    let mut never = each(
        &["otpair_cache_t"],
        "file",
        &["open", "read", "write", "map"],
    );
    never.extend(each(
        &["otpair_cache_t"],
        "dir",
        &["open", "read", "search"],
    ));
    never.extend(each(&["otpair_run_t"], "file", &["open", "write"]));
    never.extend(each(
        &["otpair_helper_t"],
        "process",
        &["ptrace", "transition"],
    ));
    allowed_to_nobody(&CALLERS, &never);
}

/// That no rule allows any of it, whatever the booleans say.
fn allowed_to_nobody(domains: &[&str], never: &[(&str, &str, &str)]) {
    let questions = all(domains, never);
    for (question, answer) in questions.iter().zip(POLICY.allowed(&questions)) {
        assert_eq!(answer, "never", "{question:?}");
    }
}

#[test]
fn the_helper_may_do_nothing_else() {
    let write = ["write", "append", "create", "unlink"];
    let secrets = [
        "shadow_t",
        "user_home_t",
        "ssh_home_t",
        "sshd_key_t",
        "user_tmp_t",
    ];
    let mut never = each(&secrets, "file", &["open", "read", "write"]);
    never.extend(each(
        &["etc_t", "bin_t", "lib_t", "tmp_t", "var_log_t", "var_lib_t"],
        "file",
        &write,
    ));
    never.extend(each(
        &["bin_t", "shell_exec_t"],
        "file",
        &["execute", "execute_no_trans"],
    ));
    never.extend(each(
        &["user_home_dir_t", "home_root_t"],
        "dir",
        &["open", "read"],
    ));
    let sockets = [
        "tcp_socket",
        "udp_socket",
        "rawip_socket",
        "netlink_route_socket",
        "packet_socket",
    ];
    never.extend(sockets.map(|class| ("self", class, "create")));
    let more = [
        "dac_override",
        "dac_read_search",
        "setuid",
        "sys_admin",
        "sys_ptrace",
    ];
    never.extend(each(&["self"], "capability", &more));
    never.extend(each(
        &["sshd_t", "init_t", "unconfined_t"],
        "process",
        &["ptrace", "sigkill", "transition"],
    ));
    never.extend(each(&SIGN_ON, "dir", &["search"]));
    never.extend(each(&SIGN_ON, "file", &["open", "read"]));
    never.extend(each(
        &["memory_device_t", "fixed_disk_device_t"],
        "chr_file",
        &["open", "read"],
    ));
    allowed_to_nobody(&[HELPER], &never);
}

#[test]
fn programs_that_share_out_files_do_not_share_the_cache() {
    let servers = ["smbd_t", "nfsd_t", "rsync_t", "sosreport_t", "clamscan_t"];
    let reads = each(&["otpair_cache_t"], "file", &["open", "read", "write"]);
    allowed_to_nobody(&servers, &reads);
}

#[test]
fn systemd_starts_the_helper_in_its_domain_and_makes_its_socket() {
    let mut does = each(
        &[HELPER],
        "process",
        &["transition", "sigkill", "rlimitinh"],
    );
    // The unit sets NoNewPrivileges.
    does.extend(each(
        &[HELPER],
        "process2",
        &["nnp_transition", "nosuid_transition"],
    ));
    let listens = ["create", "bind", "listen", "accept", "setopt"];
    does.extend(each(&[HELPER], "unix_stream_socket", &listens));
    does.extend(each(
        &["otpair_run_t"],
        "sock_file",
        &["create", "setattr", "unlink"],
    ));
    does.extend(each(
        &["otpair_run_t"],
        "dir",
        &["create", "write", "add_name", "mounton"],
    ));
    does.extend(each(&["otpair_cache_t"], "dir", &["search", "mounton"]));
    allowed_always(&["init_t"], &does);
    let its_connection = each(
        &["init_t", HELPER],
        "unix_stream_socket",
        &["read", "write"],
    );
    allowed_always(&[HELPER], &its_connection);
    allowed_always(
        &[HELPER],
        &[
            ("init_t", "fd", "use"),
            ("self", "unix_dgram_socket", "create"),
        ],
    );
}

#[test]
fn systemd_unseals_the_key_into_a_folder_that_is_as_secret_as_the_cache() {
    let mut does = each(
        &["otpair_cache_t"],
        "dir",
        &["create", "add_name", "remove_name", "setattr", "write"],
    );
    let file = ["create", "write", "setattr", "rename", "unlink"];
    does.extend(each(&["otpair_cache_t"], "file", &file));
    allowed_always(&["init_t"], &does);
    let made = ("init_t", "var_run_t", "dir", "otpair-key");
    assert_eq!(POLICY.becomes(&[made]), ["otpair_cache_t"]);
}

fn allowed_always(domains: &[&str], asked: &[(&str, &str, &str)]) {
    let refused = refused(&POLICY, &all(domains, asked));
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn what_an_administrator_or_tmpfiles_makes_is_theirs_to_make() {
    let cache = each(
        &["otpair_cache_t"],
        "file",
        &["create", "read", "write", "rename", "unlink"],
    );
    let folder = each(
        &["otpair_cache_t"],
        "dir",
        &["create", "add_name", "write", "setattr"],
    );
    // The timer that takes back an edited PAM file runs as initrc_t in Debian's policy.
    allowed_always(
        &["unconfined_t", "sysadm_t", "initrc_t"],
        &[cache, folder].concat(),
    );
    allowed_always(
        &["initrc_t"],
        &each(&["etc_t"], "file", &["create", "write", "rename"]),
    );
    let made = each(
        &["otpair_cache_t", "otpair_run_t"],
        "dir",
        &["create", "setattr", "relabelto"],
    );
    allowed_always(&["systemd_tmpfiles_t"], &made);
    allowed_always(
        &["setfiles_t"],
        &each(&["otpair_cache_t"], "file", &["relabelto"]),
    );
    allowed_always(
        &["logrotate_t"],
        &each(&["otpair_log_t"], "file", &["rename", "create", "unlink"]),
    );
}

#[test]
fn what_is_made_gets_its_type() {
    let made = [
        ("init_t", "otpair_helper_exec_t", "process", ""),
        ("init_t", "var_run_t", "dir", "otpair"),
        ("sshd_t", "var_log_t", "file", "otpair.jsonl"),
        (HELPER, "var_log_t", "file", "otpair.jsonl"),
        ("unconfined_t", "var_lib_t", "dir", "otpair"),
        ("sysadm_t", "var_lib_t", "dir", "otpair"),
    ];
    let types = [
        HELPER,
        "otpair_run_t",
        "otpair_log_t",
        "otpair_log_t",
        "otpair_cache_t",
        "otpair_cache_t",
    ];
    assert_eq!(POLICY.becomes(&made), types);
}

#[test]
fn every_place_of_otpairs_has_its_label() {
    let places = [
        (
            "file",
            "/usr/libexec/otpair/otpair-helper",
            "otpair_helper_exec_t",
        ),
        ("dir", "/var/lib/otpair", "otpair_cache_t"),
        ("file", "/var/lib/otpair/cache.key", "otpair_cache_t"),
        ("file", "/var/lib/otpair/users/alice", "otpair_cache_t"),
        (
            "file",
            "/var/lib/otpair/inventory.db-journal",
            "otpair_cache_t",
        ),
        ("dir", "/run/otpair", "otpair_run_t"),
        ("sock", "/run/otpair/helper.sock", "otpair_run_t"),
        ("sock", "/var/run/otpair/helper.sock", "otpair_run_t"),
        ("file", "/run/otpair/slots/2001-0", "otpair_run_t"),
        ("file", "/run/otpair-key/cache.key", "otpair_cache_t"),
        ("file", "/var/log/otpair.jsonl", "otpair_log_t"),
        ("file", "/var/log/otpair.jsonl.1", "otpair_log_t"),
        // These keep what the policy gives every such file.
        ("file", "/usr/bin/otpair", "bin_t"),
        ("file", "/etc/otpair/otpair.toml", "etc_t"),
        ("file", "/usr/lib64/security/pam_otpair.so", "lib_t"),
    ];
    for (kind, path, label) in places {
        assert_eq!(POLICY.label(kind, path), label, "{path}");
    }
}

/// Rules of the module, and who may no longer do what without them.
const RULES: [(&str, [&str; 4]); 8] = [
    (
        "allow init_t otpair_helper_t:process2 ",
        ["init_t", HELPER, "process2", "nnp_transition"],
    ),
    (
        "allow otpair_helper_t bin_t:dir ",
        [HELPER, "bin_t", "dir", "search"],
    ),
    (
        "allow otpair_helper_t devlog_t:sock_file ",
        [HELPER, "devlog_t", "sock_file", "write"],
    ),
    (
        "allow otpair_helper_t otpair_run_t:file ",
        [HELPER, "otpair_run_t", "file", "lock"],
    ),
    (
        "\tallow $1 otpair_cache_t:file { create",
        ["sshd_t", "otpair_cache_t", "file", "write"],
    ),
    (
        "\tallow $1 otpair_helper_t:unix_stream_socket ",
        ["httpd_t", HELPER, "unix_stream_socket", "connectto"],
    ),
    (
        "\ttypeattribute policykit_auth_t ",
        ["policykit_auth_t", "otpair_cache_t", "dir", "write"],
    ),
    (
        "\ttypeattribute user_su_t ",
        ["user_su_t", "otpair_cache_t", "dir", "lock"],
    ),
];

/// The module without these rules, and with what the page says for other programs.
static CHANGED: LazyLock<Policy> = LazyLock::new(|| {
    let tree = scratch("changed");
    let _ = fs::remove_dir_all(&tree);
    let (from, to) = [&workspace(), &tree]
        .map(|tree| tree.join("packaging/selinux"))
        .into();
    fs::create_dir_all(&to).unwrap();
    for file in ["otpair.fc", "build", "../toolchain.sh"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let whole = fs::read_to_string(from.join("otpair.te")).unwrap();
    let is_taken_out = |line: &&str| RULES.iter().any(|(rule, _)| line.starts_with(rule));
    let (out, kept): (Vec<&str>, Vec<&str>) = whole.lines().partition(is_taken_out);
    assert_eq!(out.len(), RULES.len(), "{out:#?}");
    fs::write(to.join("otpair.te"), kept.join("\n") + "\n").unwrap();
    let mine = tree.join("mine.cil");
    fs::write(&mine, Page::read("confinement.md").block("cil")).unwrap();
    Policy::link(&[&build(&tree), &mine], &tree.join("linked"))
});

#[test]
fn without_its_rules_the_policy_allows_none_of_it() {
    let questions: Vec<_> = RULES
        .iter()
        .map(|(_, [source, target, class, permission])| question(source, target, class, permission))
        .collect();
    assert!(refused(&POLICY, &questions).is_empty());
    for (question, answer) in questions.iter().zip(CHANGED.allowed(&questions)) {
        assert_eq!(answer, "never", "{question:?}");
    }
}

#[test]
fn other_programs_get_their_rights_as_the_page_says() {
    let rights = [
        question("dovecot_auth_t", "otpair_cache_t", "dir", "lock"),
        question("squid_t", "otpair_run_t", "sock_file", "write"),
    ];
    assert_eq!(POLICY.allowed(&rights), ["never", "never"]);
    assert_eq!(CHANGED.allowed(&rights), ["always", "always"]);
}

/// A policy module of somebody's who has reference policy's sources.
const MINE: &str = "policy_module(mine, 1.0.0)
gen_require(`
	type dovecot_auth_t, squid_t;
')
otpair_sign_on(dovecot_auth_t)
otpair_ask_helper(squid_t)
";

#[test]
fn the_interfaces_compile_in_a_module_of_somebody_elses() {
    let folder = scratch("mine");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    // The interfaces are read where the module's own source is beside them, or from where they are installed.
    for file in ["otpair.if", "otpair.te"] {
        let source = workspace().join("packaging/selinux").join(file);
        fs::copy(source, folder.join(file)).unwrap();
    }
    fs::write(folder.join("mine.te"), MINE).unwrap();
    let made = Command::new("make")
        .args(["-f", "/usr/share/selinux/devel/Makefile", "mine.pp"])
        .current_dir(&folder)
        .env("NAME", "default")
        .output()
        .expect("make is missing: install the Debian package make");
    let said = told(&made);
    assert!(made.status.success(), "selinux-policy-dev: {said}");
    assert!(!said.to_lowercase().contains("warning"), "{said}");
}

#[test]
fn the_module_comes_out_the_same_each_time() {
    let first = fs::read(build(&workspace())).unwrap();
    assert_eq!(fs::read(build(&workspace())).unwrap(), first);
}
