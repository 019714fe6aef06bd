//! The AppArmor profile of the helper and the abstraction for programs that sign people on. The kernel here enforces neither;
//! so all that the programs do is recorded, and looked up in what AppArmor's own compiler makes of the rules.

use otpair_tests::confinement::access::{Access, Kind};
use otpair_tests::confinement::apparmor::{Profile, folder};
use otpair_tests::confinement::recording::Recording;
use otpair_tests::machine::Machine;
use otpair_tests::page::Page;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const HELPER: &str = "usr.libexec.otpair.otpair-helper";
const ABSTRACTION: &str = "abstractions/otpair";
const CLIENT: &str = "abstractions/otpair-client";

/// The profile of a program that signs people on, such as somebody's sshd, as far as the module does not matter: the
/// tests' PAM client.
const PROGRAM: &str = "abi <abi/3.0>,
include <tunables/global>
profile signs-on /run/machine/pamloop {
  include <abstractions/base>
  include <abstractions/otpair>
  /run/machine/pamloop mrix,
  /etc/pam.d/* r,
  @{PROC}/@{pid}/{fd,task}/ r,
}
";

/// Rules for what no test has: daemons that know users and groups, and what they leave on the disk.
const NOT_RECORDED: [&str; 5] = [
    "/var/lib/extrausers/",
    "/var/lib/sss/",
    "@{run}/nslcd/",
    "@{run}/{.nscd_socket,",
    "@{run}/samba/",
];

static RECORDING: LazyLock<Recording> = LazyLock::new(Recording::make);

/// A copy of the profiles, whose texts may be changed.
struct Copy {
    folder: PathBuf,
    helper: String,
}

impl Copy {
    fn of(test: &str, helper: &str, abstraction: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("abstractions")).unwrap();
        fs::write(folder.join(ABSTRACTION), abstraction).unwrap();
        fs::write(folder.join(CLIENT), text(CLIENT)).unwrap();
        Self {
            folder,
            helper: helper.to_owned(),
        }
    }

    fn as_shipped(test: &str) -> Self {
        Self::of(test, &text(HELPER), &text(ABSTRACTION))
    }

    fn helper(&self) -> Profile {
        Profile::compile(&self.folder, &self.helper)
    }

    fn program(&self) -> Profile {
        Profile::compile(&self.folder, PROGRAM)
    }

    /// The same program where it is not root's.
    fn client(&self) -> Profile {
        Profile::compile(&self.folder, &PROGRAM.replace(ABSTRACTION, CLIENT))
    }

    /// What of the recording is refused by it.
    fn refused(&self) -> Vec<&'static Access> {
        let (helper, program) = (self.helper(), self.program());
        let mut refused = helper.refused(&RECORDING.helper);
        refused.extend(program.refused(&RECORDING.module));
        refused.extend(program.refused(&RECORDING.caller));
        refused
    }
}

fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_rules_allow_all_that_the_helper_and_the_module_do() {
    let seen = [&RECORDING.helper, &RECORDING.module, &RECORDING.caller];
    assert!(seen.iter().all(|seen| seen.len() > 20), "{seen:#?}");
    let refused = Copy::as_shipped("all").refused();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn without_any_one_of_its_rules_something_is_refused() {
    let mut tried = 0;
    for name in [HELPER, ABSTRACTION] {
        let whole = text(name);
        for rule in whole.lines().filter(|line| is_file_rule(line)) {
            let without = whole.replace(rule, "");
            let copy = match name {
                HELPER => Copy::of("without", &without, &text(ABSTRACTION)),
                _ => Copy::of("without", &text(HELPER), &without),
            };
            assert!(!copy.refused().is_empty(), "nothing needs {name}: {rule}");
            tried += 1;
        }
    }
    assert!(tried > 12, "only {tried} rules were tried");
}

#[test]
fn a_program_that_is_not_roots_needs_the_helpers_socket_and_no_more_of_otpairs() {
    let copy = Copy::as_shipped("client");
    let refused = copy.client().refused(&RECORDING.caller);
    assert!(refused.is_empty(), "{refused:#?}");
    let of_otpairs = RECORDING.module.iter();
    let of_otpairs: BTreeSet<_> = of_otpairs
        .filter(|access| {
            ["/etc", "/var/lib", "/var/log"]
                .iter()
                .any(|folder| access.path.starts_with(&format!("{folder}/otpair")))
        })
        .cloned()
        .collect();
    let refused = copy.client().refused(&of_otpairs);
    assert!(refused.len() > 10, "{of_otpairs:#?}");
    assert_eq!(refused.len(), of_otpairs.len(), "{refused:#?}");
    fs::write(copy.folder.join(CLIENT), "").unwrap();
    let socket = copy.client().refused(&RECORDING.caller);
    assert!(
        matches!(&socket[..], [access] if access.path == "/run/otpair/helper.sock"),
        "{socket:#?}"
    );
}

/// A rule about files that the recording has to need.
fn is_file_rule(line: &str) -> bool {
    let rule = line.trim();
    let is_rule = rule.ends_with(',') && (rule.starts_with('/') || rule.starts_with("@{"));
    is_rule && !NOT_RECORDED.iter().any(|start| rule.starts_with(start))
}

#[test]
fn the_helper_may_touch_nothing_else() {
    let profile = Copy::as_shipped("else").helper();
    let never = [
        (Kind::Read, "/etc/shadow"),
        (Kind::Read, "/etc/sudoers"),
        (Kind::Read, "/etc/ssh/ssh_host_ed25519_key"),
        (Kind::Read, "/root/.ssh/authorized_keys"),
        (Kind::Read, "/home/alice/.ssh/id_ed25519"),
        (Kind::Read, "/home/"),
        (Kind::Read, "/proc/1/mem"),
        (Kind::Read, "/proc/1/environ"),
        (Kind::Write, "/proc/1/mem"),
        (Kind::Write, "/proc/sys/kernel/core_pattern"),
        (Kind::Write, "/etc/otpair/otpair.toml"),
        (Kind::Create, "/etc/otpair/protect.pending"),
        (Kind::Write, "/etc/pam.d/sshd"),
        (Kind::Write, "/etc/passwd"),
        (Kind::Write, "/var/lib/otpair/cache.key"),
        (Kind::Create, "/var/lib/otpair/other"),
        (Kind::Remove, "/var/lib/otpair/cache.key"),
        (Kind::Write, "/run/otpair-key/cache.key"),
        (Kind::Read, "/var/log/otpair.jsonl"),
        (Kind::Write, "/var/log/auth.log"),
        (Kind::Write, "/usr/libexec/otpair/otpair-helper"),
        (Kind::Create, "/tmp/x"),
        (Kind::Execute, "/usr/bin/dash"),
        (Kind::Execute, "/usr/bin/otpair"),
        (Kind::Connect, "/run/dbus/system_bus_socket"),
        (Kind::Connect, "/run/docker.sock"),
    ];
    for (kind, path) in never {
        let access = Access {
            kind,
            path: path.trim_end_matches('/').to_owned(),
            is_folder: path.ends_with('/'),
        };
        assert!(!profile.allows(&access), "it may: {access:?}");
    }
}

#[test]
fn the_helper_has_no_network_and_one_capability() {
    let others = Copy::as_shipped("others").helper().others;
    let lines: Vec<_> = others.lines().map(str::trim).collect();
    assert!(lines.contains(&"Capabilities: sys_resource"), "{others}");
    assert!(lines.contains(&"unix () type=stream,"), "{others}");
    assert!(!others.contains("Network:"), "{others}");
    for family in ["inet", "netlink", "packet", "dbus"] {
        assert!(!others.contains(family), "{family}: {others}");
    }
}

#[test]
fn a_cache_at_another_place_is_allowed_as_the_page_says() {
    let machine = Machine::new();
    for name in [HELPER, ABSTRACTION, CLIENT] {
        machine.write(&format!("/etc/apparmor.d/{name}"), text(name));
    }
    Page::read("confinement.md").follow(&machine);
    let copy = Copy::as_shipped("page");
    let places = machine.read("/etc/apparmor.d/abstractions/otpair.d/places");
    let more = copy.folder.join("abstractions/otpair.d");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("places"), places).unwrap();
    let moved = |access: &Access| Access {
        path: access
            .path
            .replace("/var/lib", "/srv")
            .replace("/var/log", "/srv/log"),
        ..access.clone()
    };
    let helper = RECORDING.helper.iter().map(moved).collect();
    let module = RECORDING.module.iter().map(moved).collect();
    let (profile, program) = (copy.helper(), copy.program());
    let refused = [profile.refused(&helper), program.refused(&module)].concat();
    assert!(refused.is_empty(), "{refused:#?}");
}
