//! The pane as AppKit has it: a subclass of `SFAuthorizationPluginView`, which SecurityAgent shows at the login window.
//!
//! Nothing that is thrown here, as a panic or as an Objective-C exception, gets out: SecurityAgent would go down with
//! it, and the login window too. What can't be shown is [`CannotShow`] or [`Pressed::CannotShow`], and the prompt denies.
//!
//! The OK and Cancel buttons are the window's, below the pane; `buttonPressed:` tells of them. Apple documents no more
//! of them, and their words can't be changed. So if the window turns out to have no OK button the pane puts up its own.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use dispatch2::DispatchQueue;
use objc2::rc::Retained;
use objc2::runtime::AnyObject;
use objc2::{
    DefinedClass, MainThreadMarker, MainThreadOnly, Message, define_class, exception, msg_send, sel,
};
use objc2_app_kit::{
    NSAccessibilityAnnouncementKey, NSAccessibilityAnnouncementRequestedNotification,
    NSAccessibilityNotificationName, NSAccessibilityNotificationUserInfoKey,
    NSAccessibilityPriorityKey, NSAccessibilityPriorityLevel, NSAutoresizingMaskOptions, NSButton,
    NSResponder, NSTextField, NSView,
};
use objc2_foundation::{NSDictionary, NSError, NSLocale, NSNumber, NSSize, NSString};
use objc2_security::{AuthorizationCallbacks, AuthorizationEngineRef};
use objc2_security_interface::{SFAuthorizationPluginView, SFButtonType, SFViewType};
use otpair_core::language::Language;
use zeroize::Zeroizing;

use crate::engine::ffi::RawEngine;
use crate::screen::{CannotShow, Closed, Content, OnPressed, Pressed, Screen};

use super::controls::{self, Control, Part};
use super::layout::{Buttons, Key, Layout};

unsafe extern "C-unwind" {
    /// NSAccessibility.h; the bindings leave it out.
    fn NSAccessibilityPostNotificationWithUserInfo(
        element: &AnyObject,
        notification: &NSAccessibilityNotificationName,
        user_info: Option<&NSDictionary<NSAccessibilityNotificationUserInfoKey, AnyObject>>,
    );
}

/// Makes a pane, which is not shown yet. What is pressed is told to `pressed`, on the main thread.
/// Once `closed` is set the engine is left alone.
///
/// # Errors
/// None: whether there is anything to show it on is found out when it is shown.
#[expect(clippy::unnecessary_wraps, reason = "there is no view elsewhere")]
pub(crate) fn open(
    engine: RawEngine,
    pressed: OnPressed,
    closed: Closed,
) -> Result<Box<dyn Screen>, CannotShow> {
    Ok(Box::new(View(Arc::new(OnMain {
        engine,
        pressed: Arc::new(pressed),
        closed,
        pane: RefCell::new(None),
    }))))
}

/// The login window's language: the first of the preferred ones that there are texts in.
pub(crate) fn language() -> Option<Language> {
    guarded(None, || {
        NSLocale::preferredLanguages()
            .iter()
            .find_map(|tag| Language::parse(&tag.to_string()))
    })
}

/// The way to the pane, from any thread.
struct View(Arc<OnMain>);

impl Screen for View {
    /// On another than the main thread it is not waited for that something is seen: the main thread may be waiting for
    /// whoever shows. Should it fail then, that is told as [`Pressed::CannotShow`].
    fn show(&mut self, content: &Content) -> Result<(), CannotShow> {
        if let Some(mtm) = MainThreadMarker::new() {
            return self.0.show(content, mtm);
        }
        let (pane, content) = (Arc::clone(&self.0), content.clone());
        DispatchQueue::main().exec_async(move || {
            let shown = MainThreadMarker::new().map(|mtm| pane.show(&content, mtm));
            if shown != Some(Ok(())) {
                guarded((), || (*pane.pressed)(Pressed::CannotShow));
            }
        });
        Ok(())
    }

