//! A seed file of many packages: it takes no more memory than a small one, and whatever ends it, it goes on.

#[path = "../src/races/scratch.rs"]
#[expect(dead_code, reason = "it is made for signing on too")]
mod scratch;

use otpair_tests::artefacts::Artefacts;
use otpair_tests::seed_file::{self, KEY, Kind, Order};
use rustix::process::{Pid, Signal, kill_process};
use scratch::{Programs, Scratch};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command, Output, Stdio};

const FEW: usize = 10_000;
const MANY: usize = 50_000;
/// The most memory of a command, in KiB.
const MEMORY: u64 = 64 * 1024;
/// What may be more with many packages: the inventory's pages, of which 16 MiB at most are in memory.
const MORE: u64 = 20 * 1024;

fn scratch() -> Scratch {
    let Artefacts { module, otpair, .. } = Artefacts::find();
    let programs = Programs { module, otpair };
    Scratch::new(
        &programs,
        &std::env::temp_dir(),
        "[audit]\nsyslog = false\n",
    )
}

fn seeds(scratch: &Scratch, kind: Kind, count: usize) -> String {
    let path = scratch.path("seeds");
    seed_file::write(&path, kind, Order::Shuffled, count);
    path.to_str().unwrap().to_owned()
}

/// What a command printed as JSON, and its peak memory in KiB.
fn measured(command: &Command) -> (Value, u64) {
    let output = Command::new("/usr/bin/time")
        .args(["--quiet", "--format", "%M"])
        .arg(command.get_program())
        .args(command.get_args())
        .output()
        .expect("/usr/bin/time is missing: install the Debian package time");
    let said = String::from_utf8_lossy(&output.stderr);
    let peak = said.lines().last().and_then(|line| line.parse().ok());
    let report = serde_json::from_slice(&output.stdout).expect(&said);
    (report, peak.expect(&said))
}

fn counts(report: &Value) -> (u64, u64) {
    let count = |name: &str| report[name].as_u64().unwrap();
    (count("new"), count("unchanged"))
}

#[test]
fn many_packages_take_no_more_memory_than_a_few() {
    let import = |count: usize| {
        let scratch = scratch();
        let file = seeds(&scratch, Kind::Encrypted, count);
        let run = |more: &[&str]| {
            let import = ["import", &file, "--json", "--key", KEY];
            measured(&scratch.otpair(&[&import, more].concat()))
        };
        let all = count as u64;
        let (dry, dry_peak) = run(&["--dry-run"]);
        assert_eq!(counts(&dry), (all, 0));
        let (new, peak) = run(&[]);
        assert_eq!(counts(&new), (all, 0));
        let (again, again_peak) = run(&[]);
        assert_eq!(counts(&again), (0, all));
        [dry_peak, peak, again_peak]
    };
    let (few, many) = (import(FEW), import(MANY));
    for (few, many) in few.into_iter().zip(many) {
        assert!(many < MEMORY && many < few + MORE, "{few} KiB, {many} KiB");
    }
}

#[test]
fn a_file_of_nothing_but_faults_takes_no_memory_either() {
    let scratch = scratch();
    let lines = "20000000,no seed at all\n".repeat(MANY);
    let file = scratch.path("seeds");
    fs::write(
        &file,
        "20000000,00112233445566778899aabb\n".to_owned() + &lines,
    )
    .unwrap();
    let (report, peak) = measured(&scratch.otpair(&["import", file.to_str().unwrap(), "--json"]));
    assert_eq!(report["rejected"].as_array().map(Vec::len), Some(MANY));
    assert!(peak < MEMORY / 2, "{peak} KiB");
}

/// An import that has written something, and is not at its end.
fn under_way(scratch: &Scratch, file: &str) -> Child {
    let mut child = scratch
        .otpair(&["import", file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let inventory = scratch.cache().join("inventory.db");
    while fs::metadata(&inventory).map_or(0, |metadata| metadata.len()) < 1024 * 1024 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too soon");
        std::thread::yield_now();
    }
    child
}

fn ended_by(child: Child, signal: Signal) -> Output {
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait_with_output().unwrap()
}

fn goes_on(scratch: &Scratch, file: &str) -> (u64, u64) {
    let (report, _) = measured(&scratch.otpair(&["import", file, "--json"]));
    let (new, unchanged) = counts(&report);
    assert_eq!(new + unchanged, MANY as u64);
    (new, unchanged)
}

#[test]
fn an_import_that_was_killed_goes_on() {
    let scratch = scratch();
    let file = seeds(&scratch, Kind::Csv, MANY);
    ended_by(under_way(&scratch, &file), Signal::KILL);
    let (new, unchanged) = goes_on(&scratch, &file);
    assert!(new > 0 && unchanged % 10_000 == 0, "{unchanged}");
}

#[test]
fn ctrl_c_ends_an_import_at_a_good_place_and_says_how_to_go_on() {
    let scratch = scratch();
    let file = seeds(&scratch, Kind::Csv, MANY);
    let output = ended_by(under_way(&scratch, &file), Signal::INT);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let (_, unchanged) = goes_on(&scratch, &file);
    assert!(
        said.starts_with(&format!("otpair: interrupted; {unchanged} new tokens")),
        "{said}"
    );
    assert!(
        told.ends_with(&format!(
            "new {unchanged}, unchanged 0, conflict 0, rejected 0\n"
        )),
        "{told}"
    );
}
