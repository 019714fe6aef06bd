//! A seed never leaves the file but for the cache, where it is sealed.

use crate::scratch::Scratch;
use std::fs;

const HEX: &str = "8fd0c4b1a73e5560912bfe07d8c6a4395ee1027b";
const BASE32: &str = "R7IMJMNHHZKWBEJL7YD5RRVEHFPOCAT3";
const BASE64: &str = "j9DEsac+VWCRK/4H2MakOV7hAns=";

/// How a seed may be written: in some part of it too.
fn writings() -> Vec<String> {
    let whole = [HEX, BASE32, BASE64];
    let parts = whole
        .iter()
        .flat_map(|text| [&text[..12], &text[10..24]].map(str::to_ascii_lowercase));
    parts.collect()
}

/// Seeds where they belong, and where they do not.
fn files() -> Vec<(&'static str, String)> {
    let pskc = |secret: &str, serial: &str, id: &str, counter: &str| {
        format!(
            "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"><KeyPackage>\
             <DeviceInfo><SerialNo>{serial}</SerialNo></DeviceInfo>\
             <Key Id=\"{id}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
             <ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data>\
             <Secret><PlainValue>{secret}</PlainValue></Secret>\
             <Counter><PlainValue>{counter}</PlainValue></Counter></Data></Key></KeyPackage></KeyContainer>"
        )
    };
    vec![
        (
            "good.csv",
            format!("SE-1,{HEX},totp,6,30\nSE-1,{HEX},totp,6,30\n"),
        ),
        ("conflict.csv", format!("SE-1,{HEX},totp,8,30\n")),
        ("base64.csv", format!("SE-2,{BASE64},totp,6,30\n")),
        ("base32.csv", format!("SE-2,{BASE32},totp,6,30\n")),
        ("swapped.csv", format!("{HEX},SE-3,totp,6,30\n")),
        ("digits.csv", format!("SE-4,{HEX},totp,{HEX},30\n")),
        ("interval.csv", format!("SE-4,{HEX},totp,6,{HEX}\n")),
        ("type.csv", format!("SE-4,{HEX},{HEX},6,30\n")),
        ("hash.csv", format!("SE-4,{HEX},totp,6,30,{HEX}\n")),
        ("long.csv", format!("SE-5,{},totp,6,30\n", HEX.repeat(9))),
        ("quote.csv", format!("SE-5,\"{HEX},totp,6,30\n")),
        ("counter.csv", format!("SE-6,{HEX},{HEX}\n")),
        ("unknown.txt", format!("{HEX};{BASE32};{BASE64}\n")),
        (
            "good.txt",
            format!("otpauth://totp/SE-7?secret={BASE32}&digits=6&period=30\n"),
        ),
        (
            "label.txt",
            format!("otpauth://totp/SE-8?secret={BASE32}&digits={BASE32}\n"),
        ),
        (
            "host.txt",
            format!("otpauth://{BASE32}/SE-8?secret={BASE32}\n"),
        ),
        ("hex.txt", format!("otpauth://totp/SE-8?secret={HEX}\n")),
        (
            "twice.txt",
            format!("otpauth://totp/SE-8?secret={BASE32}&secret={BASE32}\n"),
        ),
        ("good.xml", pskc(BASE64, "SE-9", "SE-9", "0")),
        ("secret.xml", pskc(HEX, "SE-10", "SE-10", "0")),
        ("counter.xml", pskc(BASE64, "SE-11", "SE-11", BASE64)),
        (
            "broken.xml",
            pskc(BASE64, "SE-12", "SE-12", "0").replace("</PlainValue></Secret>", "</Secret>"),
        ),
        (
            "entity.xml",
            pskc(&format!("&{BASE32};"), "SE-12", "SE-12", "0"),
        ),
        (
            "element.xml",
            pskc(BASE64, "SE-12", "SE-12", "0").replace("Counter", BASE32),
        ),
    ]
}

#[test]
fn no_seed_stands_on_any_stream_whatever_is_wrong_with_its_file() {
    let scratch = Scratch::new();
    let mut said = String::new();
    for (name, content) in files() {
        scratch.write(name, &content);
        for words in [
            &["--dry-run"][..],
            &["--dry-run", "--json"],
            &[],
            &["--json"],
        ] {
            let done = scratch.run(&[&["import", name], words].concat());
            let streams = done.stdout + &done.stderr;
            for writing in writings() {
                assert!(
                    !streams.to_ascii_lowercase().contains(&writing),
                    "{name}: {streams}"
                );
            }
            said += &streams;
        }
    }
    assert!(
        said.contains("new 1") && said.contains("rejected 1"),
        "{said}"
    );
    let log = fs::read_to_string(scratch.path("audit.jsonl")).unwrap();
    let listed = scratch.done(&["token", "list", "--json"]);
    let inventory = fs::read(scratch.path("cache/inventory.db")).unwrap();
    let inventory: String = inventory.iter().map(|byte| char::from(*byte)).collect();
    for writing in writings() {
        for text in [&log, &listed, &inventory] {
            assert!(
                !text.to_ascii_lowercase().contains(&writing),
                "{writing} leaked"
            );
        }
    }
    let raw: String = (0..HEX.len())
        .step_by(2)
        .map(|at| char::from(u8::from_str_radix(&HEX[at..at + 2], 16).unwrap()))
        .collect();
    assert!(
        !inventory.contains(&raw[..8]),
        "a seed lies unsealed in the inventory"
    );
}
