use crate::scratch::{Scratch, json};

#[test]
fn check_says_file_line_and_column() {
    let scratch = Scratch::new();
    assert!(scratch.done(&["config", "check"]).contains("no errors"));
    scratch.write("other.toml", "[sign_on]\nattempts = 3\natempts = 4\n");
    let path = scratch.path("other.toml");
    let said = scratch.refused(&["config", "check", path.to_str().unwrap()]);
    assert!(
        said.starts_with(&format!("{}:3:1: ", path.display())),
        "{said}"
    );
}

#[test]
fn check_as_json_has_the_error_or_null() {
    let scratch = Scratch::new();
    let path = scratch.path("otpair.toml").display().to_string();
    assert_eq!(
        scratch.json(&["config", "check"]),
        serde_json::json!({"file": path, "error": null})
    );
    scratch.config("[passcode]\ndrift_window = \"wide\"\n");
    let done = scratch.run(&["config", "check", "--json"]);
    assert_eq!(done.status, 1);
    assert!(
        json(&done.stdout)["error"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{path}:7:16: ")),
        "{}",
        done.stdout
    );
}

#[test]
fn show_prints_a_config_that_reads_the_same() {
    let scratch = Scratch::new();
    scratch.config("[service.sshd]\nattempts = 2\n");
    let shown = scratch.done(&["config", "show"]);
    assert!(
        shown.contains("resync_window = 1000") && shown.contains("[service.sshd]"),
        "{shown}"
    );
    scratch.write("otpair.toml", &shown);
    assert_eq!(scratch.done(&["config", "show"]), shown);
    assert_eq!(
        scratch.json(&["config", "show"])["service"]["sshd"]["attempts"],
        2
    );
}
