//! A real browser in a machine's network, which shows pages to nobody: Chromium, driven by `tests/browser/driver.js`.

use crate::machine::Machine;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const CHROMIUM: &str = "/usr/bin/chromium";
const NODE: &str = "/usr/bin/node";

/// A browser with one page, that has never been anywhere. It is closed when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    steps: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// Something that can be seen on a page: an element, by its CSS selector, that holds a text.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The selector.
    pub at: &'a str,
    /// The text.
    pub text: &'a str,
}

impl Browser {
    /// Opens a browser that reaches what is in the machine, and nothing else.
    ///
    /// # Panics
    /// If Chromium or what drives it is missing, with a sentence that says how to install it.
    pub fn open_in(machine: &Machine) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let modules = tests.join("../target/browser/node_modules");
        let playwright = modules.join("playwright-core");
        for (file, how) in [
            (Path::new(CHROMIUM), "install the Debian package chromium"),
            (Path::new(NODE), "install the Debian package nodejs"),
            (&*playwright, "run tests/browser/install"),
        ] {
            assert!(file.exists(), "{} is missing: {how}", file.display());
        }
        // The network is the machine's; the programs and files are those of the test, which the machine does not have.
        let root = machine.path("/");
        let process = root.parent().expect("/proc/ID/root");
        let mut driver = Command::new("nsenter")
            .arg(format!("--net={}", process.join("ns/net").display()))
            .args(["--", NODE])
            .arg(tests.join("browser/driver.js"))
            .arg(CHROMIUM)
            .env("NODE_PATH", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nsenter can't be started");
        Self {
            steps: driver.stdin.take(),
            answers: BufReader::new(driver.stdout.take().unwrap()),
            driver,
        }
    }

    /// Does a step of `driver.js`, and gives its answer.
    fn step(&mut self, step: &Value) -> Value {
        let steps = self.steps.as_mut().expect("open until it is dropped");
        writeln!(steps, "{step}").expect("the browser is gone");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("the browser answered {line:?} to {step}: {e}"));
        if let Some(why) = answer["failed"].as_str() {
            panic!("{step} failed in the browser: {why}");
        }
        answer["done"].take()
    }

    /// Goes to an address.
    pub fn open(&mut self, address: &str) {
        self.step(&json!({ "open": address }));
    }

    /// Writes into a field.
    pub fn fill(&mut self, field: &str, text: &str) {
        self.step(&json!({ "fill": field, "with": text }));
    }

    /// Types into a field, key by key.
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.step(&json!({ "type": text, "into": field }));
    }

    /// Clicks.
    pub fn click(&mut self, element: &str) {
        self.step(&json!({ "click": element }));
    }

    /// Waits until one of these can be seen, and says which.
    pub fn wait_for(&mut self, places: &[Place]) -> usize {
        let places: Vec<_> = places
            .iter()
            .map(|place| json!({ "at": place.at, "text": place.text }))
            .collect();
        let which = self.step(&json!({ "wait": places })).as_u64();
        usize::try_from(which.expect("a number")).unwrap()
    }

    /// The text that can be seen in an element; empty if it can't be seen.
    pub fn read(&mut self, element: &str) -> String {
        let text = self.step(&json!({ "read": element }));
        text.as_str().expect("a text").to_owned()
    }

    /// Makes a PNG of an element: `target/artefacts/FOLDER/NAME.png`.
    pub fn picture(&mut self, element: &str, folder: &str, name: &str) {
        let artefacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/artefacts");
        let file = artefacts.join(folder).join(format!("{name}.png"));
        self.step(&json!({ "picture": file, "of": element }));
    }

    /// Forgets every cookie, as a browser that was closed and is opened again.
    pub fn forget(&mut self) {
        self.step(&json!({ "forget": true }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.steps.take();
        let _ = self.driver.wait();
    }
}
