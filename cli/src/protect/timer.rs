//! What takes otpair's lines out again when nobody confirms: systemd's, or a process of its own where there is none.

use super::folder;
use super::pending::{self, Pending};
use crate::failure::Failure;
use crate::files;
use crate::systemd::{is_systemd, systemctl};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The timer and what it starts. They are gone after a boot.
const TIMER: &str = "/run/systemd/system/otpair-revert.timer";
const SERVICE: &str = "/run/systemd/system/otpair-revert.service";
/// Starts the timer again should systemd start everything anew without a boot.
const TIMER_WANTED: &str = "/run/systemd/system/timers.target.wants/otpair-revert.timer";

/// What a boot starts, which is there only as long as something is pending.
const BOOT: &str = "/etc/systemd/system/otpair-revert-at-boot.service";
const BOOT_WANTED: &str = "/etc/systemd/system/sysinit.target.wants/otpair-revert-at-boot.service";

/// Starts the wait, so many seconds; one that runs already ends. Where that can't be done the one before stays.
pub(crate) fn start(pending: &Pending, seconds: u64) -> Result<(), Failure> {
    if !is_systemd() {
        return detach(pending, seconds);
    }
    let before = [BOOT, SERVICE, TIMER].map(|path| (path, fs::read_to_string(path)));
    let started = start_timer(pending, seconds);
    if started.is_err() {
        for (path, text) in before {
            if let Ok(text) = text {
                let _ = files::write(Path::new(path), &text);
            }
        }
        let _ = systemctl(&["daemon-reload"]);
    }
    started.map_err(|why| Failure::new(format!("{}; nothing was switched on", why.message())))
}

fn start_timer(pending: &Pending, seconds: u64) -> Result<(), Failure> {
    let script = in_unit(&script(pending));
    let boot = format!(
        "[Unit]\n\
         Description=otpair: take back what nobody confirmed before the machine was started again\n\
         Documentation=man:otpair(8)\n\
         DefaultDependencies=no\n\
         After=local-fs.target systemd-remount-fs.service systemd-journald-dev-log.socket\n\
         Before=sysinit.target shutdown.target\n\
         Conflicts=shutdown.target\n\
         ConditionPathExists=!{TIMER}\n\
         \n[Service]\nType=oneshot\nExecStart=/bin/sh -c {script}\n\
         \n[Install]\nWantedBy=sysinit.target\n"
    );
    files::write(Path::new(BOOT), &boot)?;
    link(BOOT, BOOT_WANTED)?;
    let service = format!(
        "[Unit]\nDescription=otpair: take back what nobody confirmed in time\nDocumentation=man:otpair(8)\n\
         \n[Service]\nType=oneshot\nExecStart=/bin/sh -c {script}\n"
    );
    files::write(Path::new(SERVICE), &service)?;
    let timer = format!(
        "[Unit]\nDescription=otpair: how long otpair protect waits to be confirmed\nDocumentation=man:otpair(8)\n\
         \n[Timer]\nOnActiveSec={seconds}s\nAccuracySec=1s\n"
    );
    files::write(Path::new(TIMER), &timer)?;
    link(TIMER, TIMER_WANTED)?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["restart", "otpair-revert.timer"])
}

/// Ends the wait, and takes away all that was made for it.
pub(crate) fn end() -> Result<(), Failure> {
    let mut any = false;
    for path in [BOOT_WANTED, BOOT, TIMER_WANTED, TIMER, SERVICE] {
        any |= files::remove(Path::new(path))?;
    }
    if any && is_systemd() {
        // Not waited for: this may be what the timer or the boot has started.
        let _ = systemctl(&["--no-block", "stop", "otpair-revert.timer"]);
        let _ = systemctl(&["--no-block", "daemon-reload"]);
    }
    Ok(())
}

fn link(target: &str, path: &str) -> Result<(), Failure> {
    let path = Path::new(path);
    let failed = |error| Failure::file(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    files::remove(path)?;
    std::os::unix::fs::symlink(target, path).map_err(failed)?;
    files::sync_folder(path).map_err(failed)
}

/// Without systemd: a process with a session of its own, which no terminal's end ends. It is a shell that sleeps, so
/// that it outlives every process with the name otpair.
fn detach(pending: &Pending, seconds: u64) -> Result<(), Failure> {
    let Pending { id, .. } = pending;
    let wait = format!(
        "trap '' HUP INT QUIT; sleep {seconds}; grep -qF {} {} || exit 0; {}",
        quoted(id),
        pending::PATH,
        script(pending)
    );
    let mut shell = Command::new("setsid");
    shell.args(["--fork", "sh", "-c", &wait]).current_dir("/");
    let status = shell
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!(
            "setsid: {status}; nothing was switched on"
        ))),
        Err(error) => Err(Failure::new(format!(
            "setsid can't be started: {error}; nothing was switched on"
        ))),
    }
}

/// What takes the lines out: otpair, and should it be gone or broken, `sed`.
fn script(pending: &Pending) -> String {
    let own = std::env::current_exe().ok().filter(|path| path.exists());
    let otpair = own.map_or_else(
        || "/usr/bin/otpair".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    );
    let files: Vec<_> = pending
        .services
        .iter()
        .map(|service| quoted(&folder::file(service).to_string_lossy()))
        .collect();
    format!(
        "timeout 60 {} protect --revert || {{ test -e {journal} && sed -i '/{mark} *$/d' {files} && rm -f {journal} {BOOT_WANTED} {BOOT}; }}",
        quoted(&otpair),
        journal = pending::PATH,
        mark = otpair_host::pamstack::MARK,
        files = files.join(" "),
    )
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A word for systemd's `ExecStart=` (systemd.service(5), "command lines").
fn in_unit(word: &str) -> String {
    let word = word.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", word.replace('%', "%%").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell_and_for_systemd() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(in_unit("a \"b\" c\\ 5% $d"), r#""a \"b\" c\\ 5%% $$d""#);
    }
}
