//! `./bench` in its short form: that every question is answered, and that table, CSV and plot say the same. How fast anything
//! is, is no test's business.

use otpair_tests::artefacts::Artefacts;
use std::collections::HashMap;
use std::env;
use std::path::Path;
use std::process::{Command, Output};

const MODULES: [&str; 3] = ["pam_oath", "google-authenticator", "otpair"];

fn bench(arguments: &[&str]) -> Output {
    let artefacts = Artefacts::find();
    // A release build has no symbols; `tests/lanes` names a module that has.
    let symbols = env::var_os("OTPAIR_SYMBOLS").unwrap_or(artefacts.module.clone().into());
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--quick", "--markdown"])
        .args(arguments)
        .env("OTPAIR_SO", &artefacts.module)
        .env("OTPAIR_SYMBOLS", symbols)
        .env("OTPAIR_BIN", &artefacts.otpair)
        .output()
        .expect("bench can't be started")
}

/// What a table has: by question and module, the cells; `aim` is a module too.
struct Table(Vec<(String, HashMap<String, String>)>);

impl Table {
    fn of(output: &Output) -> Self {
        let printed = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
        let mut lines = printed.lines().filter(|line| line.starts_with('|'));
        let columns = cells(lines.next().expect(&said));
        let rows = lines.skip(1).map(|line| {
            let mut cells = cells(line).into_iter();
            let what = cells.next().unwrap();
            (what, columns[1..].iter().cloned().zip(cells).collect())
        });
        Self(rows.collect())
    }

    fn questions(&self) -> Vec<&str> {
        self.0.iter().map(|(what, _)| what.as_str()).collect()
    }

    fn cell(&self, what: &str, module: &str) -> &str {
        let row = self.0.iter().find(|(question, _)| question == what);
        &row.unwrap_or_else(|| panic!("nothing is said of {what}")).1[module]
    }

    fn aims(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, cells)| cells["aim"].as_str())
    }
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim_start_matches("| ").trim_end_matches(" |");
    line.split(" | ")
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// The median of a cell, and half of what its last digit stands for.
fn median(cell: &str) -> (f64, f64) {
    let text = cell.split(' ').next().unwrap();
    let digits = text.split('.').nth(1).map_or(0, str::len);
    let half = 0.5 * 10_f64.powi(-i32::try_from(digits).unwrap());
    (text.parse().expect(cell), half)
}

/// What every line of the CSV says: question and unit, module, median, aim, and whether it holds.
fn figures(csv: &str) -> Vec<(String, String, f64, String, String)> {
    let mut lines = csv.lines();
    let head = "what,unit,module,median,low,high,count,aim,holds";
    assert_eq!(lines.next(), Some(head));
    let figure = |line: &str| {
        let (what, rest) = line.strip_prefix('"').unwrap().split_once("\",").unwrap();
        let [unit, module, median, low, high, count, aim, holds] =
            rest.split(',').collect::<Vec<_>>().try_into().unwrap();
        let number = |text: &str| text.parse::<f64>().expect(line);
        assert!(
            number(low) <= number(median) && number(median) <= number(high),
            "{line}"
        );
        assert!(number(count) >= 1.0, "{line}");
        let question = if unit == "count" {
            what.to_owned()
        } else {
            format!("{what}, {unit}")
        };
        (
            question,
            module.to_owned(),
            number(median),
            aim.to_owned(),
            holds.to_owned(),
        )
    };
    lines.map(figure).collect()
}

/// The titles in a picture, as Python's reader of XML has them.
fn titles(path: &Path) -> Vec<String> {
    let script = "import sys, xml.dom.minidom\n\
        picture = xml.dom.minidom.parse(sys.argv[1])\n\
        assert picture.documentElement.tagName == 'svg'\n\
        for title in picture.getElementsByTagName('title'):\n    print(title.firstChild.data)";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .expect("python3 is missing: install its Debian package");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let titles = String::from_utf8(output.stdout).unwrap();
    titles.lines().map(str::to_owned).collect()
}

