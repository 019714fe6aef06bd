//! A token that a file gives dates counts between them only. The clock is faketime's.

use crate::scratch::{Done, Scratch, json};
use crate::tokens::HOTP;
use std::io::Write;
use std::process::{Command, Stdio};

const PSKC: &str = "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"><KeyPackage>\
    <DeviceInfo><SerialNo>FT-0042</SerialNo></DeviceInfo>\
    <Key Id=\"FT-0042\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
    <ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data>\
    <Secret><PlainValue>ABEiM0RVZneImaq7zN3u/wARIjM=</PlainValue></Secret></Data>\
    <Policy><StartDate>2030-01-01T00:00:00Z</StartDate><ExpiryDate>2031-01-01T00:00:00Z</ExpiryDate></Policy>\
    </Key></KeyPackage></KeyContainer>";

/// Runs the command at a time in UTC, with what it reads on stdin.
fn at(scratch: &Scratch, time: &str, arguments: &[&str], stdin: &str) -> Done {
    let command = scratch.command(arguments);
    let mut faked = Command::new("faketime");
    faked
        .arg(time)
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(scratch.path("."))
        .env("TZ", "UTC0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = faked
        .spawn()
        .expect("faketime can't be started: install the Debian package faketime");
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_token_counts_from_its_start_date_until_its_expiry_date_and_no_longer() {
    let scratch = Scratch::new();
    scratch.write("tokens.xml", PSKC);
    let imported = at(
        &scratch,
        "2029-06-01 12:00:00",
        &["import", "tokens.xml", "--json"],
        "",
    );
    assert_eq!(json(&imported.stdout)["new"], 1, "{}", imported.stderr);
    let pairing = |counter| format!("FT-0042\n{}\n", HOTP.at(counter));
    let passcode = |counter| format!("{}\n", HOTP.at(counter));
    let sign_on = |time: &str, typed: &str| at(&scratch, time, &["sign-on", "root"], typed);

    let early = sign_on("2029-12-31 23:59:00", &pairing(0));
    assert_eq!(early.status, 1, "{}", early.stdout);
    let by_admin = at(
        &scratch,
        "2029-12-31 23:59:00",
        &["user", "pair", "root", "FT-0042"],
        "",
    );
    assert!(
        by_admin.stderr.contains("does not count yet"),
        "{}",
        by_admin.stderr
    );

    let first = sign_on("2030-01-01 00:00:10", &pairing(1));
    assert_eq!(first.status, 0, "{}{}", first.stdout, first.stderr);
    assert!(first.stdout.contains("is now paired"), "{}", first.stdout);
    let last = sign_on("2030-12-31 23:59:00", &passcode(2));
    assert_eq!(last.status, 0, "{}{}", last.stdout, last.stderr);

    // Whoever has an expired token is asked as ever, and never let in or asked to pair.
    let late = sign_on("2031-01-01 00:00:10", &passcode(3));
    assert_eq!(late.status, 1, "{}", late.stdout);
    assert!(late.stdout.starts_with("Passcode: "), "{}", late.stdout);
    assert!(!late.stdout.contains("Serial number"), "{}", late.stdout);
}
