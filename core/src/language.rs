//! The languages that a person may be spoken to in.

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`: word for word as in the contract.
    #[default]
    English,
    /// `de`
    German,
    /// `fr`
    French,
    /// `es`
    Spanish,
    /// `ja`
    Japanese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Japanese,
    ];

    /// Its tag, by BCP 47.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
        }
    }

    /// Reads a language tag (BCP 47: `de`, `de-CH`) or the name of a locale (`de_CH.UTF-8@euro`): its language, without
    /// regard to case, region and script. Nothing for a language that there are no texts in.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let language = text.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|known| known.tag().eq_ignore_ascii_case(language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_or_the_name_of_a_locale_is_read_by_its_language() {
        for text in ["de", "DE", "de-CH", "de_CH.UTF-8@euro", "de-Latn-AT"] {
            assert_eq!(Language::parse(text), Some(Language::German), "{text}");
        }
        for text in ["", "C", "POSIX", "deu", "nl_NL", "d"] {
            assert_eq!(Language::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_language_is_read_by_its_own_tag() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.tag()), Some(language));
        }
    }
}
