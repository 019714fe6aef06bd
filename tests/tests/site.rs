//! The docs as a site, made by `packaging/site/build`: it is whole, and nothing in it leads nowhere.

use otpair_tests::machine::{Machine, told};
use otpair_tests::web::browser::{Browser, Place};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

fn workspace() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    above.canonicalize().unwrap()
}

/// Makes the site, once for all tests here, and says what was told of it.
fn made() -> &'static str {
    static TOLD: OnceLock<String> = OnceLock::new();
    TOLD.get_or_init(|| {
        let build = workspace().join("packaging/site/build");
        let output = Command::new(build).output().expect("no shell");
        assert!(output.status.success(), "{}", told(&output));
        told(&output)
    })
}

/// What the reader of the built pages says of a site.
fn check(site: &Path, options: &[&str]) -> Output {
    Command::new(workspace().join("packaging/site/check"))
        .arg(site)
        .args(options)
        .output()
        .expect("python3 is missing: install the Debian package python3")
}

fn page(name: &str) -> String {
    made();
    let path = workspace().join("target/site").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The pages that lie in a folder of the docs, as the summary names them.
fn pages_in(folder: &Path, docs: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages_in(&path, docs, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.strip_prefix(docs).unwrap().to_str().unwrap();
            found.insert(name.to_owned());
        }
    }
}

#[test]
fn the_site_is_made_without_a_warning() {
    for word in ["WARN", "ERROR", "warning", "error:"] {
        assert!(!made().contains(word), "{}", made());
    }
}

#[test]
fn every_page_of_the_docs_is_in_the_summary_once_and_nothing_else_is() {
    let docs = workspace().join("docs");
    let mut pages = BTreeSet::new();
    pages_in(&docs, &docs, &mut pages);
    pages.remove("SUMMARY.md");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let mut named = BTreeSet::new();
    for target in summary.split("](").skip(1) {
        let target = target.split(')').next().unwrap().to_owned();
        assert!(named.insert(target.clone()), "{target} is there twice");
    }
    assert_eq!(named, pages, "left: in docs/SUMMARY.md; right: in docs");
}

#[test]
fn nothing_in_the_site_leads_nowhere_and_no_page_loads_from_the_network() {
    made();
    let site = workspace().join("target/site");
    let output = check(&site, &[]);
    assert!(output.status.success(), "{}", told(&output));
    let outward = check(&site, &["--external"]);
    assert!(outward.status.success(), "{}", told(&outward));
    println!(
        "Links that lead out of the site, which nobody follows here:\n{}",
        String::from_utf8_lossy(&outward.stdout)
    );
}

#[test]
fn what_leads_nowhere_or_to_the_network_is_found() {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site-with-faults");
    let _ = fs::remove_dir_all(&site);
    fs::create_dir_all(&site).unwrap();
    let faults = [
        (r#"<a href="gone.html">"#, "gone.html is not there"),
        (r#"<a href="b.html#c">"#, "b.html#c names no place"),
        (r##"<a href="#nowhere">"##, "#nowhere names no place"),
        (r#"<img src="gone.png">"#, "gone.png is not there"),
        (r#"<a href="/b.html">"#, "/b.html is no path"),
        (r#"<a href="../">"#, "../ is not there"),
        (
            r#"<script src="https://example.com/a.js"></script>"#,
            "would come from the network",
        ),
        (
            r#"<link href="//example.com/a.css">"#,
            "would come from the network",
        ),
        ("<style>@import 'gone.css'</style>", "gone.css is not there"),
        (r#"<p style="background: url(gone.jpg)">"#, "gone.jpg is"),
    ];
    let sound = r##"<a href="b.html#here"></a><a href="#top"></a><a href="https://example.com"></a><i id="top"></i>"##;
    fs::write(site.join("b.html"), r#"<h1 id="here">B</h1>"#).unwrap();
    fs::write(site.join("a.html"), sound).unwrap();
    let output = check(&site, &[]);
    assert!(output.status.success(), "{}", told(&output));
    for (fault, said) in faults {
        fs::write(site.join("a.html"), format!("{sound}{fault}")).unwrap();
        let output = check(&site, &[]);
        assert_eq!(output.status.code(), Some(1), "{fault}: {}", told(&output));
        assert!(told(&output).contains(said), "{fault}: {}", told(&output));
    }
}

#[test]
fn the_documents_above_the_docs_are_in_the_site_whole() {
    for (document, name) in [
        ("SECURITY.md", "security.html"),
        ("ARCHITECTURE.md", "architecture.html"),
    ] {
        let text = fs::read_to_string(workspace().join(document)).unwrap();
        let page = page(name);
        let headings: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("## ")).collect();
        assert!(headings.len() > 2, "{headings:?}");
        for heading in headings {
            let heading = heading.replace('\'', "&#x27;");
            let plain = page.replace('\'', "&#x27;");
            assert!(plain.contains(&format!(">{heading}</a></h2>")), "{heading}");
        }
        assert!(!page.contains("{{#include"), "{name}");
    }
}

#[test]
fn the_manuals_have_a_title_and_their_options_their_two_hyphens() {
    let manual = page("otpair.8.html");
    assert!(manual.contains(">otpair(8)</a></h1>") && manual.contains(">SYNOPSIS</a></h2>"));
    assert!(!manual.contains("OTPAIR(8)"));
    assert!(manual.contains("<strong>--dry-run</strong>"));
}

#[test]
fn from_the_disk_and_without_a_network_the_search_finds_a_page() {
    made();
    // Its network is a loopback on which nobody listens.
    let machine = Machine::new();
    let mut browser = Browser::open_in(&machine);
    let start = workspace().join("target/site/index.html");
    browser.open(&format!("file://{}", start.display()));
    browser.click("#mdbook-search-toggle");
    browser.type_into("#mdbook-searchbar", "sealing key lost");
    let found = "#mdbook-searchresults a[href^='recovery.html']";
    browser.wait_for(&[Place {
        at: found,
        text: "The sealing key",
    }]);
    browser.click(&format!("{found} >> nth=0"));
    browser.wait_for(&[Place {
        at: "h1",
        text: "Recovery at 3 am",
    }]);
}

#[test]
fn the_script_that_makes_it_passes_shellcheck() {
    let output = Command::new("shellcheck")
        .args(["-x", "packaging/site/build"])
        .current_dir(workspace())
        .output()
        .expect("shellcheck is missing: install the Debian package shellcheck");
    assert!(output.status.success(), "{}", told(&output));
}
