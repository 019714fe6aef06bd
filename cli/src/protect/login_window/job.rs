//! The launchd job that takes otpair out of the login window when nobody confirms.
//!
//! `RunAtLoad` starts it when `otpair protect` hands it to launchd, and again at every boot as long as its file is there.
//! Which of the two it is it knows by the boot's own number: in another boot nothing was confirmed, and it does not wait.
//! `KeepAlive` starts it anew, wait and all, when somebody kills it or it could not take otpair out.

use super::mac::{Window, run};
use crate::failure::Failure;
use crate::files;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const LABEL: &str = "io.otpair.revert";

const SCRIPT: &str = include_str!("revert.sh");

/// How long launchd may take to let go of a job.
const PATIENCE: Duration = Duration::from_secs(10);

impl Window {
    /// Starts the wait, so many seconds; one that runs already ends.
    pub(super) fn start_wait(&self, seconds: u64) -> Result<(), Failure> {
        let plist = self.plist_of_wait(seconds, &self.boot()?);
        self.unload(LABEL)?;
        files::write(&self.job(), &plist)?;
        let job = self.job();
        let arguments = ["bootstrap", "system", &job.to_string_lossy()];
        run(&self.launchctl, &arguments, b"").map(drop)
    }

    /// Ends the wait. launchd ends the job too, which may be what this was started by: so it is the last thing.
    pub(super) fn end_wait(&self) -> Result<(), Failure> {
        files::remove(&self.job())?;
        // What is no longer written down takes nothing back, whatever still runs.
        let _ = self.unload(LABEL);
        Ok(())
    }

    /// The job's file.
    pub(super) fn job(&self) -> PathBuf {
        self.daemons.join(format!("{LABEL}.plist"))
    }

    /// This boot, told from every other one.
    fn boot(&self) -> Result<String, Failure> {
        let boot = run(&self.sysctl, &["-n", "kern.bootsessionuuid"], b"")?;
        let boot = String::from_utf8_lossy(&boot).trim().to_owned();
        if boot.is_empty() {
            return Err(Failure::new(
                "sysctl -n kern.bootsessionuuid says nothing; nothing was switched on",
            ));
        }
        Ok(boot)
    }

    /// Sees that launchd has no such job, and waits until it has let go of it.
    fn unload(&self, label: &str) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        while self.is_loaded(label) {
            let _ = run(
                &self.launchctl,
                &["bootout", &format!("system/{label}")],
                b"",
            );
            if Instant::now() > until {
                return Err(Failure::new(format!(
                    "launchd does not let go of {label}; see launchctl print system/{label}"
                )));
            }
            if self.is_loaded(label) {
                thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    fn plist_of_wait(&self, seconds: u64, boot: &str) -> String {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let arguments = [
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            SCRIPT.to_owned(),
            LABEL.to_owned(),
            path(&self.security),
            path(&self.launchctl),
            path(&self.sysctl),
            path(&self.otpair),
            path(&self.journal),
            path(&self.marker()),
            path(&self.job()),
            seconds.to_string(),
            boot.to_owned(),
        ];
        let arguments = arguments.map(|text| format!("\t\t<string>{}</string>\n", escaped(&text)));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n\
             \t<key>Label</key>\n\t<string>{LABEL}</string>\n\
             \t<key>ProgramArguments</key>\n\t<array>\n{}\t</array>\n\
             \t<key>RunAtLoad</key>\n\t<true/>\n\
             \t<key>KeepAlive</key>\n\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n\t</dict>\n\
             </dict>\n</plist>\n",
            arguments.concat()
        )
    }
}

/// Text for XML.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}
