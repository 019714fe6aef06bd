//! `docs/seed-files.md` tells the truth: every format and every trap has its sample or its test, and every sample is
//! imported as it says. The passcodes come from `oathtool`, so a seed that is read wrong shows.
//!
//! What has to come of `tests/data/seed-files/NAME` stands in `tests/data/seed-files/expected/NAME.json`: the format, the
//! options, what is typed (a passphrase), the report, what is assumed, the tokens, and their seeds. With `OTPAIR_DRAW=1`
//! the report, what is assumed and the tokens are written anew, for somebody to compare with the sample.

use otpair_tests::claims::{Tests, quoted, read, table, workspace};
use otpair_tests::machine::{Machine, run_with_stdin, told};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// When everything here happens, in seconds since 1970: what is shown does not depend on the day.
const TIME: u64 = 1_800_000_000;
const FORMATS: &str = "| name | what it is | samples | test |";
const TRAPS: &str = "| trap | what is done | sample | test |";

fn folder() -> PathBuf {
    workspace().join("tests/data/seed-files")
}

/// The samples by name: every file but the keys that open some of them, and what made them.
fn samples() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    let names = files.map(|file| file.file_name().into_string().unwrap());
    names
        .filter(|name| !name.starts_with("throw-away-") && name != "make-pskc")
        .collect()
}

/// What the page says of samples: how many tokens are new, by name.
fn told_samples(cell: &str) -> BTreeMap<String, u64> {
    let mut parts = cell.split('`').skip(1);
    let mut found = BTreeMap::new();
    while let (Some(name), Some(behind)) = (parts.next(), parts.next()) {
        let count = behind.trim_start().strip_prefix('(');
        let count = count.and_then(|rest| rest.split(')').next()?.parse().ok());
        let count = count.unwrap_or_else(|| panic!("no number of tokens behind {name}: {cell}"));
        found.insert(name.to_owned(), count);
    }
    found
}

/// Every sample that the page names, in whichever table.
fn all_told_samples() -> BTreeMap<String, u64> {
    let page = read("docs/seed-files.md");
    let rows = table(&page, FORMATS).into_iter().chain(table(&page, TRAPS));
    rows.flat_map(|row| told_samples(&row[2])).collect()
}

