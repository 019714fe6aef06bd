//! SIGKILL at a random moment of a sign-on, a pairing, an unpairing and an import.

use crate::figures::Figures;
use crate::scratch::{Programs, Scratch};
use crate::together::Holder;
use crate::worker::{Meet, Reply, Visit, Worker, monotonic, wait_until};
use otpair_tests::chance::Chance;
use otpair_tests::token::Token;
use serde_json::Value;
use std::collections::BTreeMap;
use std::env::temp_dir;
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// As for two sessions at once, with a log that tells why somebody was refused.
const CONFIG: &str =
    "[sign_on]\nattempts = 1\n[audit]\nsyslog = false\nfile = \"{folder}/audit.jsonl\"\n";

/// The audit log in the scratch folder, and how many of its last lines are told with what must not happen.
const LOG: &str = "audit.jsonl";
const TOLD: usize = 6;

/// How many tokens a killed import brings.
const BATCH: usize = 300;

/// What is killed, in a round of ten.
const MIX: [Kind; 10] = {
    use Kind::{Import, Pairing, SignOn, Unpairing};
    [
        SignOn, SignOn, Pairing, SignOn, SignOn, Unpairing, SignOn, Pairing, SignOn, Import,
    ]
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SignOn,
    Pairing,
    Unpairing,
    Import,
}

const COUNTS: [&str; 6] = [
    "signed on or paired before the kill",
    "killed after the commit",
    "killed before the commit",
    "pairings mended by doctor",
    "unpairings killed",
    "imports killed",
];

/// Kills `rounds` times, and looks whether the next sign-on works, whether a passcode counted twice, and whether files
/// were left.
pub fn kills(programs: &Programs, rounds: usize) -> bool {
    let mut kills = Kills::new(programs, rounds);
    for round in 0..rounds {
        kills.figures.tried();
        let files = kills.files();
        match MIX[round % MIX.len()] {
            Kind::SignOn => kills.sign_on(),
            Kind::Pairing => kills.pairing(),
            Kind::Unpairing => kills.unpairing(),
            Kind::Import if round % 20 < 10 => kills.import(),
            Kind::Import => kills.first_import(),
        }
        let left = kills.files();
        if left != files {
            kills.violation(
                "changed the cache's files",
                &format!("{files:?} became {left:?}"),
            );
        }
    }
    kills.figures.finish()
}

/// How long each thing takes by itself, in nanoseconds.
struct Lengths {
    sign_on: u64,
    pairing: u64,
    unpairing: u64,
    import: u64,
}

struct Kills<'a> {
    programs: &'a Programs,
    scratch: Scratch,
    /// Who has a token all the time.
    paired: Holder,
    /// Who pairs and unpairs one.
    pairing: Holder,
    survivor: Worker,
    lengths: Lengths,
    batches: usize,
    chance: Chance,
    figures: Figures,
}

impl<'a> Kills<'a> {
    fn new(programs: &'a Programs, rounds: usize) -> Self {
        let scratch = Scratch::new(programs, &temp_dir(), CONFIG);
        let (paired, token) = Holder::new("root", 10_000_005, rounds * 2 + 50);
        let (pairing, other) = Holder::new("daemon", 10_000_006, rounds * 3 + 50);
        scratch.import([token, other]);
        let mut kills = Self {
            programs,
            scratch,
            paired,
            pairing,
            survivor: Worker::start(),
            lengths: Lengths {
                sign_on: 0,
                pairing: 0,
                unpairing: 0,
                import: 0,
            },
            batches: 0,
            chance: Chance::new(),
            figures: Figures::new("kills", &COUNTS),
        };
        kills.measure();
        kills
    }

    /// Does each thing a few times without killing it, and notes how long it takes a process that is new.
    fn measure(&mut self) {
        let times = [(); 7].map(|()| {
            let fresh = Worker::start;
            let sign_on = self.paired.sign_on(&self.scratch, &mut fresh()).whole;
            let pairing = self.pairing.sign_on(&self.scratch, &mut fresh()).whole;
            let unpairing = measured(|| self.unpair());
            let import = measured(|| {
                let file = self.batch(&self.scratch);
                self.scratch.admin(&["import", &file]);
                self.batches += 1;
            });
            [sign_on, pairing, unpairing, import]
        });
        let median = |place: usize| {
            let mut times = times.map(|times| times[place]);
            times.sort_unstable();
            times[times.len() / 2]
        };
        self.lengths = Lengths {
            sign_on: median(0),
            pairing: median(1),
            unpairing: median(2),
            import: median(3),
        };
        // Somebody who has a record, but no token, as after every round.
        self.pairing.sign_on(&self.scratch, &mut self.survivor);
        self.unpair();
    }

