//! Entries and references: null, unknown, late.

use crate::engine::ffi::{Callbacks, INTERNAL};
use crate::testing::ffi::{Loaded, Reference, create_nowhere, short_table, whole_table};
use crate::testing::{Engine, Heard, Script, asks_passcode, done, made, prompting};
use otpair_core::dialog::Outcome;
use std::thread;

const ALLOW: Heard = Heard::Result(0);
const DENY: Heard = Heard::Result(1);

fn loaded(script: &std::sync::Arc<Script>) -> Loaded {
    Loaded::with(script.clone(), Some(Box::new(whole_table()))).unwrap()
}

#[test]
fn the_interface_is_of_version_0_and_its_creation_is_logged_with_the_engines_version() {
    let script = Script::arc();
    assert_eq!(loaded(&script).version(), 0);
    assert!(script.seen.log.lock().unwrap()[0].contains("version is 4"));
}

#[test]
fn a_plugin_without_a_place_or_a_table_is_not_made() {
    assert_eq!(create_nowhere(), [INTERNAL; 3]);
}

#[test]
fn a_plugin_that_could_not_answer_is_not_made() {
    let script = Script::arc();
    let table = Callbacks {
        set_result: None,
        ..whole_table()
    };
    let refused = Loaded::with(script.clone(), Some(Box::new(table)));
    assert_eq!(refused.err(), Some(INTERNAL));
    assert!(script.seen.log.lock().unwrap()[0].contains("no way to be answered"));
}

#[test]
fn a_table_of_version_0_ends_early_and_is_not_read_beyond() {
    let script = Script::of([Ok((done(Outcome::Granted), vec![]))]);
    let engine = Engine::of_alice();
    let loaded = Loaded::with(script.clone(), Some(short_table())).unwrap();
    let mechanism = loaded.make(Some(&engine), Some(c"prompt")).unwrap();
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [ALLOW]);
    assert!(script.seen.log.lock().unwrap()[0].contains("version is 0"));
}

#[test]
fn without_the_functions_for_values_everything_is_denied_and_nothing_crashes() {
    for name in [c"prompt", c"verify"] {
        let (script, engine) = (Script::arc(), Engine::of_alice());
        let table = Callbacks {
            did_deactivate: None,
            get_context_value: None,
            get_hint_value: None,
            set_hint_value: None,
            ..whole_table()
        };
        let loaded = Loaded::with(script, Some(Box::new(table))).unwrap();
        let mechanism = loaded.make(Some(&engine), Some(name)).unwrap();
        assert_eq!(loaded.invoke(mechanism), 0);
        assert_eq!(loaded.deactivate(mechanism), 0);
        assert_eq!(engine.heard(), [DENY]);
    }
}

#[test]
fn a_mechanism_that_the_plugin_has_not_is_not_made() {
    let (loaded, engine) = (loaded(&Script::arc()), Engine::of_alice());
    for name in [
        c"",
        c"Prompt",
        c"prompt,privileged",
        c"verify ",
        c"otpair:verify",
    ] {
        let refused = loaded.make(Some(&engine), Some(name));
        assert_eq!(refused.err(), Some(INTERNAL), "{name:?}");
    }
}

#[test]
fn a_mechanism_without_an_engine_or_a_name_is_not_made() {
    let (loaded, engine) = (loaded(&Script::arc()), Engine::of_alice());
    assert_eq!(loaded.make(None, Some(c"verify")).err(), Some(INTERNAL));
    assert_eq!(loaded.make(Some(&engine), None).err(), Some(INTERNAL));
}

#[test]
fn calls_on_nothing_are_errors() {
    let loaded = loaded(&Script::arc());
    let null = Reference::NULL;
    let nowhere = loaded.of_no_plugin();
    let statuses = [
        loaded.invoke(null),
        loaded.deactivate(null),
        loaded.destroy(null),
        nowhere.unload(),
    ];
    assert_eq!(statuses, [INTERNAL; 4]);
    let made = nowhere.make(Some(&Engine::of_alice()), Some(c"verify"));
    assert_eq!(made.err(), Some(INTERNAL));
}

#[test]
fn calls_after_the_end_are_errors_and_reach_nobody() {
    let (script, engine) = (Script::arc(), Engine::of_alice());
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.destroy(mechanism), 0);
    assert_eq!(loaded.unload(), 0);
    let late = [
        loaded.invoke(mechanism),
        loaded.deactivate(mechanism),
        loaded.destroy(mechanism),
        loaded.unload(),
    ];
    assert_eq!(late, [INTERNAL; 4]);
    let made = loaded.make(Some(&engine), Some(c"verify"));
    assert_eq!(made.err(), Some(INTERNAL));
    assert_eq!(engine.heard(), []);
}

#[test]
fn a_mechanism_outlives_the_plugin() {
    let (script, engine) = (Script::arc(), Engine::of_alice());
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.unload(), 0);
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [DENY]);
}

#[test]
fn two_mechanisms_at_a_time_know_nothing_of_each_other() {
    let scripts = [(); 2].map(|()| Script::of([Ok((asks_passcode(), vec![]))]));
    let engines = [(); 2].map(|()| Engine::of_alice());
    let (first, mechanism) = prompting(&scripts[0], &engines[0]);
    let (_second, _) = prompting(&scripts[1], &engines[1]);
    assert_eq!(first.destroy(mechanism), 0);
    assert_eq!(engines[0].heard(), [DENY]);
    assert_eq!(engines[1].heard(), []);
    let tickets = scripts
        .each_ref()
        .map(|script| script.seen.begun.lock().unwrap()[0].1.clone());
    assert_ne!(tickets[0], tickets[1]);
}

#[test]
fn each_call_may_come_on_a_thread_of_its_own() {
    let script = Script::of([Ok((asks_passcode(), vec![Ok(done(Outcome::Granted))]))]);
    let engine = Engine::of_alice();
    let (loaded, mechanism) = made(&script, &engine, c"prompt");
    let on_another =
        |call: &(dyn Fn() -> i32 + Sync)| thread::scope(|scope| scope.spawn(call).join().unwrap());
    assert_eq!(on_another(&|| loaded.invoke(mechanism)), 0);
    thread::scope(|scope| scope.spawn(|| script.type_in("123456")).join().unwrap());
    assert_eq!(on_another(&|| loaded.deactivate(mechanism)), 0);
    assert_eq!(on_another(&|| loaded.destroy(mechanism)), 0);
    assert_eq!(engine.heard(), [ALLOW, Heard::DidDeactivate]);
}
