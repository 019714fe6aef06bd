use super::super::tests::{JANUARY, config, mistake};
use super::*;
use otpair_core::policy::Unpaired;

#[test]
fn a_config_is_shown_so_that_it_reads_as_the_same_config() {
    let full = r#"
        [cache]
        path = "/srv/\"ot pair\u00fc"
        [sign_on]
        exempt = ["DOMAIN\\carol", "@staff"]
        unpaired = "allow"
        allow_unpaired_until = 2027-01-31T18:00:00+02:00
        help = "Call \"us\"\\ \u00fc"
        messages = "in-prompt"
        language = "ja"
        [prompts]
        passcode = "Code: "
        [throttle]
        first_wait = "90s"
        max_failures = 4294967295
        max_total = 4294967295
        [audit]
        file = "/var/log/otpair.jsonl"
        [helper]
        may_ask_for_others = ["freerad"]
        [service.sshd]
        trusted_networks = ["10.0.0.0/8", "::1"]
        required_for = ["@staff"]
        [service."odd \"name\".x"]
        unpaired = "deny"
        strip_domain = false
        language = "auto"
        "#;
    for text in ["", full] {
        let read = config(text);
        let again = config(&read.to_toml());
        for service in ["sshd", "odd \"name\".x", "other"] {
            assert_eq!(
                (again.policy(service), again.language(service)),
                (read.policy(service), read.language(service)),
                "{}",
                read.to_toml()
            );
        }
        assert_eq!(
            (
                again.cache.clone(),
                again.audit.clone(),
                again.helper.clone()
            ),
            (read.cache, read.audit, read.helper)
        );
        assert_eq!(again.to_toml(), config(&again.to_toml()).to_toml());
    }
}

#[test]
fn a_config_is_shown_as_json_with_the_same_keys() {
    let json = config("[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = 2027-01-31\n[service.sshd]\nattempts = 1\n[service.su]").to_json();
    assert_eq!(
        json["sign_on"]["allow_unpaired_until"],
        "2027-01-31T00:00:00Z"
    );
    assert_eq!(json["sign_on"]["attempts"], 3);
    assert_eq!(json["service"]["sshd"]["attempts"], 1);
    assert_eq!(json["service"]["su"].as_object().unwrap().len(), 0);
    assert_eq!(json["throttle"]["max_wait"], "1h");
}

const PAGE: &str = include_str!("../../../../docs/otpair.toml.5.md");

/// The examples of the manual page.
fn examples() -> Vec<&'static str> {
    let blocks = PAGE.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// The keys of a table, as the error for an unknown one lists them.
fn known_keys(table: &str) -> Vec<String> {
    let (_, _, message) = mistake(&format!("{table}\nx = 1"));
    message
        .split_once("known are: ")
        .unwrap()
        .1
        .split(", ")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_is_in_the_manual_page_under_its_table() {
    for table in known_keys("") {
        let heading = format!("\\[{table}\\]");
        let section = PAGE
            .split("\n# ")
            .find(|section| section.lines().next().unwrap().ends_with(&heading));
        let section = section.unwrap_or_else(|| panic!("no section for [{table}]"));
        for key in known_keys(&format!("[{table}]")) {
            let here = section.contains(&format!("\n**{key}** = "));
            let inherited = table == "service.NAME" && rules::SIGN_ON_KEYS.contains(&key.as_str());
            assert!(here || inherited, "{key} of [{table}]");
        }
    }
}

#[test]
fn the_manual_pages_keys_are_all_accepted() {
    let written = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("**")?.split_once("** = "));
    let known: Vec<_> = known_keys("")
        .iter()
        .flat_map(|table| known_keys(&format!("[{table}]")))
        .collect();
    for (key, _) in written {
        assert!(known.iter().any(|k| k == key), "{key}");
    }
}

#[test]
#[cfg(not(target_os = "macos"))]
fn the_manual_pages_full_example_is_the_defaults_word_for_word() {
    let full = examples()[0];
    assert_eq!(config(full).policy("x"), Policy::default());
    assert_eq!(full, Config::default().to_toml());
}

#[test]
fn the_manual_pages_examples_are_valid() {
    assert_eq!(examples().len(), 2);
    let config = config(examples()[1]);
    assert_eq!(config.policy("sudo").unpaired, Unpaired::Deny);
    assert_eq!(
        config.policy("sshd").unpaired,
        Unpaired::AllowUntil(JANUARY + 86_400)
    );
}
