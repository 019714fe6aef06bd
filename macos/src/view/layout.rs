//! Where everything on the pane stands, as plain values. The view puts up exactly this, and so do the pictures in
//! `docs/macos/pane.md`: what is drawn there is what a Mac is told to show.

use crate::screen::{Content, Field, Message};

use super::wrap::{width, wrap};

/// The pane's width in points: the most that `SFAuthorizationPluginView` allows.
pub(crate) const WIDTH: f64 = 394.0;

const MARGIN: f64 = 20.0;
const ROOM: f64 = WIDTH - 2.0 * MARGIN;
/// What AppKit leaves free on either side in a text's frame.
const INSET: f64 = 2.0;
const ICON: f64 = 52.0;
const FIELD_WIDTH: f64 = 252.0;
const FIELD_HEIGHT: f64 = 28.0;
const SIGN: f64 = 16.0;
const SIGN_GAP: f64 = 7.0;
const BUTTON_HEIGHT: f64 = 32.0;
const BUTTON_GAP: f64 = 12.0;
const BUTTON_PADDING: f64 = 20.0;
const BUTTON_MIN_WIDTH: f64 = 90.0;
/// However long an admin's own words are, the pane stays lower than the smallest Mac's screen.
const MOST_LINES: usize = 12;

/// Who draws the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buttons {
    /// macOS, below the pane: OK and Cancel, in its own words.
    Window,
    /// The pane itself, where the window turns out to have none.
    Pane,
}

/// A rectangle in points; the origin is the lower left corner, as in AppKit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A picture out of the system's own.
    Image(Symbol),
    /// A text that can't be changed.
    Text,
    /// The field; what is typed into it is shown only if it is not secure.
    Field {
        /// Whether dots stand in for what is typed.
        secure: bool,
    },
    /// A button, and the key that presses it.
    Button(Key),
}

/// One of the system's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// The pane's own.
    Token,
    /// Something was refused.
    Refusal,
    /// Something to know.
    Information,
}

impl Symbol {
    /// Its name among the SF Symbols that macOS 11 came with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "lock.shield",
            Self::Refusal => "exclamationmark.triangle.fill",
            Self::Information => "info.circle.fill",
        }
    }
}

/// A key that presses a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Goes on.
    Return,
    /// Goes back.
    Escape,
}

/// What a text is set in, by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Font {
    /// The heading: bold.
    Title,
    /// Everything else.
    Body,
}

impl Font {
    /// Its size in points.
    pub(crate) fn size(self) -> f64 {
        match self {
            Self::Title => 17.0,
            Self::Body => 13.0,
        }
    }

    /// From one line to the next, in points.
    pub(crate) fn line_height(self) -> f64 {
        match self {
            Self::Title => 22.0,
            Self::Body => 17.0,
        }
    }
}

/// A colour by its role: the system knows what it is in light and dark mode and with more contrast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Texts.
    Label,
    /// Texts that matter less.
    SecondaryLabel,
    /// What the person chose for buttons and the like.
    Accent,
    /// The sign that something was refused. Its text is in the ordinary colour: red on grey is hard to read.
    Warning,
}

/// Where a text's lines stand in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alignment {
    /// In the middle.
    Centre,
    /// At the left edge.
    Left,
}

/// One thing on the pane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) frame: Frame,
    /// What is shown, with a line feed wherever a line ends; in a field, what stands there while it is empty.
    pub(crate) text: String,
    pub(crate) font: Font,
    pub(crate) colour: Colour,
    pub(crate) alignment: Alignment,
    /// What VoiceOver reads; nothing for what only decorates.
    pub(crate) spoken: Option<String>,
    /// Its place in the order that the Tab key follows, from 0.
    pub(crate) tab: Option<usize>,
}

/// The pane: from top to bottom, as VoiceOver reads it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) elements: Vec<Element>,
}

impl Layout {
    /// Where everything of `content` stands.
    pub(crate) fn of(content: &Content, buttons: Buttons) -> Self {
        let mut column = Column::default();
        column.skip(MARGIN);
        column.icon();
        column.text(&content.title, Font::Title, Colour::Label, 12.0);
        column.text(
            &content.explanation,
            Font::Body,
            Colour::SecondaryLabel,
            6.0,
        );
        if let Some(field) = &content.field {
            column.field(field);
        }
        if let Some(message) = &content.message {
            column.message(message);
        }
        if buttons == Buttons::Pane {
            column.buttons(content);
        }
        column.skip(MARGIN);
        column.finish()
    }
}

