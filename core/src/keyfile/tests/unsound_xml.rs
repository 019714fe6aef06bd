//! XML that nobody should ship.

use super::*;

#[test]
fn entity_bombs_and_outside_entities_are_refused() {
    let bomb = "<!DOCTYPE KeyContainer [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n";
    let outside = "<!DOCTYPE KeyContainer SYSTEM \"file:///etc/passwd\">";
    for head in [bomb, outside] {
        assert!(refused(head.to_owned() + &pskc("urn:x:hotp", "", "", "")).contains("DOCTYPE"));
    }
    let entity = pskc("urn:x:hotp", "", "", "").replace("MTIz", "&xxe;");
    assert!(refused(&entity).contains("entity"));
    let attribute = pskc("urn:x:&xxe;", "", "", "");
    assert!(refused(&attribute).contains("entity"));
}

#[test]
fn deep_nesting_and_long_texts_are_refused_and_do_not_exhaust_the_stack() {
    let deep = container(&("<a>".repeat(100_000) + &"</a>".repeat(100_000)));
    assert!(refused(deep).contains("deeper"));
    let long = pskc("urn:x:hotp", "", "", "").replace("MTIz", &"A".repeat(70_000));
    assert!(refused(long).contains("64 KiB"));
    let wide = container(&format!(
        "<KeyPackage>{}</KeyPackage>",
        "<a/>".repeat(10_000)
    ));
    assert!(refused(wide).contains("too many"));
}

#[test]
fn a_file_cut_off_anywhere_gives_no_package_at_all() {
    let file = sample!("pskc-plain-totp.xml").trim_ascii_end();
    for end in 0..file.len() {
        assert!(
            read(&file[..end], &Options::default()).is_err(),
            "cut at {end}"
        );
    }
    let at = file
        .windows(10)
        .rposition(|window| window == b"KeyPackage")
        .unwrap();
    let fault = outcome(&file[..at], &Options::default()).err().unwrap();
    let line = file[..at].split(|byte| *byte == b'\n').count() as u64;
    assert_eq!(
        (fault.at.unwrap().line, fault.why.contains("not complete")),
        (line, true)
    );
}

#[test]
fn xml_that_is_not_well_formed_is_refused_with_its_line() {
    let good = pskc("urn:x:hotp", "", "", "");
    for bad in [
        good.replace("</Secret>", "</Seceret>"),
        good.replace("Id=\"K1\"", "Id=\"K1\" Id=\"K2\""),
        good.replace("MTIz", "\u{1}"),
        good.replace("MTIz", "&#0;"),
    ] {
        assert!(refused(&bad).starts_with("line 2: "), "{}", refused(&bad));
    }
    for bad in [
        good.clone() + "<KeyContainer/>",
        good.clone() + "MTIz",
        "x".to_owned() + &good,
    ] {
        assert!(
            outcome(
                bad.as_bytes(),
                &Options {
                    format: Some(Format::Pskc),
                    ..Options::default()
                }
            )
            .is_err()
        );
    }
    let latin = [good.as_bytes(), b"<!-- \xe9 -->"].concat();
    assert!(refused(latin).contains("UTF-8"));
}

#[test]
fn utf_16_and_empty_files_are_refused_with_the_reason() {
    let wide: Vec<u8> = "<KeyContainer/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(refused(&wide).contains("UTF-16"));
    assert!(refused([b"\xff\xfe", &wide[..]].concat()).contains("UTF-16"));
    assert!(refused("").contains("empty"));
    assert!(refused("\u{feff} \n").contains("empty"));
}
