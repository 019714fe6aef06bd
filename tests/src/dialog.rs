//! One sign-on through libpam, prompt by prompt. A test says what must be asked and what is answered; anything else,
//! one prompt too many or too few, fails it.

use crate::machine::{Machine, User};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// The prompts of the contract.
pub const SERIAL: &str = "Serial number: ";
/// The passcode's.
pub const PASSCODE: &str = "Passcode: ";
/// That of the next passcode, when a token is out of step.
pub const NEXT: &str = "Next passcode: ";

/// How a sign-on is to be held.
#[derive(Debug, Clone)]
pub struct SignOn {
    service: String,
    user: Option<String>,
    rhost: Option<String>,
    silent: bool,
    no_conversation: bool,
    time: Option<u64>,
    wrapper: Vec<String>,
}

impl SignOn {
    /// A sign-on of a user at the service `otpcodes`, which has otpair and nothing else.
    pub fn of(user: User) -> Self {
        Self {
            service: "otpcodes".to_owned(),
            user: Some(user.name.to_owned()),
            rhost: None,
            silent: false,
            no_conversation: false,
            time: None,
            wrapper: Vec::new(),
        }
    }

    /// Under another user's name.
    #[must_use]
    pub fn named(self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..self
        }
    }

    /// By a program that does not say who it is.
    #[must_use]
    pub fn nameless(self) -> Self {
        Self { user: None, ..self }
    }

    /// At another service.
    #[must_use]
    pub fn at_service(self, service: &str) -> Self {
        Self {
            service: service.to_owned(),
            ..self
        }
    }

    /// From somewhere.
    #[must_use]
    pub fn from(self, rhost: &str) -> Self {
        Self {
            rhost: Some(rhost.to_owned()),
            ..self
        }
    }

    /// With `PAM_SILENT`.
    #[must_use]
    pub fn silent(self) -> Self {
        Self {
            silent: true,
            ..self
        }
    }

    /// By a program without a conversation function.
    #[must_use]
    pub fn no_conversation(self) -> Self {
        Self {
            no_conversation: true,
            ..self
        }
    }

    /// At another time than now, in seconds since 1970 (by libfaketime).
    #[must_use]
    pub fn at_time(self, time: u64) -> Self {
        Self {
            time: Some(time),
            ..self
        }
    }

    /// Under another program, such as `strace -o FILE`.
    #[must_use]
    pub fn under(self, wrapper: &[&str]) -> Self {
        Self {
            wrapper: wrapper.iter().map(|&part| part.to_owned()).collect(),
            ..self
        }
    }

    /// Begins it.
    pub fn begin(&self, machine: &Machine) -> Dialog {
        let asked = json!({
            "service": self.service,
            "user": self.user,
            "rhost": self.rhost,
            "silent": self.silent,
            "no_conversation": self.no_conversation,
        });
        let mut words = self.wrapper.clone();
        words.extend(["pamloop".to_owned(), asked.to_string()]);
        let mut command = self.time.map_or_else(
            || machine.command(&words[0]),
            |time| machine.command_at(time, &words[0]),
        );
        command.args(&words[1..]);
        Dialog::start(command)
    }

    /// The whole of it: each prompt that must come, with its answer, and the name of the return code at the end.
    ///
    /// # Panics
    /// If anything else is asked or returned, with the whole transcript.
    pub fn hold(&self, machine: &Machine, script: &[(&str, &str)], code: &str) -> Done {
        let mut dialog = self.begin(machine);
        for (prompt, answer) in script {
            dialog.expect(prompt);
            dialog.answer(answer);
        }
        let done = dialog.finish();
        assert_eq!(done.code, code, "the transcript:\n{}", done.transcript());
        done
    }

    /// As [`SignOn::hold`], granted.
    pub fn granted(&self, machine: &Machine, script: &[(&str, &str)]) -> Done {
        self.hold(machine, script, "PAM_SUCCESS")
    }
}

/// A sign-on that is under way.
#[derive(Debug)]
pub struct Dialog {
    child: Child,
    answers: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    heard: Vec<Value>,
    finished: bool,
}

