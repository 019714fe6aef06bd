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
            read(&&file[..end], &Options::default()).is_err(),
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
fn an_empty_file_is_refused_with_the_reason() {
    assert!(refused("").contains("empty"));
    assert!(refused("\u{feff} \n").contains("empty"));
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn utf_16_with_and_without_its_mark_is_read_and_said_encodings_count_where_they_matter() {
    let file = pskc("urn:x:hotp", "", "", "");
    let manufacturer = |file: &str| {
        file.replace(
            "<SerialNo>",
            "<Manufacturer>Caf\u{e9}</Manufacturer><SerialNo>",
        )
    };
    let declared = |encoding: &str, file: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{file}")
    };
    let accented = manufacturer(&file);
    let said = declared("utf-16", &accented);
    for bytes in [
        wide(&said),
        [b"\xff\xfe".to_vec(), wide(&said)].concat(),
        said.encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<u8>>(),
    ] {
        let outcome = plain(bytes);
        assert_eq!(serials(&outcome), ["S1"]);
        assert_eq!(
            outcome.packages[0].manufacturer.as_deref(),
            Some("Caf\u{e9}")
        );
    }
    assert_eq!(serials(&plain(declared("iso-8859-1", &file))), ["S1"]);
    assert!(refused(declared("iso-8859-1", &accented)).contains("UTF-8"));
    assert!(
        refused([b"\xff\xfe".to_vec(), wide(&said), vec![0]].concat()).contains("not complete")
    );
}

/// A file that is another one from its second reading on.
struct Changing(std::cell::Cell<u32>, Vec<u8>, Vec<u8>);

impl Source for Changing {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
        let readings = self.0.replace(self.0.get() + 1);
        Ok(Box::new(if readings == 0 {
            &self.1[..]
        } else {
            &self.2[..]
        }))
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told_and_ends() {
    let good = pskc("urn:x:hotp", "", "", "").into_bytes();
    let cut = good[..good.len() - 5].to_vec();
    let file = Changing(0.into(), good, cut);
    let options = Options::default();
    let items: Vec<_> = read(&file, &options).unwrap().collect();
    assert!(items.last().unwrap().is_err());
    let packages = items
        .iter()
        .filter(|item| matches!(item, Ok(Item::Package(_))));
    assert_eq!(packages.count(), 1);
}

#[test]
fn a_tag_a_text_or_a_comment_without_end_takes_no_more_than_its_share() {
    /// `<KeyContainer>`, and then the same for ever.
    struct Endless(&'static [u8], &'static [u8]);
    impl Source for Endless {
        fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
            use std::io::Read as _;
            let start = b"<KeyContainer>".chain(self.0);
            Ok(Box::new(start.chain(Forever(self.1))))
        }
    }
    struct Forever(&'static [u8]);
    impl std::io::Read for Forever {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = into.len().min(self.0.len());
            into[..length].copy_from_slice(&self.0[..length]);
            Ok(length)
        }
    }
    for file in [
        Endless(b"<a b='", b"x"),
        Endless(b"<!--", b"x"),
        Endless(b"<![CDATA[", b"x"),
        Endless(b"", b"x"),
        Endless(b"<KeyPackage>", b"&amp;"),
        Endless(b"<KeyPackage>", b"<a/>"),
        Endless(b"<KeyPackage>", b"<a>"),
    ] {
        assert!(read(&file, &Options::default()).is_err());
    }
}
