//! The layout's elements as AppKit's views, one to one.

use objc2::MainThreadMarker;
use objc2::rc::Retained;
use objc2_app_kit::{
    NSAccessibility, NSAutoresizingMaskOptions, NSBezelStyle, NSButton, NSColor, NSControlSize,
    NSFont, NSImage, NSImageScaling, NSImageView, NSSecureTextField, NSTextAlignment, NSTextField,
    NSTextFieldBezelStyle, NSView,
};
use objc2_foundation::{NSPoint, NSRect, NSSize, NSString};

use super::layout::{Alignment, Colour, Element, Font, Frame, Key, Kind, Symbol};

/// An element that has been made.
pub(super) struct Control {
    /// It, as what can be put on the pane.
    pub(super) view: Retained<NSView>,
    /// What it is where it can be used.
    pub(super) part: Part,
}

/// What the pane has to know of an element.
pub(super) enum Part {
    /// Only looked at.
    Still,
    /// The field.
    Field(Retained<NSTextField>),
    /// A button, and its key.
    Button(Retained<NSButton>, Key),
}

/// Makes an element. Nothing for a picture that this macOS doesn't have.
pub(super) fn control(element: &Element, mtm: MainThreadMarker) -> Option<Control> {
    let (view, part) = match element.kind {
        Kind::Image(symbol) => (image(element, symbol, mtm)?, Part::Still),
        Kind::Text => (text(element, mtm), Part::Still),
        Kind::Field { secure } => {
            let field = field(element, secure, mtm);
            (
                Retained::into_super(Retained::into_super(field.clone())),
                Part::Field(field),
            )
        }
        Kind::Button(key) => {
            let button = button(element, key, mtm);
            (
                Retained::into_super(Retained::into_super(button.clone())),
                Part::Button(button, key),
            )
        }
    };
    view.setFrame(rectangle(element.frame));
    // Should the window be wider than the pane was made for, then everything stays together at its top and middle.
    view.setAutoresizingMask(
        NSAutoresizingMaskOptions::ViewMinXMargin
            | NSAutoresizingMaskOptions::ViewMaxXMargin
            | NSAutoresizingMaskOptions::ViewMinYMargin,
    );
    let spoken = element.spoken.as_deref().map(NSString::from_str);
    view.setAccessibilityElement(spoken.is_some());
    view.setAccessibilityLabel(spoken.as_deref());
    Some(Control { view, part })
}

fn image(element: &Element, symbol: Symbol, mtm: MainThreadMarker) -> Option<Retained<NSView>> {
    let name = NSString::from_str(symbol.name());
    let image = NSImage::imageWithSystemSymbolName_accessibilityDescription(&name, None)?;
    let view = NSImageView::imageViewWithImage(&image, mtm);
    view.setImageScaling(NSImageScaling::ScaleProportionallyUpOrDown);
    view.setContentTintColor(Some(&colour(element.colour)));
    Some(Retained::into_super(Retained::into_super(view)))
}

fn text(element: &Element, mtm: MainThreadMarker) -> Retained<NSView> {
    let label = NSTextField::wrappingLabelWithString(&NSString::from_str(&element.text), mtm);
    label.setSelectable(false);
    label.setFont(Some(&font(element.font)));
    label.setTextColor(Some(&colour(element.colour)));
    label.setAlignment(alignment(element.alignment));
    Retained::into_super(Retained::into_super(label))
}

fn field(element: &Element, secure: bool, mtm: MainThreadMarker) -> Retained<NSTextField> {
    let field = if secure {
        Retained::into_super(NSSecureTextField::new(mtm))
    } else {
        NSTextField::new(mtm)
    };
    field.setControlSize(NSControlSize::Large);
    field.setBezeled(true);
    field.setBezelStyle(NSTextFieldBezelStyle::RoundedBezel);
    field.setUsesSingleLineMode(true);
    field.setFont(Some(&font(element.font)));
    field.setAlignment(alignment(element.alignment));
    field.setPlaceholderString(Some(&NSString::from_str(&element.text)));
    field
}

fn button(element: &Element, key: Key, mtm: MainThreadMarker) -> Retained<NSButton> {
    let button = NSButton::new(mtm);
    button.setBezelStyle(NSBezelStyle::Push);
    button.setTitle(&NSString::from_str(&element.text));
    button.setFont(Some(&font(element.font)));
    button.setKeyEquivalent(&NSString::from_str(key_equivalent(key)));
    button
}

/// The character that AppKit knows a key by.
pub(super) fn key_equivalent(key: Key) -> &'static str {
    match key {
        Key::Return => "\r",
        Key::Escape => "\u{1b}",
    }
}

fn rectangle(frame: Frame) -> NSRect {
    NSRect::new(
        NSPoint::new(frame.x, frame.y),
        NSSize::new(frame.width, frame.height),
    )
}

fn font(font: Font) -> Retained<NSFont> {
    match font {
        Font::Title => NSFont::boldSystemFontOfSize(font.size()),
        Font::Body => NSFont::systemFontOfSize(font.size()),
    }
}

fn colour(colour: Colour) -> Retained<NSColor> {
    match colour {
        Colour::Label => NSColor::labelColor(),
        Colour::SecondaryLabel => NSColor::secondaryLabelColor(),
        Colour::Accent => NSColor::controlAccentColor(),
        Colour::Warning => NSColor::systemOrangeColor(),
    }
}

fn alignment(alignment: Alignment) -> NSTextAlignment {
    match alignment {
        Alignment::Centre => NSTextAlignment::Center,
        Alignment::Left => NSTextAlignment::Left,
    }
}

/// Whether a button that Return presses is somewhere in `tree`, outside `pane`.
pub(super) fn has_default_button(tree: &NSView, pane: &NSView) -> bool {
    if tree == pane {
        return false;
    }
    let is_default = tree.downcast_ref::<NSButton>().is_some_and(|button| {
        button.keyEquivalent().to_string() == key_equivalent(Key::Return)
            && !button.isHiddenOrHasHiddenAncestor()
    });
    is_default
        || tree
            .subviews()
            .iter()
            .any(|view| has_default_button(&view, pane))
}