impl Dialog {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("nsenter can't be started");
        let answers = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            answers,
            lines,
            heard: Vec::new(),
            finished: false,
        }
    }

    fn next_line(&mut self) -> Option<Value> {
        let line = self.lines.next()?.unwrap();
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.heard.push(value.clone());
        Some(value)
    }

    /// Reads on to the next prompt, or to the end: then nothing.
    pub fn next_prompt(&mut self) -> Option<(String, String)> {
        loop {
            let value = self
                .next_line()
                .unwrap_or_else(|| panic!("the PAM client died:\n{}", transcript(&self.heard)));
            if value.get("done").is_some() {
                self.finished = true;
                return None;
            }
            if let Some(style @ ("echo_on" | "echo_off")) = value["style"].as_str() {
                return Some((
                    style.to_owned(),
                    value["text"].as_str().unwrap_or_default().to_owned(),
                ));
            }
        }
    }

    /// The next prompt must be exactly this one.
    pub fn expect(&mut self, prompt: &str) {
        let carried = self.expect_carrying(prompt);
        if !carried.is_empty() {
            self.finished = true;
            panic!(
                "{carried:?} stands in front of {prompt:?}. The transcript:\n{}",
                transcript(&self.heard)
            );
        }
    }

    /// The next prompt must be this one, perhaps behind a message, which is returned.
    pub fn expect_carrying(&mut self, prompt: &str) -> String {
        let asked = self.next_prompt().map(|(_, text)| text);
        let carried = asked.as_deref().and_then(|text| text.strip_suffix(prompt));
        let Some(carried) = carried else {
            self.finished = true;
            panic!(
                "{prompt:?} was to be asked. The transcript:\n{}",
                transcript(&self.heard)
            );
        };
        carried.to_owned()
    }

    /// Answers with a text.
    pub fn answer(&mut self, text: &str) {
        self.reply(&json!({"text": text}), &json!({"answer": text}));
    }

    /// Answers with bytes.
    pub fn answer_bytes(&mut self, bytes: &[u8]) {
        self.reply(
            &json!({"bytes": bytes}),
            &json!({"answer": String::from_utf8_lossy(bytes)}),
        );
    }

    /// Answers with a response that has no text.
    pub fn answer_null(&mut self) {
        self.reply(&json!({"null": true}), &json!({"answer": null}));
    }

    /// Lets the conversation fail, as when somebody presses Ctrl-C.
    pub fn hang_up(&mut self) {
        self.reply(&json!({"fail": true}), &json!({"hung up": true}));
    }

    fn reply(&mut self, reply: &Value, note: &Value) {
        writeln!(self.answers.as_mut().unwrap(), "{reply}").unwrap();
        self.heard.push(note.clone());
    }

    /// The end must come now, without another prompt.
    pub fn finish(mut self) -> Done {
        if let Some((_, prompt)) = self.next_prompt() {
            self.finished = true;
            panic!(
                "{prompt:?} was asked, where the dialog was to end. The transcript:\n{}",
                transcript(&self.heard)
            );
        }
        self.ended()
    }

    /// Hangs up at any further prompt; nothing if the client dies instead of coming to an end.
    pub fn finish_or_die(mut self) -> Option<Done> {
        self.answers.take();
        while self.next_line().is_some() {}
        self.finished = true;
        let done = self.ended();
        (!done.code.is_empty()).then_some(done)
    }

    /// What was held, after [`Dialog::next_prompt`] has said that the end has come.
    pub fn into_done(mut self) -> Done {
        assert!(
            self.finished,
            "the dialog has not ended. The transcript:\n{}",
            transcript(&self.heard)
        );
        self.ended()
    }

    fn ended(&mut self) -> Done {
        self.child.wait().unwrap();
        let last = self.heard.last().cloned().unwrap_or_default();
        Done {
            code: last["done"].as_str().unwrap_or_default().to_owned(),
            heard: std::mem::take(&mut self.heard),
            last,
        }
    }

    /// Ends the client at once, as a door that loses its connection does.
    pub fn kill(mut self) {
        self.finished = true;
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        self.answers.take();
        let _ = self.child.kill();
        let _ = self.child.wait();
        assert!(
            self.finished || thread::panicking(),
            "the dialog was never finished. The transcript:\n{}",
            transcript(&self.heard)
        );
    }
}

/// A sign-on that has ended.
#[derive(Debug, Clone)]
pub struct Done {
    /// The name of what `pam_authenticate` returned.
    pub code: String,
    /// All prompts, messages, delays and answers.
    pub heard: Vec<Value>,
    /// The client's last line.
    pub last: Value,
}

impl Done {
    /// Every text that was shown, prompts and messages, in order.
    pub fn shown(&self) -> Vec<String> {
        self.heard
            .iter()
            .filter_map(|line| Some(line["text"].as_str()?.to_owned()))
            .collect()
    }

    /// Every prompt and message as (style, text), in order.
    pub fn styled(&self) -> Vec<(String, String)> {
        let styled = self.heard.iter().filter_map(|line| {
            Some((
                line["style"].as_str()?.to_owned(),
                line["text"].as_str()?.to_owned(),
            ))
        });
        styled.collect()
    }

    /// The info and error messages, in order.
    pub fn messages(&self) -> Vec<String> {
        let messages = self
            .styled()
            .into_iter()
            .filter(|(style, _)| !style.starts_with("echo"));
        messages.map(|(_, text)| text).collect()
    }

    /// Whether any text that was shown holds a text, without regard to case.
    pub fn says(&self, text: &str) -> bool {
        self.shown()
            .iter()
            .any(|shown| shown.to_lowercase().contains(&text.to_lowercase()))
    }

    /// The delay in microseconds that PAM was to keep after a failure.
    pub fn delay(&self) -> u64 {
        self.heard
            .iter()
            .filter_map(|line| line["delay"].as_u64())
            .max()
            .unwrap_or(0)
    }

    /// All of it, for a failed test's message.
    pub fn transcript(&self) -> String {
        transcript(&self.heard)
    }
}

fn transcript(heard: &[Value]) -> String {
    heard.iter().map(|line| format!("  {line}\n")).collect()
}
