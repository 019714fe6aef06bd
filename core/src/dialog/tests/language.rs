//! Dialogs in other languages than English.

use super::*;

fn speaking(language: Language) -> Policy {
    Policy {
        language,
        ..Policy::default()
    }
}

#[test]
fn prompts_and_messages_are_in_the_language_of_the_policy() {
    let mut memory = Memory::with_stock(&["1"]);
    let token = stock("1").token;
    let (far, next) = (otp(&token, STEP + 50), otp(&token, STEP + 51));
    let (lines, outcome) = play(
        &mut memory,
        &speaking(Language::German),
        account("alice"),
        NOW,
        &["1", &far, &next],
    );
    assert_eq!(
        lines,
        [
            "Seriennummer: ",
            "Passcode: ",
            "Ihr Token ist nicht mehr synchron. Warten Sie auf seinen nächsten Passcode und geben Sie diesen ein.",
            "Nächster Passcode: ",
            "Das Token 1 ist jetzt mit Ihrem Konto gekoppelt.",
        ]
    );
    assert_eq!(outcome, Outcome::Granted);
}

#[test]
fn what_stands_in_a_prompt_is_in_the_language_too_but_not_the_admins_own_texts() {
    let mut policy = Policy {
        messages: Messages::InPrompt,
        help: "Call 555.".into(),
        attempts: 2,
        ..speaking(Language::Japanese)
    };
    policy.prompts.passcode = Some("Code? ".into());
    let mut memory = Memory::with_token("alice", held("1"));
    let answers = ["000000", "000000", "ignored"];
    let (lines, _) = play(&mut memory, &policy, account("alice"), NOW, &answers);
    assert_eq!(
        lines,
        [
            "Code? ",
            "パスコードが違います。 Code? ",
            "パスコードが違います。 Call 555. Enterキーを押してください。 ",
        ]
    );
}

#[test]
fn whom_the_system_does_not_know_is_spoken_to_as_everybody_is() {
    for language in Language::ALL {
        let policy = speaking(language);
        let answers = ["000000", "000000", "000000"];
        let mut memory = Memory::with_token("alice", held("1"));
        let known = play(&mut memory, &policy, account("alice"), NOW, &answers);
        let stranger = play(&mut Memory::default(), &policy, None, NOW, &answers);
        assert_eq!(known, stranger);
    }
}