    fn sign_on(&mut self) {
        let passcode = self.paired.press();
        let visit = self.paired.visit(&self.scratch, &passcode);
        let first = killed(&visit, self.lengths.sign_on, &mut self.chance);
        let again = self.survivor.hold(&visit);
        self.judge(first.as_ref(), &again, again.is_spent());
        let third = self.survivor.hold(&visit);
        let next = self.paired.press();
        let next = self.survivor.hold(&self.paired.visit(&self.scratch, &next));
        self.judge_after(&third, &next);
    }

    fn pairing(&mut self) {
        let passcode = self.pairing.press();
        let visit = self.pairing.visit(&self.scratch, &passcode);
        let first = killed(&visit, self.lengths.pairing, &mut self.chance);
        let again = self.survivor.hold(&visit);
        // In pairing nobody is told why not: any plain refusal will do.
        let refused = again.is_spent() || again.told.contains("not accepted");
        self.judge(first.as_ref(), &again, refused);
        let third = self.survivor.hold(&visit);
        self.judge_next(&third);
        self.unpair();
    }

    /// What came of the killed session's passcode, in it and when it was tried again.
    fn judge(&mut self, first: Option<&Reply>, again: &Reply, refused: bool) {
        let detail = format!("{first:?}, then {again:?}");
        match (first, again.is_granted()) {
            (Some(first), _) if !first.is_granted() => {
                self.violation("refused the one that was killed", &detail);
            }
            (Some(_), true) => self.violation("passcodes counted twice", &detail),
            (None, true) => self.figures.count("killed before the commit"),
            (_, false) if !refused => self.violation("broken sign-ons", &detail),
            (Some(_), false) => self.figures.count("signed on or paired before the kill"),
            (None, false) => self.figures.count("killed after the commit"),
        }
    }

    /// Counts what must not happen, and tells it with what the log says of it.
    fn violation(&mut self, what: &'static str, detail: &str) {
        let log = fs::read_to_string(self.scratch.path(LOG)).unwrap_or_default();
        let mut last: Vec<_> = log.lines().rev().take(TOLD).collect();
        last.reverse();
        let detail = format!("{detail}\n{}", last.join("\n"));
        self.figures.violation(what, &detail);
    }

    /// The same passcode a third time, and then the next one.
    fn judge_after(&mut self, third: &Reply, next: &Reply) {
        if third.is_granted() {
            self.violation("passcodes counted twice", &format!("{third:?}"));
        }
        if !next.is_granted() {
            self.violation("next sign-ons refused", &format!("{next:?}"));
        }
    }

    /// The passcode of a pairing or an unpairing again, and the next one, by which the token has to be the user's.
    fn judge_next(&mut self, again: &Reply) {
        let next = self.pairing.press();
        let next = self
            .survivor
            .hold(&self.pairing.visit(&self.scratch, &next));
        self.judge_after(again, &next);
        if next.is_granted() {
            self.check_inventory();
        } else {
            // Whoever was refused holds nothing to be looked at; the rounds to come want a token to unpair.
            self.pairing.sign_on(&self.scratch, &mut self.survivor);
        }
    }

    fn unpairing(&mut self) {
        self.pairing.sign_on(&self.scratch, &mut self.survivor);
        let spent = self.pairing.shown[self.pairing.counter - 1].clone();
        let (user, serial) = (self.pairing.user, self.pairing.serial.clone());
        let kill = moment(self.lengths.unpairing, &mut self.chance);
        kill_admin(&self.scratch, &["user", "unpair", user, &serial], kill);
        self.figures.count("unpairings killed");
        // As an admin does; where the first had come to its end this one is refused.
        let unpair = ["user", "unpair", user, &serial];
        let _ = self.scratch.otpair(&unpair).output();
        let again = self
            .survivor
            .hold(&self.pairing.visit(&self.scratch, &spent));
        self.judge_next(&again);
        self.unpair();
    }

    fn unpair(&self) {
        let (user, serial) = (self.pairing.user, self.pairing.serial.as_str());
        self.scratch.admin(&["user", "unpair", user, serial]);
    }

