//! Files that somebody made to do harm, and files that are none.

use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, TOTP};
use std::fs;

fn pskc(head: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>{head}<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\
         <KeyPackage><DeviceInfo>{inside}<SerialNo>OT-1</SerialNo></DeviceInfo>\
         <Key Id=\"OT-1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
         <ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data><Secret><PlainValue>\
         MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret><Counter><PlainValue>0</PlainValue></Counter></Data></Key></KeyPackage></KeyContainer>"
    )
}

/// The file is refused as a whole, with one reason, which is given.
fn refused(scratch: &Scratch, words: &[&str]) -> String {
    let done = scratch.run(&[&["import", "--json"], words].concat());
    let report = json(&done.stdout);
    assert_eq!(
        (done.status, report["new"].as_u64()),
        (1, Some(0)),
        "{words:?}: {report}"
    );
    assert_eq!(
        report["rejected"].as_array().unwrap().len(),
        1,
        "{words:?}: {report}"
    );
    assert_eq!(scratch.done(&["token", "list", "--json"]), "[]\n");
    report["rejected"][0]["why"].as_str().unwrap().to_owned()
}

#[test]
fn a_hostile_file_is_refused_whole_and_imports_nothing() {
    let scratch = Scratch::new();
    let laugh = |n: u8| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let laughs = (1..10).map(laugh).collect::<Vec<_>>().concat();
    let bomb = format!("<!DOCTYPE b [<!ENTITY l0 \"ha\">{laughs}]>");
    let outside = "<!DOCTYPE b [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>";
    let nest = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    for file in [
        pskc(&bomb, "<Manufacturer>&l9;</Manufacturer>"),
        pskc(outside, "<Manufacturer>&x;</Manufacturer>"),
        pskc("", "<Manufacturer>&x;</Manufacturer>"),
        pskc("", &nest),
        pskc(
            "",
            &format!("<Manufacturer>{}</Manufacturer>", "m".repeat(2_000_000)),
        ),
    ] {
        scratch.write("tokens.xml", &file);
        let why = refused(&scratch, &["tokens.xml"]);
        assert!(why.len() < 300, "{why}");
    }
    scratch.write("tokens.xml", pskc("", ""));
    assert_eq!(scratch.json(&["import", "tokens.xml"])["new"], 1);
}

#[test]
fn a_file_that_is_no_seed_file_is_told_so_and_imports_nothing() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("folder")).unwrap();
    scratch.write("empty", "");
    scratch.write("blank", " \n\n");
    scratch.write("program", fs::read("/proc/self/exe").unwrap());
    let whole = pskc("", "");
    scratch.write("cut.xml", &whole[..whole.len() - 20]);
    for file in [
        "missing",
        "folder",
        "empty",
        "blank",
        "program",
        "cut.xml",
        "/dev/null",
    ] {
        refused(&scratch, &[file]);
    }
    assert!(refused(&scratch, &["empty"]).contains("empty"));
}

#[test]
fn a_file_that_names_users_pairs_nobody() {
    let scratch = Scratch::new();
    let line = format!(
        "root, resolver, realm, {}, {}, hotp, 6, 0\n",
        HOTP.serial, HOTP.seed
    );
    scratch.write("tokens.csv", "# version: 2\n".to_owned() + &line);
    scratch.done(&["import", "tokens.csv"]);
    let list = scratch.json(&["token", "list"]);
    assert_eq!(
        (&list[0]["state"], &list[0]["reserved_for"]),
        (&"available".into(), &"root".into())
    );
    assert_eq!(scratch.json(&["user", "list"]), serde_json::json!([]));
}

#[test]
fn what_a_file_says_commands_no_terminal_and_forges_no_line() {
    let scratch = Scratch::new();
    let control = "<Manufacturer>a&#x9b;2J</Manufacturer>";
    scratch.write("control.xml", pskc("", control));
    let why = refused(&scratch, &["control.xml"]);
    assert!(why.contains("control characters"), "{why}");
    let name = "<Manufacturer>a&#xa;new 99, unchanged 0&#x202e;</Manufacturer>";
    scratch.write("tokens.xml", pskc("", name));
    let mut said = scratch.done(&["import", "tokens.xml"]);
    said += &scratch.done(&["token", "list"]);
    said += &scratch.done(&["token", "show", "OT-1"]);
    assert!(!said.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{said:?}");
    assert!(
        !said.lines().any(|line| line.starts_with("new 99")),
        "{said}"
    );
}

#[test]
fn a_line_without_end_is_rejected_and_the_next_is_taken() {
    let scratch = Scratch::new();
    scratch.write(
        "tokens.csv",
        TOTP.csv() + &"9".repeat(5_000_000) + "\n" + &HOTP.csv(),
    );
    let done = scratch.run(&["import", "tokens.csv", "--json"]);
    let report = json(&done.stdout);
    assert_eq!(report["new"], 2, "{report}");
    assert_eq!(report["rejected"][0]["where"], "line 2");
    assert!(done.stdout.len() < 1000);
}
