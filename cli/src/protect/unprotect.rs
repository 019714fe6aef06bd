//! `otpair unprotect`: only lines that `otpair protect` put in are taken out, also those that wait to be confirmed.

use super::login_window::{self, Window};
use super::{folder, plan, revert};
use crate::args::Json;
use crate::failure::Failure;
use crate::files;
use crate::status;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The PAM services; on macOS login-window
    #[arg(value_name = "SERVICE", required_unless_present = "all")]
    services: Vec<String>,
    /// Every service
    #[arg(long, conflicts_with = "services")]
    all: bool,
    /// Only say what --all would do, or why it could not
    #[arg(long, requires = "all", conflicts_with = "services")]
    dry_run: bool,
    #[command(flatten)]
    json: Json,
}

impl Args {
    /// Takes otpair's lines out.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        if let Some(window) = Window::here() {
            return self.run_at(&window, config);
        }
        if self.all {
            return self.everywhere(config);
        }
        for service in &self.services {
            plan::check_name(service)?;
            if folder::text(service).is_none() {
                return Err(Failure::new(format!(
                    "PAM has no service {service}: there is no {}; otpair status lists them",
                    folder::file(service).display()
                )));
            }
        }
        folder::need_root()?;
        // Nothing that another one does keeps lines in.
        let _lock = folder::lock().ok();
        let services = plan::with_companions(&self.services);
        let mut taken_out = Vec::new();
        for service in &services {
            if revert::take_out(service, config, WHY)? {
                taken_out.push(service.as_str());
            }
        }
        revert::forget(&services)?;
        let mut others = services
            .iter()
            .filter(|service| !taken_out.contains(&service.as_str()));
        let by_hand = others.find(|service| status::is_protected(service));
        by_hand.map_or(Ok(()), |service| Err(left(service)))?;
        self.tell(&services, !taken_out.is_empty())
    }

    /// Does it at a Mac's login window.
    fn run_at(self, window: &Window, config: Option<&Path>) -> Result<(), Failure> {
        if !self.all {
            login_window::check_names(&self.services)?;
        }
        if self.dry_run {
            return Err(Failure::Usage("--dry-run is for PAM's files".to_owned()));
        }
        files::need_root_for("the login window")?;
        let said = window.switch_off(config)?;
        status::tell_window(window, self.json.json, said)
    }

    /// Does it in every file.
    fn everywhere(&self, config: Option<&Path>) -> Result<(), Failure> {
        folder::need_root()?;
        let _lock = folder::lock().ok();
        let services = if self.dry_run {
            revert::foreseen()?
        } else {
            revert::take_all_out(config, WHY)?
        };
        folder::by_hand().map_or(Ok(()), |file| Err(left(&file)))?;
        if self.dry_run {
            let said = format!(
                "otpair's lines would be taken out of: {}.",
                services.join(", ")
            );
            return status::tell(&services, self.json.json, &said);
        }
        self.tell(&services, !services.is_empty())
    }

    fn tell(&self, services: &[String], were_any: bool) -> Result<(), Failure> {
        // Whoever takes all out may have taken sshd's out before.
        let sshd = ["sshd".to_owned()];
        revert::note_what_is_left(if self.all { &sshd } else { services });
        let said = if were_any {
            "otpair is not asked any more."
        } else {
            "Nothing to do: otpair was not asked there."
        };
        status::tell(services, self.json.json, said)
    }
}

/// What the audit log gives as the reason.
const WHY: &str = "by the admin";

/// What is said of a line that is not otpair's own.
fn left(service: &str) -> Failure {
    Failure::new(format!(
        "{service}: its line with pam_otpair.so is none of otpair protect's; take it out by hand of {} or of what it includes",
        folder::file(service).display()
    ))
}