impl Content {
    /// What VoiceOver says when this comes up: what happened, and what to do. It tells of the field by itself.
    pub(crate) fn announcement(&self) -> String {
        let message = self.message.as_ref().map_or("", |message| &message.text);
        let texts = [message, &self.explanation];
        let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.join(" ")
    }
}

/// The elements so far, one below the other. Until it is finished, `y` counts from the pane's top downward.
#[derive(Default)]
struct Column {
    elements: Vec<Element>,
    height: f64,
    tabs: usize,
}

impl Column {
    fn skip(&mut self, gap: f64) {
        self.height += gap;
    }

    /// The upper edge becomes the lower one, and `y` counts from the bottom.
    fn finish(mut self) -> Layout {
        for element in &mut self.elements {
            element.frame.y = self.height - element.frame.y - element.frame.height;
        }
        Layout {
            width: WIDTH,
            height: self.height,
            elements: self.elements,
        }
    }

    /// A frame of this size in the middle, at the present height.
    fn centred(&self, width: f64, height: f64) -> Frame {
        Frame {
            x: ((WIDTH - width) / 2.0).round(),
            y: self.height,
            width,
            height,
        }
    }

    fn next_tab(&mut self) -> usize {
        self.tabs += 1;
        self.tabs - 1
    }

    fn icon(&mut self) {
        let frame = self.centred(ICON, ICON);
        self.elements
            .push(image(Symbol::Token, Colour::Accent, frame));
        self.skip(ICON);
    }

    fn text(&mut self, text: &str, font: Font, colour: Colour, gap: f64) {
        if text.is_empty() {
            return;
        }
        self.skip(gap);
        let lines = wrap(text, font, ROOM - 2.0 * INSET, MOST_LINES);
        let height = height_of(&lines, font);
        self.elements.push(Element {
            kind: Kind::Text,
            frame: self.centred(ROOM, height),
            text: lines.join("\n"),
            font,
            colour,
            alignment: Alignment::Centre,
            spoken: Some(text.to_owned()),
            tab: None,
        });
        self.skip(height);
    }

    fn field(&mut self, field: &Field) {
        self.skip(16.0);
        let tab = self.next_tab();
        self.elements.push(Element {
            kind: Kind::Field {
                secure: !field.echo,
            },
            frame: self.centred(FIELD_WIDTH, FIELD_HEIGHT),
            text: field.label.clone(),
            font: Font::Body,
            colour: Colour::Label,
            alignment: Alignment::Left,
            spoken: Some(field.label.clone()),
            tab: Some(tab),
        });
        self.skip(FIELD_HEIGHT);
    }

    /// A sign and the text beside it, together in the middle.
    fn message(&mut self, message: &Message) {
        self.skip(14.0);
        let lines = wrap(
            &message.text,
            Font::Body,
            ROOM - SIGN - SIGN_GAP - 2.0 * INSET,
            MOST_LINES,
        );
        let widest = lines
            .iter()
            .map(|line| width(line, Font::Body))
            .fold(2.0 * INSET, |widest, line| widest.max(line + 2.0 * INSET))
            .ceil();
        let height = height_of(&lines, Font::Body);
        let whole = self.centred(SIGN + SIGN_GAP + widest, height);
        let (symbol, colour) = if message.is_refusal {
            (Symbol::Refusal, Colour::Warning)
        } else {
            (Symbol::Information, Colour::SecondaryLabel)
        };
        let sign = Frame {
            width: SIGN,
            height: SIGN,
            ..whole
        };
        self.elements.push(image(symbol, colour, sign));
        self.elements.push(Element {
            kind: Kind::Text,
            frame: Frame {
                x: whole.x + SIGN + SIGN_GAP,
                width: widest,
                ..whole
            },
            text: lines.join("\n"),
            font: Font::Body,
            colour: Colour::Label,
            alignment: Alignment::Left,
            spoken: Some(message.text.clone()),
            tab: None,
        });
        self.skip(height);
    }

