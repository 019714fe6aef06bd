//! For the tests: a fake engine that speaks C's terms and misbehaves as told, and surroundings that follow a script.

#[allow(unsafe_code, reason = "the C interface; nothing else is in that file")]
pub(crate) mod ffi;

use crate::engine::ffi::{INTERNAL, RawEngine, Status};
use crate::screen::{CannotShow, Closed, Content, OnPressed, Pressed, Screen};
use crate::surroundings::{Begun, Dialog, Surroundings};
use ffi::{HandedOut, Loaded, Reference, whole_table};
use otpair_core::dialog::{Asked, Outcome, Prompt};
use otpair_core::language::Language;
use otpair_core::records::{Fault, FaultKind};
use otpair_host::login_window::{Said, Then, Ticket, Told};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::CStr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use zeroize::Zeroizing;

/// A value that an engine gives.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    Bytes(Vec<u8>),
    /// Success, but no value.
    NoValue,
    /// A value whose data is null.
    NoData,
    /// One byte of data that is said to be so long.
    Length(usize),
}

/// What the engine heard, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Result(u32),
    DidDeactivate,
}

type Hook = Box<dyn Fn() + Send + Sync>;

/// The engine of one mechanism.
#[derive(Default)]
pub(crate) struct Engine {
    context: Mutex<BTreeMap<String, Given>>,
    hints: Mutex<BTreeMap<String, Vec<u8>>>,
    heard: Mutex<Vec<Heard>>,
    handed_out: Mutex<HandedOut>,
    fails: Mutex<bool>,
    /// What the engine does out of `SetResult`.
    at_result: Mutex<Option<Hook>>,
}

impl Engine {
    /// Alice has typed her password.
    pub(crate) fn of_alice() -> Arc<Self> {
        let engine = Self::default();
        engine.set_context("username", Given::Bytes(b"alice\0".to_vec()));
        engine.set_context("uid", Given::Bytes(501_u32.to_ne_bytes().to_vec()));
        engine.hint_set("authorize-right", b"system.login.console\0");
        Arc::new(engine)
    }

    pub(crate) fn set_context(&self, key: &str, given: Given) {
        self.context.lock().unwrap().insert(key.to_owned(), given);
    }

    pub(crate) fn forget(&self, key: &str) {
        self.context.lock().unwrap().remove(key);
    }

    /// Every function fails from now on.
    pub(crate) fn fail(&self) {
        *self.fails.lock().unwrap() = true;
    }

    pub(crate) fn at_result(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.at_result.lock().unwrap() = Some(Box::new(hook));
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    fn status(&self) -> Status {
        if *self.fails.lock().unwrap() {
            INTERNAL
        } else {
            0
        }
    }

    fn context(&self, key: &str) -> Option<Given> {
        self.context.lock().unwrap().get(key).cloned()
    }

    pub(crate) fn hint(&self, key: &str) -> Option<Vec<u8>> {
        self.hints.lock().unwrap().get(key).cloned()
    }

    pub(crate) fn hint_set(&self, key: &str, bytes: &[u8]) -> Status {
        let mut hints = self.hints.lock().unwrap();
        hints.insert(key.to_owned(), bytes.to_vec());
        self.status()
    }

    fn result_set(&self, result: u32) -> Status {
        self.heard.lock().unwrap().push(Heard::Result(result));
        let hook = self.at_result.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
        self.status()
    }

    fn deactivated(&self) -> Status {
        self.heard.lock().unwrap().push(Heard::DidDeactivate);
        self.status()
    }
}

/// What the screen does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScreenIs {
    Good,
    Missing,
    /// It shows so many pages and then no more.
    BreakingAfter(usize),
    /// Another thread finds out that it can't show anything, before whoever shows has got back.
    BreakingElsewhere,
    PanickingAtShow,
    PanickingAtClose,
}

/// A dialog to come: how it begins, and what it says to each answer.
pub(crate) type Part = Result<(Said, Vec<Result<Said, Fault>>), Fault>;

/// Surroundings that follow a script.
pub(crate) struct Script {
    parts: Mutex<VecDeque<Part>>,
    pub(crate) screen: Mutex<ScreenIs>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) verifies: bool,
    /// What the dialogs speak.
    pub(crate) language: Language,
    pressed: Mutex<Option<Arc<OnPressed>>>,
    gate: Mutex<Option<Gate>>,
}

