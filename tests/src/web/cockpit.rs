//! Cockpit's web console, its server started as its systemd units would, and its login page in a browser.

use super::browser::{Browser, Place};
use crate::machine::{Machine, User};
use std::fs;
use std::os::unix::fs::MetadataExt;

const ADDRESS: &str = "127.0.0.1:9090";
/// What asks PAM: setuid, for one group only.
const SESSION: &str = "/usr/lib/cockpit/cockpit-session";
const PAM_FILE: &str = "/etc/pam.d/cockpit";
const CONFIG_FILE: &str = "/etc/cockpit/cockpit.conf";

/// What a person sees after a click on *Log in*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A field to fill in.
    Asked {
        /// What stands above the field's own text.
        message: String,
        /// The field's own text.
        prompt: String,
    },
    /// The fields for user and password again, and why.
    Refused(String),
    /// Nothing but why; the person has to load the page again.
    Ended(String),
    /// The console, with this user's name in its corner.
    In(String),
}

impl Shown {
    /// A prompt without a message.
    pub fn asked(prompt: &str) -> Self {
        Self::Asked {
            message: String::new(),
            prompt: prompt.trim_end().to_owned(),
        }
    }

    /// The console of a user who is in.
    pub fn is_in(user: User) -> Self {
        Self::In(user.name.to_owned())
    }
}

/// Puts the PAM file that Debian's package has into a machine.
pub fn install(machine: &Machine) {
    let debian = fs::read(PAM_FILE)
        .unwrap_or_else(|e| panic!("{PAM_FILE}: {e}: install the Debian package cockpit-ws"));
    machine.write(PAM_FILE, debian);
}

/// Starts the web console in a machine, without TLS, as `cockpit-wsinstance-http.service` does: on a socket that is given
/// to it, as a user who may do nothing but start what asks PAM. It ends with the machine.
pub fn start(machine: &Machine) {
    let group = fs::metadata(SESSION)
        .unwrap_or_else(|e| panic!("{SESSION}: {e}: install the Debian package cockpit-ws"))
        .gid();
    machine.append(
        CONFIG_FILE,
        "[WebService]\nLoginTo = false\nAllowUnencrypted = true\n",
    );
    machine.append(
        "/etc/passwd",
        &format!("cockpit-ws:x:{group}:{group}::/:/usr/sbin/nologin\n"),
    );
    let id = group.to_string();
    let who = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"];
    let listener = ["systemd-socket-activate", "-l", ADDRESS];
    let server = ["/usr/lib/cockpit/cockpit-ws", "--no-tls", "--port=0"];
    machine.serve(&[&who[..], &listener, &server].concat(), "Listening on");
}

/// Comes with a Kerberos ticket instead of a password, and gives the status that the server answers with.
pub fn offer_ticket(machine: &Machine) -> String {
    let address = format!("http://{ADDRESS}/cockpit/login");
    let ticket = "Authorization: Negotiate dGlja2V0";
    let answer = machine.done("curl", &["-si", "-H", ticket, &address]);
    let status = answer.lines().next().unwrap_or_default();
    status.trim_start_matches("HTTP/1.1 ").trim_end().to_owned()
}

/// A browser before a machine's web console.
#[derive(Debug)]
pub struct Cockpit {
    browser: Browser,
}

impl Cockpit {
    /// A browser before the web console that runs in the machine.
    pub fn visit(machine: &Machine) -> Self {
        Self {
            browser: Browser::open_in(machine),
        }
    }

    /// Gives name and password, as somebody who comes anew.
    pub fn log_in(&mut self, user: User, password: &str) -> Shown {
        self.browser.forget();
        self.browser.open(&format!("http://{ADDRESS}/"));
        self.browser.fill("#login-user-input", user.name);
        self.browser.fill("#login-password-input", password);
        self.send()
    }

    /// Answers a prompt.
    pub fn answer(&mut self, answer: &str) -> Shown {
        self.browser.fill("#conversation-input", answer);
        self.send()
    }

    fn send(&mut self) -> Shown {
        self.browser.click("#login-button");
        // While the server thinks the button can't be clicked.
        let ends = [
            "#current-username",
            "#login-fatal-message",
            "#login-button:not([disabled])",
        ];
        let places = ends.map(|at| Place { at, text: "" });
        match self.browser.wait_for(&places) {
            0 => Shown::In(self.browser.read(ends[0])),
            1 => Shown::Ended(self.browser.read(ends[1])),
            _ => self.form(),
        }
    }

    fn form(&mut self) -> Shown {
        let prompt = self.browser.read("#conversation-prompt");
        if prompt.is_empty() {
            return Shown::Refused(self.browser.read("#login-error-message"));
        }
        let message = self.browser.read("#conversation-message");
        Shown::Asked { message, prompt }
    }

    /// Keeps a picture of the login page: `target/artefacts/cockpit/NAME.png`.
    pub fn picture(&mut self, name: &str) {
        self.browser.picture("#main", "cockpit", name);
    }
}