/// What has to come of a sample.
fn expected(name: &str) -> Value {
    let path = format!("tests/data/seed-files/expected/{name}.json");
    serde_json::from_str(&read(&path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The names that `--format` takes, from the program itself.
fn formats(machine: &Machine) -> BTreeSet<String> {
    let refused = machine.otpair(&["import", "--format", "nonsense", "x"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let names = said.split("the formats are ").nth(1);
    let names = names.unwrap_or_else(|| panic!("the formats are not named: {said}"));
    let names = names.lines().next().unwrap_or_default();
    let names = names.split(" (").next().unwrap_or_default();
    let names = names.split(", ").flat_map(|names| names.split(" or "));
    let names: BTreeSet<_> = names.map(ToOwned::to_owned).collect();
    assert!(names.contains("pskc"), "{said}");
    names
}

/// A cache of its own in the machine, and the samples beside it.
struct Room<'m> {
    machine: &'m Machine,
    folder: String,
}

impl<'m> Room<'m> {
    fn new(machine: &'m Machine, name: &str) -> Self {
        let folder = format!("/root/{name}.room");
        machine.done("mkdir", &["-m", "700", &folder]);
        let config = format!(
            "[cache]\npath = '{folder}/cache'\n[audit]\nsyslog = false\n[sign_on]\nstrip_domain = true\nmax_tokens_per_user = 8\n"
        );
        machine.write(&format!("{folder}/otpair.toml"), config);
        Self { machine, folder }
    }

    /// The admin's command, at a time, in the folder of the samples.
    fn at(&self, time: u64, arguments: &[&str]) -> Command {
        let line = "cd /root/samples && exec otpair \"$@\"";
        let mut command = self.machine.command_at(time, "sh");
        let config = format!("{}/otpair.toml", self.folder);
        command.args(["-c", line, "sh", "--config", &config]);
        command.args(arguments);
        command
    }

    fn run(&self, time: u64, arguments: &[&str], stdin: &str) -> Output {
        run_with_stdin(self.at(time, arguments), stdin)
    }

    /// Imports a sample by its options and these, and gives the report, the assumptions and the tokens.
    fn import(&self, name: &str, expected: &Value, more: &[&str]) -> (Value, Value, Value) {
        let options = expected["options"].as_array().into_iter().flatten();
        let options: Vec<&str> = options.map(|word| word.as_str().unwrap()).collect();
        let words = [&["import", name, "--json"], &options[..], more].concat();
        let stdin = expected["stdin"].as_str().unwrap_or_default();
        let output = self.run(TIME, &words, stdin);
        let report = json_of(&output);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let assumed: Vec<_> = said
            .lines()
            .filter_map(|line| line.strip_prefix("otpair: note: "))
            .collect();
        let nothing_to_mend =
            report["conflict"] == 0 && report["rejected"].as_array().unwrap().is_empty();
        assert_eq!(output.status.success(), nothing_to_mend, "{name}: {said}");
        let tokens = json_of(&self.run(TIME, &["token", "list", "--json"], ""));
        (report, json!(assumed), tokens)
    }
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(output)))
}

/// A machine with all samples, each readable for root only, as a seed file should be.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.done("mkdir", &["-m", "700", "/root/samples"]);
    for entry in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            let path = format!("/root/samples/{}", entry.file_name().to_str().unwrap());
            machine.write(&path, fs::read(entry.path()).unwrap());
            machine.chmod(&path, 0o600);
        }
    }
    machine
}

#[test]
fn every_format_has_its_row_with_a_sample_of_that_format() {
    let page = read("docs/seed-files.md");
    let mut formats = formats(&Machine::new());
    for row in table(&page, FORMATS) {
        let name = quoted(&row[0]).next().unwrap().to_owned();
        assert!(formats.remove(&name), "{name} is no format");
        let samples = told_samples(&row[2]);
        assert!(!samples.is_empty(), "{name} has no sample");
        for sample in samples.keys() {
            assert_eq!(expected(sample)["format"], *name, "{sample}");
        }
    }
    assert!(formats.is_empty(), "no row for {formats:?}");
}

#[test]
fn every_sample_has_a_row_and_every_row_its_sample() {
    let rows: BTreeSet<String> = all_told_samples().into_keys().collect();
    let samples = samples();
    let difference: Vec<_> = rows.symmetric_difference(&samples).collect();
    assert!(
        difference.is_empty(),
        "only in docs/seed-files.md or only in {}: {difference:?}",
        folder().display()
    );
}

