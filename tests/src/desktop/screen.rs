//! A screen that nobody sees, and a keyboard that nobody touches: Xvfb and xdotool.

use super::watch::Watch;
use super::{assert_installed, serve};
use crate::machine::{Machine, User};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A screen of the machine.
#[derive(Debug)]
pub struct Screen<'m> {
    machine: &'m Machine,
    display: String,
    /// Held open as long as the screen: what X writes has to be read.
    _log: Option<Watch>,
}

impl<'m> Screen<'m> {
    /// Starts an X server of a user's. It ends with the machine.
    pub fn open(machine: &'m Machine, user: User) -> Self {
        assert_installed("/usr/bin/Xvfb", "xvfb");
        let mut server = as_user(machine, user);
        server
            .args(["Xvfb", "-displayfd", "1", "-ac", "-nolisten", "tcp"])
            .args(["-screen", "0", "800x600x24"]);
        let mut log = serve(server);
        // Its number is the last thing that it says before it serves; it is the machine's only one.
        log.wait_for("0");
        Self {
            _log: Some(log),
            ..Self::of(machine)
        }
    }

    /// The screen that somebody else has started.
    pub fn of(machine: &'m Machine) -> Self {
        assert_installed("/usr/bin/xdotool", "xdotool");
        Self {
            machine,
            display: ":0".to_owned(),
            _log: None,
        }
    }

    /// A command on this screen, as a user.
    pub fn command(&self, user: User) -> Command {
        let mut command = as_user(self.machine, user);
        command
            .env("DISPLAY", &self.display)
            .env("HOME", format!("/home/{}", user.name))
            .env("USER", user.name);
        command
    }

    /// Types a text and presses Return.
    pub fn type_line(&self, text: &str) {
        self.xdotool(&["type", "--delay", "5", "--", text]);
        self.press("Return");
    }

    /// Presses one key, by its X name.
    pub fn press(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Waits until a window of this class is seen.
    pub fn wait_for_window(&self, class: &str) {
        self.xdotool(&["search", "--sync", "--onlyvisible", "--class", class]);
    }

    fn xdotool(&self, arguments: &[&str]) {
        let output = self
            .machine
            .command("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .expect("nsenter can't be started");
        assert!(
            output.status.success(),
            "xdotool {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Keeps what is seen as `target/artefacts/NAME`, a PNG file, once it stands still.
    pub fn keep(&self, name: &str) {
        assert_installed("/usr/bin/import", "imagemagick");
        let mut picture = self.picture();
        for _ in 0..50 {
            let next = self.picture();
            if next == picture {
                break;
            }
            picture = next;
        }
        let file = artefacts().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, picture).unwrap();
    }

    fn picture(&self) -> Vec<u8> {
        let output = self
            .machine
            .command("import")
            .args(["-window", "root", "-strip", "png:-"])
            .env("DISPLAY", &self.display)
            .output()
            .expect("nsenter can't be started");
        assert!(
            output.stdout.starts_with(b"\x89PNG"),
            "no picture of the screen could be taken: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }
}

fn as_user(machine: &Machine, user: User) -> Command {
    let mut command = machine.command("setpriv");
    command.args(["--reuid", user.name, "--regid", user.name, "--init-groups"]);
    command
}

fn artefacts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/artefacts")
}
