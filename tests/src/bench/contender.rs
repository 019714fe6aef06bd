//! What is compared: one sign-on through libpam each.

use crate::scratch::{Programs, SERVICE, Scratch};
use otpair_tests::libpam::{self, Answer, PAM_SUCCESS, Person, Request, Style};
use otpair_tests::token::Token;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The user of every sign-on, and the one with a TOTP token who gets it wrong.
const USER: &str = "root";
const OTHER_USER: &str = "daemon";
/// Digits of every HOTP passcode: google-authenticator knows no other number.
const DIGITS: u32 = 6;
/// Config of every otpair here: the defaults, but that failures may go on, and that one of them ends the dialog.
const CONFIG: &str =
    "[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 4000000000\nmax_total = 4000000000\n";

/// One thing to sign on with, at one PAM service.
pub struct Contender {
    /// Its name in the table.
    pub name: String,
    /// The folder of the PAM service's file.
    pub confdir: PathBuf,
    /// The PAM service.
    pub service: String,
    /// The user.
    pub user: &'static str,
    answers: Answers,
    used: usize,
}

enum Answers {
    /// Nothing is asked.
    None,
    /// A good one each time: what a HOTP token shows.
    Good(Vec<String>),
    /// The same wrong one each time.
    Wrong(String),
}

impl Contender {
    /// What is to be answered next, and whether that gets in.
    pub fn next(&mut self) -> (String, bool) {
        self.used += 1;
        match &self.answers {
            Answers::None => (String::new(), true),
            Answers::Good(shown) => (shown[self.used - 1].clone(), true),
            Answers::Wrong(passcode) => (passcode.clone(), false),
        }
    }

    /// Signs on once, and returns how long it took from `pam_start` to `pam_end`.
    ///
    /// # Panics
    /// If it came out otherwise than it must.
    pub fn sign_on(&mut self) -> Duration {
        let (passcode, good) = self.next();
        let (code, time) = timed(&self.confdir, &self.service, self.user, &passcode);
        let name = &self.name;
        assert_eq!(code == PAM_SUCCESS, good, "{name}: PAM code {code}");
        time
    }
}

/// One sign-on: PAM's code and how long it took.
pub fn timed(confdir: &Path, service: &str, user: &str, passcode: &str) -> (i32, Duration) {
    let confdir = confdir.to_str().expect("the path is UTF-8");
    let request = Request::new(service, Some(user)).in_folder(confdir);
    let mut person = OneAnswer(Some(passcode));
    let start = Instant::now();
    let code = libpam::authenticate(&request, &mut person);
    (code, start.elapsed())
}

/// Answers the first prompt, and no other.
struct OneAnswer<'a>(Option<&'a str>);

impl Person for OneAnswer<'_> {
    fn asked(&mut self, _style: Style, _text: &str) -> Answer {
        let answer = self.0.take();
        answer.map_or(Answer::Fail, |text| Answer::Text(text.into()))
    }

    fn told(&mut self, _style: Style, _text: &str) {}
}

/// otpair with so many tokens imported, one of them paired. The scratch has to live as long as the contender.
pub fn otpair(
    programs: &Programs,
    folder: &Path,
    tokens: usize,
    uses: usize,
) -> (Scratch, Contender) {
    let scratch = Scratch::new(programs, folder, CONFIG);
    let serial = |n: usize| (30_000_000 + n).to_string();
    scratch.import((0..tokens).map(|n| Token::hotp(&serial(n))));
    let mut shown = Token::hotp(&serial(0)).presses(uses + 1);
    let first = shown.remove(0);
    scratch.admin(&["user", "pair", USER, &serial(0), "--passcode", &first]);
    let contender = Contender {
        name: format!("otpair, good, {tokens} token{}", plural(tokens)),
        confdir: scratch.confdir(),
        service: SERVICE.to_owned(),
        user: USER,
        answers: Answers::Good(shown),
        used: 0,
    };
    (scratch, contender)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// A wrong passcode for a user of that otpair with a TOTP token, whose search is the longest.
pub fn otpair_wrong(scratch: &Scratch) -> Contender {
    let token = Token::totp("39999999");
    scratch.import([token.clone()]);
    let (serial, now) = (token.serial.as_str(), token.now());
    scratch.admin(&["user", "pair", OTHER_USER, serial, "--passcode", &now]);
    Contender {
        name: "otpair, wrong".to_owned(),
        confdir: scratch.confdir(),
        service: SERVICE.to_owned(),
        user: OTHER_USER,
        answers: Answers::Wrong(token.wrong()),
        used: 0,
    }
}

/// The peers' services beside otpair's: `pam_permit`, `pam_oath` and google-authenticator with a HOTP token each.
pub fn peers(scratch: &Scratch, uses: usize) -> Vec<Contender> {
    let token = Token::hotp("1");
    // From counter 1 on: google-authenticator knows no counter 0.
    let shown = || Answers::Good(token.presses(uses + 1).split_off(1));
    vec![
        contender(
            scratch,
            "pam_permit",
            "required pam_permit.so",
            Answers::None,
        ),
        contender(
            scratch,
            "pam_oath, good",
            &pam_oath(scratch, &token),
            shown(),
        ),
        contender(
            scratch,
            "google-authenticator, good",
            &google_authenticator(scratch, &token),
            shown(),
        ),
    ]
}

fn contender(scratch: &Scratch, name: &str, auth: &str, answers: Answers) -> Contender {
    let module = auth
        .split_whitespace()
        .find(|word| Path::new(word).extension().is_some_and(|e| e == "so"))
        .expect("a service names its module");
    assert!(
        installed(module),
        "{module} is missing: install the Debian packages libpam-oath and libpam-google-authenticator"
    );
    let service = name.replace(", ", "-");
    scratch.service(&service, auth);
    Contender {
        name: name.to_owned(),
        confdir: scratch.confdir(),
        service,
        user: USER,
        answers,
        used: 0,
    }
}

fn installed(module: &str) -> bool {
    let multiarch = format!("/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    [multiarch.as_str(), "/lib/security", "/lib64/security"]
        .iter()
        .any(|folder| Path::new(folder).join(module).is_file())
}

fn pam_oath(scratch: &Scratch, token: &Token) -> String {
    let file = scratch.path("users.oath");
    write_private(&file, &format!("HOTP {USER} - {}\n", token.hex()));
    format!(
        "required pam_oath.so usersfile={} window=10 digits={DIGITS}",
        file.display()
    )
}

fn google_authenticator(scratch: &Scratch, token: &Token) -> String {
    let file = scratch.path("google_authenticator");
    let text = format!("{}\n\" HOTP_COUNTER 1\n\" WINDOW_SIZE 11\n", token.base32());
    write_private(&file, &text);
    format!(
        "required pam_google_authenticator.so secret={} user={USER}",
        file.display()
    )
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .expect("a peer's file can't be written");
}
