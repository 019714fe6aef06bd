//! What the documents claim that tests hold: a cell of a table names tests by where they are.

use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the workspace.
///
/// # Panics
/// If it can't be read.
pub fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Every file of the workspace with this ending, at any depth, but for what is built.
pub fn all(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&workspace(), ending, &mut found);
    found
}

/// Every file in a folder with this ending, at any depth.
pub fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

/// The cells of every row of a page's tables that has something in backquotes, without headings.
pub fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(cells).collect()
}

/// The rows of the one table of a page that has this heading.
///
/// # Panics
/// If there is none.
pub fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "no table has the heading {heading}");
    let rows = lines.take_while(|line| line.starts_with('|')).skip(1);
    rows.map(cells).collect()
}

fn cells(row: &str) -> Vec<String> {
    // A \| is a bar within a cell.
    let row = row.trim().trim_matches('|').replace("\\|", "\u{0}");
    row.split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// What stands in backquotes.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every source file with tests.
#[derive(Debug)]
pub struct Tests(Vec<(String, String)>);

impl Tests {
    /// Reads them.
    pub fn read() -> Self {
        let sources = all("rs").into_iter().map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.to_string_lossy().into_owned(), text)
        });
        Self(sources.collect())
    }

    /// The tests that a cell names and that are not there. A cell is `place`: `test`, `test`; `place`: `test`. A place
    /// is a file or folder of `tests/tests`, or a crate.
    pub fn missing(&self, cell: &str) -> Vec<String> {
        let mut missing = Vec::new();
        for part in cell.split(';') {
            let mut words = quoted(part);
            let Some(place) = words.next() else {
                missing.push(format!("no place in {part:?}"));
                continue;
            };
            let names = words.filter(|word| word.contains('_'));
            let absent = names.filter(|name| !self.has(place, name));
            missing.extend(absent.map(|name| format!("{name} is no test in {place}")));
        }
        missing
    }

    fn has(&self, place: &str, name: &str) -> bool {
        let here = |path: &str| {
            path.ends_with(&format!("tests/tests/{place}.rs"))
                || path.contains(&format!("tests/tests/{place}/"))
                || path.contains(&format!("/../{place}/src/"))
                || path.contains(&format!("/../{place}/tests/"))
        };
        let declared = format!("fn {name}(");
        self.0
            .iter()
            .any(|(path, text)| here(path) && text.contains(&declared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_not_there_is_missed() {
        let tests = Tests(vec![(
            "/x/../core/src/a.rs".to_owned(),
            "fn a_rule() {".to_owned(),
        )]);
        assert_eq!(tests.missing("`core`: `a_rule`"), Vec::<String>::new());
        assert_eq!(
            tests.missing("`core`: `a_rule`, `no_rule`; `cli`: `a_rule`"),
            ["no_rule is no test in core", "a_rule is no test in cli"]
        );
        assert_eq!(tests.missing("a sentence").len(), 1);
    }

    #[test]
    fn a_bar_behind_a_backslash_is_part_of_its_cell() {
        assert_eq!(rows("| `a\\|b` | c |\n|---|---|\n"), [["`a|b`", "c"]]);
    }
}
