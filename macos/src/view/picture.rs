//! Draws the pane from its layout, in light and dark mode side by side, for `docs/macos/pane.md`. The window around it
//! and its OK and Cancel buttons are macOS's own: they are drawn after how they look there.

use std::fmt::Write as _;

use otpair_core::language::Language;

use crate::screen::Content;

use super::layout::{Alignment, Buttons, Colour, Element, Font, Frame, Key, Kind, Layout, Symbol};

/// Between the window and the picture's edge.
const AROUND: f64 = 28.0;
/// What the window adds below the pane for its buttons.
const BUTTON_ROW: f64 = 48.0;

/// What the roles are in one mode.
struct Palette {
    backdrop: &'static str,
    window: &'static str,
    rim: &'static str,
    label: &'static str,
    secondary_label: &'static str,
    accent: &'static str,
    warning: &'static str,
    field: &'static str,
    field_rim: &'static str,
    button: &'static str,
}

const LIGHT: Palette = Palette {
    backdrop: "#9fb2cc",
    window: "#ececec",
    rim: "#c4c4c6",
    label: "#262626",
    secondary_label: "#6e6e70",
    accent: "#007aff",
    warning: "#ff9500",
    field: "#ffffff",
    field_rim: "#c3c3c5",
    button: "#ffffff",
};

const DARK: Palette = Palette {
    backdrop: "#17202e",
    window: "#2c2c2e",
    rim: "#4a4a4d",
    label: "#e5e5e7",
    secondary_label: "#a1a1a6",
    accent: "#0a84ff",
    warning: "#ff9f0a",
    field: "#1d1d1f",
    field_rim: "#5b5b5e",
    button: "#636366",
};

impl Palette {
    fn colour(&self, colour: Colour) -> &'static str {
        match colour {
            Colour::Label => self.label,
            Colour::SecondaryLabel => self.secondary_label,
            Colour::Accent => self.accent,
            Colour::Warning => self.warning,
        }
    }
}