    /// What is still waiting for the main thread finds it closed from here on.
    fn close(&mut self) {
        self.0.closed.set();
        if MainThreadMarker::new().is_some() {
            self.0.close();
        } else {
            let pane = Arc::clone(&self.0);
            DispatchQueue::main().exec_async(move || pane.close());
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.close();
    }
}

/// A pane that may be carried between threads. It is made, used and let go on the main thread.
struct OnMain {
    engine: RawEngine,
    pressed: Arc<OnPressed>,
    closed: Closed,
    /// Nothing before it is shown first, and once it is closed.
    pane: RefCell<Option<Retained<Pane>>>,
}

// SAFETY: `engine` and `pane` are only touched on the main thread, by `show` and `close`; `View` has the latter done there
// before it goes, so none is left to be dropped elsewhere. `pressed` and `closed` are `Send`.
unsafe impl Send for OnMain {}
// SAFETY: as above; `pressed` and `closed` are `Sync`.
unsafe impl Sync for OnMain {}

impl OnMain {
    /// Shows it, or does nothing if it has been closed meanwhile.
    fn show(&self, content: &Content, mtm: MainThreadMarker) -> Result<(), CannotShow> {
        if self.closed.is_set() {
            return Ok(());
        }
        guarded(Err(CannotShow), || {
            let there = self.pane.borrow().clone();
            let pane = match there {
                Some(pane) => pane,
                None => self.pane(mtm).ok_or(CannotShow)?,
            };
            *self.pane.borrow_mut() = Some(pane.clone());
            pane.show(content)
        })
    }

    fn pane(&self, mtm: MainThreadMarker) -> Option<Retained<Pane>> {
        let (pressed, closed) = (Arc::clone(&self.pressed), self.closed.clone());
        Pane::new(self.engine, pressed, closed, mtm)
    }

    fn close(&self) {
        let pane = self.pane.take();
        guarded((), || {
            if let Some(pane) = pane {
                pane.close();
            }
        });
    }
}

/// Runs `action`; `fallback` if it panics or throws.
fn guarded<R>(fallback: R, action: impl FnOnce() -> R) -> R {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        exception::catch(AssertUnwindSafe(action))
    }));
    match caught {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => fallback,
    }
}

/// What belongs to a pane.
struct Ivars {
    view: Retained<NSView>,
    closed: Closed,
    state: RefCell<State>,
}

/// What changes.
struct State {
    /// Whom to tell; nobody any more once closed.
    pressed: Option<Arc<OnPressed>>,
    /// Whether what is shown has yet to be answered: Return may reach both the field and a button.
    awaited: bool,
    /// Whether SecurityAgent is putting up the view just now.
    displaying: bool,
    /// Whether it has put it up before.
    displayed: bool,
    buttons: Buttons,
    content: Option<Content>,
    field: Option<Retained<NSTextField>>,
    own_buttons: Vec<Retained<NSButton>>,
    /// What the Tab key goes to, in order.
    stops: Vec<Retained<NSView>>,
}

