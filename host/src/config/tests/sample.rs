//! The config and its example that packages for Linux bring.

use super::*;

/// The example of a config that packages for Linux bring, with those lines in force that have so many marks before them: one stands
/// before a key with its default, two before an example.
fn sample(most_marks: usize) -> String {
    let sample = include_str!("../../../../packaging/linux/otpair.toml.example");
    let in_force = |line: &str| {
        let said = line.trim_start_matches('#');
        let marks = line.len() - said.len();
        let is_key = said.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
        let in_force = is_key && marks <= most_marks;
        if in_force { said } else { line }.to_owned() + "\n"
    };
    sample.lines().map(in_force).collect()
}

#[test]
fn the_sample_of_the_packages_has_every_key_with_its_default() {
    let untouched = config(&sample(0));
    assert_eq!(untouched.to_toml(), Config::default().to_toml());
    let with_defaults = sample(1);
    assert_eq!(
        config(&with_defaults).to_toml(),
        Config::default().to_toml()
    );
    for line in Config::default().to_toml().lines() {
        assert!(
            with_defaults.lines().any(|one| one == line),
            "{line} is not in the sample"
        );
    }
}

#[test]
fn the_config_that_the_packages_bring_says_nothing_but_where_to_read() {
    let brought = include_str!("../../../../packaging/linux/otpair.toml");
    assert_eq!(config(brought).to_toml(), Config::default().to_toml());
    assert!(brought.lines().all(|line| line.starts_with('#')));
}

#[test]
fn what_has_no_default_is_in_the_sample_as_an_example() {
    let examples = sample(2);
    let read = config(&examples);
    assert_eq!(read.services.len(), 1);
    let others = [
        rules::TRUSTED_NETWORKS,
        "serial",
        "passcode",
        "next_passcode",
        "file",
    ];
    for key in rules::SIGN_ON_KEYS.iter().chain(&others) {
        let found = examples
            .lines()
            .any(|line| line.starts_with(&format!("{key} = ")));
        assert!(found, "{key} is not in the sample");
    }
}
