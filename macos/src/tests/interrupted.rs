//! An engine that calls at the wrong moment, and panics inside: each invocation is answered exactly once.

use crate::screen::Pressed;
use crate::testing::{
    Engine, Given, Heard, ScreenIs, Script, after, asks_passcode, done, made, prompting,
};
use otpair_core::dialog::Outcome;
use std::sync::Arc;
use std::thread;

const ALLOW: Heard = Heard::Result(0);
const DENY: Heard = Heard::Result(1);
const CANCELED: Heard = Heard::Result(3);

/// A dialog that asks once and grants.
fn granting() -> Arc<Script> {
    Script::of([Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))]))])
}

/// How often the log says that nothing can be shown.
fn not_shown(script: &Script) -> usize {
    let log = script.seen.log.lock().unwrap();
    let says_so = |line: &&String| line.contains("the pane can't be shown");
    log.iter().filter(says_so).count()
}

#[test]
fn stopping_in_the_middle_denies_and_then_says_that_it_has_stopped() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
    assert_eq!(
        (script.closed(), *script.seen.dropped.lock().unwrap()),
        (1, 1)
    );
    script.type_in("123456");
    assert!(script.seen.answers.lock().unwrap().is_empty());
    assert_eq!(engine.heard().len(), 2);
}

#[test]
fn stopping_what_was_never_begun_or_has_ended_only_says_so() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = made(&script, &engine, c"prompt");
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(loaded.invoke(mechanism), 0);
    script.type_in("123456");
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(
        engine.heard(),
        [Heard::DidDeactivate, ALLOW, Heard::DidDeactivate]
    );
}

#[test]
fn destroying_in_the_middle_denies_before_it_returns_and_nothing_comes_after() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.destroy(mechanism), 0);
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    script.type_in("123456");
    script.press(Pressed::Cancel);
    assert_eq!(engine.heard(), [DENY]);
}

#[test]
fn a_second_invocation_answers_the_first_and_begins_with_nothing_of_it() {
    let parts = [(); 2].map(|()| Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))])));
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    script.type_in("123456");
    assert_eq!(engine.heard(), [DENY, ALLOW]);
    let begun = script.seen.begun.lock().unwrap();
    assert_ne!(begun[0].1, begun[1].1);
}

#[test]
fn a_mechanism_is_used_again_after_its_answer() {
    let parts = [
        Ok((done(Outcome::Refused), vec![])),
        Ok((done(Outcome::Granted), vec![])),
    ];
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [DENY, ALLOW]);
}

#[test]
fn after_its_answer_no_button_gives_another() {
    let (script, engine) = (granting(), Engine::of_alice());
    prompting(&script, &engine);
    script.type_in("123456");
    script.type_in("123456");
    script.press(Pressed::Cancel);
    assert_eq!((engine.heard(), script.closed()), (vec![ALLOW], 1));
}

#[test]
fn a_button_that_is_pressed_while_the_engine_stops_everything_takes_nothing_to_the_helper() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    let pressing = script.clone();
    engine.at_result(move || pressing.type_in("123456"));
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
    assert!(script.seen.answers.lock().unwrap().is_empty());
}

#[test]
fn while_an_answer_is_on_its_way_buttons_do_nothing_and_stopping_waits_for_nobody() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (arrived, let_on) = script.hold_answers();
    let (loaded, mechanism) = prompting(&script, &engine);
    thread::scope(|scope| {
        let typing = scope.spawn(|| script.type_in("123456"));
        arrived.recv().unwrap();
        script.type_in("654321");
        script.press(Pressed::Cancel);
        assert_eq!(engine.heard(), []);
        assert_eq!(loaded.deactivate(mechanism), 0);
        assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
        assert_eq!(script.closed(), 0);
        let_on.send(()).unwrap();
        typing.join().unwrap();
    });
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
    assert_eq!(
        (script.closed(), *script.seen.dropped.lock().unwrap()),
        (1, 1)
    );
    assert_eq!(*script.seen.answers.lock().unwrap(), ["123456"]);
}

