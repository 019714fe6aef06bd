//! Section 2 of the contract, "The sign-on, as a person sees it", through libpam: the prompts, and rules 1 to 5,
//! who is asked for what, and pairing. Rules 6 to 11 are in `rules_section2_passcodes.rs`.

use otpair_tests::dialog::{Done, NEXT, PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{ALICE, BOB, CAROL, IGNORED, Machine, User};
use otpair_tests::scenario::{
    T, alice, machine_with_dated, machine_with_paired, machine_with_stock,
};
use otpair_tests::token::Token;

// The prompts, word for word.

#[test]
fn the_prompts_are_those_of_the_contract_and_only_the_serial_number_is_echoed() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let done = alice().granted(
        &machine,
        &[
            (SERIAL, "12345678"),
            (PASSCODE, &token.press(500)),
            (NEXT, &token.press(501)),
        ],
    );
    let prompts: Vec<_> = done
        .styled()
        .into_iter()
        .filter(|(style, _)| style.starts_with("echo"))
        .collect();
    let expected = [
        ("echo_on", "Serial number: "),
        ("echo_off", "Passcode: "),
        ("echo_off", "Next passcode: "),
    ];
    assert_eq!(
        prompts,
        expected.map(|(style, text)| (style.to_owned(), text.to_owned()))
    );
}

#[test]
fn echo_passcode_shows_passcodes_as_they_are_typed() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.config("[sign_on]\necho_passcode = true\n");
    let done = alice().granted(
        &machine,
        &[(PASSCODE, &token.press(500)), (NEXT, &token.press(501))],
    );
    assert!(
        done.styled().iter().all(|(style, _)| style != "echo_off"),
        "{}",
        done.transcript()
    );
}

#[test]
fn each_prompt_may_be_replaced_in_the_config() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    machine.config(
        "[prompts]\nserial = \"Number? \"\npasscode = \"Code? \"\nnext_passcode = \"And then? \"\n",
    );
    let passcodes = (token.press(50), token.press(51));
    let script = [
        ("Number? ", "12345678"),
        ("Code? ", &passcodes.0),
        ("And then? ", &passcodes.1),
    ];
    alice().granted(&machine, &script);
}

// Rule 1: out of scope, nothing is asked; PAM_IGNORE, never SUCCESS.

#[test]
fn an_exempt_user_is_asked_nothing_and_ignored() {
    let machine = Machine::new();
    machine.config("[sign_on]\nexempt = [\"carol\"]\n");
    SignOn::of(CAROL).hold(&machine, &[], IGNORED);
    machine.config("[sign_on]\nrequired_for = [\"@staff\"]\nexempt = [\"carol\"]\n");
    SignOn::of(CAROL).hold(&machine, &[], IGNORED);
}

#[test]
fn a_user_whom_required_for_does_not_name_is_asked_nothing_and_ignored() {
    let machine = Machine::new();
    machine.config("[sign_on]\nrequired_for = [\"bob\", \"@staff\"]\nunpaired = \"deny\"\n");
    alice().hold(&machine, &[], IGNORED);
    SignOn::of(BOB).hold(&machine, &[], "PAM_AUTH_ERR");
    SignOn::of(CAROL).hold(&machine, &[], "PAM_AUTH_ERR");
}

#[test]
fn a_user_from_a_trusted_network_is_asked_nothing_and_ignored() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"deny\"\n[service.otpcodes]\ntrusted_networks = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n");
    for trusted in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
        alice().from(trusted).hold(&machine, &[], IGNORED);
    }
    for other in ["", "11.0.0.1", "10.1.2.3.example.com", "localhost"] {
        alice().from(other).hold(&machine, &[], "PAM_AUTH_ERR");
    }
    alice().hold(&machine, &[], "PAM_AUTH_ERR");
}

#[test]
fn a_group_that_cannot_be_looked_up_requires_and_does_not_exempt() {
    let machine = Machine::new();
    machine.config("[sign_on]\nrequired_for = [\"@gone\"]\nunpaired = \"deny\"\n");
    alice().hold(&machine, &[], "PAM_AUTH_ERR");
    machine.config("[sign_on]\nexempt = [\"@gone\"]\nunpaired = \"deny\"\n");
    alice().hold(&machine, &[], "PAM_AUTH_ERR");
}

// Rule 2: who is asked for a passcode.

#[test]
fn an_unpaired_user_with_a_live_bypass_code_is_asked_for_a_passcode() {
    let machine = Machine::new();
    let code = bypass_code(&machine, ALICE);
    alice().granted(&machine, &[(PASSCODE, &code)]);
    let mut next = alice().begin(&machine);
    next.expect(SERIAL);
    next.hang_up();
    next.finish();
}

fn bypass_code(machine: &Machine, user: User) -> String {
    let issued = machine.admin_json(&["user", "bypass", user.name]);
    issued["code"].as_str().expect("a bypass code").to_owned()
}

