//! The config's word on where the key is: read, and changed in an admin's file without touching anything else there.

use super::plan::Place;
use crate::failure::Failure;
use crate::files;
use otpair_host::config::{CacheConfig, Config, DEFAULT_PATH, KeyPlace};
use std::io::ErrorKind;
use std::path::{self, Path, PathBuf};
use toml_edit::{DocumentMut, Item, TableLike};

/// What is appended to a config that has no `[cache]`, and what is taken out of it again.
const APPENDED: &str = "\n[cache]\nkey = \"credential\"\n";

/// The name of the key's file beside the records.
const PLAIN: &str = "cache.key";

/// The key's file beside the records.
pub(crate) fn plain(cache: &CacheConfig) -> PathBuf {
    cache.path.join(PLAIN)
}

/// Which of the two places a config names.
pub(super) fn of(cache: &CacheConfig) -> Result<Place, Failure> {
    match &cache.key {
        KeyPlace::File(path) if *path == plain(cache) => Ok(Place::File),
        KeyPlace::Credential => Ok(Place::Credential),
        KeyPlace::File(path) => Err(Failure::new(format!(
            "the config has the key in {}: move it to {}, take the line out of the config, and run this again",
            path.display(),
            plain(cache).display()
        ))),
        KeyPlace::Keychain => Err(Failure::new("the key is in the System keychain already")),
    }
}

/// The file that a config is read from.
pub(super) fn file(config: Option<&Path>) -> Result<PathBuf, Failure> {
    let file = config.unwrap_or(Path::new(DEFAULT_PATH));
    path::absolute(file).map_err(|error| Failure::file(file, &error))
}

/// Makes a config name the other place: as a whole, and durably.
pub(super) fn point(config: Option<&Path>, before: &Config, to: Place) -> Result<(), Failure> {
    let file = file(config)?;
    let failed = |error| Failure::file(&file, &error);
    let old = match files::own_text(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let new = pointing(old.as_deref().unwrap_or_default(), before, to).ok_or_else(|| {
        let line = match to {
            Place::Credential => "write key = \"credential\" into its [cache] by hand",
            Place::File => "take the line with key out of its [cache] by hand",
        };
        let file = file.display();
        Failure::new(format!("{file}: {line}, and run this again"))
    })?;
    match old {
        Some(_) => files::replace(&file, &new).map_err(failed),
        None => files::write(&file, &new),
    }
}

/// The text of a config that names the other place, and for the rest says what it said before; nothing if that can't be
/// made of it.
fn pointing(text: &str, before: &Config, to: Place) -> Option<String> {
    let new = match to {
        Place::Credential => with_credential(text)?,
        Place::File => without_key(text)?,
    };
    let mut wanted = before.clone();
    wanted.cache.key = match to {
        Place::Credential => KeyPlace::Credential,
        Place::File => KeyPlace::File(plain(&before.cache)),
    };
    (Config::parse(&new).ok()? == wanted).then_some(new)
}

fn with_credential(text: &str) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let Some(cache) = table(&mut document) else {
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        return Some(format!("{text}{end}{APPENDED}"));
    };
    if let Some(key) = cache.get_mut("key").and_then(Item::as_value_mut) {
        let decor = key.decor().clone();
        *key = "credential".into();
        *key.decor_mut() = decor;
    } else {
        cache.insert("key", toml_edit::value("credential"));
    }
    Some(document.to_string())
}

fn without_key(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_suffix(APPENDED) {
        return Some(rest.to_owned());
    }
    let mut document: DocumentMut = text.parse().ok()?;
    table(&mut document)?.remove("key");
    Some(document.to_string())
}

fn table(document: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    document.get_mut("cache")?.as_table_like_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(text: &str) -> (String, String) {
        let before = Config::parse(text).unwrap();
        let there = pointing(text, &before, Place::Credential).unwrap();
        let sealed = Config::parse(&there).unwrap();
        assert_eq!(of(&sealed.cache).unwrap(), Place::Credential, "{there}");
        let back = pointing(&there, &sealed, Place::File).unwrap();
        assert_eq!(Config::parse(&back).unwrap(), before, "{back}");
        (there, back)
    }

    #[test]
    fn a_config_without_the_table_gets_it_at_its_end_and_is_itself_again_without_it() {
        let texts = [
            "",
            "# [cache]\n# key = \"file:/var/lib/otpair/cache.key\"\n",
            "[sign_on]\nattempts = 5 # more\n\n# end\n",
            "[audit]\nsyslog = false",
        ];
        for text in texts {
            let (there, back) = there_and_back(text);
            assert!(
                there.starts_with(text) && there.ends_with(APPENDED),
                "{there}"
            );
            assert_eq!(back.trim_end(), text.trim_end());
        }
    }

    #[test]
    fn a_key_that_is_named_is_changed_where_it_stands_and_nothing_else() {
        let cases = [
            (
                "# mine\n[cache] # here\npath = \"/srv/x\"\nkey  =  \"file:/srv/x/cache.key\"  # the key\n\n[audit]\n",
                "# mine\n[cache] # here\npath = \"/srv/x\"\nkey  =  \"credential\"  # the key\n\n[audit]\n",
            ),
            (
                "cache = { path = \"/srv/x\", key = 'file:/srv/x/cache.key' } # one line\n",
                "cache = { path = \"/srv/x\", key = \"credential\" } # one line\n",
            ),
            (
                "cache.key = \"file:/var/lib/otpair/cache.key\"\n[sign_on]\nattempts = 4\n",
                "cache.key = \"credential\"\n[sign_on]\nattempts = 4\n",
            ),
        ];
        for (text, sealed) in cases {
            assert_eq!(there_and_back(text).0, sealed);
        }
    }

    #[test]
    fn a_table_without_the_key_gets_it_and_loses_it_again() {
        let texts = [
            "[cache]\n# where it is\npath = \"/srv/x\"\n\n[sign_on]\nattempts = 4\n",
            "cache.path = \"/srv/x\"\n",
            "cache = { path = \"/srv/x\" }\n",
            "[cache]\n\n# more\n[sign_on]\nattempts = 4\n",
        ];
        for text in texts {
            assert_eq!(there_and_back(text).1, text);
        }
    }

    #[test]
    fn a_key_elsewhere_is_left_to_the_admin() {
        let config = Config::parse("[cache]\nkey = \"file:/etc/key\"").unwrap();
        let refusal = of(&config.cache).unwrap_err();
        assert!(refusal.message().contains("/etc/key"), "{refusal:?}");
    }
}
