//! What sshd's own settings make of a PAM stack.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The settings in force, by their names in lower case; nothing where there is no sshd, or it does not say.
fn settings() -> Option<HashMap<String, String>> {
    let run = |program: &str| {
        let mut sshd = Command::new(program);
        sshd.arg("-T").stdin(Stdio::null()).output().ok()
    };
    let output = run("/usr/sbin/sshd").or_else(|| run("sshd"))?;
    let text = String::from_utf8(output.stdout).ok()?;
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    let settings: HashMap<_, _> = pairs
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    output.status.success().then_some(settings)
}

/// Whether every way in begins with a key and then asks PAM.
///
/// `sshd -T` does not know of `Match` blocks; where one of them sets the methods, that is not everybody.
pub(crate) fn asks_for_a_key_first() -> bool {
    let is_first = settings().is_some_and(|settings| {
        let methods = settings.get("authenticationmethods");
        methods.is_some_and(|methods| methods.split(' ').all(is_key_then_pam))
    });
    is_first && !config_files().iter().any(|text| has_methods_for_some(text))
}

/// sshd's config and its parts. One that can't be read is taken for one that says anything.
fn config_files() -> Vec<String> {
    let parts = fs::read_dir("/etc/ssh/sshd_config.d").into_iter().flatten();
    let parts = parts.flatten().map(|entry| entry.path());
    let main = PathBuf::from("/etc/ssh/sshd_config");
    let texts = [main].into_iter().chain(parts).map(|path| {
        fs::read(&path).map_or_else(
            |_| "Match all\nAuthenticationMethods any".to_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    });
    texts.collect()
}

/// Whether a config sets the methods in a `Match` block.
fn has_methods_for_some(text: &str) -> bool {
    let mut is_in_match = false;
    text.lines().any(|line| {
        let word = line
            .trim_start()
            .split(|c: char| c.is_whitespace() || c == '=')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        is_in_match |= word == "match";
        is_in_match && word == "authenticationmethods"
    })
}

fn is_key_then_pam(methods: &str) -> bool {
    let methods: Vec<_> = methods.split(',').collect();
    methods.first() == Some(&"publickey")
        && ["keyboard-interactive", "keyboard-interactive:pam"]
            .iter()
            .any(|asks| methods.contains(asks))
}

/// What keeps a passcode from being asked for at sshd, or the right one from counting; each with what to write.
pub(crate) fn findings() -> Vec<(String, String)> {
    settings().map_or_else(Vec::new, |settings| judge(&settings))
}

fn judge(settings: &HashMap<String, String>) -> Vec<(String, String)> {
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
    let in_config = |what: &str| {
        format!(
            "set {what} in /etc/ssh/sshd_config, where no file of sshd_config.d says otherwise, then reload sshd"
        )
    };
    let mut found = Vec::new();
    if is("usepam", "no") {
        let what = "it does not use PAM (UsePAM no): nobody is asked for a passcode";
        found.push((what.to_owned(), in_config("UsePAM yes")));
    }
    if is("kbdinteractiveauthentication", "no") {
        let what = "it can't ask for a passcode (KbdInteractiveAuthentication no): who has no key is refused";
        found.push((
            what.to_owned(),
            in_config("KbdInteractiveAuthentication yes"),
        ));
    }
    let methods = settings
        .get("authenticationmethods")
        .map_or("any", String::as_str);
    let key_alone = methods == "any" || methods.split(' ').any(|methods| methods == "publickey");
    if key_alone && !is("pubkeyauthentication", "no") {
        let what = "a key alone signs on, without a passcode";
        found.push((
            what.to_owned(),
            in_config(
                "AuthenticationMethods keyboard-interactive, or publickey,keyboard-interactive",
            ),
        ));
    }
    found
}

/// The same, for whoever is about to switch otpair on there.
pub(super) fn notes(services: &[String]) -> Vec<String> {
    if !services.iter().any(|service| service == "sshd") {
        return Vec::new();
    }
    let notes = findings().into_iter();
    notes
        .map(|(what, mend)| format!("sshd: {what}; {mend}"))
        .collect()
}

/// Says what the settings that let otpair ask leave behind once it does not: PAM's password alone, where sshd took none.
pub(super) fn note_of_password(
    services: &[String],
    is_protected: impl Fn(&str) -> bool,
) -> Option<String> {
    let is_about_sshd = services.iter().any(|service| service == "sshd") && !is_protected("sshd");
    let is_let_in =
        is_about_sshd && settings().is_some_and(|settings| is_password_enough(&settings));
    is_let_in.then(|| {
        "sshd lets people in with their password alone now: it has PasswordAuthentication no, but KbdInteractiveAuthentication yes; set KbdInteractiveAuthentication no where it says yes, in /etc/ssh/sshd_config or a file of sshd_config.d, then reload sshd".to_owned()
    })
}

/// Whether PAM's password signs on by itself where sshd's own does not.
fn is_password_enough(settings: &HashMap<String, String>) -> bool {
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
    let methods = settings
        .get("authenticationmethods")
        .map_or("any", String::as_str);
    let is_alone = |methods: &str| {
        ["any", "keyboard-interactive", "keyboard-interactive:pam"].contains(&methods)
    };
    is("kbdinteractiveauthentication", "yes")
        && is("passwordauthentication", "no")
        && !is("usepam", "no")
        && methods.split(' ').any(is_alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_enough_where_only_pam_takes_one_and_nothing_else_is_asked_for() {
        let is_enough = |changed: (&str, &str)| {
            let settings = [
                ("usepam", "yes"),
                ("kbdinteractiveauthentication", "yes"),
                ("passwordauthentication", "no"),
                ("authenticationmethods", "any"),
                changed,
            ];
            let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
            is_password_enough(&settings.into())
        };
        assert!(is_enough(("port", "22")));
        for changed in [
            ("usepam", "no"),
            ("kbdinteractiveauthentication", "no"),
            ("passwordauthentication", "yes"),
            ("authenticationmethods", "publickey,keyboard-interactive"),
        ] {
            assert!(!is_enough(changed), "{changed:?}");
        }
        let either = "publickey keyboard-interactive:pam";
        assert!(is_enough(("authenticationmethods", either)));
    }

    fn told(settings: &[(&str, &str)]) -> Vec<String> {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        judge(&settings.collect())
            .into_iter()
            .map(|(what, _)| what)
            .collect()
    }

    #[test]
    fn settings_that_skip_pam_are_told() {
        let good = [
            ("usepam", "yes"),
            ("kbdinteractiveauthentication", "yes"),
            ("authenticationmethods", "publickey,keyboard-interactive"),
        ];
        assert!(told(&good).is_empty());
        assert!(told(&[("usepam", "no"), good[1], good[2]])[0].contains("UsePAM"));
        assert!(
            told(&[good[0], ("kbdinteractiveauthentication", "no"), good[2]])[0]
                .contains("KbdInteractive")
        );
        assert!(
            told(&[good[0], good[1], ("authenticationmethods", "any")])[0].contains("key alone")
        );
        let either = "publickey keyboard-interactive";
        assert!(told(&[("authenticationmethods", either)])[0].contains("key alone"));
        assert!(
            told(&[
                ("authenticationmethods", "any"),
                ("pubkeyauthentication", "no")
            ])
            .is_empty()
        );
    }

    #[test]
    fn methods_for_some_are_not_those_of_everybody() {
        let all = "AuthenticationMethods publickey,keyboard-interactive\n";
        assert!(!has_methods_for_some(all));
        assert!(!has_methods_for_some(&format!(
            "{all}Match User bob\n  X11Forwarding no\n"
        )));
        let some = format!("{all}match user alice\n\tauthenticationmethods=keyboard-interactive\n");
        assert!(has_methods_for_some(&some));
    }

    #[test]
    fn a_key_comes_first_only_if_it_does_in_every_way() {
        assert!(is_key_then_pam("publickey,keyboard-interactive"));
        assert!(is_key_then_pam("publickey,keyboard-interactive:pam"));
        for methods in [
            "any",
            "publickey",
            "keyboard-interactive",
            "publickey,password",
        ] {
            assert!(!is_key_then_pam(methods), "{methods}");
        }
    }
}
