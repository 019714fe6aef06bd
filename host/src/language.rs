//! The language that a person is spoken to in: what the config sets, else the door's own, else English.

use crate::config::LanguageChoice;
use crate::session::Door;
use otpair_core::language::Language;
use std::env;

/// The language at a door, with what the config sets for it.
pub(crate) fn at(door: &Door<'_>, set: Option<LanguageChoice>) -> Language {
    match set {
        Some(LanguageChoice::Fixed(language)) => language,
        Some(LanguageChoice::Auto) => door
            .language
            .unwrap_or_else(|| of_locale(|name| env::var(name).ok())),
        None => door.language.unwrap_or_default(),
    }
}

/// The language of a locale's messages, by the variables that set it (`setlocale(3)`): the first that is not empty
/// counts. Where a locale has texts in another encoding than UTF-8 only English can be read.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|locale| !locale.is_empty());
    locale
        .filter(|locale| is_utf8(locale))
        .and_then(|locale| Language::parse(&locale))
        .unwrap_or_default()
}

/// Whether a locale's encoding is UTF-8, or not said: `de_CH.UTF-8@euro`, `de_CH`.
fn is_utf8(locale: &str) -> bool {
    let encoding = locale
        .split_once('.')
        .and_then(|(_, rest)| rest.split('@').next());
    encoding.is_none_or(|name| {
        let name = name.replace('-', "");
        name.eq_ignore_ascii_case("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(variables: &[(&str, &str)]) -> Language {
        of_locale(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn door(language: Option<Language>) -> Door<'static> {
        Door {
            user: "alice",
            service: "login",
            rhost: None,
            config: None,
            without_messages: false,
            one_field: false,
            language,
            debug: false,
        }
    }

    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        let all = [
            ("LANG", "de_DE"),
            ("LC_MESSAGES", "fr_FR"),
            ("LC_ALL", "ja_JP"),
        ];
        assert_eq!(locale(&all), Language::Japanese);
        assert_eq!(locale(&all[..2]), Language::French);
        assert_eq!(locale(&all[..1]), Language::German);
        assert_eq!(locale(&[]), Language::English);
        assert_eq!(
            locale(&[("LC_ALL", ""), ("LANG", "es_MX.utf8")]),
            Language::Spanish
        );
        // LC_ALL says that the program speaks English, whatever LANG says.
        assert_eq!(
            locale(&[("LC_ALL", "C.UTF-8"), ("LANG", "de_DE")]),
            Language::English
        );
    }

    #[test]
    fn a_locale_that_is_unknown_or_can_not_show_the_texts_is_english() {
        for other in [
            "C",
            "POSIX",
            "nl_NL.UTF-8",
            "ja_JP.eucJP",
            "de_DE.ISO-8859-15@euro",
        ] {
            assert_eq!(locale(&[("LANG", other)]), Language::English, "{other}");
        }
        for german in [
            "de",
            "de_AT",
            "de_CH.UTF-8@euro",
            "de_DE.utf8",
            "de_DE@euro",
        ] {
            assert_eq!(locale(&[("LANG", german)]), Language::German, "{german}");
        }
    }

    #[test]
    fn the_config_wins_over_the_door_and_the_door_over_english() {
        let german = Some(LanguageChoice::Fixed(Language::German));
        let (silent, french) = (door(None), door(Some(Language::French)));
        assert_eq!(at(&french, german), Language::German);
        assert_eq!(at(&silent, german), Language::German);
        assert_eq!(at(&french, None), Language::French);
        assert_eq!(at(&silent, None), Language::English);
        assert_eq!(at(&french, Some(LanguageChoice::Auto)), Language::French);
    }
}