/// Whom `verify` asked about: the user, the user id, and the sign-on's number.
pub(crate) type Verified = (String, u32, Option<String>);

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) shown: Mutex<Vec<Content>>,
    pub(crate) closed: Mutex<usize>,
    /// What the pane that was opened last was given to look at before it touches the engine.
    pane: Mutex<Option<Closed>>,
    pub(crate) begun: Mutex<Vec<(String, String)>>,
    pub(crate) answers: Mutex<Vec<String>>,
    pub(crate) dropped: Mutex<usize>,
    pub(crate) verified: Mutex<Vec<Verified>>,
    pub(crate) log: Mutex<Vec<String>>,
}

/// Where an answer waits on its way: it says that it has come there, and goes on when told.
struct Gate {
    arrived: Sender<()>,
    open: Receiver<()>,
}

impl Script {
    pub(crate) fn arc() -> Arc<Self> {
        Self::of([])
    }

    pub(crate) fn of(parts: impl IntoIterator<Item = Part>) -> Arc<Self> {
        Arc::new(Self::new(parts))
    }

    pub(crate) fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        Self {
            parts: Mutex::new(parts.into_iter().collect()),
            screen: Mutex::new(ScreenIs::Good),
            seen: Arc::default(),
            verifies: false,
            language: Language::English,
            pressed: Mutex::new(None),
            gate: Mutex::new(None),
        }
    }

    /// Presses a button, as the view would.
    pub(crate) fn press(&self, pressed: Pressed) {
        let on_pressed = self.pressed.lock().unwrap().clone();
        on_pressed.expect("a pane was opened")(pressed);
    }

    /// Types something and goes on.
    pub(crate) fn type_in(&self, text: &str) {
        self.press(Pressed::GoOn(Zeroizing::new(text.to_owned())));
    }

    /// Has the next answer wait: the first end says that it has come, the second lets it on.
    pub(crate) fn hold_answers(&self) -> (Receiver<()>, Sender<()>) {
        let (arrived, has_arrived) = channel();
        let (let_on, open) = channel();
        *self.gate.lock().unwrap() = Some(Gate { arrived, open });
        (has_arrived, let_on)
    }

    /// What stands on the pane.
    pub(crate) fn page(&self) -> Content {
        let shown = self.seen.shown.lock().unwrap();
        shown.last().expect("a page was shown").clone()
    }

    /// The message on the pane.
    pub(crate) fn message(&self) -> String {
        self.page().message.map(|m| m.text).unwrap_or_default()
    }

    /// Whether a pane that is only now about to show something would leave the engine alone.
    pub(crate) fn leaves_the_engine_alone(&self) -> bool {
        let pane = self.seen.pane.lock().unwrap();
        pane.as_ref().expect("a pane was opened").is_set()
    }

    pub(crate) fn closed(&self) -> usize {
        *self.seen.closed.lock().unwrap()
    }
}

impl Surroundings for Script {
    fn language(&self) -> Option<Language> {
        None
    }

    fn open(
        &self,
        _: RawEngine,
        pressed: OnPressed,
        closed: Closed,
    ) -> Result<Box<dyn Screen>, CannotShow> {
        if *self.screen.lock().unwrap() == ScreenIs::Missing {
            return Err(CannotShow);
        }
        let pressed = Arc::new(pressed);
        *self.pressed.lock().unwrap() = Some(pressed.clone());
        *self.seen.pane.lock().unwrap() = Some(closed);
        Ok(Box::new(ScriptedScreen {
            is: *self.screen.lock().unwrap(),
            pressed,
            seen: self.seen.clone(),
        }))
    }

    fn begin(&self, user: &str, ticket: &Ticket, _: Language) -> Result<Begun, Fault> {
        let begun = (user.to_owned(), ticket.to_string());
        self.seen.begun.lock().unwrap().push(begun);
        let part = self.parts.lock().unwrap().pop_front();
        let (said, replies) = part.expect("another dialog was not meant to begin")?;
        let dialog = ScriptedDialog {
            replies: replies.into(),
            seen: self.seen.clone(),
            gate: self.gate.lock().unwrap().take(),
            language: self.language,
        };
        Ok((Box::new(dialog), said))
    }