#[test]
fn nothing_is_shown_any_more_when_the_engine_has_stopped_meanwhile() {
    let wrong = after("Wrong passcode.", true, asks_passcode());
    let script = Script::of([Ok((asks_passcode(), vec![Ok(wrong)]))]);
    let engine = Engine::of_alice();
    let (arrived, let_on) = script.hold_answers();
    let (loaded, mechanism) = prompting(&script, &engine);
    thread::scope(|scope| {
        let typing = scope.spawn(|| script.type_in("123456"));
        arrived.recv().unwrap();
        assert_eq!(loaded.destroy(mechanism), 0);
        let_on.send(()).unwrap();
        typing.join().unwrap();
    });
    assert_eq!(engine.heard(), [DENY]);
    assert_eq!(
        (script.seen.shown.lock().unwrap().len(), script.closed()),
        (1, 1)
    );
}

#[test]
fn a_pane_that_turns_out_on_another_thread_not_to_be_shown_denies_also_before_show_has_returned() {
    let (script, engine) = (granting(), Engine::of_alice());
    *script.screen.lock().unwrap() = ScreenIs::BreakingElsewhere;
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    assert_eq!(*script.seen.dropped.lock().unwrap(), 1);
    assert_eq!(not_shown(&script), 1);
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
}

#[test]
fn a_pane_that_turns_out_later_not_to_be_shown_denies_once() {
    let (script, engine) = (granting(), Engine::of_alice());
    prompting(&script, &engine);
    thread::scope(|scope| {
        scope.spawn(|| script.press(Pressed::CannotShow));
    });
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    script.press(Pressed::CannotShow);
    script.type_in("123456");
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    assert_eq!(not_shown(&script), 1);
}

#[test]
fn a_pane_that_can_not_be_shown_denies_also_while_an_answer_is_on_its_way() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (arrived, let_on) = script.hold_answers();
    prompting(&script, &engine);
    thread::scope(|scope| {
        let typing = scope.spawn(|| script.type_in("123456"));
        arrived.recv().unwrap();
        script.press(Pressed::CannotShow);
        let meanwhile = (engine.heard(), script.closed());
        let_on.send(()).unwrap();
        typing.join().unwrap();
        assert_eq!(meanwhile, (vec![DENY], 0));
    });
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
}

#[test]
fn a_pane_that_can_not_be_shown_after_the_engine_has_stopped_is_nobodys_fault() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.deactivate(mechanism), 0);
    script.press(Pressed::CannotShow);
    assert_eq!(loaded.destroy(mechanism), 0);
    script.press(Pressed::CannotShow);
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
    assert_eq!((script.closed(), not_shown(&script)), (1, 0));
}

#[test]
fn an_engine_may_destroy_the_mechanism_when_it_hears_that_nothing_can_be_shown() {
    let (script, engine) = (granting(), Engine::of_alice());
    *script.screen.lock().unwrap() = ScreenIs::BreakingElsewhere;
    let (loaded, mechanism) = made(&script, &engine, c"prompt");
    engine.at_result(move || assert_eq!(loaded.destroy(mechanism), 0));
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
}

#[test]
fn a_pane_that_comes_to_show_something_only_after_the_end_leaves_the_engine_alone() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert!(!script.leaves_the_engine_alone());
    assert_eq!(loaded.destroy(mechanism), 0);
    assert!(script.leaves_the_engine_alone());
}

#[test]
fn a_pane_leaves_the_engine_alone_also_while_somebody_else_is_still_to_close_it() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (arrived, let_on) = script.hold_answers();
    let (loaded, mechanism) = prompting(&script, &engine);
    thread::scope(|scope| {
        let typing = scope.spawn(|| script.type_in("123456"));
        arrived.recv().unwrap();
        let destroyed = loaded.destroy(mechanism);
        let meanwhile = (script.closed(), script.leaves_the_engine_alone());
        let_on.send(()).unwrap();
        typing.join().unwrap();
        assert_eq!((destroyed, meanwhile), (0, (0, true)));
    });
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
}

