//! The suite that asks otpair, `pam_oath` and google-authenticator the same questions, in its quick form: otpair holds
//! everything, and the peers come out as docs/peers.md says where they come out the same at every run.

use otpair_tests::artefacts::Artefacts;
use otpair_tests::claims::{read, table};
use serde_json::Value;
use std::fs;
use std::process::Command;

const MODULES: [&str; 3] = ["otpair", "pam_oath", "google-authenticator"];

/// Runs it, shows the table, and gives it as JSON.
fn compared() -> Value {
    let artefacts = Artefacts::find();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("table.json");
    let output = Command::new(env!("CARGO_BIN_EXE_races"))
        .args(["compare", "--quick", "--json"])
        .arg(&json)
        .env("OTPAIR_SO", &artefacts.module)
        .env("OTPAIR_BIN", &artefacts.otpair)
        .output()
        .expect("races can't be started");
    let shown = String::from_utf8_lossy(&output.stdout);
    println!("{shown}");
    assert!(
        output.status.success(),
        "otpair does not hold everything:\n{shown}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap()
}

#[test]
fn otpair_holds_everything_and_its_peers_what_the_page_says() {
    let compared = compared();
    let rows = compared.as_array().unwrap();
    let heading = format!("| behaviour | {} |", MODULES.join(" | "));
    let page = table(&read("docs/peers.md"), &heading);
    let names = |row: &Vec<String>| row[0].clone();
    let asked: Vec<_> = rows.iter().map(|row| row["behaviour"].clone()).collect();
    assert_eq!(asked, page.iter().map(names).collect::<Vec<_>>());
    let mut not_held = [0; 3];
    for (row, told) in rows.iter().zip(&page) {
        for (place, module) in MODULES.iter().enumerate() {
            let answer = &row["modules"][module];
            let said = &told[place + 1];
            if place == 0 {
                assert!(said.starts_with("held: "), "{}: {said}", told[0]);
            }
            if row["exact"] == true {
                assert_eq!(answer["cell"], **said, "{module}: {}", told[0]);
                not_held[place] += usize::from(answer["held"] == false);
            }
        }
    }
    // What no module fails would say nothing of the one that holds it.
    assert!(not_held[1] > 5 && not_held[2] > 5, "{not_held:?}");
}