    fn verify(&self, user: &str, uid: u32, ticket: Option<&str>) -> bool {
        assert_ne!(user, "panic", "as if by a bug");
        let asked = (user.to_owned(), uid, ticket.map(str::to_owned));
        self.seen.verified.lock().unwrap().push(asked);
        self.verifies
    }

    fn report_fault(&self, why: &str) {
        self.seen.log.lock().unwrap().push(why.to_owned());
    }

    fn report_step(&self, text: &str) {
        self.seen.log.lock().unwrap().push(text.to_owned());
    }
}

struct ScriptedScreen {
    is: ScreenIs,
    pressed: Arc<OnPressed>,
    seen: Arc<Seen>,
}

impl Screen for ScriptedScreen {
    fn show(&mut self, content: &Content) -> Result<(), CannotShow> {
        assert_ne!(self.is, ScreenIs::PanickingAtShow, "as if by a bug");
        if self.is == ScreenIs::BreakingElsewhere {
            thread::scope(|scope| scope.spawn(|| (self.pressed)(Pressed::CannotShow)).join())
                .unwrap();
            return Ok(());
        }
        let mut shown = self.seen.shown.lock().unwrap();
        if self.is == ScreenIs::BreakingAfter(shown.len()) {
            return Err(CannotShow);
        }
        shown.push(content.clone());
        Ok(())
    }

    fn close(&mut self) {
        assert_ne!(self.is, ScreenIs::PanickingAtClose, "as if by a bug");
        *self.seen.closed.lock().unwrap() += 1;
    }
}

struct ScriptedDialog {
    replies: VecDeque<Result<Said, Fault>>,
    seen: Arc<Seen>,
    gate: Option<Gate>,
    language: Language,
}

impl Dialog for ScriptedDialog {
    fn answer(&mut self, typed: &[u8]) -> Result<Said, Fault> {
        let typed = String::from_utf8(typed.to_vec()).unwrap();
        assert_ne!(typed, "panic", "as if by a bug");
        self.seen.answers.lock().unwrap().push(typed);
        if let Some(gate) = self.gate.take() {
            gate.arrived.send(()).unwrap();
            gate.open.recv().unwrap();
        }
        self.replies.pop_front().expect("a reply to this answer")
    }

    fn language(&self) -> Language {
        self.language
    }
}

impl Drop for ScriptedDialog {
    fn drop(&mut self) {
        *self.seen.dropped.lock().unwrap() += 1;
    }
}

/// The dialog asks.
pub(crate) fn asks(asked: Asked, text: &str) -> Said {
    let prompt = Prompt {
        asked,
        text: text.to_owned(),
        echo: asked == Asked::Serial,
    };
    Said {
        told: Vec::new(),
        then: Then::Ask(prompt),
    }
}

/// The dialog asks for a passcode.
pub(crate) fn asks_passcode() -> Said {
    asks(Asked::Passcode, "Passcode: ")
}

/// The dialog has ended.
pub(crate) fn done(outcome: Outcome) -> Said {
    Said {
        told: Vec::new(),
        then: Then::Done(outcome),
    }
}

/// The same, after a message.
pub(crate) fn after(text: &str, is_refusal: bool, mut said: Said) -> Said {
    let text = text.to_owned();
    said.told.push(Told { text, is_refusal });
    said
}

/// The helper is gone.
pub(crate) fn lost() -> Fault {
    Fault::new(FaultKind::Helper, "the helper went away".to_owned())
}

/// A mechanism, made by a plugin in these surroundings.
pub(crate) fn made(script: &Arc<Script>, engine: &Arc<Engine>, name: &CStr) -> (Loaded, Reference) {
    let loaded = Loaded::with(script.clone(), Some(Box::new(whole_table()))).unwrap();
    let mechanism = loaded.make(Some(engine), Some(name)).unwrap();
    (loaded, mechanism)
}

/// `prompt`, made and invoked.
pub(crate) fn prompting(script: &Arc<Script>, engine: &Arc<Engine>) -> (Loaded, Reference) {
    let (loaded, mechanism) = made(script, engine, c"prompt");
    assert_eq!(loaded.invoke(mechanism), 0);
    (loaded, mechanism)
}
