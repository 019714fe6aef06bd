//! What the person at the login window sees.

use crate::screen::Pressed;
use crate::testing::{
    Engine, Heard, ScreenIs, Script, after, asks, asks_passcode, done, lost, prompting,
};
use otpair_core::dialog::{Asked, Outcome};
use otpair_core::language::Language;
use otpair_core::policy::Prompts;
use otpair_core::wording::Phrase;
use std::sync::Arc;

const ALLOW: Heard = Heard::Result(0);
const DENY: Heard = Heard::Result(1);
const CANCELED: Heard = Heard::Result(3);

/// The button after a refusal.
fn back() -> &'static str {
    Phrase::Back.text(Language::English)
}

#[test]
fn a_paired_user_types_a_passcode() {
    let script = Script::of([Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))]))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    let page = script.page();
    let field = page.field.unwrap();
    assert_eq!((field.label.as_str(), field.echo), ("Passcode", false));
    assert_eq!(
        (page.message, page.cancel.as_deref()),
        (None, Some("Cancel"))
    );
    assert_eq!(engine.heard(), []);
    script.type_in("123456");
    assert_eq!((engine.heard(), script.closed()), (vec![ALLOW], 1));
    assert_eq!(*script.seen.answers.lock().unwrap(), ["123456"]);
}