define_class!(
    // SAFETY:
    // - `SFAuthorizationPluginView` is made to be subclassed.
    // - `Pane` does not implement `Drop`.
    #[unsafe(super(SFAuthorizationPluginView))]
    #[thread_kind = MainThreadOnly]
    #[name = "OtpairPane"]
    #[ivars = Ivars]
    struct Pane;

    impl Pane {
        // Not handed on to `SFAuthorizationPluginView`, which would set a result.
        #[unsafe(method(buttonPressed:))]
        fn button_pressed(&self, button: SFButtonType) {
            guarded((), || match button {
                SFButtonType::OK => self.press(Key::Return),
                _ => self.press(Key::Escape),
            });
        }

        #[unsafe(method(otpairGoOn:))]
        fn go_on(&self, _sender: Option<&AnyObject>) {
            guarded((), || self.press(Key::Return));
        }

        #[unsafe(method(otpairCancel:))]
        fn cancel(&self, _sender: Option<&AnyObject>) {
            guarded((), || self.press(Key::Escape));
        }

        #[unsafe(method_id(viewForType:))]
        fn view_for_type(&self, _kind: SFViewType) -> Option<Retained<NSView>> {
            Some(self.ivars().view.clone())
        }

        #[unsafe(method_id(firstKeyView))]
        fn first_key_view(&self) -> Option<Retained<NSView>> {
            guarded(None, || self.stop(|stops| stops.first()))
        }

        #[unsafe(method_id(lastKeyView))]
        fn last_key_view(&self) -> Option<Retained<NSView>> {
            guarded(None, || self.stop(|stops| stops.last()))
        }

        #[unsafe(method_id(firstResponder))]
        fn first_responder(&self) -> Option<Retained<NSResponder>> {
            guarded(None, || self.stop(|stops| stops.first()).map(Retained::into_super))
        }

        // SecurityAgent asks this one, which no header has.
        #[unsafe(method_id(firstResponderView))]
        fn first_responder_view(&self) -> Option<Retained<NSView>> {
            guarded(None, || self.stop(|stops| stops.first()))
        }

        #[unsafe(method(setEnabled:))]
        fn set_enabled(&self, enabled: bool) {
            guarded((), || self.enable(enabled));
        }

        #[unsafe(method(didActivate))]
        fn did_activate(&self) {
            guarded((), || self.settle());
        }

        #[unsafe(method(didDeactivate))]
        fn did_deactivate(&self) {
            guarded((), || drop(self.wipe()));
        }

        // What went wrong stands on the pane.
        #[unsafe(method_id(lastError))]
        fn last_error(&self) -> Option<Retained<NSError>> {
            None
        }
    }
);

impl Pane {
    fn new(
        engine: RawEngine,
        pressed: Arc<OnPressed>,
        closed: Closed,
        mtm: MainThreadMarker,
    ) -> Option<Retained<Self>> {
        let view = NSView::new(mtm);
        view.setAutoresizingMask(NSAutoresizingMaskOptions::ViewWidthSizable);
        let state = State {
            pressed: Some(pressed),
            awaited: false,
            displaying: false,
            displayed: false,
            buttons: Buttons::Window,
            content: None,
            field: None,
            own_buttons: Vec::new(),
            stops: Vec::new(),
        };
        let this = Self::alloc(mtm).set_ivars(Ivars {
            view,
            closed,
            state: RefCell::new(state),
        });
        let callbacks: *const AuthorizationCallbacks = engine.callbacks.as_ptr().cast();
        let engine: AuthorizationEngineRef = engine.engine.as_ptr().cast();
        // SAFETY: the initializer's signature in SFAuthorizationPluginView.h; whoever opens has both pointers from the
        // authorization engine, valid until the mechanism is destroyed, and sets `closed` before that: `OnMain::show` has
        // just found it not set. `display` and `enable`, which alone call the superclass again, look once more. An engine
        // that destroys the mechanism on another thread between a look and its call is not waited for, lest the login hang.
        unsafe { msg_send![super(this), initWithCallbacks: callbacks, andEngineRef: engine] }
    }

    fn show(&self, content: &Content) -> Result<(), CannotShow> {
        let displayed = {
            let mut state = self.ivars().state.borrow_mut();
            state.displaying = true;
            state.awaited = true;
            state.content = Some(content.clone());
            state.displayed
        };
        self.arrange();
        let shown = self.display(!displayed);
        self.ivars().state.borrow_mut().displaying = false;
        shown?;
        self.ivars().state.borrow_mut().displayed = true;
        // It is to be seen by now, whatever becomes of these.
        guarded((), || self.settle());
        guarded((), || self.announce(&content.announcement()));
        Ok(())
    }

    /// Has SecurityAgent put the view up, or take it in anew; the engine may have closed the pane out of that.
    fn display(&self, first: bool) -> Result<(), CannotShow> {
        if self.ivars().closed.is_set() {
            return Ok(());
        }
        guarded(Err(CannotShow), || {
            if first {
                // SAFETY: nothing is asked of the caller; on the main thread. It may throw, which is caught.
                unsafe { self.displayView() };
            } else {
                // SAFETY: as above.
                unsafe { self.updateView() };
            }
            Ok(())
        })
    }

