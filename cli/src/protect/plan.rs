//! What `otpair protect` would write, before anything is written.

use super::pending::Pending;
use super::{folder, sshd};
use crate::failure::Failure;
use crate::files;
use otpair_host::pamstack::{self, FirstFactor, Protected};
use std::path::{Path, absolute};

/// What goes with a service and has a file of its own: Debian's `sudo -i`.
const COMPANIONS: [(&str, &str); 1] = [("sudo", "sudo-i")];

/// Doors with one field, which ask once: they need three lines of their own, which their pages have.
const ONE_FIELD: [&str; 6] = ["i3lock", "swaylock", "gtklock", "radiusd", "nginx", "squid"];

/// A file as it is to become.
pub(super) struct Change {
    pub(super) service: String,
    pub(super) text: String,
}

/// What is to be done.
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    /// What was asked for.
    services: Vec<String>,
    /// What waits to be confirmed already.
    before: Vec<String>,
}

impl Plan {
    /// Plans to put otpair in front of these services.
    pub(super) fn of(services: &[String], config: Option<&Path>) -> Result<Self, Failure> {
        let arguments = arguments(config)?;
        let before = Pending::read()?.map_or_else(Vec::new, |pending| pending.services);
        let mut plan = Self {
            changes: Vec::new(),
            services: with_companions(services),
            before,
        };
        for service in services {
            check_name(service)?;
        }
        for service in with_companions(services) {
            plan.add(&service, &arguments)?;
        }
        plan.check_others()?;
        Ok(plan)
    }

    /// A file as it would be.
    fn text(&self, name: &str) -> Option<String> {
        let planned = self.changes.iter().find(|change| change.service == name);
        planned.map_or_else(|| folder::text(name), |change| Some(change.text.clone()))
    }

    fn add(&mut self, service: &str, arguments: &str) -> Result<(), Failure> {
        let path = folder::file(service);
        if self.changes.iter().any(|change| change.service == service) {
            return Ok(());
        }
        let text = files::own_text(&path).map_err(|error| missing(service, &path, &error))?;
        let first = if service == "sshd" && sshd::asks_for_a_key_first() {
            FirstFactor::BeforeStack
        } else {
            FirstFactor::InStack
        };
        let reader = |name: &str| self.text(name);
        let protected = pamstack::protect(&text, &reader, arguments, first);
        match protected.map_err(|refusal| Failure::new(format!("{}: {refusal}", path.display())))? {
            Protected::Text(_) if ONE_FIELD.contains(&service) => {
                return Err(Failure::new(format!(
                    "{service} asks once, so a second question would keep everybody out; it needs the three lines of pam_otpair(8), Doors with one field"
                )));
            }
            Protected::Text(text) => self.changes.push(Change {
                service: service.to_owned(),
                text,
            }),
            Protected::Already | Protected::ByHand => {}
        }
        Ok(())
    }

    /// A service that includes another one's file would get its line too, and ask twice.
    fn check_others(&self) -> Result<(), Failure> {
        let reader = |name: &str| self.text(name);
        for (service, _, _) in folder::services() {
            let text = self.text(&service).unwrap_or_default();
            let before = folder::text(&service).unwrap_or_default();
            let before = pamstack::examine(&before, &folder::text).lines;
            let after = pamstack::examine(&text, &reader).lines;
            if after > before && after > 1 {
                return Err(Failure::new(format!(
                    "{service} would ask twice, for it includes what is to be switched on; otpair unprotect {service} first"
                )));
            }
        }
        Ok(())
    }

    /// What goes by the lines of something that is switched on, and asks once.
    pub(super) fn notes(&self) -> Vec<String> {
        let reader = |name: &str| self.text(name);
        let is_stuck = |service: &&str| {
            self.text(service).is_some_and(|text| {
                !text.contains("passcode=split") && pamstack::examine(&text, &reader).protected
            })
        };
        let stuck = ONE_FIELD.iter().copied().filter(is_stuck);
        stuck
            .map(|service| {
                format!(
                    "{service} goes by these lines too, and asks once: it could never be opened; give it the three lines of pam_otpair(8), Doors with one field, in {}",
                    folder::file(service).display()
                )
            })
            .collect()
    }

    /// Whether something that was asked for waits to be confirmed already: then the wait begins anew.
    pub(super) fn is_pending(&self) -> bool {
        self.services
            .iter()
            .any(|service| self.before.contains(service))
    }

    /// All that waits to be confirmed once this is done.
    pub(super) fn pending_services(&self) -> Vec<String> {
        let mut services = self.before.clone();
        for Change { service, .. } in &self.changes {
            if !services.contains(service) {
                services.push(service.clone());
            }
        }
        services
    }
}

/// These services, and what goes with them where it is there.
pub(super) fn with_companions(services: &[String]) -> Vec<String> {
    let mut all = services.to_vec();
    for (service, companion) in COMPANIONS {
        let is_named = |name: &str| services.iter().any(|named| named == name);
        if is_named(service) && !is_named(companion) && folder::file(companion).is_file() {
            all.push(companion.to_owned());
        }
    }
    all
}

/// The module's arguments.
fn arguments(config: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = config else {
        return Ok(String::new());
    };
    let path = absolute(path).map_err(|error| Failure::file(path, &error))?;
    let path = path.to_string_lossy();
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || "[]#\\".contains(c)) {
        return Err(Failure::new(format!(
            "{path}: PAM can't be told this path; give the config a name without blanks"
        )));
    }
    Ok(format!("config={path}"))
}

/// Refuses what is the name of no service.
pub(super) fn check_name(service: &str) -> Result<(), Failure> {
    let why = if service == "login-window" {
        "is macOS's; here it is the display manager's service, such as lightdm or gdm-password"
    } else if service.is_empty() || service.starts_with('.') || service.contains(['/', '\0']) {
        "is no name of a PAM service; they are the files in /etc/pam.d"
    } else if folder::is_part(service) {
        "is no service of its own but a part of others; name the services, such as sshd"
    } else {
        return Ok(());
    };
    Err(Failure::new(format!("{service}: {why}")))
}

fn missing(service: &str, path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return Failure::new(format!(
            "{path} is a link to what something else maintains; put a file in its place first: cp --remove-destination \"$(readlink -f {path})\" {path}"
        ));
    }
    if error.kind() == std::io::ErrorKind::InvalidData {
        return Failure::new(format!(
            "{path} has characters that are not UTF-8, such as an old umlaut in a comment; write them anew first: file {path} tells the encoding, iconv changes it"
        ));
    }
    if error.kind() != std::io::ErrorKind::NotFound {
        return Failure::new(format!("{path}: {error}"));
    }
    match folder::distributions_file(service) {
        Some(file) => Failure::new(format!(
            "{path} is missing, and {} is the distribution's; copy it first: cp {} {path}",
            file.display(),
            file.display()
        )),
        None => Failure::new(format!(
            "PAM has no service {service}: there is no {path}, so it goes by /etc/pam.d/other, which is left alone"
        )),
    }
}
