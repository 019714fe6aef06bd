//! The sealing key in a credential that only the machine's TPM opens: in a container that systemd has booted, with a
//! software TPM.

use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, told};
use otpair_tests::page::Page;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const PASSWORD: &str = "Password: ";
const PASSCODE: &str = "Passcode: ";
const IN: &str = "signed on as alice";
const PLAIN: &str = "/var/lib/otpair/cache.key";
const SEALED: &str = "/etc/credstore.encrypted/otpair-cache-key";
const UNSEALED: &str = "/run/otpair-key/cache.key";
const CONFIG: &str = "/etc/otpair/otpair.toml";
const COPY: &str = "/run/otpair-key.copy";

/// Where the copy is brought back. It is kept there too while the machine is down.
const SAFE: &str = "/mnt/otpair-key.copy";
const UNIT: &str = "otpair-key.service";
const SEAL: [&str; 2] = ["protect-key", "--tpm2"];
const TPM2: [&str; 3] = ["protect-key", "--tpm2", "--no-copy"];
const FILE: [&str; 2] = ["protect-key", "--file"];

/// Takes systemd out of a shell's sight.
const NO_SYSTEMD: &str = "mount -t tmpfs none /run/systemd;";

/// Somebody with a counter token, and how often they have pressed.
struct Person {
    name: &'static str,
    token: Token,
    presses: u64,
}

impl Person {
    fn new(container: &Container, name: &'static str, serial: &str) -> Self {
        let token = Token::hotp(serial);
        container.write("/root/tokens.txt", token.uri());
        container.done("chmod", &["0600", "/root/tokens.txt"]);
        container.done("otpair", &["import", "/root/tokens.txt"]);
        container.done("otpair", &["user", "pair", name, serial]);
        container.done("rm", &["/root/tokens.txt"]);
        Self {
            name,
            token,
            presses: 0,
        }
    }

    fn press(&mut self) -> String {
        self.presses += 1;
        self.token.press(self.presses - 1)
    }

    /// Signs on in a program of root's; what they saw, and whether they were let in.
    fn signs_on(&mut self, container: &Container) -> (bool, String) {
        let answer = self.press() + "\n";
        let words = ["otptest", self.name, "authenticate"];
        let output = container.run_with("pamtester", &words, &answer);
        (output.status.success(), told(&output))
    }

    /// Signs on in a program of their own, which has to ask the helper.
    fn signs_on_by_the_helper(&mut self, container: &Container) -> (bool, String) {
        let answer = self.press() + "\n";
        let words = ["--reuid", self.name, "--regid", self.name, "--init-groups"];
        let program = ["pamtester", "otptest", self.name, "authenticate"];
        let output = container.run_with("setpriv", &[&words[..], &program].concat(), &answer);
        (output.status.success(), told(&output))
    }

    #[track_caller]
    fn must_sign_on(&mut self, container: &Container) {
        let (granted, said) = self.signs_on(container);
        assert!(granted, "{said}\n{}", doctor(container));
    }
}

/// A container with a TPM, in which nothing was imported yet.
fn booted() -> Container {
    let container = Container::boot();
    container.fit_tpm();
    container.write(
        "/etc/pam.d/otptest",
        "auth required pam_otpair.so\nauth required pam_permit.so\n",
    );
    container
}

/// As [`booted`], in which Alice has a token.
fn with_alice() -> (Container, Person) {
    let container = booted();
    let alice = Person::new(&container, "alice", "12345678");
    (container, alice)
}

/// Signs on through sshd, with password and passcode.
fn ssh(container: &Container, alice: &mut Person) -> bool {
    let mut ssh = container.command("setsid");
    ssh.args(["-c", "ssh", "-tt", "-Fnone", "-oLogLevel=ERROR"])
        .args([
            "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null",
        ])
        .args(["-oNumberOfPasswordPrompts=1", "alice@127.0.0.1"])
        .arg("echo signed on as $(id -un)");
    let mut terminal = Terminal::start(ssh);
    terminal.expect(PASSWORD);
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&alice.press());
    terminal.wait_for(&[IN, "assword: ", "denied"]) == Some(0)
}

/// What the doctor says of the config, the key and the cache.
fn doctor(container: &Container) -> String {
    told(&container.run("otpair", &["doctor", "--config", CONFIG]))
}