    /// The token is the user's in the inventory too. Where a pairing was cut off before the inventory was told it is
    /// at least nobody else's, and `otpair doctor` mends it.
    fn check_inventory(&mut self) {
        let mut token = self.listed();
        if token["user"].is_null() && token["reserved_for"] == self.pairing.user {
            self.figures.count("pairings mended by doctor");
            // It exits with 1 as long as it finds anything, on this machine too.
            let _ = self.scratch.otpair(&["doctor", "--mend"]).output();
            token = self.listed();
        }
        if token["user"] != self.pairing.user {
            self.violation("wrong inventories", &token.to_string());
        }
    }

    /// What the inventory says of the token that is paired and unpaired.
    fn listed(&self) -> Value {
        let shown = self.scratch.admin(&["token", "list", "--json"]);
        let tokens: Value = serde_json::from_str(&shown).expect("token list --json prints JSON");
        let is_ours = |token: &&Value| token["serial"] == self.pairing.serial.as_str();
        let found = tokens
            .as_array()
            .and_then(|tokens| tokens.iter().find(is_ours));
        found.cloned().unwrap_or_default()
    }

    fn import(&mut self) {
        let file = self.batch(&self.scratch);
        self.batches += 1;
        let kill = moment(self.lengths.import, &mut self.chance);
        kill_admin(&self.scratch, &["import", &file], kill);
        let shown = self.scratch.admin(&["import", &file, "--json"]);
        self.check_import(&shown);
        self.paired.sign_on(&self.scratch, &mut self.survivor);
    }

    /// An import that makes the inventory and the key; somebody pairs one of its tokens after it.
    fn first_import(&mut self) {
        let scratch = Scratch::new(self.programs, &temp_dir(), CONFIG);
        let file = self.batch(&scratch);
        let kill = moment(self.lengths.import, &mut self.chance);
        kill_admin(&scratch, &["import", &file], kill);
        let shown = scratch.admin(&["import", &file, "--json"]);
        self.check_import(&shown);
        let (mut holder, token) = Holder::new("daemon", 10_000_007, 1);
        scratch.import([token]);
        holder.sign_on(&scratch, &mut self.survivor);
    }

    fn check_import(&mut self, shown: &str) {
        self.figures.count("imports killed");
        let counts: Value = serde_json::from_str(shown).expect("import --json prints JSON");
        let count = |name: &str| counts[name].as_u64().unwrap_or_default();
        if count("new") + count("unchanged") != BATCH as u64 || count("conflict") != 0 {
            self.violation("broken imports", shown);
        }
    }

    fn batch(&self, scratch: &Scratch) -> String {
        let first = 20_000_000 + self.batches * BATCH;
        scratch.seed_file(
            "batch.txt",
            (first..first + BATCH).map(|serial| Token::hotp(&serial.to_string())),
        )
    }

    /// The cache's files; with their sizes, but for the inventory's, which grows.
    fn files(&self) -> BTreeMap<String, u64> {
        let mut files = BTreeMap::new();
        list(&self.scratch.cache(), "", &mut files);
        if let Some(size) = files.get_mut("/inventory.db") {
            *size = 0;
        }
        files
    }
}

fn list(folder: &Path, under: &str, files: &mut BTreeMap<String, u64>) {
    for entry in fs::read_dir(folder).expect("the cache can be listed") {
        let entry = entry.expect("the cache can be listed");
        let name = format!("{under}/{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata().expect("the cache can be listed");
        if metadata.is_dir() {
            list(&entry.path(), &name, files);
        } else {
            files.insert(name, metadata.len());
        }
    }
}

/// A moment within something that begins now and takes so long by itself, in nanoseconds, or shortly after it.
fn moment(length: u64, chance: &mut Chance) -> u64 {
    monotonic() + chance.below(length + length / 5)
}

/// A sign-on in a process of its own, which takes so long by itself, that is killed with SIGKILL at some moment of it;
/// what came of it, if it ended before.
pub fn killed(visit: &Visit, length: u64, chance: &mut Chance) -> Option<Reply> {
    let mut victim = Worker::start();
    let kill = moment(length, chance);
    victim.begin(visit, Meet::Never);
    victim.kill_at(kill);
    victim.reply()
}

/// Starts the admin's command and kills it with SIGKILL at an instant.
fn kill_admin(scratch: &Scratch, arguments: &[&str], instant: u64) {
    let mut child = scratch
        .otpair(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("otpair can't be started");
    wait_until(instant);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn measured(work: impl FnOnce()) -> u64 {
    let start = monotonic();
    work();
    monotonic() - start
}
