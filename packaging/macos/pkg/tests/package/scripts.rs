//! The package's scripts and the uninstaller, run by dash in a root of their own in which the Mac's commands are
//! stand-ins that note how they were called.

use crate::unpacked::{Unpacked, run, workspace};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const DATA: &str = "Library/Application Support/otpair";
const HELPER: &str = "/Library/LaunchDaemons/io.otpair.helper.plist";
const UNINSTALL: &str = "usr/local/libexec/otpair/uninstall";

/// Commands that every Mac has and that are the same here.
const COMMANDS: [&str; 8] = ["sh", "cat", "chmod", "chown", "id", "mkdir", "rm", "touch"];

/// Reads the right from a file; removes only what is otpair's.
const SECURITY: &str = r#"case "$1 $2 $3" in
"authorizationdb read system.login.console") cat /right ;;
"authorizationdb remove io.otpair.test") ;;
*) exit 64 ;;
esac"#;

/// Knows which jobs are loaded: takes none twice, and lets none go that is not there. While it is busy it takes nothing.
const LAUNCHCTL: &str = r#"job=${3:-$2}
label=${job##*/}
label=${label%.plist}
case "$1" in
enable) ;;
bootout) [ -e "/loaded/$label" ] && rm "/loaded/$label" ;;
bootstrap)
    [ "$2" = system ] && [ -f "$3" ] || exit 64
    [ ! -e "/loaded/$label" ] || exit 5
    for busy in /busy/*; do [ ! -e "$busy" ] || { rm -f "$busy"; exit 5; }; done
    touch "/loaded/$label" ;;
*) exit 64 ;;
esac"#;

/// Takes itself out of the window, unless that is stuck.
const OTPAIR: &str = r#"[ "$*" = "unprotect login-window" ] || exit 64
[ ! -e /stuck ] || exit 1
echo builtin:login-success >/right"#;

/// A little Mac.
struct Mac {
    root: TempDir,
    unpacked: Unpacked,
}

impl Mac {
    /// With nothing of otpair's on it.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for folder in [
            "bin", "usr/bin", "usr/sbin", "usr/lib", "lib64", "dev", "var/run", "loaded", "busy",
        ] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        std::os::unix::fs::symlink("usr/lib", at("lib")).unwrap();
        fs::write(at("dev/null"), "").unwrap();
        for command in COMMANDS {
            fs::copy(Path::new("/usr/bin").join(command), at("bin").join(command)).unwrap();
        }
        let mac = Self {
            root,
            unpacked: Unpacked::new(),
        };
        mac.stand_in("usr/bin/security", SECURITY);
        mac.stand_in("bin/launchctl", LAUNCHCTL);
        mac.stand_in("bin/sleep", "");
        mac.stand_in("usr/bin/sw_vers", "cat /version");
        mac.stand_in("usr/sbin/pkgutil", "");
        mac.write("version", "15.5\n");
        mac.write(
            "right",
            "builtin:authenticate,privileged\nbuiltin:login-success\n",
        );
        mac
    }

    /// With everything in place that the installer copies, and its last script run.
    fn installed() -> Self {
        let mac = Self::new();
        mac.copy_payload();
        assert!(mac.script("postinstall", "/").status.success());
        mac.forget_calls();
        mac
    }

    fn copy_payload(&self) {
        let from = self.unpacked.path("payload/.");
        run("cp", &[Path::new("-a"), &from, self.root.path()]);
        self.stand_in("Library/PrivilegedHelperTools/otpair", OTPAIR);
    }

    /// A command that notes how it is called, and then does this.
    fn stand_in(&self, path: &str, does: &str) {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let text = format!("#!/bin/sh\necho \"{name} $*\" >>/calls\n{does}\n");
        self.write(path, &text);
        fs::set_permissions(self.path(path), Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// How the stand-ins were called, but for those that only wait.
    fn calls(&self) -> Vec<String> {
        let calls = self.read("calls");
        let calls = calls.lines().filter(|call| !call.starts_with("sleep"));
        calls.map(str::to_owned).collect()
    }

    fn forget_calls(&self) {
        self.write("calls", "");
    }

    /// Runs one of the package's scripts as the installer does, for this volume.
    fn script(&self, name: &str, volume: &str) -> Output {
        let script = self.unpacked.path("scripts").join(name);
        fs::copy(script, self.path("script")).unwrap();
        self.run("/script", &["/otpair.pkg", "/", volume])
    }

    fn uninstall(&self, arguments: &[&str]) -> Output {
        self.run(&format!("/{UNINSTALL}"), arguments)
    }

    /// Only the libraries of this machine can be seen in there, and not written to.
    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        const ENTER: &str = "for folder in /usr/lib /lib64; do mount --bind -o ro \"$folder\" \"$0$folder\"; done\n\
            mount --bind /dev/null \"$0/dev/null\"\n\
            exec chroot \"$0\" /bin/sh \"$@\"";
        Command::new("unshare")
            .args(["--mount", "sh", "-euc", ENTER])
            .arg(self.root.path())
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .output()
            .unwrap()
    }

    /// Everything that the package has put here.
    fn left(&self) -> Vec<String> {
        let payload = self.unpacked.path("payload");
        let listed = run(
            "find",
            &[
                payload.as_os_str(),
                "!".as_ref(),
                "-type".as_ref(),
                "d".as_ref(),
                "-printf".as_ref(),
                "%P\\n".as_ref(),
            ],
        );
        let there = |path: &&str| fs::symlink_metadata(self.path(path)).is_ok();
        listed.lines().filter(there).map(str::to_owned).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_script_passes_shellcheck() {
    let macos = workspace().join("packaging/macos");
    for script in [
        "build",
        "uninstall",
        "scripts/preinstall",
        "scripts/postinstall",
    ] {
        let path = macos.join(script);
        let first = fs::read_to_string(&path).unwrap();
        assert!(first.starts_with("#!/bin/sh\n"), "{script}");
        let workspace = workspace();
        run(
            "shellcheck",
            &[
                "-x".as_ref(),
                "-P".as_ref(),
                workspace.as_os_str(),
                path.as_os_str(),
            ],
        );
    }
}

#[test]
fn an_old_macos_is_refused_in_plain_words_and_a_new_one_is_not() {
    let mac = Mac::new();
    for (version, taken) in [
        ("10.15.7", false),
        ("11.7.10", false),
        ("12.0", true),
        ("26.1", true),
    ] {
        mac.write("version", &format!("{version}\n"));
        let output = mac.script("preinstall", "/");
        assert_eq!(
            output.status.success(),
            taken,
            "{version}: {}",
            said(&output)
        );
        if !taken {
            assert!(said(&output).contains("needs macOS 12 or newer"));
        }
    }
    // What runs here says nothing about another volume.
    mac.write("version", "11.0\n");
    assert!(mac.script("preinstall", "/Volumes/Other").status.success());
}

#[test]
fn installing_makes_the_folder_loads_the_helper_and_leaves_the_window_alone() {
    let mac = Mac::new();
    mac.copy_payload();
    let output = mac.script("postinstall", "/");
    assert!(output.status.success(), "{}", said(&output));
    let data = fs::metadata(mac.path(DATA)).unwrap();
    assert_eq!(
        (data.mode() & 0o7777, data.uid(), data.gid()),
        (0o700, 0, 0)
    );
    let calls = mac.calls();
    let helper: Vec<_> = calls
        .iter()
        .filter(|call| call.contains("io.otpair.helper"))
        .collect();
    assert_eq!(
        helper,
        [
            "launchctl bootout system/io.otpair.helper",
            "launchctl enable system/io.otpair.helper",
            &format!("launchctl bootstrap system {HELPER}"),
        ]
    );
    assert!(
        calls.iter().all(|call| call.starts_with("launchctl")),
        "{calls:?}"
    );
}

#[test]
fn nothing_looks_after_the_window_while_the_plugin_is_replaced() {
    let mac = Mac::installed();
    mac.write("loaded/io.otpair.keep", "");
    assert!(mac.script("preinstall", "/").status.success());
    assert!(!mac.path("loaded/io.otpair.keep").exists());
    assert!(mac.path("loaded/io.otpair.helper").exists());
    // And where it was not loaded, nothing is wrong.
    assert!(mac.script("preinstall", "/").status.success());
}

#[test]
fn on_another_volume_nothing_of_the_running_system_is_touched() {
    let mac = Mac::new();
    fs::create_dir_all(mac.path("Volumes/Other")).unwrap();
    let output = mac.script("postinstall", "/Volumes/Other");
    assert!(output.status.success(), "{}", said(&output));
    assert!(mac.path("Volumes/Other").join(DATA).is_dir());
    assert!(!mac.path(DATA).exists());
    assert!(mac.calls().is_empty());
}

#[test]
fn an_upgrade_keeps_the_seeds_and_what_waits_and_loads_the_helper_anew() {
    let mac = Mac::installed();
    mac.write(&format!("{DATA}/inventory.db"), "seeds");
    mac.write("Library/LaunchDaemons/io.otpair.revert.plist", "waits");
    mac.write("loaded/io.otpair.revert", "");
    mac.copy_payload();
    assert!(mac.script("preinstall", "/").status.success());
    let output = mac.script("postinstall", "/");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(mac.read(&format!("{DATA}/inventory.db")), "seeds");
    assert!(mac.path("loaded/io.otpair.helper").exists());
    assert!(mac.calls().iter().all(|call| !call.contains("revert")));
}

#[test]
fn a_launchd_that_takes_a_moment_is_waited_for_and_one_that_never_comes_is_told() {
    let mac = Mac::new();
    mac.copy_payload();
    let busy = |times: usize| {
        for number in 0..times {
            mac.write(&format!("busy/{number}"), "");
        }
    };
    busy(3);
    assert!(mac.script("postinstall", "/").status.success());
    assert!(mac.path("loaded/io.otpair.helper").exists());
    busy(200);
    let output = mac.script("postinstall", "/");
    assert!(!output.status.success());
    assert!(
        said(&output).contains("Restart this Mac"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_window_that_still_names_otpair_keeps_everything_in_place() {
    for stuck in [
        "otpair:verify,privileged\n",
        "<string>otpair:prompt</string>\n",
    ] {
        let mac = Mac::installed();
        let before = mac.left();
        mac.write("stuck", "");
        mac.write("right", stuck);
        let output = mac.uninstall(&["--purge"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said(&output).contains("still names otpair"),
            "{}",
            said(&output)
        );
        assert_eq!(mac.left(), before);
        assert!(mac.path(DATA).exists());
        assert!(mac.path("loaded/io.otpair.helper").exists());
    }
}

#[test]
fn a_window_that_nobody_can_ask_keeps_everything_in_place_too() {
    let mac = Mac::installed();
    let before = mac.left();
    mac.write("stuck", "");
    fs::remove_file(mac.path("right")).unwrap();
    let output = mac.uninstall(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(mac.path("loaded/io.otpair.keep").exists());
    assert!(said(&output).contains("can't be read"), "{}", said(&output));
    assert_eq!(mac.left(), before);
}

#[test]
fn uninstalling_leaves_the_window_first_then_takes_everything_but_the_seeds() {
    let mac = Mac::installed();
    mac.write("right", "otpair:prompt\n");
    mac.write(&format!("{DATA}/inventory.db"), "seeds");
    // With it an installation to come would put otpair back by itself.
    mac.write(&format!("{DATA}/login-window.protected"), "");
    mac.write("Library/LaunchDaemons/io.otpair.revert.plist", "");
    mac.write("loaded/io.otpair.revert", "");
    let output = mac.uninstall(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(mac.left(), Vec::<String>::new());
    for gone in [
        "Library/Security/SecurityAgentPlugins/otpair.bundle",
        "usr/local/libexec/otpair",
        "Library/Application Support/otpair/login-window.protected",
        "Library/LaunchDaemons/io.otpair.revert.plist",
        "loaded/io.otpair.helper",
        "loaded/io.otpair.revert",
    ] {
        assert!(!mac.path(gone).exists(), "{gone}");
    }
    assert_eq!(mac.read(&format!("{DATA}/inventory.db")), "seeds");
    let calls = mac.calls();
    let first = [
        "launchctl bootout system/io.otpair.keep",
        "otpair unprotect login-window",
        "security authorizationdb read system.login.console",
    ];
    assert_eq!(calls[..3], first);
    assert_eq!(calls.last().unwrap(), "pkgutil --forget io.otpair.pkg");
    for others in [
        "Library/LaunchDaemons",
        "Library/PrivilegedHelperTools",
        "usr/local/bin",
    ] {
        assert!(mac.path(others).is_dir(), "{others} is not otpair's alone");
    }
}

#[test]
fn purging_takes_the_seeds_as_well() {
    let mac = Mac::installed();
    mac.write(&format!("{DATA}/inventory.db"), "seeds");
    let output = mac.uninstall(&["--purge"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!mac.path(DATA).exists());
}

#[test]
fn what_uninstall_does_not_know_is_wrong_usage_and_removes_nothing() {
    let mac = Mac::installed();
    let before = mac.left();
    for arguments in [&["--everything"][..], &["--purge", "now"]] {
        assert_eq!(mac.uninstall(arguments).status.code(), Some(2));
    }
    assert_eq!(mac.left(), before);
    assert!(mac.calls().is_empty());
}