#[test]
fn a_bypass_code_is_accepted_at_the_passcode_prompt_in_any_spelling() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    let code = bypass_code(&machine, ALICE);
    alice().granted(
        &machine,
        &[(PASSCODE, &code.replace('-', "").to_lowercase())],
    );
    assert_eq!(machine.events("bypass_used").len(), 1);
}

#[test]
fn a_bypass_code_is_asked_for_again_after_a_failed_pairing() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let code = bypass_code(&machine, ALICE);
    let failed = format!("token 12345678 {}", token.wrong());
    alice().granted(&machine, &[(PASSCODE, &failed), (PASSCODE, &code)]);
    assert_eq!(machine.events("bypass_used").len(), 1);
    assert_eq!(machine.serials(ALICE), Vec::<String>::new());
}

#[test]
fn a_user_whose_token_is_disabled_counts_as_paired_and_is_refused() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    machine.admin(&["token", "disable", "12345678"]);
    let passcodes = [token.press(0), token.press(1), token.press(2)];
    let script: Vec<_> = passcodes
        .iter()
        .map(|passcode| (PASSCODE, passcode.as_str()))
        .collect();
    alice().hold(&machine, &script, "PAM_MAXTRIES");
    machine.admin(&["token", "enable", "12345678"]);
    alice().granted(&machine, &[(PASSCODE, &token.press(3))]);
}

#[test]
fn a_user_whose_token_is_expired_counts_as_paired_and_is_refused() {
    let token = Token::hotp("12345678");
    let machine = machine_with_dated(&token);
    let script = [(SERIAL, "12345678"), (PASSCODE, &*token.press(0))];
    alice().at_time(T).granted(&machine, &script);
    let passcodes = [1, 2, 3].map(|counter| token.press(counter));
    let script = passcodes
        .each_ref()
        .map(|passcode| (PASSCODE, passcode.as_str()));
    alice()
        .at_time(T + 30 * 86_400)
        .hold(&machine, &script, "PAM_MAXTRIES");
    assert_eq!(machine.serials(ALICE), ["12345678"]);
}

// Rule 3: a user without a token.

#[test]
fn a_serial_number_and_a_passcode_pair_the_token_and_sign_on_in_one_go() {
    let token = Token::totp("12345678");
    let machine = machine_with_stock(&[&token]);
    let script = [(SERIAL, "12345678"), (PASSCODE, &*token.at(T))];
    alice().at_time(T).granted(&machine, &script);
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    assert_eq!(machine.token(&token)["state"], "paired");
    assert_eq!(machine.events("paired").len(), 1);
    alice()
        .at_time(T + 30)
        .granted(&machine, &[(PASSCODE, &token.at(T + 30))]);
}

#[test]
fn the_passcode_that_paired_a_token_is_spent() {
    let token = Token::totp("12345678");
    let machine = machine_with_stock(&[&token]);
    alice()
        .at_time(T)
        .granted(&machine, &[(SERIAL, "12345678"), (PASSCODE, &token.at(T))]);
    let again = alice().at_time(T).granted(
        &machine,
        &[(PASSCODE, &token.at(T)), (PASSCODE, &token.at(T + 30))],
    );
    assert!(again.says("already used"), "{}", again.transcript());
}

#[test]
fn unpaired_deny_says_where_to_turn_and_denies() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"deny\"\nhelp = \"Call extension 4711.\"\n");
    let done = alice().hold(&machine, &[], "PAM_AUTH_ERR");
    assert!(done.says("Call extension 4711."), "{}", done.transcript());
}

#[test]
fn unpaired_allow_reminds_and_is_ignored_until_its_date_and_then_means_pair() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = 2027-01-20\n");
    let done = alice().at_time(T).hold(&machine, &[], IGNORED);
    assert!(
        !done.messages().is_empty(),
        "nobody was reminded: {}",
        done.transcript()
    );
    let mut later = alice().at_time(T + 7 * 86_400).begin(&machine);
    later.expect(SERIAL);
    later.hang_up();
    assert_eq!(later.finish().code, "PAM_CONV_ERR");
}

#[test]
fn unpaired_allow_without_a_date_is_a_config_fault() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"allow\"\n");
    alice().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
}

#[test]
fn only_the_first_token_is_paired_at_a_prompt_and_more_by_the_admin() {
    let (first, second) = (Token::hotp("11111111"), Token::hotp("22222222"));
    let machine = machine_with_paired(&first);
    machine.import(&[&second]);
    let once = machine.otpair(&["user", "pair", "alice", "22222222"]);
    assert_eq!(once.status.code(), Some(1), "max_tokens_per_user is 1");
    machine.config("[sign_on]\nmax_tokens_per_user = 2\n");
    let all_in_one = format!("token 22222222 {}", second.press(0));
    alice().granted(
        &machine,
        &[(PASSCODE, &all_in_one), (PASSCODE, &first.press(0))],
    );
    assert_eq!(machine.serials(ALICE), ["11111111"]);
    machine.admin(&["user", "pair", "alice", "22222222"]);
    assert_eq!(machine.serials(ALICE).len(), 2);
}

