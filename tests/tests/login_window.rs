//! The login window's plugin as it is built, loaded by an authorization host that speaks its C interface byte for byte,
//! with the real helper and its grants. There is no screen here, so what `prompt` shows is tested in its own crate.

use otpair_tests::authhost::{AuthHost, ask};
use otpair_tests::machine::{ALICE, BOB, CAROL, Machine};
use otpair_tests::scenario::paired;
use otpair_tests::token::Token;
use serde_json::{Value, json};

const TICKET: &str = "0123456789abcdef0123456789abcdef";
const INTERNAL: i32 = -60008;
const GRANTED: u8 = 0;
const ALLOW: u32 = 0;
const DENY: u32 = 1;

/// A machine with a helper, on which Alice has a HOTP token.
fn served() -> (Machine, Token) {
    let (machine, token) = paired();
    machine.serve_helper();
    (machine, token)
}

/// What the system's mechanisms have put into the context, and `prompt` into the hints.
fn carried(user: &str, uid: u32, ticket: &str) -> Vec<Value> {
    vec![
        json!({"context": "username", "text": format!("{user}\0")}),
        json!({"context": "uid", "number": uid}),
        json!({"hint": "authorize-right", "text": "system.login.console\0"}),
        json!({"hint": "io.otpair.sign-on", "text": format!("{ticket}\0")}),
    ]
}

/// What `verify` says of this user and number.
fn verified(machine: &Machine, user: &str, uid: u32, ticket: &str) -> u32 {
    let steps = [
        carried(user, uid, ticket),
        vec![json!({"make": "verify"}), json!({"invoke": "verify"})],
    ];
    last_result(&AuthHost::new(machine).steps(&steps.concat()))
}

/// The one result of the last step.
fn last_result(heard: &[Value]) -> u32 {
    let heard = heard.last().unwrap()["heard"].as_array().unwrap();
    assert_eq!(heard.len(), 1, "{heard:?}");
    u32::try_from(heard[0][1].as_u64().unwrap()).unwrap()
}

/// Everything that was heard, in order.
fn all(heard: &[Value]) -> Vec<Value> {
    let lists = heard.iter().map(|step| step["heard"].as_array().unwrap());
    lists.flatten().cloned().collect()
}

fn statuses(heard: &[Value]) -> Vec<i64> {
    let statuses = heard.iter().map(|step| step["status"].as_i64().unwrap());
    statuses.collect()
}

#[test]
fn verify_lets_in_once_whom_the_helper_has_granted() {
    let (machine, token) = served();
    let outcome = ask(&machine, "alice", TICKET, &[&token.press(0)]);
    assert_eq!(outcome, GRANTED);
    assert_eq!(verified(&machine, "alice", 2001, TICKET), ALLOW);
    assert_eq!(verified(&machine, "alice", 2001, TICKET), DENY);
    let denied = machine.events("denied");
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["service"], "login-window");
}

#[test]
fn a_new_user_pairs_at_the_login_window() {
    let machine = Machine::new();
    machine.serve_helper();
    let token = Token::hotp("12345678");
    machine.import(&[&token]);
    let outcome = ask(&machine, "bob", TICKET, &["12345678", &token.press(0)]);
    assert_eq!(outcome, GRANTED);
    assert_eq!(machine.serials(BOB), ["12345678"]);
    assert_eq!(verified(&machine, "bob", 2002, TICKET), ALLOW);
}

#[test]
fn verify_lets_in_nobody_else_and_under_no_other_number() {
    let (machine, token) = served();
    machine.pair(BOB, &Token::hotp("22222222"));
    ask(&machine, "alice", TICKET, &[&token.press(0)]);
    let other = "f".repeat(32);
    for (user, uid, ticket) in [
        ("bob", 2002, TICKET),
        ("bob", 2001, TICKET),
        ("alice", 2001, &*other),
        ("alice", 2001, "../../2001"),
        ("ghost", 2001, TICKET),
    ] {
        assert_eq!(
            verified(&machine, user, uid, ticket),
            DENY,
            "{user} {ticket}"
        );
    }
    assert_eq!(verified(&machine, "alice", 2001, TICKET), ALLOW);
}

#[test]
fn a_wrong_passcode_leaves_nothing_for_verify() {
    let (machine, token) = served();
    let wrong = token.wrong();
    let outcome = ask(&machine, "alice", TICKET, &[&wrong, &wrong, &wrong]);
    assert_ne!(outcome, GRANTED);
    assert_eq!(verified(&machine, "alice", 2001, TICKET), DENY);
}

#[test]
fn verify_decides_by_itself_who_needs_no_token() {
    let (machine, _) = served();
    machine.config("[sign_on]\nexempt = [\"@staff\"]\n");
    assert_eq!(verified(&machine, CAROL.name, 2003, ""), ALLOW);
    assert_eq!(verified(&machine, ALICE.name, 2001, ""), DENY);
}

#[test]
fn verify_denies_where_it_has_no_rights_or_nothing_to_decide_on() {
    let (machine, token) = served();
    ask(&machine, "alice", TICKET, &[&token.press(0)]);
    let verify = [
        carried("alice", 2001, TICKET),
        vec![json!({"make": "verify"}), json!({"invoke": "verify"})],
    ];
    let as_bob = [
        "setpriv",
        "--reuid",
        "bob",
        "--regid",
        "bob",
        "--init-groups",
    ];
    let heard = AuthHost::new(&machine).plan(&json!({"steps": verify.concat()}), &as_bob);
    assert_eq!(last_result(&heard), DENY);
    machine.write("/etc/otpair/otpair.toml", "nonsense = 1\n");
    assert_eq!(verified(&machine, "alice", 2001, TICKET), DENY);
}

