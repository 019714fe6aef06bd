//! What `pskctool --info` shows of a file.

use crate::package::Package;
use std::path::Path;
use std::process::Command;

/// Runs it. Nothing if it refuses the file.
///
/// It warns of a parse error where it meets something that it does not know, and shows the rest.
pub fn shown(path: &Path) -> Option<Vec<Package>> {
    let output = Command::new("pskctool")
        .arg("--info")
        .arg(path)
        .output()
        .expect("pskctool can't be started: install the Debian package pskctool");
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| packages(&text))
}

fn packages(text: &str) -> Vec<Package> {
    text.split("\tKeyPackage ").skip(1).map(package).collect()
}

/// A package, from lines such as `Key Counter: 5`.
fn package(text: &str) -> Package {
    let value = |name: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let text = |name: &str| value(name).map(ToOwned::to_owned);
    let number = |name: &str| value(name).map(|value| value.parse().unwrap());
    let date = |name: &str| value(name).map(|date| date.replacen(' ', "T", 1) + "Z");
    Package {
        serial: text("SerialNo"),
        id: text("Id").unwrap_or_default(),
        manufacturer: text("Manufacturer"),
        is_hotp: value("Algorithm").is_some_and(|uri| uri.ends_with(":hotp")),
        suite: text("Algorithm Parameters Suite"),
        digits: number("Response Format Length"),
        counter: number("Key Counter"),
        interval: number("Key TimeInterval"),
        // It shows a negative one as if it had no sign: reason 1 of those in main.rs.
        drift: value("Key TimeDrift").map(|drift| drift.parse::<u32>().unwrap().cast_signed()),
        start: date("Policy StartDate").max(date("Device StartDate")),
        expiry: date("Policy ExpiryDate"),
        secret: text("Key Secret (base64)").filter(|secret| !secret.is_empty()),
    }
}
