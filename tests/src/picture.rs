//! A terminal's transcript as a picture: text on a dark window, as SVG, which needs no fonts of this machine's.

use std::fmt::Write;

const MARGIN: usize = 16;
const BAR: usize = 30;
/// Of the text, in pixels: a line's height, and a character's width at 14 pixels in most monospaced fonts.
const LINE: usize = 21;
const CHARACTER: f32 = 8.45;
/// As wide as the terminals that people have.
const COLUMNS: u16 = 80;

/// Draws a transcript, with long lines broken as a terminal breaks them. Lines that begin with a shell's prompt are what a
/// person types.
pub fn terminal(title: &str, transcript: &str) -> String {
    let lines: Vec<String> = transcript.lines().flat_map(broken).collect();
    let width = (f32::from(COLUMNS) * CHARACTER).ceil() + 2.0 * 16.0;
    let height = BAR + MARGIN + lines.len() * LINE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-size=\"14\" fill=\"#e6e6e6\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">\n\
         <title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1e2127\"/>\n",
        title = escape(title),
    );
    for (place, colour) in [(20, "#ec6a5e"), (40, "#f5bf4f"), (60, "#61c554")] {
        let _ = writeln!(
            svg,
            "<circle cx=\"{place}\" cy=\"16\" r=\"5.5\" fill=\"{colour}\"/>"
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let y = BAR + LINE * number + MARGIN;
        let colour = if line.starts_with("$ ") {
            " fill=\"#8fd3ff\""
        } else {
            ""
        };
        let _ = writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\"{colour}>{}</text>",
            escape(line)
        );
    }
    svg + "</svg>\n"
}

fn broken(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    let rows = characters.chunks(usize::from(COLUMNS));
    rows.map(|row| row.iter().collect()).collect()
}

/// Text as XML has it between elements.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below() {
        let svg = terminal("long", &"x".repeat(100));
        assert!(
            svg.contains(&format!(">{}</text>", "x".repeat(80))),
            "{svg}"
        );
        assert!(
            svg.contains(&format!(">{}</text>", "x".repeat(20))),
            "{svg}"
        );
    }

    #[test]
    fn what_is_markup_elsewhere_is_text_in_a_picture() {
        let svg = terminal("a & b", "$ echo '<b>'\n<b>\n");
        assert!(svg.contains("<title>a &amp; b</title>"));
        assert!(svg.contains(">&lt;b></text>"), "{svg}");
    }
}