// Rule 4: what may be typed at the serial number's prompt.

#[test]
fn a_serial_number_may_be_typed_in_each_of_the_taught_ways() {
    for typed in [
        "12345678",
        "token 12345678",
        " TOKEN  12345678 ",
        "1234-5678",
        "1234 5678",
    ] {
        let token = Token::hotp("12345678");
        let machine = machine_with_stock(&[&token]);
        alice().granted(&machine, &[(SERIAL, typed), (PASSCODE, &token.press(0))]);
    }
}

#[test]
fn serial_numbers_compare_without_regard_to_case_spaces_and_hyphens() {
    let token = Token::hotp("FT-12 ab");
    let machine = machine_with_stock(&[&token]);
    alice().granted(&machine, &[(SERIAL, "ft12AB"), (PASSCODE, &token.press(0))]);
}

#[test]
fn other_asks_again_for_the_serial_number() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    alice().granted(
        &machine,
        &[
            (SERIAL, "other"),
            (SERIAL, "token 12345678"),
            (PASSCODE, &token.press(0)),
        ],
    );
}

#[test]
fn the_first_other_is_free_and_each_further_one_uses_an_attempt() {
    let machine = Machine::new();
    let script = [
        (SERIAL, "other"),
        (SERIAL, "other"),
        (SERIAL, "OTHER"),
        (SERIAL, "other"),
    ];
    alice().hold(&machine, &script, "PAM_MAXTRIES");
}

#[test]
fn serial_number_and_passcode_in_one_answer_pair_and_sign_on() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let typed = format!("token 12345678 {}", token.press(0));
    alice().granted(&machine, &[(SERIAL, &typed)]);
    assert_eq!(machine.serials(ALICE), ["12345678"]);
}

// Rule 5: the inventory can't be probed.

#[test]
fn in_pairing_every_refusal_looks_the_same() {
    let (held, reserved, disabled, free) = (
        Token::hotp("11111111"),
        Token::hotp("22222222"),
        Token::hotp("33333333"),
        Token::hotp("44444444"),
    );
    let machine = machine_with_stock(&[&held, &reserved, &disabled, &free]);
    machine.admin(&["user", "pair", "bob", "11111111"]);
    machine.admin(&["token", "reserve", "22222222", "bob"]);
    machine.admin(&["token", "disable", "33333333"]);
    machine.config("[throttle]\nmax_failures = 1000\nmax_total = 1000\n");
    let seen: Vec<_> = [
        ("99999999", "123456".to_owned()),
        ("11111111", held.press(0)),
        ("22222222", reserved.press(0)),
        ("33333333", disabled.press(0)),
        ("44444444", free.wrong()),
    ]
    .iter()
    .map(|(serial, passcode)| refused_in_pairing(&machine, serial, passcode).styled())
    .collect();
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    assert_eq!(machine.serials(ALICE), Vec::<String>::new());
    assert_eq!(machine.user(ALICE)["failures"], 15);
}

#[test]
fn a_reserved_token_is_paired_by_its_own_user() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    machine.admin(&["token", "reserve", "12345678", "alice"]);
    alice().granted(
        &machine,
        &[(SERIAL, "12345678"), (PASSCODE, &token.press(0))],
    );
}

#[test]
fn two_people_who_pair_one_token_at_the_same_time_do_not_both_get_it() {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    let mut dialogs = [ALICE, BOB].map(|user| SignOn::of(user).begin(&machine));
    for dialog in &mut dialogs {
        dialog.expect(SERIAL);
        dialog.answer("12345678");
        dialog.expect(PASSCODE);
    }
    let [mut hers, mut his] = dialogs;
    hers.answer(&token.press(0));
    assert_eq!(hers.finish().code, "PAM_SUCCESS");
    his.answer(&token.press(1));
    his.expect(SERIAL);
    his.hang_up();
    his.finish();
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    assert_eq!(machine.serials(BOB), Vec::<String>::new());
}

#[test]
fn in_pairing_a_spent_passcode_looks_like_a_wrong_one() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    alice().granted(&machine, &[(PASSCODE, &token.press(3))]);
    machine.admin(&["user", "unpair", "alice"]);
    let spent = refused_in_pairing(&machine, "12345678", &token.press(3)).styled();
    machine.admin(&["user", "unlock", "alice"]);
    let wrong = refused_in_pairing(&machine, "12345678", &token.wrong()).styled();
    assert_eq!(spent, wrong);
}

fn refused_in_pairing(machine: &Machine, serial: &str, passcode: &str) -> Done {
    let once = [(SERIAL, serial), (PASSCODE, passcode)];
    alice().hold(machine, &[once, once, once].concat(), "PAM_MAXTRIES")
}