#[test]
fn a_second_invocation_has_a_pane_that_is_not_closed_with_the_firsts() {
    let parts = [(); 2].map(|()| Ok((asks_passcode(), vec![])));
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    assert!(!script.leaves_the_engine_alone());
}

#[test]
fn an_engine_may_destroy_the_mechanism_out_of_its_answer() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    engine.at_result(move || assert_eq!(loaded.destroy(mechanism), 0));
    script.type_in("123456");
    assert_eq!((engine.heard(), script.closed()), (vec![ALLOW], 1));
}

#[test]
fn an_engine_may_invoke_the_mechanism_again_out_of_its_answer() {
    let parts = [(); 2].map(|()| Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))])));
    let (script, engine) = (Script::of(parts), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    engine.at_result(move || assert_eq!(loaded.invoke(mechanism), 0));
    script.press(Pressed::Cancel);
    assert_eq!(engine.heard(), [CANCELED]);
    script.type_in("123456");
    assert_eq!(engine.heard(), [CANCELED, ALLOW]);
}

#[test]
fn destroying_waits_for_an_answer_that_another_thread_is_handing_over() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    let (handing, is_handing) = std::sync::mpsc::channel();
    let (let_on, open) = std::sync::mpsc::channel::<()>();
    let open = std::sync::Mutex::new(open);
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let handed = order.clone();
    engine.at_result(move || {
        handing.send(()).unwrap();
        open.lock().unwrap().recv().unwrap();
        handed.lock().unwrap().push("handed over");
    });
    thread::scope(|scope| {
        scope.spawn(|| script.type_in("123456"));
        is_handing.recv().unwrap();
        let destroying = scope.spawn(|| {
            assert_eq!(loaded.destroy(mechanism), 0);
            order.lock().unwrap().push("destroyed");
        });
        let_on.send(()).unwrap();
        destroying.join().unwrap();
    });
    assert_eq!(*order.lock().unwrap(), ["handed over", "destroyed"]);
    assert_eq!(engine.heard(), [ALLOW]);
}

#[test]
fn a_panic_while_the_first_page_is_shown_denies_and_stays_inside() {
    let (script, engine) = (granting(), Engine::of_alice());
    *script.screen.lock().unwrap() = ScreenIs::PanickingAtShow;
    let (loaded, mechanism) = prompting(&script, &engine);
    assert_eq!(engine.heard(), [DENY]);
    let log = script.seen.log.lock().unwrap().join("\n");
    assert!(log.contains("this is a bug"), "{log}");
    assert_eq!(loaded.destroy(mechanism), 0);
    assert_eq!(engine.heard(), [DENY]);
}

#[test]
fn a_panic_out_of_a_button_denies_and_stays_inside() {
    let (script, engine) = (granting(), Engine::of_alice());
    let (loaded, mechanism) = prompting(&script, &engine);
    script.type_in("panic");
    assert_eq!((engine.heard(), script.closed()), (vec![DENY], 1));
    script.type_in("123456");
    assert_eq!(loaded.deactivate(mechanism), 0);
    assert_eq!(engine.heard(), [DENY, Heard::DidDeactivate]);
}

#[test]
fn a_panic_while_the_pane_is_closed_denies_and_stays_inside() {
    let (script, engine) = (granting(), Engine::of_alice());
    *script.screen.lock().unwrap() = ScreenIs::PanickingAtClose;
    let (loaded, mechanism) = prompting(&script, &engine);
    script.type_in("123456");
    assert_eq!(engine.heard(), [DENY]);
    assert_eq!(loaded.destroy(mechanism), 0);
}

#[test]
fn a_panic_in_verify_denies_and_stays_inside() {
    let (script, engine) = (Script::arc(), Engine::of_alice());
    engine.set_context("username", Given::Bytes(b"panic\0".to_vec()));
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [DENY]);
}