/// Every question, where there are one token and a thousand.
fn questions() -> Vec<String> {
    let sign_ons = ["good passcode", "wrong passcode", "pairing"];
    let of_each = |form: &str| sign_ons.map(|sign_on| form.replace("{}", sign_on)).to_vec();
    let mut all = of_each("{}, flushes' time");
    for what in ["good passcode", "pairing", "instructions"] {
        all.push(format!("{what} with 1,000 tokens over one, times"));
    }
    all.extend(of_each("{}, first in its process, flushes' time"));
    all.push("good passcode, by pamtester, flushes' time".to_owned());
    all.push("pairing, by pamtester, flushes' time".to_owned());
    all.push("processor, wrong passcode, by pamtester, µs".to_owned());
    for form in [
        "processor, {}, µs",
        "flushes, {}",
        "system calls, {}",
        "peak memory, {}, MB",
    ] {
        all.extend(of_each(form));
    }
    for sign_on in sign_ons {
        for step in ["", ": load", ": open", ": decide", ": commit", ": log"] {
            all.push(format!("instructions, {sign_on}{step}, thousands"));
        }
    }
    for processes in ["1 process", "4 processes", "16 processes", "64 processes"] {
        all.push(format!(
            "sign-ons a second over flushes, {processes}, times"
        ));
    }
    all.push("wrong passcodes of one user a second over flushes, 64 processes, times".to_owned());
    all.push("good passcodes denied, 64 processes, %".to_owned());
    all
}

#[test]
fn table_csv_and_plot_answer_every_question_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, plot) = (
        folder.path().join("figures.csv"),
        folder.path().join("plot.svg"),
    );
    let output = bench(&[
        "--most-tokens",
        "1000",
        "--csv",
        csv.to_str().unwrap(),
        "--plot",
        plot.to_str().unwrap(),
    ]);
    let table = Table::of(&output);
    assert_eq!(table.questions(), questions());
    let missed = table.aims().any(|aim| aim.ends_with("MISSED"));
    assert_eq!(output.status.code(), Some(i32::from(missed)));

    let figures = figures(&std::fs::read_to_string(csv).unwrap());
    let (compared, base): (Vec<_>, Vec<_>) = figures
        .iter()
        .partition(|(_, module, ..)| module != "pam_permit");
    for (what, module, value, aim, holds) in &compared {
        let (median, half) = median(table.cell(what, module));
        assert!(
            (median - value).abs() <= half + 1e-4,
            "{what}, {module}: {median}, {value}"
        );
        let verdict = table.cell(what, "aim");
        match (module.as_str(), holds.as_str()) {
            ("otpair", "true") => assert!(verdict.ends_with(": holds"), "{what}: {aim}"),
            ("otpair", "false") => assert!(verdict.ends_with(": MISSED"), "{what}: {aim}"),
            (_, holds) => assert_eq!(holds, "", "{what}, {module}"),
        }
    }
    let told = table
        .0
        .iter()
        .flat_map(|(_, cells)| MODULES.map(|module| &cells[module]));
    assert_eq!(told.filter(|cell| *cell != "–").count(), compared.len());
    assert!(
        base.iter()
            .all(|(what, ..)| what.starts_with("sign-ons a second"))
    );

    // The picture's own, and one for each figure in it.
    let titles = titles(&plot);
    for title in &titles[1..] {
        let (what, shown) = title.rsplit_once(": ").unwrap();
        let (module, what) = what.split_once(", ").unwrap();
        assert_eq!(
            table.cell(what, module).split(' ').next(),
            Some(shown),
            "{title}"
        );
    }
    // Times, tokens, processes, instructions.
    assert_eq!(titles.len() - 1, (3 + 3 + 1) + 2 + 3 * 4 + (3 + 3 + 4));

    // No times, so they are the same at every run.
    assert_eq!(table.cell("flushes, good passcode", "otpair"), "1");
    assert_eq!(table.cell("flushes, wrong passcode", "otpair"), "1");
    let verdict = table.cell("instructions with 1,000 tokens over one, times", "aim");
    assert!(verdict.ends_with(": holds"), "{verdict}");
}

#[test]
fn longer_flushes_are_said_to_be_longer_and_nothing_is_traced_twice() {
    let output = bench(&[
        "--most-tokens",
        "1",
        "--rounds",
        "5",
        "--flush-time",
        "1000",
    ]);
    let table = Table::of(&output);
    let head = String::from_utf8_lossy(&output.stdout);
    // Where a line ends depends on the processor's name.
    let words: Vec<_> = head.split_whitespace().collect();
    let told = words.join(" ");
    assert!(told.contains("was made 1000 µs longer"), "{head}");
    let untraced = |what: &&String| {
        let traced = [
            "flushes, ",
            "system calls",
            "instructions",
            "sign-ons a second",
        ];
        let many = ["of one user", "denied", "1,000"];
        !traced.iter().any(|begin| what.starts_with(begin))
            && !many.iter().any(|part| what.contains(part))
    };
    let questions = questions();
    let expected: Vec<_> = questions.iter().filter(untraced).collect();
    assert_eq!(table.questions(), expected);
}