#[test]
fn every_row_names_tests_that_are_there() {
    let page = read("docs/seed-files.md");
    let (tests, mut missing) = (Tests::read(), Vec::new());
    let traps = table(&page, TRAPS);
    assert!(traps.len() > 25, "only {} traps were read", traps.len());
    for row in table(&page, FORMATS).into_iter().chain(traps) {
        missing.extend(tests.missing(&row[3]));
        if !row[3].contains('_') {
            missing.push(format!("no test for {}", row[0]));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_sample_is_recognized_and_imported_as_its_row_says() {
    let machine = machine();
    let rows = all_told_samples();
    let mut wrong = Vec::new();
    for name in samples() {
        let expected = expected(&name);
        let room = Room::new(&machine, &name);
        let (report, assumed, tokens) = room.import(&name, &expected, &[]);
        if std::env::var_os("OTPAIR_DRAW").is_some() {
            draw(&name, &expected, &report, &assumed, &tokens);
            continue;
        }
        for (what, said) in [
            ("report", &report),
            ("assumed", &assumed),
            ("tokens", &tokens),
        ] {
            if expected[what] != *said {
                let wanted = &expected[what];
                wrong.push(format!("{name}: {what}: {said:#}\nwas to be {wanted:#}"));
            }
        }
        if rows.get(&name) != report["new"].as_u64().as_ref() {
            wrong.push(format!("{name}: the page says another number of tokens"));
        }
        // The format that the row names reads the same of it: so it is the one that was recognized.
        if let Some(format) = expected["format"].as_str() {
            let room = Room::new(&machine, &format!("{name}.by-name"));
            let by_name = room.import(&name, &expected, &["--format", format]);
            if by_name != (report, assumed, tokens) {
                wrong.push(format!("{name}: as {format} it is read otherwise"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes down what came of a sample.
fn draw(name: &str, expected: &Value, report: &Value, assumed: &Value, tokens: &Value) {
    let mut drawn = Map::new();
    for (what, value) in [
        ("format", &expected["format"]),
        ("options", &expected["options"]),
        ("stdin", &expected["stdin"]),
        ("report", report),
        ("assumed", assumed),
        ("tokens", tokens),
        ("seeds", &expected["seeds"]),
        ("t0", &expected["t0"]),
    ] {
        if !value.is_null() {
            drawn.insert(what.to_owned(), value.clone());
        }
    }
    let path = folder().join(format!("expected/{name}.json"));
    let text = serde_json::to_string_pretty(&Value::Object(drawn)).unwrap();
    fs::write(path, text + "\n").unwrap();
}

#[test]
fn every_token_of_every_sample_shows_the_passcodes_that_oathtool_gives_for_its_seed() {
    let machine = machine();
    for name in samples() {
        let expected = expected(&name);
        let room = Room::new(&machine, &name);
        let (_, _, tokens) = room.import(&name, &expected, &[]);
        for token in tokens.as_array().unwrap() {
            let serial = token["serial"].as_str().unwrap();
            let seed = expected["seeds"][serial].as_str();
            let seed = seed.unwrap_or_else(|| panic!("{name}: the seed of {serial} is not told"));
            let t0 = expected["t0"][serial].as_u64().unwrap_or(0);
            prove(&room, token, &passcode(token, seed, t0));
        }
    }
}

/// A while after the import, for tokens that came with what is spent.
const LATER: u64 = TIME + 3600;

/// What a token shows then, or at the counter that it stands at.
fn passcode(token: &Value, seed: &str, t0: u64) -> String {
    let mut oathtool = Command::new("oathtool");
    if let Some(interval) = token["time_interval"].as_u64() {
        let drift = token["drift"].as_i64().unwrap() * i64::try_from(interval).unwrap();
        oathtool
            .arg(format!("--totp={}", token["algorithm"].as_str().unwrap()))
            .arg(format!("--time-step-size={interval}s"))
            .arg(format!("--start-time=@{t0}"))
            .arg(format!(
                "--now=@{}",
                LATER.checked_add_signed(drift).unwrap()
            ));
    } else {
        let counter = token["last_accepted"].as_u64().map_or(0, |last| last + 1);
        oathtool.args(["--hotp", &format!("--counter={counter}")]);
    }
    let output = oathtool
        .args([&format!("--digits={}", token["digits"]), seed])
        .output()
        .expect("oathtool can't be started: install the Debian package oathtool");
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The passcode is right: it pairs the token, or signs on whoever has it.
fn prove(room: &Room<'_>, token: &Value, passcode: &str) {
    let text = |key: &str| token[key].as_str();
    let serial = text("serial").unwrap();
    let output = if let Some(user) = text("user") {
        room.run(LATER, &["sign-on", user], &format!("{passcode}\n"))
    } else {
        let user = text("reserved_for").map_or("alice", |user| user.split('@').next().unwrap());
        let words = ["user", "pair", user, serial, "--passcode", passcode];
        let paired = room.run(LATER, &words, "");
        // A user has room for a few only.
        room.run(LATER, &["user", "unpair", user, serial], "");
        paired
    };
    assert!(output.status.success(), "{serial}: {}", told(&output));
}
