//! How wide a text is, and where its lines break: reckoned from the characters, a little too wide rather than too
//! narrow, so that the same lines come out on a Mac and in the pictures, and never a word is cut off.

use super::layout::Font;

/// The lines of `text` in this font, none wider than `room` points, at most `most`: what doesn't fit into them ends
/// in an ellipsis. As few as can be, and then as even as can be.
pub(crate) fn wrap(text: &str, font: Font, room: f64, most: usize) -> Vec<String> {
    let mut best = break_lines(text, font, room);
    let mut narrower = room - EVENING_STEP;
    while narrower > room / 3.0 {
        let lines = break_lines(text, font, narrower);
        if lines.len() > best.len() {
            break;
        }
        best = lines;
        narrower -= EVENING_STEP;
    }
    shorten(best, most)
}

/// The width of a text on one line, in points.
pub(crate) fn width(text: &str, font: Font) -> f64 {
    let bold = if font == Font::Title { 1.06 } else { 1.0 };
    text.chars().map(ems).sum::<f64>() * font.size() * bold
}

/// By how much less room is tried at a time, in points.
const EVENING_STEP: f64 = 6.0;

/// How wide a character is, in ems. On the safe side for the system's font and for Helvetica.
fn ems(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | '’' => 0.30,
        ' ' | '\u{a0}' | '\u{202f}' => 0.29,
        'f' | 'r' | 't' | '(' | ')' | '-' | '"' => 0.42,
        'm' | 'w' | 'M' | 'W' | '…' | '—' | '%' | '@' => 0.96,
        'a'..='z' | '0'..='9' | 'à'..='ÿ' => 0.60,
        _ if is_ideographic(character) => 1.0,
        _ => 0.74,
    }
}

/// Whether lines may break beside this character without a space: kana, kanji and full-width forms.
fn is_ideographic(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}')
}

/// Whether a line must not begin with this character (JIS X 4051).
fn stays_behind(character: char) -> bool {
    "。、，．）」』】：？！ーぁぃぅぇぉっゃゅょァィゥェォッャュョ".contains(character)
}

/// Whether a line must not end with this character (JIS X 4051).
fn stays_ahead(character: char) -> bool {
    "（「『【".contains(character)
}

fn break_lines(text: &str, font: Font, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in words(paragraph) {
            if !line.is_empty() && width(&line, font) + width(word.trim_end(), font) > room {
                lines.push(finish(&line));
                line.clear();
            }
            push_word(&mut lines, &mut line, word, font, room);
        }
        lines.push(finish(&line));
    }
    lines
}

fn finish(line: &str) -> String {
    line.trim_end().to_owned()
}

/// Puts a word on the line, and on further ones if it is wider than one.
fn push_word(lines: &mut Vec<String>, line: &mut String, word: &str, font: Font, room: f64) {
    for character in word.chars() {
        if !character.is_whitespace() && width(line, font) + width_of(character, font) > room {
            lines.push(finish(line));
            line.clear();
        }
        line.push(character);
    }
}

fn width_of(character: char, font: Font) -> f64 {
    width(character.encode_utf8(&mut [0; 4]), font)
}

/// What must not be broken: words with the spaces after them, single ideographs with the marks that stay with them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, others) = rest.split_at(first_break(rest));
        words.push(word);
        rest = others;
    }
    words
}

/// Where the first place is at which a line may break, in bytes; the end if there is none.
fn first_break(text: &str) -> usize {
    text.char_indices()
        .zip(text.char_indices().skip(1))
        .find(|((_, before), (_, after))| may_break(*before, *after))
        .map_or(text.len(), |(_, (place, _))| place)
}

/// Katakana spells out foreign words, which are not broken either if that can be helped.
fn is_katakana(character: char) -> bool {
    matches!(character, '\u{30a1}'..='\u{30fe}')
}

fn may_break(before: char, after: char) -> bool {
    if before == ' ' {
        return after != ' ';
    }
    (is_ideographic(before) || is_ideographic(after))
        && after != ' '
        && !(is_katakana(before) && is_katakana(after))
        && !stays_behind(after)
        && !stays_ahead(before)
}

/// At most `most` lines; the last one says so if there were more.
fn shorten(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.pop();
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FONT: Font = Font::Body;

    #[test]
    fn lines_break_at_spaces_and_are_about_as_long_as_each_other() {
        let lines = wrap("Wait for the next one and type that", FONT, 200.0, 9);
        assert_eq!(lines, ["Wait for the next", "one and type that"]);
    }

    #[test]
    fn japanese_breaks_between_characters_but_not_before_a_full_stop() {
        let lines = wrap("トークンの番号を入力してください。", FONT, 13.0 * 16.0, 9);
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|line| !line.starts_with('。')),
            "{lines:?}"
        );
    }

    #[test]
    fn a_word_in_katakana_stays_in_one_piece() {
        let lines = wrap("表示されているパスコードを入力", FONT, 13.0 * 10.0, 9);
        assert_eq!(lines, ["表示されている", "パスコードを入力"]);
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_broken() {
        let lines = wrap(&"x".repeat(100), FONT, 200.0, 9);
        assert!(lines.len() > 2);
        assert_eq!(lines.concat(), "x".repeat(100));
    }

    #[test]
    fn what_is_too_long_by_far_ends_in_an_ellipsis() {
        let lines = wrap(&"again and ".repeat(100), FONT, 200.0, 3);
        assert_eq!(lines.len(), 3);
        assert!(lines[2].ends_with('…'));
    }

    #[test]
    fn a_line_break_in_the_text_is_kept() {
        assert_eq!(wrap("one\ntwo", FONT, 200.0, 9), ["one", "two"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_room_and_nothing_is_lost(text in "[a-zA-Z0-9 .,äöüß。、入力番号ト]{0,200}") {
            let lines = wrap(&text, FONT, 180.0, usize::MAX);
            for line in &lines {
                prop_assert!(width(line, FONT) <= 180.0, "{line}");
            }
            let squeeze = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