    /// Going on at the right, going back left of it.
    fn buttons(&mut self, content: &Content) {
        self.skip(20.0);
        let go_on = button_width(&content.go_on).min(ROOM - BUTTON_GAP - BUTTON_MIN_WIDTH);
        let right = WIDTH - MARGIN - go_on;
        if let Some(cancel) = &content.cancel {
            let width = button_width(cancel).min(right - BUTTON_GAP - MARGIN);
            self.button(cancel, Key::Escape, right - BUTTON_GAP - width, width);
        }
        self.button(&content.go_on, Key::Return, right, go_on);
        self.skip(BUTTON_HEIGHT);
    }

    fn button(&mut self, label: &str, key: Key, x: f64, width: f64) {
        let tab = self.next_tab();
        self.elements.push(Element {
            kind: Kind::Button(key),
            frame: Frame {
                x,
                y: self.height,
                width,
                height: BUTTON_HEIGHT,
            },
            text: label.to_owned(),
            font: Font::Body,
            colour: Colour::Label,
            alignment: Alignment::Centre,
            spoken: Some(label.to_owned()),
            tab: Some(tab),
        });
    }
}

fn button_width(label: &str) -> f64 {
    let padded = width(label, Font::Body) + 2.0 * BUTTON_PADDING;
    padded.ceil().max(BUTTON_MIN_WIDTH)
}

