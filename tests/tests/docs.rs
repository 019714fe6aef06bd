//! The documents are true where a test can tell: what they name is there.

use otpair_tests::claims::{self, Tests, all, files, read, workspace};
use std::fs;

#[test]
fn every_test_that_known_attacks_names_is_where_it_says() {
    let tests = Tests::read();
    let mut rows = 0;
    for row in claims::rows(&read("docs/known-attacks.md")) {
        let cell = row.last().filter(|cell| cell.contains('`'));
        if let Some(cell) = cell {
            rows += 1;
            assert_eq!(tests.missing(cell), Vec::<String>::new());
        }
    }
    assert!(rows > 30, "only {rows} rows were read");
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let mut links = 0;
    for page in all("md") {
        let text = fs::read_to_string(&page).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            links += 1;
            let path = page.parent().unwrap().join(file);
            assert!(
                path.exists(),
                "{}: the link to {target} leads nowhere",
                page.display()
            );
        }
    }
    assert!(links > 5, "only {links} links were read");
}

/// The words of every fence in a page, and what it is called below docs.
fn fences() -> Vec<(String, String)> {
    let docs = workspace().join("docs");
    let mut pages = Vec::new();
    files(&docs, "md", &mut pages);
    let fences = pages.iter().flat_map(|page| {
        let name = page.strip_prefix(&docs).unwrap().display().to_string();
        let text = fs::read_to_string(page).unwrap();
        let words = text.lines().filter_map(|line| line.strip_prefix("```"));
        let words: Vec<String> = words.map(str::to_owned).collect();
        words.into_iter().map(move |words| (name.clone(), words))
    });
    fences.collect()
}

#[test]
fn every_block_of_commands_is_run_by_a_test() {
    let tests: Vec<String> = all("rs")
        .iter()
        .filter(|path| path.to_string_lossy().contains("/../tests/"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut blocks = 0;
    for (page, words) in fences() {
        // There is no Mac to run those on: docs/macos/first-mac.md says so.
        if !words.split(' ').any(|word| word == "sh") || page.starts_with("macos/") {
            continue;
        }
        blocks += 1;
        let quoted = |text: &str, wanted: &str| text.contains(&format!("\"{wanted}\""));
        // A page's name may stand in another file than what takes its blocks.
        let is_named = tests.iter().any(|text| quoted(text, &page));
        let is_taken = words == "sh" || tests.iter().any(|text| quoted(text, &words));
        assert!(
            is_named && is_taken,
            "docs/{page}: nothing runs the block {words:?}"
        );
    }
    assert!(blocks > 40, "only {blocks} blocks were read");
}

#[test]
fn the_manuals_are_pages_that_pandoc_makes() {
    for page in [
        "otpair.8",
        "pam_otpair.8",
        "otpair-helper.8",
        "otpair.toml.5",
    ] {
        let output = std::process::Command::new("pandoc")
            .args(["--standalone", "--to", "man", "--fail-if-warnings"])
            .arg(workspace().join(format!("docs/{page}.md")))
            .output()
            .expect("pandoc is missing: install the Debian package pandoc");
        assert!(
            output.status.success(),
            "{page}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let manual = String::from_utf8(output.stdout).unwrap();
        assert!(manual.contains(".SH NAME"), "{page} has no NAME");
    }
}
