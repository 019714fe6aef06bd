//! The doors of a machine: each program through which a person signs on, driven as a person would.

mod ocserv;
mod openvpn;
mod radius;
mod ssh;
mod terminal_doors;
mod unattended;
mod vpn;

pub use ocserv::{
    OCSERV_PAGE, machine_with_ocserv, machine_with_ocserv_and, openconnect, openconnect_as_taught,
    openconnect_that_comes_back,
};
pub use openvpn::{
    openvpn, openvpn_beside_a_slow_sign_on, openvpn_sign_on, openvpn_through_new_keys, openvpn_with,
};
pub use radius::{radtest, start_freeradius};
pub use ssh::{scp, sftp, ssh_asking, ssh_command, ssh_with_key, start_sshd};
pub use terminal_doors::{login, pamtester, su, sudo_on_a_terminal};
pub use unattended::sudo_from_stdin;
pub use vpn::{client, lay_wire, ping};

use crate::machine::{Machine, User};
use crate::terminal::Terminal;

/// What a user's program prints once they are in.
pub const SIGNED_ON: &str = "signed on as ";

/// Prompts of any sign-on: when one comes where the end was expected, there is no use in waiting.
const PROMPTS: [&str; 4] = [
    "Passcode: ",
    "Next passcode: ",
    "Serial number: ",
    "assword: ",
];

/// The end of a last prompt that only tells something, at doors that show no messages (sudo is one).
const FAREWELL: &str = "Press Enter. ";

/// One sign-on, seen from outside.
#[derive(Debug)]
pub struct Visit {
    /// Whether the person is in.
    pub granted: bool,
    /// All that was shown.
    pub transcript: String,
}

impl Visit {
    /// Whether anything that was shown holds a text, without regard to case.
    pub fn says(&self, text: &str) -> bool {
        self.transcript
            .to_lowercase()
            .contains(&text.to_lowercase())
    }
}

/// A program through which a person signs on.
pub trait Door {
    /// One sign-on. Each prompt of the script must come, in order, and no other; each is answered as it says.
    ///
    /// # Panics
    /// If a prompt is missing or one too many comes, with the whole transcript.
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit;

    /// The prompt for the password, or nothing where a key takes its place.
    fn password_prompt(&self) -> Option<&'static str> {
        Some("Password: ")
    }

    /// The PAM service that it uses.
    fn service(&self) -> &'static str;

    /// Whether it asks PAM about users whom the system does not know.
    fn asks_strangers(&self) -> bool {
        false
    }

    /// Whether its person sees messages after the last prompt.
    fn shows_last_messages(&self) -> bool {
        true
    }
}

/// Follows a script at a terminal, and waits for the end. Some programs never end by themselves: the texts in
/// `refusals` end them too.
pub(crate) fn follow(mut terminal: Terminal, script: &[(&str, &str)], refusals: &[&str]) -> Visit {
    for (prompt, answer) in script {
        terminal.expect(prompt);
        terminal.send_line(answer);
    }
    let ends: Vec<&str> = [SIGNED_ON, FAREWELL]
        .iter()
        .chain(refusals)
        .chain(&PROMPTS)
        .copied()
        .collect();
    loop {
        match terminal.wait_for(&ends) {
            Some(0) => {
                let (_, transcript) = terminal.finish();
                return Visit {
                    granted: true,
                    transcript,
                };
            }
            Some(1) => terminal.send_line(""),
            Some(i) if i >= 2 + refusals.len() => panic!(
                "{:?} was asked, where the sign-on was to end. The whole transcript:\n{}",
                ends[i],
                terminal.transcript()
            ),
            _ => {
                return Visit {
                    granted: false,
                    transcript: terminal.transcript(),
                };
            }
        }
    }
}
