//! What the prompt shows, as plain values, and the way to whatever shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// Everything that is on the pane at one moment. All texts are in the person's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// The heading.
    pub(crate) title: String,
    /// The line that says what to type, and where to find it; empty for none.
    pub(crate) explanation: String,
    /// The one field; nothing where there is only something to read.
    pub(crate) field: Option<Field>,
    /// The line about what happened last.
    pub(crate) message: Option<Message>,
    /// The button that goes on (Return).
    pub(crate) go_on: String,
    /// The button that goes back to the login window (Escape); nothing where going on does just that.
    pub(crate) cancel: Option<String>,
}

/// The field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What is asked for: stands in the empty field, and is what VoiceOver calls it.
    pub(crate) label: String,
    /// Whether what is typed is shown.
    pub(crate) echo: bool,
}

/// What happened last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The sentence, or several.
    pub(crate) text: String,
    /// Whether it says that something was refused.
    pub(crate) is_refusal: bool,
}

/// What the pane tells.
#[cfg_attr(
    not(any(test, target_os = "macos")),
    expect(dead_code, reason = "nobody presses anything where there is no view")
)]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// The person went on, with what stands in the field (empty where there is none).
    GoOn(Zeroizing<String>),
    /// The person went back to the login window.
    Cancel,
    /// Nobody did anything, nor will: after [`Screen::show`] had returned, or while it was about to, it turned out that there
    /// is no way to show anything.
    CannotShow,
}

/// The pane can't be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CannotShow;

/// Whether the pane has had its day. For whatever of it is still to be done then, on any thread, the engine must not be
/// touched: it may be gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closed(Arc<AtomicBool>);

impl Closed {
    /// From now on, for all who share it.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What is called when a button is pressed or the pane can't be shown, on any thread and also out of [`Screen::show`]. It may close the screen before
/// it returns. It does not unwind.
pub(crate) type OnPressed = Box<dyn Fn(Pressed) + Send + Sync>;

/// Whatever shows the pane: the view on macOS, a script in the tests. The engine may call from any thread, so the view is
/// what finds its way to the one that it may draw on; it waits for nobody there.
pub(crate) trait Screen: Send {
    /// Shows this, in place of what was shown before; the field is empty and has the keyboard.
    ///
    /// # Errors
    /// [`CannotShow`] if there is no way to show anything. Then nothing will be pressed.
    fn show(&mut self, content: &Content) -> Result<(), CannotShow>;

    /// Takes the pane away. Nothing is pressed after it; whatever is, is not heard.
    fn close(&mut self);
}
