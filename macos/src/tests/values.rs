//! What the engine carries: whose sign-on it is, and its number.

use crate::prompt::SIGN_ON;
use crate::testing::{Engine, Given, Heard, Script, done, made, prompting};
use otpair_core::dialog::Outcome;
use std::sync::Arc;

const ALLOW: Heard = Heard::Result(0);
const DENY: Heard = Heard::Result(1);

/// Surroundings in which everybody is verified.
fn verifying() -> Arc<Script> {
    let mut script = Script::new([]);
    script.verifies = true;
    Arc::new(script)
}

/// What a name in the context leads to, of both mechanisms.
fn named(given: Option<&Given>) -> [Vec<Heard>; 2] {
    [c"prompt", c"verify"].map(|name| {
        let mut script = Script::new([Ok((done(Outcome::Granted), vec![]))]);
        script.verifies = true;
        let (script, engine) = (Arc::new(script), Engine::of_alice());
        match given {
            Some(given) => engine.set_context("username", given.clone()),
            None => engine.forget("username"),
        }
        // A hint of that name is anybody's word.
        engine.hint_set("username", b"root\0");
        let (loaded, mechanism) = made(&script, &engine, name);
        assert_eq!(loaded.invoke(mechanism), 0);
        engine.heard()
    })
}

#[test]
fn a_missing_or_damaged_name_denies() {
    let damaged = [
        Given::NoValue,
        Given::NoData,
        Given::Length(0),
        Given::Length(usize::MAX),
        Given::Length(1 << 40),
        Given::Bytes(vec![0]),
        Given::Bytes(vec![0xff, 0xfe, 0]),
        Given::Bytes(vec![b'a'; 1 << 20]),
    ];
    for given in damaged.iter().map(Some).chain([None]) {
        let name = format!("{given:?}").chars().take(40).collect::<String>();
        assert_eq!(named(given), [[DENY], [DENY]], "{name}");
    }
}

#[test]
fn a_name_without_a_nul_and_one_with_more_after_it_are_read() {
    for name in [&b"alice"[..], b"alice\0", b"alice\0bob\0"] {
        let heard = named(Some(&Given::Bytes(name.to_vec())));
        assert_eq!(heard, [[ALLOW], [ALLOW]], "{name:?}");
    }
}

#[test]
fn a_failing_engine_is_denied_once_and_that_is_logged() {
    for name in [c"prompt", c"verify"] {
        let (script, engine) = (Script::arc(), Engine::of_alice());
        engine.fail();
        let (loaded, mechanism) = made(&script, &engine, name);
        assert_eq!(loaded.invoke(mechanism), 0);
        assert_eq!(engine.heard(), [DENY]);
        let log = script.seen.log.lock().unwrap();
        let failed = log.iter().filter(|line| line.contains("-60008"));
        assert!(failed.count() > 0, "{log:?}");
    }
}

#[test]
fn the_number_that_the_helper_gets_is_left_for_verify_with_its_nul() {
    let script = Script::of([Ok((done(Outcome::NotAsked), vec![]))]);
    let engine = Engine::of_alice();
    prompting(&script, &engine);
    let (user, ticket) = script.seen.begun.lock().unwrap()[0].clone();
    assert_eq!(user, "alice");
    let hint = engine.hint(SIGN_ON.to_str().unwrap()).unwrap();
    assert_eq!(hint, format!("{ticket}\0").as_bytes());
}

#[test]
fn verify_is_told_of_user_user_id_and_number() {
    let (script, engine) = (verifying(), Engine::of_alice());
    engine.hint_set(SIGN_ON.to_str().unwrap(), b"some number\0");
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [ALLOW]);
    let verified = script.seen.verified.lock().unwrap();
    let asked = ("alice".to_owned(), 501, Some("some number".to_owned()));
    assert_eq!(*verified, [asked]);
    assert!(script.seen.shown.lock().unwrap().is_empty());
}

#[test]
fn a_user_id_of_another_size_or_none_at_all_denies() {
    for given in [
        Given::Bytes(vec![1, 2, 3]),
        Given::Bytes(501_u64.to_ne_bytes().to_vec()),
        Given::NoData,
        Given::Length(usize::MAX),
    ] {
        let (script, engine) = (verifying(), Engine::of_alice());
        engine.set_context("uid", given);
        let (loaded, mechanism) = made(&script, &engine, c"verify");
        assert_eq!(loaded.invoke(mechanism), 0);
        assert_eq!(engine.heard(), [DENY]);
        assert!(script.seen.verified.lock().unwrap().is_empty());
    }
    let (script, engine) = (verifying(), Engine::of_alice());
    engine.forget("uid");
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [DENY]);
}

#[test]
fn for_another_right_than_the_login_windows_nobody_is_asked_and_nobody_let_in() {
    for right in [
        &b"att.x\0"[..],
        b"io.otpair.test2",
        b"",
        b"\0",
        b"system.login.console.x",
    ] {
        for name in [c"prompt", c"verify"] {
            let (script, engine) = (verifying(), Engine::of_alice());
            engine.hint_set("authorize-right", right);
            let (loaded, mechanism) = made(&script, &engine, name);
            assert_eq!(loaded.invoke(mechanism), 0);
            assert_eq!(engine.heard(), [DENY], "{right:?}");
            assert!(script.seen.verified.lock().unwrap().is_empty());
            assert!(script.seen.shown.lock().unwrap().is_empty());
        }
    }
}

#[test]
fn verify_denies_whom_the_machine_does_not_let_in() {
    let (script, engine) = (Script::arc(), Engine::of_alice());
    let (loaded, mechanism) = made(&script, &engine, c"verify");
    assert_eq!(loaded.invoke(mechanism), 0);
    assert_eq!(engine.heard(), [DENY]);
}