#[test]
fn a_new_user_types_the_serial_number_and_then_a_passcode() {
    let serial = asks(Asked::Serial, "Serial number: ");
    let passcode = asks(Asked::PairingPasscode, "Passcode: ");
    let paired = after(
        "Token 1 is now paired with your account.",
        false,
        done(Outcome::Granted),
    );
    let script = Script::of([Ok((serial, vec![Ok(passcode), Ok(paired)]))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    let field = script.page().field.unwrap();
    assert_eq!((field.label.as_str(), field.echo), ("Serial number", true));
    script.type_in("12345678");
    assert_eq!(script.page().field.unwrap().label, "Passcode");
    script.type_in("123456");
    // The grant counts for a minute: no page stands between it and verify.
    assert_eq!(
        (engine.heard(), script.seen.shown.lock().unwrap().len()),
        (vec![ALLOW], 2)
    );
}

#[test]
fn a_wrong_passcode_is_tried_again_in_place() {
    let wrong = after("Wrong passcode.", true, asks_passcode());
    let next = after(
        "Out of step.",
        true,
        asks(Asked::NextPasscode, "Next passcode: "),
    );
    let replies = vec![Ok(wrong), Ok(next), Ok(done(Outcome::Granted))];
    let script = Script::of([Ok((asks_passcode(), replies))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    script.type_in("1");
    assert_eq!(script.message(), "Wrong passcode.");
    assert!(script.page().message.unwrap().is_refusal);
    script.type_in("2");
    assert_eq!(script.page().field.unwrap().label, "Next passcode");
    assert_eq!((engine.heard(), script.closed()), (vec![], 0));
    script.type_in("3");
    assert_eq!(engine.heard(), [ALLOW]);
}

#[test]
fn after_the_last_attempt_the_person_reads_why_and_goes_back() {
    let refused = after("Wrong passcode.", true, done(Outcome::TooManyTries));
    let refused = after("Call 1234.", true, refused);
    let script = Script::of([Ok((asks_passcode(), vec![Ok(refused)]))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    script.type_in("1");
    let page = script.page();
    assert_eq!(script.message(), "Wrong passcode. Call 1234.");
    assert_eq!(
        (page.field, page.go_on.as_str(), page.cancel),
        (None, back(), None)
    );
    assert_eq!(engine.heard(), []);
    script.type_in("");
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
}

#[test]
fn a_locked_user_is_told_at_once() {
    let locked = after("Locked.", true, done(Outcome::TooManyTries));
    let (script, engine) = (Script::of([Ok((locked, vec![]))]), Engine::of_alice());
    prompting(&script, &engine);
    assert_eq!(
        (script.message().as_str(), engine.heard()),
        ("Locked.", vec![])
    );
    script.press(Pressed::Cancel);
    assert_eq!(engine.heard(), [CANCELED]);
}

#[test]
fn whoever_is_let_in_with_a_reminder_reads_it_and_goes_on() {
    let reminded = after(
        "You need a token from May on.",
        false,
        done(Outcome::NotAsked),
    );
    let (script, engine) = (Script::of([Ok((reminded, vec![]))]), Engine::of_alice());
    prompting(&script, &engine);
    let page = script.page();
    let button = Phrase::ContinueWithout.text(Language::English);
    assert_eq!(page.go_on, button);
    assert!(!page.message.unwrap().is_refusal);
    assert_eq!(engine.heard(), []);
    script.type_in("");
    assert_eq!(engine.heard(), [ALLOW]);
}

#[test]
fn whoever_needs_no_token_sees_nothing() {
    let (script, engine) = (
        Script::of([Ok((done(Outcome::NotAsked), vec![]))]),
        Engine::of_alice(),
    );
    prompting(&script, &engine);
    assert_eq!(engine.heard(), [ALLOW]);
    assert!(script.seen.shown.lock().unwrap().is_empty());
}

#[test]
fn cancel_goes_back_without_a_word_of_a_wrong_password() {
    let (script, engine) = (
        Script::of([Ok((asks_passcode(), vec![]))]),
        Engine::of_alice(),
    );
    prompting(&script, &engine);
    script.press(Pressed::Cancel);
    assert_eq!((engine.heard(), script.closed()), (vec![CANCELED], 1));
    assert_eq!(*script.seen.dropped.lock().unwrap(), 1);
}

#[test]
fn a_dialog_that_is_lost_begins_anew_in_place_under_the_same_number() {
    let parts = [
        Ok((asks_passcode(), vec![Err(lost())])),
        Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))])),
    ];
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    prompting(&script, &engine);
    script.type_in("111111");
    assert!(
        script.message().contains("interrupted"),
        "{}",
        script.message()
    );
    assert_eq!((engine.heard(), script.closed()), (vec![], 0));
    script.type_in("222222");
    assert_eq!(engine.heard(), [ALLOW]);
    assert_eq!(*script.seen.answers.lock().unwrap(), ["111111", "222222"]);
    let begun = script.seen.begun.lock().unwrap();
    assert_eq!(begun[0], begun[1]);
}

#[test]
fn a_dialog_that_is_lost_for_good_ends_with_a_page_that_says_so() {
    let parts = [Ok((asks_passcode(), vec![Err(lost())])), Err(lost())];
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    prompting(&script, &engine);
    script.type_in("111111");
    assert!(script.message().contains("fault of this machine"));
    script.type_in("");
    assert_eq!(engine.heard(), [DENY]);
}

#[test]
fn without_a_helper_a_page_says_so_before_the_denial() {
    let (script, engine) = (Script::of([Err(lost())]), Engine::of_alice());
    prompting(&script, &engine);
    let page = script.page();
    assert!(script.message().contains("fault of this machine"));
    assert_eq!((page.field, page.go_on.as_str()), (None, back()));
    assert_eq!(engine.heard(), []);
    script.type_in("");
    assert_eq!(engine.heard(), [DENY]);
    let log = script.seen.log.lock().unwrap().join("\n");
    assert!(log.contains("the helper went away"), "{log}");
}

#[test]
fn what_can_not_be_shown_is_denied_at_once() {
    let wrong = || after("Wrong passcode.", true, asks_passcode());
    for (screen, typed) in [
        (ScreenIs::Missing, 0),
        (ScreenIs::BreakingAfter(0), 0),
        (ScreenIs::BreakingAfter(1), 1),
    ] {
        let script = Script::of([Ok((asks_passcode(), vec![Ok(wrong())]))]);
        let engine = Engine::of_alice();
        *script.screen.lock().unwrap() = screen;
        prompting(&script, &engine);
        for _ in 0..typed {
            assert_eq!(engine.heard(), []);
            script.type_in("1");
        }
        assert_eq!(engine.heard(), [DENY], "{screen:?}");
        assert_eq!(*script.seen.dropped.lock().unwrap(), 1);
    }
}

#[test]
fn words_of_the_config_stand_in_place_of_the_panes_own() {
    let own = asks(Asked::Passcode, "Code of the little grey thing: ");
    let (script, engine) = (Script::of([Ok((own, vec![]))]), Engine::of_alice());
    prompting(&script, &engine);
    assert_eq!(script.page().explanation, "Code of the little grey thing:");
}

#[test]
fn the_pane_speaks_the_dialogs_language() {
    let german = asks(Asked::Serial, Prompts::default().serial(Language::German));
    let mut script = Script::new([Ok((german, vec![]))]);
    script.language = Language::German;
    let (script, engine) = (Arc::new(script), Engine::of_alice());
    prompting(&script, &engine);
    let page = script.page();
    let german = |phrase: Phrase| phrase.text(Language::German);
    assert_eq!(page.title, german(Phrase::Title));
    assert_eq!(page.explanation, german(Phrase::ExplainSerial));
}

#[test]
fn messages_in_prompts_are_shown_also_the_last_one() {
    let carried = asks(Asked::Passcode, "Wrong passcode. Passcode: ");
    let last = asks(Asked::Nothing, "Wrong passcode. Press Return.");
    let replies = vec![Ok(carried), Ok(last), Ok(done(Outcome::TooManyTries))];
    let script = Script::of([Ok((asks_passcode(), replies))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    script.type_in("1");
    assert_eq!(script.page().explanation, "Wrong passcode. Passcode:");
    script.type_in("2");
    assert_eq!(script.message(), "Wrong passcode. Press Return.");
    assert_eq!(script.page().field, None);
    script.type_in("");
    assert_eq!(engine.heard(), [DENY]);
}