fn otpair(container: &Container, words: &[&str]) -> String {
    container.done("otpair", words)
}

/// What the command says as it refuses or fails.
fn refusal(container: &Container, words: &[&str]) -> String {
    let output = container.run("otpair", words);
    let said = told(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

fn has(container: &Container, path: &str) -> bool {
    container.path(path).symlink_metadata().is_ok()
}

/// Everything that the command may change, with its content.
fn state(container: &Container) -> Vec<Option<Vec<u8>>> {
    let wanted = "/etc/systemd/system/sysinit.target.wants/otpair-key.service";
    let files = [PLAIN, SEALED, UNSEALED, CONFIG, COPY, wanted];
    let read = |file: &str| fs::read(container.path(file)).ok();
    files.into_iter().map(read).collect()
}

fn audit(container: &Container) -> String {
    String::from_utf8(container.read("/var/log/otpair.jsonl")).unwrap()
}

/// The files of a disk, but for the TPM's own, that have one of these in them.
fn holding(disk: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(disk).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() && !path.ends_with("srv/tpm") {
            found.extend(holding(&path, needles));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            let has = |needle: &Vec<u8>| bytes.windows(needle.len()).any(|part| part == needle);
            if needles.iter().any(has) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// A key as it may stand on a disk: in hexadecimal, and as bytes.
fn spellings(line: &[u8]) -> Vec<Vec<u8>> {
    let digits = str::from_utf8(line)
        .unwrap()
        .trim()
        .rsplit(' ')
        .next()
        .unwrap();
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap());
    vec![digits.as_bytes().to_vec(), bytes.collect()]
}

#[test]
fn while_the_key_is_sealed_nobody_is_kept_out_and_then_no_key_is_on_the_disk() {
    let (mut container, mut alice) = with_alice();
    let mut root = Person::new(&container, "root", "87654321");
    otpair(&container, &["protect", "sshd"]);
    otpair(&container, &["protect", "--confirm"]);
    container.done("systemctl", &["enable", "--now", "otpair-helper.socket"]);
    let key = spellings(&container.read(PLAIN));
    assert!(!holding(&container.disk(), &key).is_empty());
    let is_sealed = AtomicBool::new(false);
    thread::scope(|scope| {
        let loops = [
            scope.spawn(|| {
                while !is_sealed.load(Ordering::Relaxed) {
                    root.must_sign_on(&container);
                }
            }),
            scope.spawn(|| {
                while !is_sealed.load(Ordering::Relaxed) {
                    assert!(ssh(&container, &mut alice), "sshd let Alice not in");
                }
            }),
        ];
        for words in [&TPM2[..], &FILE, &TPM2] {
            otpair(&container, words);
        }
        is_sealed.store(true, Ordering::Relaxed);
        for each in loops {
            each.join().unwrap();
        }
    });
    assert!(root.presses > 10 && alice.presses > 1);
    assert!(!has(&container, PLAIN));
    container.power_cycle();
    assert!(ssh(&container, &mut alice));
    let (granted, said) = alice.signs_on_by_the_helper(&container);
    assert!(granted, "{said}");
    let mode = container.done("stat", &["-c", "%a %U", "/run/otpair-key", UNSEALED]);
    assert_eq!(mode, "700 root\n600 root\n");
    // Of this memory nothing is ever swapped to the disk.
    let memory = container.done("stat", &["-f", "-c", "%T", UNSEALED]);
    assert_eq!(memory, "ramfs\n");
    assert_eq!(holding(&container.disk(), &key), [""; 0]);
    let told_of = doctor(&container);
    assert!(!told_of.contains("sealing key"), "{told_of}");
    let said = otpair(&container, &TPM2);
    assert!(said.contains("Nothing to do"), "{said}");
    // Stopped, started again or failed: what it has unsealed stays.
    for word in ["stop", "start", "restart"] {
        container.done("systemctl", &[word, UNIT]);
        alice.must_sign_on(&container);
    }
    let log = audit(&container);
    assert!(
        log.contains("\"key_protected\"") && log.contains("\"key_unprotected\""),
        "{log}"
    );
}

#[test]
fn without_its_tpm_the_disk_opens_for_nobody_and_the_copy_brings_everybody_back() {
    let (mut container, mut alice) = with_alice();
    let words = [&SEAL[..], &["--recovery-key", COPY]].concat();
    let said = told(&container.run("otpair", &words));
    assert!(said.contains("take it off this machine"), "{said}");
    let mode = container.done("stat", &["-c", "%a", COPY]);
    assert_eq!(mode, "600\n");
    container.done("mv", &[COPY, SAFE]);
    container.change_tpm();
    container.power_cycle();
    let (granted, said) = alice.signs_on(&container);
    assert!(
        !granted && said.contains("Passcodes can't be checked"),
        "{said}"
    );
    let told_of = doctor(&container);
    assert!(
        told_of.contains("the TPM does not open") && told_of.contains("--from"),
        "{told_of}"
    );
    let journal = container.done("journalctl", &["-u", UNIT, "--no-pager"]);
    assert!(journal.contains("integrity check failed"), "{journal}");
    // The new TPM can seal what the copy brings back.
    let lost = refusal(&container, &TPM2);
    assert!(lost.contains("--from FILE"), "{lost}");
    container.write(
        "/root/other",
        format!("otpair-cache-key-1 {}\n", "0f".repeat(32)),
    );
    let wrong = refusal(
        &container,
        &[&SEAL[..], &["--from", "/root/other"]].concat(),
    );
    assert!(wrong.contains("not the key"), "{wrong}");
    otpair(&container, &[&SEAL[..], &["--from", SAFE]].concat());
    alice.must_sign_on(&container);
    container.power_cycle();
    alice.must_sign_on(&container);
    // Without any TPM, and with nothing of the boot's, as in a rescue system.
    container.done("systemctl", &["disable", "--now", "tpm.service"]);
    container.power_cycle();
    assert!(!alice.signs_on(&container).0);
    let rescue = format!("{NO_SYSTEMD} otpair protect-key --file --from {SAFE}");
    container.done("unshare", &["--mount", "sh", "-euc", &rescue]);
    alice.must_sign_on(&container);
    assert!(!has(&container, SEALED));
    container.power_cycle();
    alice.must_sign_on(&container);
}

/// Puts the key where it was: into a file, or into a credential.
const RESTORE: &str = "
systemctl stop otpair-key.service
systemctl disable --quiet otpair-key.service
umount -q /run/otpair-key || true
rm -rf /etc/credstore.encrypted /run/otpair-key /var/lib/otpair/cache.key /var/lib/otpair/.new
cp -a /root/$1/. /
if [ \"$1\" = sealed ]; then systemctl enable --now --quiet otpair-key.service; fi
";

/// What a kill can come before: each change of a folder, and each start of another program.
const CALLS: &str =
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,clone,clone3,vfork";

/// Kills the command before its every change, and has a second run finish it.
fn kill_at_every_step(start: &str, words: &[&str], at_the_end: impl Fn(&Container)) {
    let (container, mut alice) = with_alice();
    let keep = |name: &str, files: &str| {
        let script = format!("mkdir /root/{name} && tar -C / -c {files} | tar -C /root/{name} -x");
        container.done("sh", &["-euc", &script]);
    };
    keep("plain", "var/lib/otpair/cache.key etc/otpair/otpair.toml");
    otpair(&container, &TPM2);
    keep("sealed", "etc/credstore.encrypted etc/otpair/otpair.toml");
    for call in 1.. {
        container.done("sh", &["-euc", RESTORE, "restore", start]);
        let inject = format!("inject={CALLS}:signal=KILL:when={call}");
        let calls = format!("trace={CALLS}");
        let strace = ["-o", "/dev/null", "-e", &calls, "-e", &inject, "otpair"];
        let killed = container.run("strace", &[&strace, words].concat());
        alice.must_sign_on(&container);
        if killed.status.success() {
            assert!(call > 5, "it was never killed");
            return;
        }
        otpair(&container, words);
        alice.must_sign_on(&container);
        at_the_end(&container);
    }
}

#[test]
fn killed_at_any_step_of_the_sealing_it_keeps_nobody_out_and_a_second_run_finishes_it() {
    kill_at_every_step("plain", &TPM2, |container| {
        assert!(has(container, SEALED) && !has(container, PLAIN));
        assert!(!has(container, "/var/lib/otpair/.new"));
    });
}

#[test]
fn killed_at_any_step_of_the_way_back_it_keeps_nobody_out_and_a_second_run_finishes_it() {
    kill_at_every_step("sealed", &FILE, |container| {
        assert!(has(container, PLAIN) && !has(container, SEALED) && !has(container, UNSEALED));
    });
}

#[test]
fn what_can_not_be_sealed_changes_nothing_and_says_why() {
    let (container, mut alice) = with_alice();
    let before = state(&container);
    let sealed = |said: &str, words: &[&str]| {
        let refused = refusal(&container, words);
        assert!(refused.contains(said), "{said}: {refused}");
        assert_eq!(
            refused.lines().count(),
            2,
            "one line, and the status: {refused}"
        );
        assert_eq!(state(&container), before, "{refused}");
    };
    // The key of so many people is not in the TPM alone unless the admin says so, nor on the disk once more.
    sealed("or --no-copy", &SEAL);
    sealed("or --no-copy", &[&SEAL[..], &["--pcrs", "7"]].concat());
    sealed(
        "lies on the disk of /",
        &[&SEAL[..], &["--recovery-key", "/root/key.copy"]].concat(),
    );
    let output = container.run("otpair", &[&TPM2[..], &["--pcrs", "7+11"]].concat());
    let refused = told(&output);
    assert_eq!(output.status.code(), Some(2), "{refused}");
    assert!(refused.contains("PCR 11 is written to"), "{refused}");
    assert_eq!(state(&container), before);
    container.done("systemctl", &["stop", "tpm.service"]);
    sealed("the TPM can't seal the key", &TPM2);
    container.fit_tpm();
    // A copy is not written over what is there.
    sealed(
        "is not overwritten",
        &[&SEAL[..], &["--recovery-key", "/etc/passwd"]].concat(),
    );
    let shell = |script: &str| container.run("unshare", &["--mount", "sh", "-euc", script]);
    let other = format!("otpair-cache-key-1 {}", "0f".repeat(32));
    let fake = format!(
        "#!/bin/sh\ncase $1 in decrypt) cat >/dev/null; echo '{other}' ;; *) exec /run/creds \"$@\" ;; esac\n"
    );
    container.write("/run/fake", fake);
    let swap = "cp /usr/bin/systemd-creds /run/creds; chmod 0755 /run/fake; mount --bind /run/fake /usr/bin/systemd-creds;";
    for (prepare, said) in [
        (swap, "it does not give back: other bytes"),
        (NO_SYSTEMD, "systemd does not run this machine"),
        (
            "mount --bind /dev/null /usr/bin/systemd-creds;",
            "systemd-creds can't be started",
        ),
    ] {
        let output = shell(&format!(
            "{prepare} exec otpair protect-key --tpm2 --no-copy"
        ));
        let refused = told(&output);
        assert!(refused.contains(said), "{said}: {refused}");
        assert_eq!(state(&container), before, "{refused}");
    }
    let as_alice = ["--reuid", "alice", "--regid", "alice", "--clear-groups"];
    let words = [&as_alice[..], &["otpair", "protect-key", "--tpm2"]].concat();
    let refused = told(&container.run("setpriv", &words));
    assert!(refused.contains("only root"), "{refused}");
    alice.must_sign_on(&container);
    // The unit unseals something else than was sealed.
    let other =
        "[Service]\nExecStart=\nExecStart=/bin/sh -c 'echo other >/run/otpair-key/cache.key'\n";
    container.done("mkdir", &["/run/systemd/system/otpair-key.service.d"]);
    container.write("/run/systemd/system/otpair-key.service.d/other.conf", other);
    container.done("systemctl", &["daemon-reload"]);
    sealed("does not give the key back as it was sealed", &TPM2);
    alice.must_sign_on(&container);
}

#[test]
fn a_key_that_is_another_configs_or_elsewhere_is_left_alone() {
    let (container, mut alice) = with_alice();
    container.write(
        "/etc/otpair/otpair.toml",
        "[cache]\nkey = \"file:/root/key\"\n",
    );
    assert!(refusal(&container, &TPM2).contains("/root/key"));
    container.write("/etc/otpair/otpair.toml", "");
    // What can't be opened now may be of use to somebody.
    container.done("mkdir", &["-p", "/etc/credstore.encrypted"]);
    container.write(SEALED, "x");
    assert!(refusal(&container, &TPM2).contains("or can't be opened"));
    otpair(&container, &FILE);
    assert_eq!(container.read(SEALED), b"x");
    container.done("rm", &[SEALED]);
    // A scratch otpair may have the machine's one sealed key as long as the machine's own has it in a file.
    container.write("/root/try.toml", "[cache]\npath = \"/root/try\" # mine\n");
    let scratch = ["--config", "/root/try.toml"];
    container.write("/root/tokens.txt", Token::hotp("555").uri());
    container.done("chmod", &["0600", "/root/tokens.txt"]);
    otpair(&container, &[&scratch[..], &TPM2].concat());
    otpair(
        &container,
        &[&scratch[..], &["import", "/root/tokens.txt"]].concat(),
    );
    let config = String::from_utf8(container.read("/root/try.toml")).unwrap();
    assert_eq!(
        config,
        "[cache]\npath = \"/root/try\" # mine\nkey = \"credential\"\n"
    );
    let before = state(&container);
    assert!(refusal(&container, &TPM2).contains("has another key"));
    otpair(&container, &FILE);
    assert_eq!(state(&container), before);
    otpair(&container, &[&scratch[..], &FILE].concat());
    otpair(&container, &TPM2);
    alice.must_sign_on(&container);
    let refused = refusal(&container, &[&scratch[..], &TPM2].concat());
    assert!(refused.contains("one sealed key"), "{refused}");
    container.write(CONFIG, "[cache]\nkey = \"credential\"\nkey");
    let refused = refusal(&container, &[&scratch[..], &TPM2].concat());
    assert!(refused.contains("it is not known whose"), "{refused}");
}

#[test]
fn the_doctor_names_what_is_wrong_with_a_sealed_key_and_the_command_mends_it() {
    let (container, mut alice) = with_alice();
    let key = container.read(PLAIN);
    // That it could be sealed is a hint, and none where there is no TPM to see.
    assert_eq!(doctor(&container).lines().count(), 2);
    container.write("/dev/tpmrm0", "");
    let told_of = doctor(&container);
    assert!(
        told_of.contains("Nothing here stops a sign-on.\nhint: sealing key: is in a file"),
        "{told_of}"
    );
    otpair(&container, &TPM2);
    let spoilt = [
        ("systemctl disable otpair-key.service", "is not enabled"),
        (
            "rm /etc/credstore.encrypted/otpair-cache-key",
            "is missing: nobody can sign on after",
        ),
        (
            "rm /run/otpair-key/cache.key",
            "has not unsealed it at this boot: nobody can sign on",
        ),
        (
            "echo x >/etc/credstore.encrypted/otpair-cache-key",
            "the TPM does not open",
        ),
        (
            "systemd-creds encrypt --with-key=host --name=otpair-cache-key /root/key /etc/credstore.encrypted/otpair-cache-key",
            "is not sealed with the TPM",
        ),
        (
            "install -m 0600 /root/key /var/lib/otpair/cache.key",
            "is left beside the sealed key",
        ),
        (
            "install -m 0600 /root/key /var/lib/otpair/.new",
            "is left beside the sealed key",
        ),
        (
            "install -m 0600 /root/key /var/lib/otpair/cache.key; : >/etc/otpair/otpair.toml",
            "the config does not name it",
        ),
    ];
    container.write("/root/key", key);
    for (spoil, what) in spoilt {
        container.done("sh", &["-euc", spoil]);
        let told_of = doctor(&container);
        assert!(told_of.contains(what), "{spoil}: {told_of}");
        otpair(&container, &TPM2);
        let told_of = doctor(&container);
        assert!(!told_of.contains("sealing key"), "{spoil}: {told_of}");
        alice.must_sign_on(&container);
    }
}

#[test]
fn a_credential_that_is_replaced_or_removed_is_overwritten() {
    let (container, mut alice) = with_alice();
    let sealed_old = || {
        container.done("ln", &["-f", SEALED, "/etc/old"]);
        let old = container.read("/etc/old");
        assert!(old.iter().any(|byte| *byte != 0));
        old.len()
    };
    let assert_overwritten = |length: usize| {
        assert_eq!(container.read("/etc/old"), vec![0; length]);
        let left = container.done("ls", &["-A", "/etc/credstore.encrypted"]);
        assert!(!left.contains(".otpair"), "{left}");
    };
    otpair(&container, &TPM2);
    let length = sealed_old();
    otpair(&container, &[&TPM2[..], &["--pcrs", "7"]].concat());
    assert_overwritten(length);
    alice.must_sign_on(&container);
    let length = sealed_old();
    otpair(&container, &FILE);
    assert_overwritten(length);
    alice.must_sign_on(&container);
    // What a kill has left.
    container.write("/etc/credstore.encrypted/.otpair-cache-key.otpair", "left");
    otpair(&container, &FILE);
    assert!(!has(
        &container,
        "/etc/credstore.encrypted/.otpair-cache-key.otpair"
    ));
}

#[test]
fn the_page_is_followed_from_the_first_import_to_a_new_mainboard_and_back() {
    let page = Page::read("key-at-rest.md");
    let mut container = booted();
    let follow = |container: &Container, block: &str| {
        let output = container.run("sh", &["-euc", page.block(block)]);
        let said = told(&output);
        assert!(output.status.success(), "{block}: {said}");
        said
    };
    let seal = page.block("sh").replace("apt install tpm2-tools\n", "");
    container.done("sh", &["-euc", &seal]);
    let mut alice = Person::new(&container, "alice", "12345678");
    alice.must_sign_on(&container);
    // It was made here, and never was on the disk.
    let key = spellings(&container.read(UNSEALED));
    assert_eq!(holding(&container.disk(), &key), [""; 0]);
    let told_of = doctor(&container);
    assert!(told_of.contains("still on this machine"), "{told_of}");
    follow(&container, "sh moved");
    let told_of = doctor(&container);
    assert!(!told_of.contains("sealing key"), "{told_of}");
    assert_eq!(holding(&container.disk(), &key), [""; 0]);
    follow(&container, "sh copy");
    container.done("mv", &[COPY, SAFE]);
    container.change_tpm();
    container.power_cycle();
    assert!(!alice.signs_on(&container).0);
    let why = follow(&container, "sh why");
    assert!(why.contains("the TPM does not open"), "{why}");
    follow(&container, "sh dead");
    alice.must_sign_on(&container);
    // From paper.
    let typed = String::from_utf8(container.read(SAFE)).unwrap();
    let words = [&SEAL[..], &["--from", "-"]].concat();
    let output = container.run_with("otpair", &words, &typed);
    assert!(output.status.success(), "{}", told(&output));
    // Bound to PCR 7, it is shut by a change of that, and opens again when it is bound to none.
    follow(&container, "sh pcrs");
    container.power_cycle();
    alice.must_sign_on(&container);
    let extend = format!("7:sha256={}", "ab".repeat(32));
    let door = "swtpm:host=127.0.0.1,port=2321";
    container.done("tpm2_pcrextend", &["-T", door, &extend]);
    assert!(doctor(&container).contains("after the next boot"));
    alice.must_sign_on(&container);
    otpair(&container, &[&TPM2[..], &["--pcrs", ""]].concat());
    container.done("systemctl", &["restart", UNIT]);
    follow(&container, "sh rescue");
    alice.must_sign_on(&container);
    otpair(&container, &TPM2);
    follow(&container, "sh file");
    alice.must_sign_on(&container);
}

#[test]
fn with_the_tpm_and_every_copy_lost_people_begin_again_as_recovery_says() {
    let recovery = Page::read("recovery.md");
    let begin = recovery.block("sh key lost for good");
    let in_file = "otpair protect-key --file";
    let by_tpm = "otpair protect-key --tpm2 --recovery-key /run/otpair-key.copy";
    assert!(begin.contains(in_file) && recovery.text().contains(by_tpm));
    let (mut container, mut alice) = with_alice();
    for (anew, place) in [(in_file, PLAIN), (by_tpm, SEALED)] {
        otpair(&container, &TPM2);
        container.change_tpm();
        container.power_cycle();
        assert!(!alice.signs_on(&container).0);
        container.write("/run/tokens.txt", alice.token.uri());
        container.done("chmod", &["0600", "/run/tokens.txt"]);
        container.done("rm", &["-rf", "/root/otpair.lost"]);
        container.done("sh", &["-euc", &begin.replace(in_file, anew)]);
        assert!(has(&container, place));
        assert_ne!(has(&container, PLAIN), has(&container, SEALED));
        otpair(&container, &["user", "pair", "alice", "12345678"]);
        alice.must_sign_on(&container);
        container.power_cycle();
        alice.must_sign_on(&container);
    }
}
