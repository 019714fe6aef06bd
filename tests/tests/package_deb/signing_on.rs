//! People who sign on without a pause, each at a door of their own, and what became of it.

use crate::server::{pair, protect};
use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, BOB, CAROL, DAVE, User};
use otpair_tests::token::Token;
use std::fs;
use std::ops::RangeInclusive;
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// Everybody, and what their door is: the case of the same name in [`SCRIPT`].
const PEOPLE: [(User, &str, &str); 4] = [
    (ALICE, "sshd", "11111111"),
    (BOB, "client", "22222222"),
    (CAROL, "helper", "33333333"),
    (DAVE, "sudo", "44444444"),
];

/// More passcodes than anybody gets round to.
const PASSCODES: usize = 5000;

/// A service that both root's client and a user's program sign on at.
const DOOR: &str =
    "@include common-auth\n@include common-account\nsession required pam_permit.so\n";

/// `sh -euc SCRIPT sh DOOR USER`: signs on with one passcode after the other, each a press of the token's button, until it
/// is told to stop. A line for each sign-on: when it began and ended, in nanoseconds since 1970, and what came of it.
const SCRIPT: &str = r#"
door=$1 user=$2
as_user() { setpriv --reuid "$user" --regid "$user" --init-groups "$@"; }
answers() { printf '%s-pw\n%s\n' "$user" "$1"; }
sign_on() {
    case $door in
    sshd) PASSCODE=$1 SSH_ASKPASS=/run/people/askpass SSH_ASKPASS_REQUIRE=force ssh -Fnone -oStrictHostKeyChecking=no \
        -oUserKnownHostsFile=/dev/null -oLogLevel=ERROR -oNumberOfPasswordPrompts=1 \
        -oPreferredAuthentications=keyboard-interactive "$user@127.0.0.1" true </dev/null ;;
    client) answers "$1" | /run/people/pamtester door "$user" authenticate ;;
    helper) answers "$1" | as_user /run/people/pamtester door "$user" authenticate ;;
    sudo) answers "$1" | as_user sudo -k -S true ;;
    esac
}
while read -r passcode; do
    [ ! -e /run/people/stop ] || exit 0
    began=$(date +%s%N)
    said=$(sign_on "$passcode" 2>&1) && result=granted || result="refused: $(echo $said)"
    echo "$began $(date +%s%N) $result" >>"/run/people/$door.log"
done <"/run/people/$door.passcodes"
"#;

const ASKPASS: &str = r#"#!/bin/sh
case $1 in
*assword*) echo alice-pw ;;
*) echo "$PASSCODE" ;;
esac
"#;

/// A sign-on that has ended, in nanoseconds since 1970, and its line in the log.
#[derive(Debug)]
struct SignOn {
    began: u128,
    ended: u128,
    line: String,
}

/// The people of a server, signing on.
pub struct SigningOn<'a> {
    server: &'a Container,
    loops: Vec<Child>,
}

impl<'a> SigningOn<'a> {
    /// Gives everybody a token, puts otpair in front of their doors, and lets them begin.
    pub fn begin(server: &'a Container) -> Self {
        lay_out(server);
        for (user, door, serial) in PEOPLE {
            let token = Token::hotp(serial);
            pair(server, user, &token);
            let passcodes = token.presses(PASSCODES).join("\n") + "\n";
            server.write(&format!("/run/people/{door}.passcodes"), passcodes);
        }
        protect(server, &["sshd", "sudo", "door"]);
        let start = |(user, door, _): (User, &str, &str)| {
            let mut command = server.command("sh");
            command.args(["-uc", SCRIPT, "sh", door, user.name]);
            let child = command.stdin(Stdio::null()).spawn();
            child.expect("nsenter can't be started")
        };
        let people = Self {
            server,
            loops: PEOPLE.map(start).into(),
        };
        people.wait_for_another();
        people
    }

    /// Waits until everybody has begun and ended another sign-on.
    pub fn wait_for_another(&self) {
        let now = nanoseconds();
        let is_after = |door| self.ended(door).iter().any(|one| one.began > now);
        self.server
            .wait_until("everybody has signed on again", |_| {
                PEOPLE.iter().all(|(_, door, _)| is_after(door))
            });
    }

    /// Lets everybody come to an end. How many sign-ons there were at the door where there were fewest, before, during
    /// and after a time.
    ///
    /// # Panics
    /// If one of them was refused, or somebody has run out of passcodes.
    pub fn end(mut self, during: &RangeInclusive<u128>) -> [usize; 3] {
        self.wait_for_another();
        self.stop();
        let fewest = |which: &dyn Fn(&SignOn) -> bool| {
            let counts = PEOPLE.map(|(_, door, _)| {
                let ended = self.ended(door);
                let refused: Vec<_> = ended.iter().filter(|one| !one.granted()).collect();
                assert!(refused.is_empty(), "{door}: {refused:#?}");
                assert!(ended.len() < PASSCODES, "{door}: too few passcodes");
                ended.into_iter().filter(which).count()
            });
            counts.into_iter().min().unwrap_or_default()
        };
        [
            fewest(&|one| one.ended < *during.start()),
            fewest(&|one| during.contains(&one.began) && during.contains(&one.ended)),
            fewest(&|one| one.began > *during.end()),
        ]
    }

    fn stop(&mut self) {
        let _ = fs::write(self.server.path("/run/people/stop"), "");
        for mut person in self.loops.drain(..) {
            let _ = person.wait();
        }
    }

    fn ended(&self, door: &str) -> Vec<SignOn> {
        let log = self.server.path(format!("/run/people/{door}.log"));
        let text = fs::read_to_string(log).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let ended = whole.map(|line| {
            let mut times = line.split(' ').map_while(|word| word.parse().ok());
            let mut time = || times.next().expect("a time stands first");
            SignOn {
                began: time(),
                ended: time(),
                line: line.trim_end().to_owned(),
            }
        });
        ended.collect()
    }
}

impl SignOn {
    fn granted(&self) -> bool {
        self.line.ends_with(" granted")
    }
}

impl Drop for SigningOn<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What everybody needs at their door.
fn lay_out(server: &Container) {
    server.done("mkdir", &["/run/people"]);
    let pamtester = fs::read("/usr/bin/pamtester")
        .expect("pamtester is missing: install the Debian package pamtester");
    server.write("/run/people/pamtester", pamtester);
    server.write("/run/people/askpass", ASKPASS);
    let programs = ["/run/people/pamtester", "/run/people/askpass"];
    server.done("chmod", &[&["0755"], &programs[..]].concat());
    server.done("adduser", &["--quiet", "dave", "sudo"]);
    server.write("/etc/pam.d/door", DOOR);
}

/// Now, in nanoseconds since 1970.
pub fn nanoseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos()
}
