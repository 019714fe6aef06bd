use super::grant::{leave, take, withdraw};
use super::{Ticket, serves, verify_at};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use tempfile::TempDir;

const UID: u32 = 501;

/// A scratch folder for grants, and a config of its own.
struct Scratch(TempDir);

impl Scratch {
    fn new(sign_on: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let config = format!(
            "[cache]\npath = {:?}\n[audit]\nsyslog = false\nfile = {:?}\n[sign_on]\n{sign_on}\n",
            cache.display().to_string(),
            folder.path().join("audit.jsonl").display().to_string(),
        );
        fs::write(folder.path().join("otpair.toml"), config).unwrap();
        Self(folder)
    }

    fn grants(&self) -> PathBuf {
        self.0.path().join("grants")
    }

    fn file(&self, uid: u32, ticket: &Ticket) -> PathBuf {
        self.grants().join(format!("{uid}-{ticket}"))
    }

    /// What is decided on root, who is a user of every machine.
    fn verify(&self, uid: u32, ticket: Option<&str>) -> bool {
        let config = self.0.path().join("otpair.toml");
        verify_at(&self.grants(), Some(&config), "root", uid, ticket)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.path().join("audit.jsonl")).unwrap_or_default()
    }
}

#[test]
fn a_grant_is_taken_once() {
    let scratch = Scratch::new("");
    let ticket = Ticket::new().unwrap();
    leave(&scratch.grants(), UID, &ticket).unwrap();
    let taken = [(); 2].map(|()| take(&scratch.grants(), UID, &ticket).unwrap());
    assert_eq!(taken, [true, false]);
    assert!(!scratch.file(UID, &ticket).exists());
}

#[test]
fn a_grant_is_of_one_user_and_one_sign_on() {
    let scratch = Scratch::new("");
    let (ticket, other) = (Ticket::new().unwrap(), Ticket::new().unwrap());
    leave(&scratch.grants(), UID, &ticket).unwrap();
    assert!(!take(&scratch.grants(), UID + 1, &ticket).unwrap());
    assert!(!take(&scratch.grants(), UID, &other).unwrap());
    assert!(take(&scratch.grants(), UID, &ticket).unwrap());
}

#[test]
fn a_new_prompt_takes_away_what_was_left_for_its_user_and_for_nobody_else() {
    let scratch = Scratch::new("");
    let tickets = [(); 3].map(|()| Ticket::new().unwrap());
    for (uid, ticket) in [50, 50, 5].into_iter().zip(&tickets) {
        leave(&scratch.grants(), uid, ticket).unwrap();
    }
    withdraw(&scratch.grants(), 50).unwrap();
    let [first, second, third] = &tickets;
    assert!(!take(&scratch.grants(), 50, first).unwrap());
    assert!(!take(&scratch.grants(), 50, second).unwrap());
    assert!(take(&scratch.grants(), 5, third).unwrap());
}

#[test]
fn without_a_folder_there_are_no_grants() {
    let scratch = Scratch::new("");
    withdraw(&scratch.grants(), UID).unwrap();
    assert!(!take(&scratch.grants(), UID, &Ticket::new().unwrap()).unwrap());
}

#[test]
fn a_grant_of_another_boot_a_damaged_one_and_half_a_one_count_for_nothing_and_are_gone() {
    let scratch = Scratch::new("");
    let ticket = Ticket::new().unwrap();
    let path = scratch.file(UID, &ticket);
    leave(&scratch.grants(), UID, &ticket).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let half = good.trim_end().to_owned();
    let old = good.replace(|digit: char| digit.is_ascii_digit(), "0");
    let of_another_boot = format!("x{good}");
    for text in ["", "\n", " 0\n", &half, &of_another_boot, &old, "a b\n"] {
        fs::write(&path, text).unwrap();
        assert!(!take(&scratch.grants(), UID, &ticket).unwrap(), "{text:?}");
        assert!(!path.exists());
    }
    fs::write(&path, good).unwrap();
    assert!(take(&scratch.grants(), UID, &ticket).unwrap());
}

#[test]
fn a_folder_that_others_can_write_to_and_a_link_in_it_are_not_believed() {
    let scratch = Scratch::new("");
    let ticket = Ticket::new().unwrap();
    leave(&scratch.grants(), UID, &ticket).unwrap();
    let path = scratch.file(UID, &ticket);
    let elsewhere = scratch.0.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(take(&scratch.grants(), UID, &ticket).is_err());
    fs::remove_file(&path).unwrap();
    fs::rename(&elsewhere, &path).unwrap();
    fs::set_permissions(scratch.grants(), PermissionsExt::from_mode(0o770)).unwrap();
    assert!(take(&scratch.grants(), UID, &ticket).is_err());
    assert!(leave(&scratch.grants(), UID, &Ticket::new().unwrap()).is_err());
}

#[test]
fn whoever_has_a_grant_goes_on_once() {
    let scratch = Scratch::new("");
    let ticket = Ticket::new().unwrap();
    leave(&scratch.grants(), 0, &ticket).unwrap();
    let ticket = ticket.to_string();
    let verified = [(); 2].map(|()| scratch.verify(0, Some(&ticket)));
    assert_eq!(verified, [true, false]);
    assert!(scratch.log().contains("no sign-on was granted"));
}

#[test]
fn without_a_grant_nobody_goes_on() {
    let scratch = Scratch::new("");
    for ticket in [None, Some(""), Some("../../etc/passwd"), Some("0")] {
        assert!(!scratch.verify(0, ticket), "{ticket:?}");
    }
}

#[test]
fn a_grant_is_of_no_use_to_another_user_id_and_is_used_up() {
    let scratch = Scratch::new("");
    let ticket = Ticket::new().unwrap();
    leave(&scratch.grants(), 0, &ticket).unwrap();
    let ticket = ticket.to_string();
    assert!(!scratch.verify(UID, Some(&ticket)));
    assert!(!scratch.verify(0, Some(&ticket)));
    assert!(scratch.log().contains("another user id"));
}

#[test]
fn whoever_is_exempt_or_let_in_without_a_token_goes_on_without_a_grant() {
    for rule in [
        "exempt = [\"root\"]",
        "unpaired = \"allow\"\nallow_unpaired_until = 2999-01-01",
    ] {
        assert!(Scratch::new(rule).verify(0, None), "{rule}");
    }
    for rule in [
        "unpaired = \"allow\"\nallow_unpaired_until = 2020-01-01",
        "unpaired = \"deny\"",
        "nonsense = 1",
    ] {
        assert!(!Scratch::new(rule).verify(0, None), "{rule}");
    }
}

#[test]
fn a_user_that_the_system_does_not_know_goes_nowhere() {
    let scratch = Scratch::new("required_for = []");
    let config = scratch.0.path().join("otpair.toml");
    let known = verify_at(&scratch.grants(), Some(&config), "root", 0, None);
    let unknown = verify_at(&scratch.grants(), Some(&config), "n0body-here", 0, None);
    assert_eq!((known, unknown), (true, false));
}

#[test]
fn the_mechanisms_serve_the_login_window_and_the_right_to_try_them_and_no_other() {
    assert!(serves("system.login.console") && serves("io.otpair.test"));
    for other in [
        "",
        "io.otpair.test2",
        "system.login.",
        "att.x",
        "system.login.console ",
    ] {
        assert!(!serves(other), "{other}");
    }
}
