//! LightDM with its GTK greeter, on a screen that nobody sees.

use super::screen::Screen;
use super::watch::Watch;
use super::{assert_installed, furnish, serve, start_dbus};
use crate::machine::Machine;

/// Debian's `/etc/pam.d/lightdm`, without the modules that want a kernel's audit or `SELinux` of its own.
const DEBIAN_SERVICE: &str = "#%PAM-1.0
auth      requisite pam_nologin.so
session      required pam_env.so readenv=1
@include common-auth
-auth  optional pam_gnome_keyring.so
@include common-account
session  required        pam_limits.so
@include common-session
-session optional        pam_gnome_keyring.so auto_start
@include common-password
";

const CONFIG: &str = "[LightDM]
logind-check-graphical=false
[Seat:*]
xserver-command=/run/machine/xserver
greeter-session=lightdm-gtk-greeter
greeter-wrapper=/run/machine/greeter
greeter-hide-users=true
session-wrapper=/run/machine/session
";

/// LightDM's arguments for a real X server mean nothing to this one.
const X_SERVER: &str = "#!/bin/sh\nexec Xvfb \"$1\" -ac -nolisten tcp -screen 0 800x600x24\n";

/// The greeter tells when a message of PAM's has reached it.
const GREETER: &str =
    "#!/bin/sh\nexport G_MESSAGES_DEBUG=all\nexec \"$@\" >>/tmp/greeter.log 2>&1\n";

/// A session that says whose it is, and ends.
const SESSION: &str = "#!/bin/sh\nid -un >/tmp/session\n";

/// Gives the machine what the Debian packages of LightDM and its greeter bring.
pub fn install(machine: &Machine) {
    assert_installed("/usr/sbin/lightdm", "lightdm");
    assert_installed("/usr/sbin/lightdm-gtk-greeter", "lightdm-gtk-greeter");
    furnish(machine);
    machine.write("/etc/pam.d/lightdm", DEBIAN_SERVICE);
    machine.pam_service("lightdm-greeter", &["required pam_permit.so"]);
    machine.write("/etc/lightdm/lightdm.conf", CONFIG);
    let programs = [
        ("xserver", X_SERVER),
        ("greeter", GREETER),
        ("session", SESSION),
    ];
    for (name, text) in programs {
        let file = format!("/run/machine/{name}");
        machine.write(&file, text);
        machine.chmod(&file, 0o755);
    }
    let folders = ["/var/lib/lightdm/data", "/var/log/lightdm"];
    machine.done("mkdir", &[&["-p"], &folders[..]].concat());
    machine.done("chown", &["-R", "lightdm:lightdm", "/var/lib/lightdm"]);
    machine.done("mkfifo", &["-m", "666", "/tmp/session"]);
    machine.write("/tmp/greeter.log", "");
    machine.chmod("/tmp/greeter.log", 0o666);
}

/// A greeter that waits for somebody.
#[derive(Debug)]
pub struct Greeter<'m> {
    machine: &'m Machine,
    screen: Screen<'m>,
    daemon: Watch,
    messages: Watch,
}

impl<'m> Greeter<'m> {
    /// Starts LightDM, and waits until its greeter asks for a name. It ends with the machine.
    pub fn start(machine: &'m Machine) -> Self {
        start_dbus(machine);
        let mut tail = machine.command("tail");
        tail.args(["-n", "+1", "-f", "/tmp/greeter.log"]);
        let messages = serve(tail);
        let mut lightdm = machine.command("sh");
        lightdm.args(["-c", "exec lightdm --debug 2>&1"]);
        let mut greeter = Self {
            machine,
            screen: Screen::of(machine),
            daemon: serve(lightdm),
            messages,
        };
        greeter.shows(1);
        greeter
    }

    /// Waits until this many more of PAM's messages, prompts or not, have reached the greeter.
    pub fn shows(&mut self, messages: usize) {
        for _ in 0..messages {
            self.messages.wait_for("Prompt user with 1 message(s)");
        }
    }

    /// Types a line, and waits until this many messages of PAM's have come.
    pub fn answer(&mut self, text: &str, messages: usize) {
        self.screen.type_line(text);
        self.shows(messages);
    }

    /// Types a name and a password, and waits until this many messages of PAM's have come.
    pub fn name_and_password(&mut self, name: &str, password: &str, messages: usize) {
        self.answer(name, 1);
        self.answer(password, messages);
    }

    /// Waits for PAM's verdict, which must be a refusal, and until the greeter asks for the password again.
    pub fn refused(&mut self) {
        assert!(!self.verdict(), "{}", self.daemon.text());
        self.shows(1);
    }

    /// Waits for PAM's verdict, which must be a grant, for the user's session, and for the next greeter. Gives the user
    /// whose session it was.
    pub fn signed_on(&mut self) -> String {
        assert!(self.verdict(), "{}", self.daemon.text());
        let user = self.machine.done("timeout", &["60", "cat", "/tmp/session"]);
        self.shows(1);
        user.trim().to_owned()
    }

    fn verdict(&mut self) -> bool {
        let result = "Authenticate result for user";
        self.daemon.wait_for(result);
        let text = self.daemon.text();
        text.ends_with(": Success")
    }

    /// The screen.
    pub fn screen(&self) -> &Screen<'m> {
        &self.screen
    }
}
