//! A website behind nginx's `auth_pam`, set up as `docs/doors/nginx.md` says.

use otpair_tests::machine::{ALICE, BOB, CAROL, CONFIG_FILE, DAVE, Machine, told};
use otpair_tests::page::Page;
use otpair_tests::token::Token;
use otpair_tests::web::browser::{Browser, Place};
use otpair_tests::web::nginx::{self, curl, get, get_with_cookies};

const PAGE: &str = "doors/nginx.md";

/// A machine with a website that an admin has set up by the page, after this stands in otpair's config.
fn with_config(config: &str) -> Machine {
    let machine = Machine::new();
    nginx::install(&machine);
    machine.config(config);
    Page::read(PAGE).follow(&machine);
    nginx::start(&machine);
    machine
}

/// That, and Alice has a token.
fn paired_under(config: &str) -> (Machine, Token) {
    let machine = with_config(config);
    let token = Token::hotp("12345678");
    machine.pair(ALICE, &token);
    (machine, token)
}

fn paired() -> (Machine, Token) {
    paired_under("")
}

fn with_comma(passcode: &str) -> String {
    format!("{},{passcode}", ALICE.password)
}

#[test]
fn password_comma_passcode_opens_the_site_as_the_page_says() {
    let (machine, token) = paired();
    let command = Page::read(PAGE)
        .block("sh alice")
        .replace("PASSWORD", ALICE.password)
        .replace("PASSCODE", &token.press(0));
    let output = machine.run("sh", &["-euc", &command]);
    assert!(
        told(&output).contains("welcome alice "),
        "{}",
        told(&output)
    );
    let granted = machine.events("granted");
    assert_eq!(granted.len(), 1);
    assert_eq!(granted[0]["service"], "nginx");
}

#[test]
fn without_the_comma_it_opens_too() {
    let (machine, token) = paired();
    let typed = format!("{}{}", ALICE.password, token.press(0));
    let answer = get(&machine, "alice", &typed);
    assert!(answer.greets("alice"), "{answer:?}");
}

#[test]
fn passcodes_of_eight_digits_open_it_with_the_comma_and_without() {
    let machine = with_config("");
    let token = Token::hotp("12345678").digits(8);
    machine.pair(ALICE, &token);
    for (comma, press) in [(",", 0), ("", 1)] {
        let typed = format!("{}{comma}{}", ALICE.password, token.press(press));
        let answer = get(&machine, "alice", &typed);
        assert!(answer.greets("alice"), "{answer:?}");
    }
}

#[test]
fn a_wrong_passcode_is_refused_and_counted_and_the_right_one_opens() {
    let (machine, token) = paired();
    assert_eq!(
        get(&machine, "alice", &with_comma(&token.wrong())).status,
        401
    );
    assert_eq!(machine.user(ALICE)["failures"], 1);
    let log = String::from_utf8(machine.read("/var/log/nginx/error.log")).unwrap();
    assert!(log.contains("PAM: 'Wrong passcode.'"), "{log}");
    let answer = get(&machine, "alice", &with_comma(&token.press(0)));
    assert!(answer.greets("alice"), "{answer:?}");
}