    /// Takes everything off the pane.
    fn clear(&self) {
        self.wipe();
        let (field, own_buttons) = {
            let mut state = self.ivars().state.borrow_mut();
            state.stops.clear();
            (state.field.take(), std::mem::take(&mut state.own_buttons))
        };
        // A control doesn't retain its target, and somebody else may still hold the control.
        if let Some(field) = field {
            // SAFETY: no target at all is always sound.
            unsafe { field.setTarget(None) };
        }
        for button in own_buttons {
            // SAFETY: as above.
            unsafe { button.setTarget(None) };
        }
        for old in &self.ivars().view.subviews() {
            old.removeFromSuperview();
            // AppKit goes on using the control out of whose own action this is called: it lives to the end of the event.
            let _ = Retained::autorelease_ptr(old);
        }
    }

    /// Puts the elements up in place of those that were there.
    fn arrange(&self) {
        self.clear();
        let (content, buttons) = {
            let state = self.ivars().state.borrow();
            (state.content.clone(), state.buttons)
        };
        let Some(content) = content else { return };
        let layout = Layout::of(&content, buttons);
        let view = &self.ivars().view;
        view.setFrameSize(NSSize::new(layout.width, layout.height));
        let mtm = self.mtm();
        let mut made: Vec<(Option<usize>, Control)> = layout
            .elements
            .iter()
            .filter_map(|element| Some((element.tab, controls::control(element, mtm)?)))
            .collect();
        for (_, control) in &made {
            view.addSubview(&control.view);
        }
        made.retain(|(tab, _)| tab.is_some());
        made.sort_by_key(|(tab, _)| *tab);
        self.connect(made.into_iter().map(|(_, control)| control).collect());
    }

    /// Lets what can be used, in the Tab key's order, know what to do.
    fn connect(&self, controls: Vec<Control>) {
        let (mut field, mut own_buttons, mut stops) = (None, Vec::new(), Vec::new());
        for control in controls {
            match control.part {
                Part::Still => {}
                Part::Field(made) => {
                    self.on_action(&made, Key::Return);
                    field = Some(made);
                }
                Part::Button(made, key) => {
                    self.on_action(&made, key);
                    own_buttons.push(made);
                }
            }
            stops.push(control.view);
        }
        for (stop, next) in stops.iter().zip(stops.iter().skip(1)) {
            // SAFETY: both are views on the pane; a view forgets its next one when that goes.
            unsafe { stop.setNextKeyView(Some(next)) };
        }
        let mut state = self.ivars().state.borrow_mut();
        state.field = field;
        state.own_buttons = own_buttons;
        state.stops = stops;
    }

    /// Has a field or button press the key when it is used.
    fn on_action(&self, control: &objc2_app_kit::NSControl, key: Key) {
        let action = match key {
            Key::Return => sel!(otpairGoOn:),
            Key::Escape => sel!(otpairCancel:),
        };
        // SAFETY: not retained by the control; `clear` takes it away again while this is still there.
        unsafe { control.setTarget(Some(self)) };
        // SAFETY: both actions take the sender, as actions do.
        unsafe { control.setAction(Some(action)) };
    }

    /// Once the view is up: the keyboard, the window's buttons, and the pane's own where the window has none.
    fn settle(&self) {
        if self.ivars().state.borrow().displaying {
            return;
        }
        if self.lacks_buttons() {
            self.ivars().state.borrow_mut().buttons = Buttons::Pane;
            self.arrange();
            // The view is up without its own buttons, so all is not lost if that fails.
            let _ = self.display(false);
        }
        self.enable(true);
        self.focus();
    }

    /// Whether the view is in a window that has no OK button, and puts up none itself.
    fn lacks_buttons(&self) -> bool {
        let ivars = self.ivars();
        if ivars.state.borrow().buttons == Buttons::Pane {
            return false;
        }
        let content = ivars.view.window().and_then(|window| window.contentView());
        content.is_some_and(|content| !controls::has_default_button(&content, &ivars.view))
    }

