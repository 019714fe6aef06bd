use super::*;
use otpair_core::language::Language;
use otpair_core::policy::{Messages, Network, Unpaired, Who};
use std::path::Path;

#[cfg(target_os = "linux")]
mod sample;

/// 2027-01-31 00:00 UTC.
pub(super) const JANUARY: u64 = 1_801_353_600;

pub(super) fn config(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Where the mistake in a text is, and what is said of it.
pub(super) fn mistake(text: &str) -> (usize, usize, String) {
    let error = Config::parse(text).expect_err(text);
    assert!(
        !error.message.contains('\n') && !error.message.is_empty(),
        "{error}"
    );
    (error.line, error.column, error.message)
}

fn assert_mistake(text: &str, line: usize, column: usize, part: &str) {
    let (at_line, at_column, message) = mistake(text);
    assert_eq!((at_line, at_column), (line, column), "{message}\n{text}");
    assert!(message.contains(part), "{message:?} does not say {part:?}");
}

fn who(names: &[&str]) -> Vec<Who> {
    names.iter().map(|name| Who::parse(name).unwrap()).collect()
}

#[test]
fn an_empty_file_means_the_defaults_of_the_contract() {
    for text in [
        "",
        "\n",
        "# nothing\n",
        "[sign_on]\n[service.sshd]",
        "[service]",
    ] {
        let config = config(text);
        assert_eq!(config.policy("sshd"), Policy::default());
        assert_eq!(config.cache, CacheConfig::default());
    }
    let config = Config::default();
    assert_eq!(config.cache.path, Path::new(DEFAULT_CACHE));
    assert_eq!(
        config.cache.key,
        KeyPlace::File(Path::new(DEFAULT_CACHE).join("cache.key"))
    );
    assert_eq!(
        config.audit,
        AuditConfig {
            syslog: true,
            file: None
        }
    );
    assert!(config.helper.may_ask_for_others.is_empty());
}

#[test]
fn the_contracts_example_means_the_defaults_but_for_its_trusted_network() {
    let text = r#"
        [cache]
        path = "/var/lib/otpair"                    # a folder
        key  = "file:/var/lib/otpair/cache.key"     # or "keychain" on macOS

        [sign_on]
        required_for = ["*"]            # users, "@group", "*"
        exempt = []                     # same grammar, wins
        unpaired = "pair"               # "deny", "allow"
        # allow_unpaired_until = 2027-01-31
        attempts = 3
        max_tokens_per_user = 1
        strip_domain = false
        echo_passcode = false
        messages = "shown"              # "in-prompt"
        help = ""                       # a line shown with every refusal: whom to call

        [passcode]
        drift_window = 1
        look_ahead_window = 10
        resync_window = 1000

        [throttle]
        max_failures = 5
        first_wait = "1m"
        max_wait = "1h"
        max_total = 100

        [audit]
        syslog = true
        # file = "/var/log/otpair.jsonl"

        [helper]
        may_ask_for_others = []         # accounts such as "freerad"

        [service.sshd]                  # any key of [sign_on], for one PAM service; also:
        trusted_networks = ["10.0.0.0/8"]
        "#;
    let config = config(text);
    assert_eq!(config.policy("sudo"), Policy::default());
    let trusted_networks = vec![Network::parse("10.0.0.0/8").unwrap()];
    assert_eq!(
        config.policy("sshd"),
        Policy {
            trusted_networks,
            ..Policy::default()
        }
    );
}

#[test]
fn every_key_of_sign_on_overrides_its_default() {
    let policy = config(
        r#"
        [sign_on]
        required_for = ["@staff", "bob"]
        exempt = ["carol", "@domain users"]
        unpaired = "deny"
        attempts = 5
        max_tokens_per_user = 8
        strip_domain = true
        echo_passcode = true
        messages = "in-prompt"
        help = "Call 4711."
        [prompts]
        serial = "Number: "
        passcode = "Code: "
        next_passcode = "Next code: "
        [passcode]
        drift_window = 0
        look_ahead_window = 1000
        resync_window = 10_000
        [throttle]
        max_failures = 1
        first_wait = "30s"
        max_wait = "2d"
        max_total = 7
        "#,
    )
    .policy("login");
    let expected = Policy {
        required_for: who(&["@staff", "bob"]),
        exempt: who(&["carol", "@domain users"]),
        everywhere: None,
        trusted_networks: Vec::new(),
        unpaired: Unpaired::Deny,
        attempts: 5,
        max_tokens_per_user: 8,
        strip_domain: true,
        echo_passcode: true,
        messages: Messages::InPrompt,
        help: "Call 4711.".to_owned(),
        language: Language::English,
        prompts: Prompts {
            serial: Some("Number: ".to_owned()),
            passcode: Some("Code: ".to_owned()),
            next_passcode: Some("Next code: ".to_owned()),
        },
        windows: Windows {
            drift_window: 0,
            look_ahead_window: 1000,
            resync_window: 10_000,
        },
        throttle: ThrottlePolicy {
            max_failures: 1,
            first_wait: 30,
            max_wait: 172_800,
            max_total: 7,
        },
    };
    assert_eq!(policy, expected);
}

#[test]
fn cache_audit_and_helper_are_read() {
    let config = config(
        r#"
        cache = { path = "/srv/otpair", key = "file:/run/credentials/otpair.key" }
        audit = { syslog = false, file = "/var/log/otpair.jsonl" }
        helper.may_ask_for_others = ["freerad"]
        "#,
    );
    assert_eq!(config.cache.path, Path::new("/srv/otpair"));
    assert_eq!(
        config.cache.key,
        KeyPlace::File("/run/credentials/otpair.key".into())
    );
    assert_eq!(
        config.audit,
        AuditConfig {
            syslog: false,
            file: Some("/var/log/otpair.jsonl".into())
        }
    );
    assert_eq!(config.helper.may_ask_for_others, ["freerad"]);
}

#[test]
fn the_sealing_key_is_in_the_cache_unless_it_is_named() {
    let config = config("[cache]\npath = \"/srv/otpair\"");
    assert_eq!(
        config.cache.key,
        KeyPlace::File("/srv/otpair/cache.key".into())
    );
}

#[test]
fn a_service_overrides_what_it_names_and_keeps_the_rest() {
    let config = config(
        r#"
        [service.sshd]
        trusted_networks = ["10.0.0.0/8"]
        attempts = 1
        exempt = []
        [sign_on]
        attempts = 5
        exempt = ["carol"]
        help = "Call 4711."
        "#,
    );
    let sshd = config.policy("sshd");
    assert_eq!((sshd.attempts, sshd.help.as_str()), (1, "Call 4711."));
    assert_eq!(sshd.exempt, []);
    assert_eq!(
        sshd.trusted_networks,
        [Network::parse("10.0.0.0/8").unwrap()]
    );
    for other in ["sudo", "SSHD", "sshd ", "ssh", ""] {
        let other = config.policy(other);
        assert_eq!(
            (other.attempts, other.exempt, other.trusted_networks),
            (5, who(&["carol"]), Vec::new())
        );
    }
}

#[test]
fn every_key_of_sign_on_may_stand_in_a_service() {
    let keys = r#"
        required_for = ["@staff"]
        exempt = ["carol"]
        unpaired = "allow"
        allow_unpaired_until = 2027-01-31
        attempts = 5
        max_tokens_per_user = 2
        strip_domain = true
        echo_passcode = true
        messages = "in-prompt"
        help = "Call 4711."
        language = "de"
        "#;
    let everywhere = config(&format!("[sign_on]{keys}"));
    let one = config(&format!("[service.\"sshd\"]{keys}"));
    assert_eq!(one.policy("sshd"), everywhere.policy("anything"));
    assert_eq!(one.policy("sudo"), Policy::default());
    assert_eq!(one.language("sshd"), everywhere.language("anything"));
    assert_eq!(one.language("sudo"), None);
    assert!(rules::SIGN_ON_KEYS.iter().all(|key| keys.contains(key)));
}

#[test]
fn there_is_a_word_for_every_language_and_one_for_the_locales() {
    let set = |word| config(&format!("[sign_on]\nlanguage = \"{word}\"")).language("login");
    for language in Language::ALL {
        assert_eq!(set(language.tag()), Some(LanguageChoice::Fixed(language)));
    }
    assert_eq!(set("auto"), Some(LanguageChoice::Auto));
    assert_eq!(config("").language("login"), None);
    for bad in ["", "DE", "de_DE.UTF-8", "nl"] {
        assert_mistake(
            &format!("[sign_on]\nlanguage = \"{bad}\""),
            2,
            12,
            "one of \"en\", \"de\", \"fr\", \"es\", \"ja\", \"auto\" is wanted here",
        );
    }
}

#[test]
fn a_service_may_speak_another_language_than_the_rest() {
    let config =
        config("[sign_on]\nlanguage = \"fr\"\n[service.login]\nlanguage = \"auto\"\n[service.su]");
    let french = Some(LanguageChoice::Fixed(Language::French));
    assert_eq!(config.language("login"), Some(LanguageChoice::Auto));
    assert_eq!(
        (config.language("su"), config.language("sudo")),
        (french, french)
    );
}

#[test]
fn allow_ends_on_its_date() {
    let until = |date: &str| {
        config(&format!(
            "[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = {date}"
        ))
        .policy("x")
        .unpaired
    };
    assert_eq!(until("2027-01-31"), Unpaired::AllowUntil(JANUARY));
    assert_eq!(
        until("2027-01-31T18:00:00+02:00"),
        Unpaired::AllowUntil(JANUARY + 16 * 3600)
    );
    assert_eq!(until("2027-01-31 00:00:00Z"), Unpaired::AllowUntil(JANUARY));
    assert_eq!(until("1950-01-01"), Unpaired::AllowUntil(0));
}

#[test]
fn allow_without_a_date_is_an_error() {
    assert_mistake(
        "[sign_on]\nunpaired = \"allow\"",
        2,
        12,
        "allow_unpaired_until",
    );
    assert_mistake(
        "[service.sshd]\nunpaired = \"allow\"",
        2,
        12,
        "allow_unpaired_until",
    );
}

#[test]
fn a_service_may_take_the_date_from_sign_on_or_bring_its_own() {
    let text = "[service.sshd]\nunpaired = \"allow\"\n[sign_on]\nallow_unpaired_until = 2027-01-31";
    assert_eq!(
        config(text).policy("sshd").unpaired,
        Unpaired::AllowUntil(JANUARY)
    );
    assert_eq!(config(text).policy("sudo").unpaired, Unpaired::Pair);
    let text = "[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = 2030-01-01\n\
                [service.sshd]\nallow_unpaired_until = 2027-01-31\n[service.su]\nunpaired = \"deny\"";
    assert_eq!(
        config(text).policy("sshd").unpaired,
        Unpaired::AllowUntil(JANUARY)
    );
    assert_eq!(config(text).policy("su").unpaired, Unpaired::Deny);
}

#[test]
fn unknown_keys_are_named_with_line_and_column() {
    assert_mistake(
        "[sign_on]\nattempts = 3\n  atempts = 3",
        3,
        3,
        "unknown key \"atempts\" in [sign_on]",
    );
    assert_mistake("[signon]\n", 1, 2, "unknown key \"signon\"");
    assert_mistake("attempts = 3", 1, 1, "unknown key \"attempts\"");
    for table in [
        "cache",
        "sign_on",
        "prompts",
        "passcode",
        "throttle",
        "audit",
        "helper",
        "service.sshd",
    ] {
        assert_mistake(
            &format!("# \u{fc}\n[{table}]\nx = 1"),
            3,
            1,
            &format!("unknown key \"x\" in [{table}]"),
        );
    }
}

#[test]
fn the_first_of_several_mistakes_is_the_one_that_is_named() {
    assert_mistake("[throttle]\nzzz = 1\n[cache]\naaa = 1", 2, 1, "zzz");
}

#[test]
fn columns_count_characters_not_bytes() {
    assert_mistake(
        "audit = { file = \"/\u{fc}\u{fc}\", syslog = 1 }",
        1,
        34,
        "syslog: true or false is wanted here",
    );
    assert_mistake("[audit]\r\n\tsyslog = 1", 2, 11, "syslog");
}

#[test]
fn trusted_networks_belong_into_a_service() {
    assert_mistake("[sign_on]\ntrusted_networks = []", 2, 1, "[service.NAME]");
}

#[test]
fn a_text_that_is_no_toml_is_an_error_with_its_place() {
    for (text, line) in [
        ("[sign_on\n", 1),
        ("\n\nattempts", 3),
        ("[sign_on]\nattempts = 3\nattempts = 4", 3),
        ("[a]\n[a]", 2),
        ("a = \"", 1),
    ] {
        assert_eq!(mistake(text).0, line, "{text}");
    }
    // As deep as it gets, it is an error and no overflow of the stack.
    mistake(&format!("a = {}", "[".repeat(100_000)));
}

#[test]
fn wrong_types_are_errors_at_the_value() {
    let wrong = [
        (
            "sign_on",
            "attempts = \"3\"",
            "a whole number from 1 to 10 is wanted here, not a string",
        ),
        ("sign_on", "attempts = 3.0", "not a float"),
        ("sign_on", "strip_domain = \"yes\"", "true or false"),
        ("sign_on", "required_for = \"*\"", "a list in [ ]"),
        ("sign_on", "unpaired = true", "a text in quotes"),
        (
            "sign_on",
            "unpaired = \"permit\"",
            "one of \"pair\", \"deny\", \"allow\"",
        ),
        (
            "sign_on",
            "messages = \"hidden\"",
            "one of \"shown\", \"in-prompt\"",
        ),
        ("sign_on", "help = 4711", "a text in quotes"),
        (
            "sign_on",
            "allow_unpaired_until = \"2027-01-31\"",
            "without quotes",
        ),
        (
            "sign_on",
            "allow_unpaired_until = 2027-01-31T10:00:00",
            "offset",
        ),
        (
            "sign_on",
            "allow_unpaired_until = 10:00:00",
            "a date such as",
        ),
        (
            "throttle",
            "first_wait = 60",
            "a number has no unit: write a duration such as \"30s\"",
        ),
        ("throttle", "first_wait = \"60\"", "a duration such as"),
        ("throttle", "first_wait = true", "a duration such as"),
        ("cache", "path = 1", "a text in quotes"),
        ("cache", "path = \"otpair\"", "an absolute path"),
        ("cache", "path = \"/a\\u0000b\"", "an absolute path"),
        ("cache", "key = \"/srv/cache.key\"", "file:/absolute/path"),
        ("cache", "key = \"file:cache.key\"", "file:/absolute/path"),
        ("audit", "file = \"log\"", "an absolute path"),
    ];
    for (table, line, part) in wrong {
        let column = line.find("= ").unwrap() + 3;
        assert_mistake(&format!("[{table}]\n{line}"), 2, column, part);
    }
    assert_mistake(
        "sign_on = 3",
        1,
        11,
        "a table is wanted here, not an integer",
    );
    assert_mistake("service = 3", 1, 11, "a table is wanted here");
    assert_mistake("service.sshd = true", 1, 16, "a table is wanted here");
}

#[test]
#[cfg(not(target_os = "macos"))]
fn there_is_no_keychain_but_on_macos() {
    assert_mistake("[cache]\nkey = \"keychain\"", 2, 7, "on macOS only");
}

#[test]
fn numbers_have_their_bounds() {
    let bounds: [(&str, &str, u64, u64); 7] = [
        ("sign_on", "attempts", 1, 10),
        ("sign_on", "max_tokens_per_user", 1, 8),
        ("service.x", "attempts", 1, 10),
        ("passcode", "drift_window", 0, 10),
        ("passcode", "look_ahead_window", 0, 1000),
        ("passcode", "resync_window", 0, 10_000),
        ("throttle", "max_total", 5, u64::from(u32::MAX)),
    ];
    for (table, key, from, to) in bounds {
        let text = |value: i128| format!("[{table}]\n{key} = {value}");
        config(&text(i128::from(from)));
        config(&text(i128::from(to)));
        let column = key.len() + 4;
        assert_mistake(&text(i128::from(from) - 1), 2, column, "");
        assert_mistake(&text(i128::from(to) + 1), 2, column, "");
    }
    config("[throttle]\nmax_failures = 1");
    assert_mistake("[throttle]\nmax_failures = 0", 2, 16, "at least 1");
    assert_mistake(
        "[sign_on]\nattempts = 99999999999999999999999999999999999999999999",
        2,
        12,
        "",
    );
    assert_eq!(
        config("[sign_on]\nattempts = 0x0A").policy("x").attempts,
        10
    );
}

#[test]
fn waits_have_their_bounds_and_their_order() {
    config("[throttle]\nfirst_wait = \"1s\"\nmax_wait = \"30d\"");
    assert_mistake("[throttle]\nfirst_wait = \"0s\"", 2, 14, "from 1s to 30d");
    assert_mistake("[throttle]\nmax_wait = \"31d\"", 2, 12, "from 1s to 30d");
    assert_mistake(
        "[throttle]\nfirst_wait = \"2h\"",
        2,
        14,
        "longer than max_wait",
    );
    assert_mistake(
        "[throttle]\nmax_wait = \"30s\"",
        2,
        12,
        "longer than max_wait",
    );
    assert_mistake("[throttle]\nmax_failures = 101", 2, 16, "max_total is less");
    assert_mistake("[throttle]\nmax_total = 4", 2, 13, "max_total is less");
    config("[throttle]\nmax_total = 5");
}

#[test]
fn names_that_could_never_match_are_errors_at_their_place() {
    for bad in ["", "@", "@ staff", " bob", "bob ", "bo\\nb", "@staff\\t"] {
        assert_mistake(
            &format!("[sign_on]\nrequired_for = [\"alice\", \"{bad}\"]"),
            2,
            26,
            "a user's name",
        );
        assert_mistake(
            &format!("[sign_on]\nexempt = [\n  \"{bad}\"\n]"),
            3,
            3,
            "a user's name",
        );
    }
    assert_mistake(
        "[helper]\nmay_ask_for_others = [\"\"]",
        2,
        23,
        "an account's name",
    );
    assert_mistake("[sign_on]\nexempt = [\"a\", 1]", 2, 16, "a user's name");
    assert_mistake("[service.\"\"]", 1, 10, "a service needs a name");
    assert_mistake("[service.\"sshd \"]", 1, 10, "a service needs a name");
}

#[test]
fn networks_that_are_none_are_errors_at_their_place() {
    for bad in ["10.0.0.1/8", "10.0.0.0/33", "example.com", ""] {
        assert_mistake(
            &format!("[service.sshd]\ntrusted_networks = [\"::1\", \"{bad}\"]"),
            2,
            28,
            "a network such as",
        );
    }
}

#[test]
fn texts_that_are_shown_are_short_and_without_control_characters() {
    config(&format!("[sign_on]\nhelp = \"{}\"", "\u{fc}".repeat(200)));
    assert_mistake(
        &format!("[sign_on]\nhelp = \"{}\"", "x".repeat(201)),
        2,
        8,
        "0 to 200 characters",
    );
    assert_mistake(
        "[sign_on]\nhelp = \"a\\u001b[2J\"",
        2,
        8,
        "control characters",
    );
    for key in ["serial", "passcode", "next_passcode"] {
        let column = key.len() + 4;
        assert_mistake(
            &format!("[prompts]\n{key} = \"\""),
            2,
            column,
            "1 to 200 characters",
        );
        assert_mistake(
            &format!("[prompts]\n{key} = \"{}\"", "x".repeat(201)),
            2,
            column,
            "1 to 200 characters",
        );
        assert_mistake(
            &format!("[prompts]\n{key} = \"a\\nb\""),
            2,
            column,
            "control characters",
        );
    }
}