#[test]
fn a_client_without_cookies_is_refused_at_its_second_request() {
    let (machine, token) = paired();
    let typed = with_comma(&token.press(0));
    assert!(get(&machine, "alice", &typed).greets("alice"));
    assert_eq!(get(&machine, "alice", &typed).status, 401);
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn with_its_cookie_a_client_stays_in_and_uses_one_passcode() {
    let (machine, token) = paired();
    let typed = with_comma(&token.press(0));
    for _ in 0..3 {
        assert!(get_with_cookies(&machine, "alice", &typed).greets("alice"));
    }
    assert_eq!(machine.events("granted").len(), 1);
}

#[test]
fn a_browser_shows_a_page_with_all_that_belongs_to_it() {
    let (machine, token) = paired();
    let mut browser = Browser::open_in(&machine);
    let who = format!("alice:{}", with_comma(&token.press(0)));
    let welcome = Place {
        at: "body",
        text: "welcome alice",
    };
    browser.open(&format!("https://{who}@localhost/"));
    browser.wait_for(&[welcome]);
    let picture = Place {
        at: "body",
        text: "picture for alice",
    };
    browser.open("https://localhost/picture");
    browser.wait_for(&[picture]);
    assert_eq!(machine.events("granted").len(), 1);
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn with_a_cookie_nobody_can_be_somebody_else() {
    let (machine, token) = paired();
    assert!(get_with_cookies(&machine, "alice", &with_comma(&token.press(0))).greets("alice"));
    let answer = get_with_cookies(&machine, "bob", "nonsense");
    assert!(answer.greets("alice"), "{answer:?}");
}

#[test]
fn a_cookie_that_somebody_made_up_opens_nothing_and_is_not_remembered() {
    let (machine, token) = paired();
    let cookie = format!("__Host-otpair={}", "0123456789abcdef".repeat(2));
    assert_eq!(curl(&machine, &["-b", &cookie]).status, 401);
    let who = format!("alice:{}", with_comma(&token.press(0)));
    let signed_on = curl(&machine, &["-b", &cookie, "-u", &who]);
    assert!(signed_on.greets("alice"), "{signed_on:?}");
    // Whoever planted that cookie in Alice's browser is not in with it.
    assert_eq!(curl(&machine, &["-b", &cookie]).status, 401);
}

#[test]
fn an_admin_ends_every_session_and_a_new_passcode_begins_another() {
    let (machine, token) = paired();
    let first = with_comma(&token.press(0));
    assert!(get_with_cookies(&machine, "alice", &first).greets("alice"));
    machine.done("sh", &["-euc", Page::read(PAGE).block("sh end")]);
    assert_eq!(get_with_cookies(&machine, "alice", &first).status, 401);
    let second = with_comma(&token.press(1));
    for _ in 0..2 {
        assert!(get_with_cookies(&machine, "alice", &second).greets("alice"));
    }
}

#[test]
fn a_locked_user_is_refused_until_an_admin_unlocks() {
    let (machine, token) = paired_under("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    assert_eq!(
        get(&machine, "alice", &with_comma(&token.wrong())).status,
        401
    );
    let right = with_comma(&token.press(0));
    assert_eq!(get(&machine, "alice", &right).status, 401);
    machine.admin(&["user", "unlock", "alice"]);
    let answer = get(&machine, "alice", &right);
    assert!(answer.greets("alice"), "{answer:?}");
}

#[test]
fn a_wrong_password_spends_and_counts_nothing() {
    let (machine, token) = paired();
    let passcode = token.press(0);
    for typed in [format!("wrong,{passcode}"), format!("wrong{passcode}")] {
        assert_eq!(get(&machine, "alice", &typed).status, 401);
    }
    assert_eq!(machine.events("denied").len(), 0);
    let answer = get(&machine, "alice", &with_comma(&passcode));
    assert!(answer.greets("alice"), "{answer:?}");
}

#[test]
fn the_password_alone_and_the_passcode_alone_open_nothing() {
    let (machine, token) = paired();
    let passcode = token.press(0);
    for typed in [ALICE.password, &*passcode, &*format!(",{passcode}"), ""] {
        assert_eq!(get(&machine, "alice", typed).status, 401, "{typed:?}");
    }
    assert_eq!(curl(&machine, &[]).status, 401);
}

#[test]
fn a_bypass_code_opens_the_site_once() {
    let (machine, _) = paired();
    let issued = machine.admin_json(&["user", "bypass", "alice"]);
    let typed = with_comma(issued["code"].as_str().expect("a bypass code"));
    assert!(get(&machine, "alice", &typed).greets("alice"));
    assert_eq!(get(&machine, "alice", &typed).status, 401);
}

#[test]
fn nobody_pairs_a_token_here_and_who_has_none_is_refused() {
    let machine = with_config("");
    let token = Token::hotp("22222222");
    machine.import(&[&token]);
    let pairing = format!("{},token 22222222 {}", BOB.password, token.press(0));
    assert_eq!(get(&machine, "bob", &pairing).status, 401);
    assert_eq!(get(&machine, "dave", DAVE.password).status, 401);
    assert_eq!(machine.token(&token)["state"], "available");
}

#[test]
fn an_exempt_user_gives_the_password_only() {
    let machine = with_config("[sign_on]\nexempt = [\"@staff\"]\n");
    let answer = get(&machine, "carol", CAROL.password);
    assert!(answer.greets("carol"), "{answer:?}");
}

#[test]
fn once_taken_out_again_nothing_is_left() {
    let machine = Machine::new();
    nginx::install(&machine);
    let files = [CONFIG_FILE, "/etc/group"];
    let before = files.map(|file| machine.done("grep", &["-v", "^$", file]));
    let page = Page::read(PAGE);
    page.follow(&machine);
    assert_ne!(
        files.map(|file| machine.done("grep", &["-v", "^$", file])),
        before
    );
    machine.done("sh", &["-euc", page.block("sh undo")]);
    assert_eq!(
        files.map(|file| machine.done("grep", &["-v", "^$", file])),
        before
    );
    for file in ["/etc/pam.d/nginx", "/etc/nginx/sites-enabled/inside"] {
        assert!(!machine.path(file).exists(), "{file} is still there");
    }
}
