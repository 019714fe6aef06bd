//! A long import: what it shows in a terminal, and what is left when it is cut off.

use crate::scratch::Scratch;
use crate::terminal::Terminal;
use std::fmt::Write;

/// Far more than is imported before the bar is there.
const TOKENS: u64 = 1_000_000;

fn tokens(count: u64) -> String {
    (0..count).fold(String::new(), |mut file, n| {
        let seed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(file, "BG-{n:07},{seed:016x}{n:024x},totp,6,30,sha1").unwrap();
        file
    })
}

#[test]
fn a_long_import_shows_rate_and_time_left_and_cut_off_and_run_again_it_goes_on() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", tokens(TOKENS));
    let file = scratch.path("tokens.csv");
    let mut terminal = Terminal::run(&scratch, &format!("import {}", file.display()), "true");
    // Two transactions at least are durable by then.
    while terminal.wait_for_number(" tokens, ") < 20_000 {}
    terminal.wait_for(" a second, ");
    terminal.wait_for(" left");
    terminal.send("\x03");
    let shown = terminal.end();
    assert!(shown.contains(" %  "), "{shown}");
    assert!(
        !shown.contains("new 1000000"),
        "it was not cut off: {shown}"
    );

    let listed = scratch.json(&["token", "list"]);
    let there = u64::try_from(listed.as_array().unwrap().len()).unwrap();
    assert!(
        (10_000..TOKENS).contains(&there),
        "{there} tokens are there"
    );
    scratch.write("tokens.csv", tokens(there + 500));
    let counts = scratch.json(&["import", "tokens.csv"]);
    assert_eq!(
        counts,
        serde_json::json!({"new": 500, "unchanged": there, "conflict": 0, "rejected": []})
    );
}

#[test]
fn where_nobody_watches_no_bar_is_shown() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", tokens(100));
    let done = scratch.run(&["import", "tokens.csv"]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
}
