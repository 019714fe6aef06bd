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

/// What stands in the trackers of programs of this kind.
const ISSUES: [(&str, &[u32]); 29] = [
    (
        "google-authenticator-libpam",
        &[
            239, 229, 13, 177, 65, 240, 340, 134, 188, 261, 130, 37, 153, 98, 211,
        ],
    ),
    ("google-authenticator", &[24, 514, 543]),
    ("linux-pam", &[453]),
    ("yubico-pam", &[113, 201]),
    ("swaylock", &[3, 117]),
    ("hyprlock", &[901]),
    ("i3lock", &[249]),
    ("gtklock", &[84]),
    ("sddm", &[722]),
    ("lightdm-gtk-greeter", &[195]),
    ("openssh-portable", &[405]),
    ("duo_unix", &[69, 206, 240, 244, 94]),
    ("ansible", &[73324]),
    ("sudo", &[236]),
    ("puppet-duo_unix", &[8]),
    ("pam-u2f", &[330]),
    ("authselect", &[298]),
    ("privacyidea", &[1227, 471, 1578, 4128, 719]),
    ("authd", &[1171, 1257]),
    ("kanidm", &[4060, 369, 3374]),
    ("pam-ssh-agent", &[108]),
    ("pam-rs", &[16]),
    ("noggin", &[1598]),
    ("rust-fp", &[12]),
    ("fscrypt", &[53]),
    ("goauthentik/platform", &[374]),
    ("login_yubikey", &[]),
    ("pam-u2f CVE-2025-23013", &[]),
    ("CVE-2024-47191", &[]),
];

/// The issues that a cell names: `project 1, 2; project 3; CVE-2024-47191`.
fn issues(cell: &str) -> Vec<(&str, Vec<u32>)> {
    let projects = cell.split("; ").map(|part| {
        let mut blanks = part.match_indices(' ').map(|(at, _)| at);
        let numbers = blanks.find(|at| part[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        let (name, numbers) = part.split_at(numbers.unwrap_or(part.len()));
        let numbers = numbers.split(',').filter_map(|n| n.trim().parse().ok());
        (name, numbers.collect())
    });
    projects.collect()
}

#[test]
fn every_issue_of_programs_of_this_kind_is_answered_by_a_test_or_a_page() {
    let page = read("docs/known-attacks.md");
    let heading = "| where | what went wrong | the test, or the page, that answers it |";
    let table = claims::table(&page, heading);
    let rows = table.iter().filter(|row| !row[0].starts_with('-'));
    let tests = Tests::read();
    let mut answered = Vec::new();
    for row in rows {
        let [place, _, answer] = &row[..] else {
            panic!("{row:?}");
        };
        if !answer.contains("](") {
            assert_eq!(tests.missing(answer), Vec::<String>::new(), "{place}");
        }
        answered.extend(issues(place));
    }
    for (project, numbers) in ISSUES {
        let theirs = answered.iter().filter(|(name, _)| *name == project);
        let found: Vec<u32> = theirs
            .clone()
            .flat_map(|(_, found)| found.clone())
            .collect();
        assert!(theirs.count() > 0, "{project} is not answered");
        for number in numbers {
            assert!(found.contains(number), "{project} {number} is not answered");
        }
    }
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
