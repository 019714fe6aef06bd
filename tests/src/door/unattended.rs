//! `sudo -S`, which takes every answer from stdin.

use super::{Door, SIGNED_ON, Visit};
use crate::machine::{Machine, User, told};

struct SudoFromStdin;

/// `sudo -S`, with all the answers in a pipe.
pub fn sudo_from_stdin(_: &Machine) -> Box<dyn Door> {
    Box::new(SudoFromStdin)
}

impl Door for SudoFromStdin {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let answers: String = script
            .iter()
            .map(|(_, answer)| format!("{answer}\n"))
            .collect();
        let greeting = format!("echo {SIGNED_ON}$(id -un)");
        let who = ["--reuid", user.name, "--regid", user.name, "--init-groups"];
        let what = ["sudo", "-S", "-k", "sh", "-c", &greeting];
        let output = machine.run_with("setpriv", &[who.as_slice(), &what].concat(), &answers);
        let transcript = told(&output);
        assert_asked(script, &transcript);
        Visit {
            granted: output.status.success() && transcript.contains(SIGNED_ON),
            transcript,
        }
    }

    fn service(&self) -> &'static str {
        "sudo"
    }

    fn password_prompt(&self) -> Option<&'static str> {
        Some("[sudo] password for ")
    }
}

/// Every prompt of the script must stand in the transcript, in order, and no passcode prompt after them.
fn assert_asked(script: &[(&str, &str)], transcript: &str) {
    let mut rest = transcript;
    for (prompt, _) in script {
        let at = rest.find(prompt).unwrap_or_else(|| {
            panic!("{prompt:?} was never asked. The whole transcript:\n{transcript}")
        });
        rest = &rest[at + prompt.len()..];
    }
    for prompt in super::PROMPTS {
        assert!(
            !rest.contains(prompt),
            "{prompt:?} was asked, where the sign-on was to end. The whole transcript:\n{transcript}"
        );
    }
}