#[test]
fn damaged_values_deny_and_nothing_is_read_beyond_them() {
    let (machine, _) = served();
    machine.config("[sign_on]\nexempt = [\"alice\"]\n");
    let host = AuthHost::new(&machine);
    let says = |damaged: &Value, name: &str| {
        let mut steps = carried("alice", 2001, "");
        steps.extend([
            damaged.clone(),
            json!({"make": name}),
            json!({"invoke": name}),
        ]);
        last_result(&host.steps(&steps))
    };
    for damaged in [
        json!({"context": "username", "text": "alice\0", "length": 1_000_000}),
        json!({"context": "username", "text": "alice\0", "length": u64::MAX}),
        json!({"context": "username", "text": "alice\0", "length": 0}),
        json!({"context": "username", "text": ""}),
        json!({"hint": "authorize-right", "text": ""}),
        json!({"hint": "authorize-right", "text": "att.x\0"}),
    ] {
        for name in ["verify", "prompt"] {
            assert_eq!(says(&damaged, name), DENY, "{damaged}");
        }
    }
    let damaged = json!({"context": "uid", "text": "2001\0"});
    assert_eq!(says(&damaged, "verify"), DENY);
    let without_nul = json!({"context": "username", "text": "alice"});
    for name in ["verify", "prompt"] {
        assert_eq!(says(&without_nul, name), ALLOW);
    }
}

#[test]
fn without_a_screen_prompt_denies_and_does_not_hang() {
    let (machine, _) = served();
    let steps = [
        carried("alice", 2001, TICKET),
        vec![json!({"make": "prompt"}), json!({"invoke": "prompt"})],
    ];
    let heard = AuthHost::new(&machine).steps(&steps.concat());
    assert_eq!(last_result(&heard), DENY);
    assert!(machine.syslog_tells("pane can't be shown"));
}

#[test]
fn whoever_needs_no_token_passes_both_mechanisms_without_a_screen() {
    let (machine, _) = served();
    machine.config("[sign_on]\nexempt = [\"carol\"]\n");
    let steps = [
        carried("carol", 2003, ""),
        vec![
            json!({"make": "prompt"}),
            json!({"make": "verify"}),
            json!({"invoke": "prompt"}),
            json!({"invoke": "verify"}),
        ],
    ];
    let heard = AuthHost::new(&machine).steps(&steps.concat());
    assert_eq!(all(&heard), [json!(["prompt", 0]), json!(["verify", 0])]);
}

#[test]
fn an_engine_of_version_0_and_one_that_lacks_functions_are_answered() {
    let (machine, token) = served();
    let host = AuthHost::new(&machine);
    let steps = [
        carried("alice", 2001, TICKET),
        vec![
            json!({"make": "verify"}),
            json!({"invoke": "verify"}),
            json!({"deactivate": "verify"}),
        ],
    ];
    let steps = steps.concat();
    let stopped = json!(["verify", "DidDeactivate"]);
    ask(&machine, "alice", TICKET, &[&token.press(0)]);
    let heard = host.plan(&json!({"version": 0, "steps": steps}), &[]);
    assert_eq!(all(&heard), [json!(["verify", 0]), stopped.clone()]);
    let without = ["GetContextValue", "GetHintValue", "SetHintValue"];
    let heard = host.plan(&json!({"without": without, "steps": steps}), &[]);
    assert_eq!(all(&heard), [json!(["verify", 1]), stopped]);
    let heard = host.plan(&json!({"without": ["SetResult"], "steps": steps}), &[]);
    assert_eq!(statuses(&heard), [i64::from(INTERNAL)]);
}

#[test]
fn calls_out_of_turn_are_survived_and_each_invocation_has_one_result() {
    let (machine, _) = served();
    let calls = [
        json!({"make": "nonsense", "as": "n"}),
        json!({"invoke": "n"}),
        json!({"make": "verify", "as": "a"}),
        json!({"make": "prompt", "as": "b"}),
        json!({"deactivate": "b"}),
        json!({"invoke": "a"}),
        json!({"invoke": "a"}),
        json!({"says": -1}),
        json!({"invoke": "b"}),
        json!({"destroy": "b"}),
        json!({"invoke": "b"}),
        json!({"deactivate": "b"}),
        json!({"destroy": "b"}),
        json!({"unload": true}),
        json!({"make": "verify", "as": "c"}),
        json!({"unload": true}),
        json!({"invoke": "a"}),
        json!({"destroy": "a"}),
        json!({"invoke": "a"}),
    ];
    let steps = [carried("alice", 2001, TICKET), calls.to_vec()].concat();
    let heard = AuthHost::new(&machine).steps(&steps);
    let wrong = i64::from(INTERNAL);
    let expected = [
        wrong, wrong, 0, 0, 0, 0, 0, 0, 0, 0, wrong, wrong, wrong, 0, wrong, wrong, 0, 0, wrong,
    ];
    assert_eq!(statuses(&heard)[4..], expected);
    let results = [
        json!(["b", "DidDeactivate"]),
        json!(["a", 1]),
        json!(["a", 1]),
        json!(["b", 1]),
        json!(["a", 1]),
    ];
    assert_eq!(all(&heard), results);
}

#[test]
fn the_log_tells_that_the_plugin_was_loaded_and_which_mechanism_was_made() {
    let (machine, _) = served();
    AuthHost::new(&machine).steps(&[json!({"make": "verify"})]);
    for text in ["the plugin was loaded", "mechanism Verify was made"] {
        assert!(machine.syslog_tells(text), "{:?}", machine.syslog());
    }
}
