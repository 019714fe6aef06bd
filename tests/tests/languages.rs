//! The language that a person is spoken to in (docs/languages.md), through libpam.

use otpair_tests::dialog::{PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::scenario::{alice, machine_with_stock, paired};
use otpair_tests::token::Token;

const JAPANESE: &str = "LC_ALL=ja_JP.UTF-8";

/// A sign-on of Alice's in a program with this environment.
fn with_environment(variables: &[&str]) -> SignOn {
    alice().under(&[&["env"], variables].concat())
}

/// Pairs a token that is out of step: every prompt, and two messages, in order.
fn pairing(sign_on: &SignOn, config: &str, prompts: [&str; 3]) -> Vec<String> {
    let token = Token::hotp("12345678");
    let machine = machine_with_stock(&[&token]);
    machine.config(config);
    let answers = ["12345678", &token.press(50), &token.press(51)];
    let script: Vec<_> = prompts.into_iter().zip(answers).collect();
    sign_on.granted(&machine, &script).shown()
}

#[test]
fn without_the_key_everything_is_in_english_whatever_the_locale() {
    let prompts = [SERIAL, PASSCODE, "Next passcode: "];
    let shown = pairing(&with_environment(&[JAPANESE]), "", prompts);
    assert_eq!(
        shown,
        [
            "Serial number: ",
            "Passcode: ",
            "Your token is out of step. Wait for its next passcode and type that.",
            "Next passcode: ",
            "Token 12345678 is now paired with your account.",
        ]
    );
}

#[test]
fn with_a_language_in_the_config_everything_is_in_that() {
    let prompts = ["Seriennummer: ", "Passcode: ", "Nächster Passcode: "];
    let config = "[sign_on]\nlanguage = \"de\"\n";
    let shown = pairing(&with_environment(&[JAPANESE]), config, prompts);
    assert_eq!(
        shown[2],
        "Ihr Token ist nicht mehr synchron. Warten Sie auf seinen nächsten Passcode und geben Sie diesen ein."
    );
    assert_eq!(
        shown[4],
        "Das Token 12345678 ist jetzt mit Ihrem Konto gekoppelt."
    );
}

#[test]
fn auto_goes_by_the_locale_of_the_program() {
    let config = "[sign_on]\nlanguage = \"auto\"\n";
    let prompts = ["シリアル番号: ", "パスコード: ", "次のパスコード: "];
    let shown = pairing(&with_environment(&[JAPANESE]), config, prompts);
    assert_eq!(
        shown[4],
        "トークン 12345678 をお使いのアカウントに登録しました。"
    );
    let french = [
        "Numéro de série : ",
        "Code d'accès : ",
        "Code d'accès suivant : ",
    ];
    pairing(
        &with_environment(&["LC_MESSAGES=fr_FR.UTF-8"]),
        config,
        french,
    );
    // The machine's own locale is C.UTF-8.
    pairing(&alice(), config, [SERIAL, PASSCODE, "Next passcode: "]);
}

#[test]
fn a_service_has_a_language_of_its_own_and_a_prompt_of_the_admins_own_stands() {
    let (machine, token) = paired();
    machine.config(
        "[sign_on]\nlanguage = \"fr\"\nhelp = \"Call 4711.\"\n[prompts]\npasscode = \"Code? \"\n\
         [service.otpcodes]\nlanguage = \"es\"\nattempts = 1\n",
    );
    let script = [("Code? ", &*token.wrong())];
    let done = alice().hold(&machine, &script, "PAM_MAXTRIES");
    assert_eq!(
        done.messages(),
        ["Código de acceso incorrecto.", "Call 4711."]
    );
}

#[test]
fn what_stands_in_a_prompt_is_in_the_language_too() {
    let (machine, token) = paired();
    machine.config("[sign_on]\nlanguage = \"de\"\nattempts = 1\n");
    let mut dialog = alice().silent().begin(&machine);
    dialog.expect("Passcode: ");
    dialog.answer(&token.wrong());
    dialog.expect("Falscher Passcode. Drücken Sie die Eingabetaste. ");
    dialog.answer("");
    assert_eq!(dialog.finish().code, "PAM_MAXTRIES");
}

#[test]
fn the_helper_speaks_the_language_of_the_config_and_so_does_the_word_that_it_is_not_there() {
    let (machine, token) = paired();
    machine.config("[sign_on]\nlanguage = \"de\"\n");
    let user = [
        "setpriv",
        "--reuid",
        "alice",
        "--regid",
        "alice",
        "--init-groups",
    ];
    let by_alice = SignOn::of(ALICE).under(&user);
    let done = by_alice.hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    assert!(done.says("nicht bei Ihnen"), "{}", done.transcript());
    machine.serve_helper();
    let script = [(PASSCODE, &*token.wrong()), (PASSCODE, &*token.press(0))];
    let done = by_alice.granted(&machine, &script);
    assert_eq!(done.messages(), ["Falscher Passcode."]);
}

#[test]
fn the_config_is_shown_with_its_language_and_the_admin_tries_it_in_the_terminal() {
    let machine = Machine::new();
    let show = || machine.admin_json(&["config", "show"]);
    assert_eq!(show()["sign_on"].get("language"), None);
    machine.config("[sign_on]\nlanguage = \"es\"\n");
    assert_eq!(show()["sign_on"]["language"], "es");
    let tried = machine.run_with("otpair", &["sign-on", "alice"], "\n");
    let told = String::from_utf8_lossy(&tried.stderr).into_owned()
        + &String::from_utf8_lossy(&tried.stdout);
    assert!(told.contains("Número de serie: "), "{told}");
}
