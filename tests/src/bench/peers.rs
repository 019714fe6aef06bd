//! The peers as contenders: `pam_permit`, `pam_oath` and google-authenticator.

use crate::contender::{Contender, Visit, Visits, What, Who};
use crate::otpair::{OTHER_USER, USER};
use crate::scratch::Scratch;
use crate::surroundings::service;
use otpair_tests::token::Token;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Digits of every passcode: google-authenticator knows no other number.
const DIGITS: u32 = 6;

/// The service's line of `pam_oath`.
pub fn pam_oath_line(file: &Path, window: usize) -> String {
    format!(
        "required pam_oath.so usersfile={} window={window} digits={DIGITS}",
        file.display()
    )
}

/// The service's line of google-authenticator, for files in a folder that have users' names.
pub fn google_authenticator_line(folder: &Path) -> String {
    format!(
        "required pam_google_authenticator.so secret={}/${{USER}} user=root",
        folder.display()
    )
}

/// google-authenticator's file for a HOTP token at counter 1, for it knows no counter 0.
pub fn google_authenticator_file(token: &Token) -> String {
    format!("{}\n\" HOTP_COUNTER 1\n\" WINDOW_SIZE 11\n", token.base32())
}

/// What a HOTP token shows from counter 1 on.
fn shown(token: &Token, uses: usize) -> Vec<String> {
    token.presses(uses + 1).split_off(1)
}

fn contender(who: Who, what: What, tokens: usize, line: &str, visits: Visits) -> Contender {
    let name = format!("{who}-{what}-{tokens}").replace(' ', "-");
    service(&name, line);
    Contender {
        who,
        what,
        tokens,
        service: name,
        every: 1,
        visits,
    }
}

/// `pam_permit`, which asks for nothing.
pub fn permit() -> Contender {
    let visit = Visit {
        user: USER.to_owned(),
        answers: Vec::new(),
        good: true,
    };
    let line = "required pam_permit.so";
    contender(Who::Permit, What::Good, 1, line, Visits::Same(visit))
}

/// `pam_oath` with a file of so many lines, the user's in the middle.
pub fn pam_oath(scratch: &Scratch, tokens: usize, uses: usize) -> Contender {
    let token = Token::hotp("1");
    let file = scratch.path(&format!("users-{tokens}.oath"));
    write_private(&file, &lines(tokens, &token));
    let visits = Visits::good(USER, shown(&token, uses));
    let line = pam_oath_line(&file, 10);
    contender(Who::PamOath, What::Good, tokens, &line, visits)
}

fn lines(tokens: usize, token: &Token) -> String {
    let mut text = String::new();
    for place in 0..tokens {
        let _ = if place == tokens / 2 {
            writeln!(text, "HOTP {USER} - {}", token.hex())
        } else {
            writeln!(text, "HOTP user{place} - {place:040x}")
        };
    }
    text
}

/// `pam_oath` with a TOTP token, and a wrong passcode.
pub fn pam_oath_wrong(scratch: &Scratch) -> Contender {
    let token = Token::totp("2");
    let file = scratch.path("users-wrong.oath");
    let text = format!("HOTP/T30/{DIGITS} {OTHER_USER} - {}\n", token.hex());
    write_private(&file, &text);
    let visits = Visits::wrong(OTHER_USER, token.wrong());
    let line = pam_oath_line(&file, 10);
    contender(Who::PamOath, What::Wrong, 1, &line, visits)
}

/// google-authenticator with a HOTP token.
pub fn google_authenticator(scratch: &Scratch, uses: usize) -> Contender {
    let token = Token::hotp("1");
    let folder = google_authenticator_folder(scratch, "google-good");
    write_private(&folder.join(USER), &google_authenticator_file(&token));
    let visits = Visits::good(USER, shown(&token, uses));
    let line = google_authenticator_line(&folder);
    contender(Who::GoogleAuthenticator, What::Good, 1, &line, visits)
}

/// google-authenticator with a TOTP token, and a wrong passcode: as its own program proposes, but without the limit of tries
/// in 30 seconds, behind which it checks nothing.
pub fn google_authenticator_wrong(scratch: &Scratch) -> Contender {
    let token = Token::totp("2");
    let folder = google_authenticator_folder(scratch, "google-wrong");
    let text = format!("{}\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n", token.base32());
    write_private(&folder.join(OTHER_USER), &text);
    let visits = Visits::wrong(OTHER_USER, token.wrong());
    let line = google_authenticator_line(&folder);
    contender(Who::GoogleAuthenticator, What::Wrong, 1, &line, visits)
}

/// A folder for its users' files.
pub fn google_authenticator_folder(scratch: &Scratch, name: &str) -> PathBuf {
    let folder = scratch.path(name);
    fs::create_dir(&folder).expect("a folder can't be made");
    folder
}

/// Writes a file that only root may read.
pub fn write_private(path: &Path, text: &str) {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .expect("a peer's file can't be written");
}