/// The picture, as SVG.
fn draw(content: &Content, buttons: Buttons, language: Language) -> String {
    let layout = Layout::of(content, buttons);
    let row = if buttons == Buttons::Window {
        BUTTON_ROW
    } else {
        0.0
    };
    let half = layout.width + 2.0 * AROUND;
    let height = layout.height + row + 2.0 * AROUND;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" lang=\"{}\" \
         font-family=\"-apple-system, 'SF Pro Text', Inter, 'Helvetica Neue', Arial, 'Hiragino Sans', \
         IPAexGothic, sans-serif\">\n",
        2.0 * half,
        language.tag()
    );
    for (palette, left) in [(&LIGHT, 0.0), (&DARK, half)] {
        let mut sheet = Sheet {
            svg: &mut svg,
            palette,
            height: layout.height,
        };
        sheet.window(left, half, height, layout.width);
        layout
            .elements
            .iter()
            .for_each(|element| sheet.element(element));
        if buttons == Buttons::Window {
            sheet.window_buttons(content, language);
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws one pane; the origin is its upper left corner.
struct Sheet<'a> {
    svg: &'a mut String,
    palette: &'a Palette,
    /// The pane's.
    height: f64,
}

impl Sheet<'_> {
    fn put(&mut self, shape: &str) {
        self.svg.push_str(shape);
        self.svg.push('\n');
    }

    fn rectangle(&mut self, frame: Frame, radius: f64, fill: &str, rim: &str) {
        let Frame {
            x,
            y,
            width,
            height,
        } = frame;
        self.put(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"{fill}\" \
             stroke=\"{rim}\"/>"
        ));
    }

    /// The backdrop, and the window with the pane in it.
    fn window(&mut self, left: f64, half: f64, height: f64, width: f64) {
        let Palette {
            backdrop,
            window,
            rim,
            ..
        } = *self.palette;
        let backdrop_frame = Frame {
            x: left,
            y: 0.0,
            width: half,
            height,
        };
        self.rectangle(backdrop_frame, 0.0, backdrop, "none");
        self.put(&format!(
            "<g transform=\"translate({} {AROUND})\">",
            left + AROUND
        ));
        let frame = Frame {
            x: 0.0,
            y: 0.0,
            width,
            height: height - 2.0 * AROUND,
        };
        self.rectangle(frame, 12.0, window, rim);
    }

    fn element(&mut self, element: &Element) {
        let frame = self.flipped(element.frame);
        match element.kind {
            Kind::Image(symbol) => self.symbol(symbol, frame, self.palette.colour(element.colour)),
            Kind::Text => self.text(element, frame),
            Kind::Field { .. } => self.field(element, frame),
            Kind::Button(key) => self.button(&element.text, key, frame, true),
        }
    }

    /// SVG counts from the top.
    fn flipped(&self, frame: Frame) -> Frame {
        Frame {
            y: self.height - frame.y - frame.height,
            ..frame
        }
    }

    fn text(&mut self, element: &Element, frame: Frame) {
        let colour = self.palette.colour(element.colour);
        let mut top = frame.y;
        for line in element.text.lines() {
            let (x, anchor) = match element.alignment {
                Alignment::Centre => (frame.x + frame.width / 2.0, "middle"),
                Alignment::Left => (frame.x + 2.0, "start"),
            };
            self.line(line, x, top, element.font, anchor, colour);
            top += element.font.line_height();
        }
    }

    /// One line of text, whose line box begins at `top`.
    fn line(&mut self, text: &str, x: f64, top: f64, font: Font, anchor: &str, colour: &str) {
        let weight = if font == Font::Title { 700 } else { 400 };
        let baseline = top + font.line_height() / 2.0 + font.size() * 0.36;
        self.put(&format!(
            "<text x=\"{x}\" y=\"{baseline:.1}\" font-size=\"{}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" \
             fill=\"{colour}\">{}</text>",
            font.size(),
            escape(text)
        ));
    }

    /// Empty, with the keyboard.
    fn field(&mut self, element: &Element, frame: Frame) {
        let Palette {
            accent,
            field,
            field_rim,
            secondary_label,
            ..
        } = *self.palette;
        let ring = Frame {
            x: frame.x - 1.5,
            y: frame.y - 1.5,
            width: frame.width + 3.0,
            height: frame.height + 3.0,
        };
        self.put("<g opacity=\"0.55\">");
        self.rectangle(ring, 7.5, accent, "none");
        self.put("</g>");
        self.rectangle(frame, 6.0, field, field_rim);
        let top = frame.y + (frame.height - element.font.line_height()) / 2.0;
        self.line(
            &element.text,
            frame.x + 9.0,
            top,
            element.font,
            "start",
            secondary_label,
        );
        let caret = Frame {
            x: frame.x + 7.0,
            y: frame.y + 7.0,
            width: 1.0,
            height: frame.height - 14.0,
        };
        self.rectangle(caret, 0.0, accent, "none");
    }

    fn button(&mut self, label: &str, key: Key, frame: Frame, enabled: bool) {
        let Palette {
            accent,
            button,
            rim,
            label: ink,
            ..
        } = *self.palette;
        // A push button is drawn with a little air inside its frame.
        let face = Frame {
            x: frame.x + 5.0,
            y: frame.y + 4.0,
            width: frame.width - 10.0,
            height: 24.0,
        };
        let (fill, rim, ink) = match key {
            Key::Return => (accent, "none", "#ffffff"),
            Key::Escape => (button, rim, ink),
        };
        self.put(if enabled {
            "<g>"
        } else {
            "<g opacity=\"0.4\">"
        });
        self.rectangle(face, 6.0, fill, rim);
        let top = face.y + (face.height - Font::Body.line_height()) / 2.0;
        self.line(
            label,
            face.x + face.width / 2.0,
            top,
            Font::Body,
            "middle",
            ink,
        );
        self.put("</g>");
    }

    /// macOS's own, in its own words; Cancel can't be pressed where there is nothing to cancel.
    fn window_buttons(&mut self, content: &Content, language: Language) {
        let frame = |x| Frame {
            x,
            y: self.height,
            width: 100.0,
            height: 32.0,
        };
        let (cancel, ok) = (frame(180.0), frame(280.0));
        let word = match language {
            Language::English => "Cancel",
            Language::German => "Abbrechen",
            Language::French => "Annuler",
            Language::Spanish => "Cancelar",
            Language::Japanese => "キャンセル",
        };
        self.button(word, Key::Escape, cancel, content.cancel.is_some());
        self.button("OK", Key::Return, ok, true);
    }

    /// After the system's pictures of these names; each is drawn in a square of 16.
    fn symbol(&mut self, symbol: Symbol, frame: Frame, colour: &str) {
        let shape = match symbol {
            Symbol::Token => {
                "<path d=\"M8 .9 14 3v4.6c0 3.4-2.4 6.1-6 7.5-3.6-1.4-6-4.1-6-7.5V3z\" fill=\"none\" stroke=\"C\" \
                 stroke-width=\".9\" stroke-linejoin=\"round\"/><path d=\"M6.4 7V5.7a1.6 1.6 0 0 1 3.2 0V7\" \
                 fill=\"none\" stroke=\"C\" stroke-width=\".8\"/><rect x=\"5.5\" y=\"6.9\" width=\"5\" \
                 height=\"3.9\" rx=\".7\" fill=\"C\"/>"
            }
            Symbol::Refusal => {
                "<path d=\"M8 2.2 14.4 13.4H1.6z\" fill=\"C\" stroke=\"C\" stroke-width=\"1.8\" \
                 stroke-linejoin=\"round\"/><path d=\"M8 5.6v4.2\" stroke=\"#fff\" stroke-width=\"1.6\" \
                 stroke-linecap=\"round\"/><circle cx=\"8\" cy=\"12.2\" r=\".95\" fill=\"#fff\"/>"
            }
            Symbol::Information => {
                "<circle cx=\"8\" cy=\"8\" r=\"7\" fill=\"C\"/><path d=\"M8 7.2v4.2\" stroke=\"#fff\" \
                 stroke-width=\"1.6\" stroke-linecap=\"round\"/><circle cx=\"8\" cy=\"4.6\" r=\".95\" fill=\"#fff\"/>"
            }
        };
        let scale = frame.width / 16.0;
        self.put(&format!(
            "<g data-symbol=\"{}\" transform=\"translate({} {}) scale({scale})\">",
            symbol.name(),
            frame.x,
            frame.y
        ));
        self.put(&shape.replace("\"C\"", &format!("\"{colour}\"")));
        self.put("</g>");
    }
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            _ => {
                let _ = write!(escaped, "{character}");
            }
        }
        escaped
    })
}

mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::view::samples::{State, content};

    /// Every state in English, the two that everybody meets in every language, and what a window without buttons gets.
    fn pictures() -> Vec<(PathBuf, String)> {
        let mut pictures = Vec::new();
        for state in State::ALL {
            for language in Language::ALL {
                if language == Language::English || matches!(state, State::Serial | State::Passcode)
                {
                    let svg = draw(&content(state, language), Buttons::Window, language);
                    pictures.push((path(state.name(), language), svg));
                }
            }
        }
        let svg = draw(
            &content(State::Wrong, Language::English),
            Buttons::Pane,
            Language::English,
        );
        pictures.push((path("own-buttons", Language::English), svg));
        pictures
    }

    fn path(name: &str, language: Language) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs/pictures/macos")
            .join(format!("{name}-{}.svg", language.tag()))
    }

    #[test]
    fn the_pictures_in_the_docs_show_what_the_view_puts_up() {
        for (path, svg) in pictures() {
            if std::env::var_os("OTPAIR_DRAW").is_some() {
                fs::write(&path, &svg).unwrap();
            }
            let there = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                there == svg,
                "{} is out of date: run docs/pictures/macos/draw",
                path.display()
            );
        }
    }

    #[test]
    fn every_png_was_made_from_the_svg_beside_it() {
        for (path, svg) in pictures() {
            let digest = Sha256::digest(&svg)
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            let png = fs::read(path.with_extension("png")).unwrap_or_default();
            let says_so = png
                .windows(digest.len())
                .any(|bytes| bytes == digest.as_bytes());
            assert!(
                says_so,
                "{} is out of date: run docs/pictures/macos/draw",
                path.display()
            );
        }
    }

    #[test]
    fn the_page_shows_every_picture() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/macos/pane.md");
        let page = fs::read_to_string(page).unwrap();
        for (path, _) in pictures() {
            let name = path.with_extension("png");
            let name = name.file_name().unwrap().to_str().unwrap();
            assert!(
                page.contains(&format!("(../pictures/macos/{name})")),
                "{name}"
            );
        }
    }
}