fn image(symbol: Symbol, colour: Colour, frame: Frame) -> Element {
    Element {
        kind: Kind::Image(symbol),
        frame,
        text: String::new(),
        font: Font::Body,
        colour,
        alignment: Alignment::Centre,
        spoken: None,
        tab: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
fn height_of(lines: &[String], font: Font) -> f64 {
    lines.len() as f64 * font.line_height()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::{State, content};
    use otpair_core::language::Language;

    /// Every state in every language, with either buttons.
    fn all() -> impl Iterator<Item = (String, Content, Layout)> {
        State::ALL.into_iter().flat_map(|state| {
            Language::ALL.into_iter().flat_map(move |language| {
                [Buttons::Window, Buttons::Pane].map(|buttons| {
                    let content = content(state, language);
                    let layout = Layout::of(&content, buttons);
                    (
                        format!("{state:?} in {language:?}, {buttons:?}"),
                        content,
                        layout,
                    )
                })
            })
        })
    }

    fn overlap(one: Frame, other: Frame) -> bool {
        one.x < other.x + other.width
            && other.x < one.x + one.width
            && one.y < other.y + other.height
            && other.y < one.y + one.height
    }

    fn assert_sound(what: &str, layout: &Layout) {
        for (place, element) in layout.elements.iter().enumerate() {
            let frame = element.frame;
            assert!(
                frame.x >= MARGIN && frame.x + frame.width <= WIDTH - MARGIN,
                "{what}: {element:?}"
            );
            assert!(
                frame.y >= MARGIN && frame.y + frame.height <= layout.height - MARGIN,
                "{what}: {element:?}"
            );
            for other in &layout.elements[place + 1..] {
                assert!(
                    !overlap(frame, other.frame),
                    "{what}: {element:?} and {other:?}"
                );
            }
        }
    }

    fn padding(kind: Kind) -> f64 {
        match kind {
            Kind::Button(_) => 2.0 * 14.0,
            Kind::Field { .. } => 2.0 * 6.0,
            Kind::Text => 2.0 * INSET,
            Kind::Image(_) => 0.0,
        }
    }

    #[test]
    fn nothing_overlaps_and_nothing_is_beyond_the_pane() {
        for (what, _, layout) in all() {
            assert!(layout.width <= 394.0);
            assert_sound(&what, &layout);
        }
    }

    #[test]
    fn nothing_is_cut_off() {
        for (what, _, layout) in all() {
            for element in &layout.elements {
                let lines: Vec<String> = element.text.lines().map(str::to_owned).collect();
                let room = element.frame.width - padding(element.kind);
                for line in &lines {
                    assert!(width(line, element.font) <= room, "{what}: {line}");
                }
                assert!(
                    height_of(&lines, element.font) <= element.frame.height,
                    "{what}"
                );
            }
        }
    }

    #[test]
    fn every_word_of_the_content_is_on_the_pane() {
        let squeeze = |text: &str| text.replace([' ', '\n'], "");
        for (what, content, layout) in all() {
            let shown: Vec<String> = layout
                .elements
                .iter()
                .map(|element| squeeze(&element.text))
                .collect();
            let mut wanted = vec![content.title, content.explanation];
            wanted.extend(content.field.map(|field| field.label));
            wanted.extend(content.message.map(|message| message.text));
            for text in wanted.iter().filter(|text| !text.is_empty()) {
                assert!(shown.contains(&squeeze(text)), "{what}: {text}");
            }
        }
    }

    #[test]
    fn whatever_can_be_read_or_used_has_a_name_for_voiceover() {
        for (what, _, layout) in all() {
            for element in &layout.elements {
                match element.kind {
                    Kind::Image(_) => assert_eq!(element.spoken, None, "{what}"),
                    _ => assert!(
                        element
                            .spoken
                            .as_deref()
                            .is_some_and(|spoken| !spoken.trim().is_empty()),
                        "{what}"
                    ),
                }
            }
        }
    }

    #[test]
    fn the_tab_key_goes_from_the_field_to_cancel_to_going_on() {
        let layout = Layout::of(&content(State::Passcode, Language::English), Buttons::Pane);
        let mut stops: Vec<&Element> = layout
            .elements
            .iter()
            .filter(|element| element.tab.is_some())
            .collect();
        stops.sort_by_key(|element| element.tab);
        let kinds: Vec<Kind> = stops.iter().map(|element| element.kind).collect();
        assert_eq!(
            kinds,
            [
                Kind::Field { secure: true },
                Kind::Button(Key::Escape),
                Kind::Button(Key::Return)
            ]
        );
    }

    #[test]
    fn the_pane_has_no_buttons_where_the_window_has_them() {
        for (what, _, layout) in all().filter(|(what, ..)| what.ends_with("Window")) {
            assert!(
                !layout
                    .elements
                    .iter()
                    .any(|element| matches!(element.kind, Kind::Button(_))),
                "{what}"
            );
        }
    }

    #[test]
    fn return_and_escape_press_one_button_each() {
        for (what, content, layout) in all().filter(|(what, ..)| what.ends_with("Pane")) {
            let count = |key| {
                layout
                    .elements
                    .iter()
                    .filter(|element| element.kind == Kind::Button(key))
                    .count()
            };
            assert_eq!(count(Key::Return), 1, "{what}");
            assert_eq!(
                count(Key::Escape),
                usize::from(content.cancel.is_some()),
                "{what}"
            );
        }
    }

    #[test]
    fn voiceover_says_what_happened_and_then_what_to_do() {
        let wrong = content(State::Wrong, Language::English);
        assert_eq!(
            wrong.announcement(),
            "Wrong passcode. Type the passcode that your token shows."
        );
        let locked = content(State::Locked, Language::English);
        assert_eq!(locked.announcement(), locked.message.unwrap().text);
    }

    #[test]
    fn a_message_changes_nothing_above_it() {
        let plain = Layout::of(&content(State::Passcode, Language::German), Buttons::Window);
        let mut wrong = content(State::Wrong, Language::German);
        wrong.explanation = content(State::Passcode, Language::German).explanation;
        let wrong = Layout::of(&wrong, Buttons::Window);
        for (one, other) in plain.elements.iter().zip(&wrong.elements) {
            assert!(((plain.height - one.frame.y) - (wrong.height - other.frame.y)).abs() < 0.01);
        }
    }

    #[test]
    fn the_longest_words_of_an_admin_fit_the_smallest_screen() {
        for text in [
            "Call the service desk at extension 4711. ".repeat(60),
            "W".repeat(4000),
            "\n".repeat(500),
        ] {
            let mut content = content(State::Wrong, Language::English);
            content.message = Some(Message {
                text: text.clone(),
                is_refusal: true,
            });
            content.explanation = text.clone();
            content.go_on = text.clone();
            let layout = Layout::of(&content, Buttons::Pane);
            assert_sound("an admin's words", &layout);
            assert!(layout.height < 700.0);
        }
    }
}