    fn enable(&self, enabled: bool) {
        if self.ivars().closed.is_set() {
            return;
        }
        let (field, own_buttons, may_cancel) = {
            let state = self.ivars().state.borrow();
            let may_cancel = state
                .content
                .as_ref()
                .is_some_and(|content| content.cancel.is_some());
            (state.field.clone(), state.own_buttons.clone(), may_cancel)
        };
        if let Some(field) = field {
            field.setEnabled(enabled);
        }
        for button in own_buttons {
            button.setEnabled(enabled);
        }
        for (button, enabled) in [
            (SFButtonType::OK, enabled),
            (SFButtonType::Cancel, enabled && may_cancel),
        ] {
            // It may throw while there is no window yet; then the buttons are as macOS has them.
            guarded((), || {
                // SAFETY: nothing is asked of the caller; on the main thread.
                unsafe { self.setButton_enabled(button, enabled) };
            });
        }
    }

    /// Gives the keyboard to the first thing that takes it.
    fn focus(&self) {
        let first = self.stop(|stops| stops.first());
        if let Some((first, window)) = first.zip(self.ivars().view.window()) {
            window.makeFirstResponder(Some(&first));
        }
    }

    /// Has VoiceOver say what is new on the pane: by itself it only tells of the field.
    fn announce(&self, text: &str) {
        let text: Retained<AnyObject> =
            Retained::into_super(Retained::into_super(NSString::from_str(text)));
        let high = NSNumber::new_isize(NSAccessibilityPriorityLevel::High.0);
        let high: Retained<AnyObject> =
            Retained::into_super(Retained::into_super(Retained::into_super(high)));
        // SAFETY: a constant of AppKit.
        let announcement = unsafe { NSAccessibilityAnnouncementKey };
        // SAFETY: a constant of AppKit.
        let priority = unsafe { NSAccessibilityPriorityKey };
        // SAFETY: a constant of AppKit.
        let requested = unsafe { NSAccessibilityAnnouncementRequestedNotification };
        let info = NSDictionary::from_retained_objects(&[announcement, priority], &[text, high]);
        // SAFETY: a view is an accessibility element, and these are the keys and values of an announcement.
        unsafe {
            NSAccessibilityPostNotificationWithUserInfo(&self.ivars().view, requested, Some(&info))
        };
    }

    fn stop(
        &self,
        which: impl FnOnce(&[Retained<NSView>]) -> Option<&Retained<NSView>>,
    ) -> Option<Retained<NSView>> {
        which(&self.ivars().state.borrow().stops).cloned()
    }

    /// Tells what was pressed, once for what is shown.
    fn press(&self, key: Key) {
        if !std::mem::take(&mut self.ivars().state.borrow_mut().awaited) {
            return;
        }
        let typed = self.wipe();
        self.tell(match key {
            Key::Return => Pressed::GoOn(typed),
            Key::Escape => Pressed::Cancel,
        });
    }

    /// Empties the field, and returns what stood there. AppKit's own copies of it can't be wiped.
    fn wipe(&self) -> Zeroizing<String> {
        let field = self.ivars().state.borrow().field.clone();
        let Some(field) = field else {
            return Zeroizing::default();
        };
        let typed = Zeroizing::new(field.stringValue().to_string());
        field.setStringValue(&NSString::new());
        typed
    }

    fn tell(&self, what: Pressed) {
        let pressed = self.ivars().state.borrow().pressed.clone();
        // Whoever is told may close the view, and be the last to let go of it.
        let _this = self.retain();
        if let Some(pressed) = pressed {
            (*pressed)(what);
        }
    }

    /// Lets go of everything; what is seen goes away when the mechanism has its result.
    fn close(&self) {
        self.clear();
        let pressed = {
            let mut state = self.ivars().state.borrow_mut();
            state.awaited = false;
            state.content = None;
            state.pressed.take()
        };
        drop(pressed);
    }
}
