use super::*;
use crate::backup::TokenCopy;
use crate::decision::tests::{OpenSecrets, held, otp, stock};
use crate::decision::{self, Given, Proof, Verdict};
use crate::otp::Otp;
use crate::policy::Policy;
use crate::records::{IssuedBypass, Secrets as _};
use crate::token::Parameters;
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;
const STEP: u64 = NOW / 30;

fn account(name: &str, uid: u32) -> Account {
    Account {
        name: name.into(),
        uid,
    }
}

fn copy_of(held: &HeldToken) -> TokenCopy {
    TokenCopy {
        serial: held.token.serial.clone(),
        parameters: held.token.parameters,
        seed: OpenSecrets.unseal(&held.token).unwrap(),
        state: held.state,
    }
}

fn stock_copy(holder: Holder, state: TokenState) -> StockCopy {
    let token = copy_of(&HeldToken { state, ..held("1") });
    StockCopy {
        token,
        holder,
        reserved_for: None,
        manufacturer: None,
        imported: 0,
        source: "box.csv".into(),
    }
}

fn user_copy() -> UserCopy {
    UserCopy {
        account: account("alice", 1000),
        tokens: Vec::new(),
        throttle: Throttle::default(),
        in_doubt: false,
    }
}

fn accepted(last_accepted: u64, drift: i32) -> TokenState {
    TokenState {
        last_accepted: Some(last_accepted),
        drift,
        ..TokenState::default()
    }
}

fn hotp(serial: &str) -> HeldToken {
    let mut held = held(serial);
    held.token.parameters.token_type = TokenType::Hotp;
    held
}

fn judge(record: &UserRecord, typed: &str, now: u64) -> (Verdict, UserRecord) {
    let typed = Otp::parse(typed).unwrap();
    let given = Given::Otp {
        otp: &typed,
        serial: None,
        only_next: false,
    };
    let judged = decision::judge(
        record,
        "alice",
        &given,
        &Policy::default(),
        now,
        &OpenSecrets,
    );
    let (verdict, changed) = judged.unwrap().into_parts();
    (verdict, changed.unwrap_or_else(|| record.clone()))
}

/// A record that is made where there was none.
fn restored(token: HeldToken) -> UserRecord {
    let (record, no_room) = record(&UserRecord::default(), &user_copy(), &[token], 1, NOW);
    assert_eq!(no_room, []);
    record
}

#[test]
fn the_state_is_that_of_the_later_accept_and_disabled_in_either_is_disabled() {
    let (old, new) = (accepted(100, 3), accepted(200, -1));
    for (here, copy) in [(old, new), (new, old)] {
        assert_eq!(here.higher(&copy), new);
    }
    let disabled = TokenState {
        disabled: true,
        ..old
    };
    for (here, copy) in [(disabled, new), (new, disabled)] {
        let both = here.higher(&copy);
        assert!(both.disabled && both.last_accepted == Some(200));
    }
}

#[test]
fn where_there_is_no_record_a_clock_counts_from_the_time_of_the_restore() {
    let record = restored(HeldToken {
        state: accepted(STEP - 100, 0),
        ..held("1")
    });
    let now = otp(&record.tokens[0].token, STEP);
    assert!(matches!(judge(&record, &now, NOW).0, Verdict::Spent(_)));
    let next = otp(&record.tokens[0].token, STEP + 1);
    let (verdict, _) = judge(&record, &next, NOW + 30);
    assert!(matches!(verdict, Verdict::Granted(Proof::Passcode(_))));
}

#[test]
fn what_a_clock_that_is_ahead_shows_at_the_restore_is_spent_too() {
    let at = |drift| {
        restored(HeldToken {
            state: accepted(0, drift),
            ..held("1")
        })
    };
    assert_eq!(at(5).tokens[0].state, accepted(STEP + 5, 5));
    assert_eq!(at(-5).tokens[0].state, accepted(STEP, -5));
}

#[test]
fn where_there_is_no_record_a_counter_takes_two_passcodes() {
    let record = restored(HeldToken {
        state: accepted(9, 0),
        ..hotp("1")
    });
    let shown = |counter| otp(&record.tokens[0].token, counter);
    let (verdict, waiting) = judge(&record, &shown(12), NOW);
    assert!(matches!(verdict, Verdict::OutOfStep(_)));
    let (verdict, after) = judge(&waiting, &shown(13), NOW);
    assert!(matches!(
        verdict,
        Verdict::Granted(Proof::Resynchronized(_))
    ));
    assert!(!after.in_doubt);
}

#[test]
fn a_record_that_is_here_goes_on_with_one_passcode() {
    let here = UserRecord {
        tokens: vec![HeldToken {
            state: accepted(STEP - 1, 0),
            ..held("1")
        }],
        ..UserRecord::default()
    };
    let old = HeldToken {
        state: accepted(STEP - 100, 0),
        ..held("1")
    };
    let (merged, _) = record(&here, &user_copy(), &[old], 1, NOW);
    assert_eq!(merged, here);
}

#[test]
fn bypass_codes_that_are_here_stay_and_none_comes() {
    let bypass = IssuedBypass {
        tag: [1; 32],
        issued: NOW,
        expires: NOW + 60,
        uses_left: 1,
    };
    let here = UserRecord {
        bypass: vec![bypass],
        ..UserRecord::default()
    };
    let (merged, _) = record(&here, &user_copy(), &[hotp("1")], 1, NOW);
    assert_eq!(merged.bypass, here.bypass);
}

#[test]
fn there_is_room_for_as_many_tokens_as_one_may_have() {
    let two = [held("1"), held("2")];
    let (merged, no_room) = record(&UserRecord::default(), &user_copy(), &two, 1, NOW);
    assert_eq!(merged.tokens.len(), 1);
    assert_eq!(no_room, [held("2").token.serial]);
    let many: Vec<_> = (0..10).map(|n| held(&n.to_string())).collect();
    let (merged, no_room) = record(&UserRecord::default(), &user_copy(), &many, 99, NOW);
    assert_eq!((merged.tokens.len(), no_room.len()), (8, 2));
}

#[test]
fn only_the_same_name_with_the_same_uid_is_the_same_person() {
    let copy = account("alice", 1000);
    assert_eq!(same_account(&copy, Some(&copy.clone())), Ok(()));
    assert_eq!(same_account(&copy, None), Err(Stranger::Unknown));
    let other = account("alice", 1001);
    assert_eq!(
        same_account(&copy, Some(&other)),
        Err(Stranger::OtherUid(1001))
    );
    let renamed = account("alicia", 1000);
    assert_eq!(same_account(&copy, Some(&renamed)), Err(Stranger::Unknown));
}

#[test]
fn a_token_goes_back_only_to_whom_it_is_not_kept_from() {
    let here = |holder, reserved_for: Option<&str>| Stock {
        holder,
        reserved_for: reserved_for.map(str::to_owned),
        ..stock("1")
    };
    let to_alice = |stock: &Stock| may_have(stock, "alice", true);
    let (alice, bob) = (|| "alice".to_owned(), || "bob".to_owned());
    for holder in [
        Holder::Nobody,
        Holder::Pairing(alice()),
        Holder::Paired(alice()),
    ] {
        assert_eq!(to_alice(&here(holder, None)), Ok(()));
    }
    for holder in [Holder::Pairing(bob()), Holder::Paired(bob())] {
        assert_eq!(to_alice(&here(holder, None)), Err(Left::Held(bob())));
    }
    let reserved = |user| to_alice(&here(Holder::Nobody, Some(user)));
    assert_eq!(reserved("alice@example.com"), Ok(()));
    assert_eq!(reserved("bob"), Err(Left::Reserved(bob())));
}

#[test]
fn a_token_in_stock_is_raised_and_stays_reserved() {
    let reserved = |user: Option<&str>| user.map(str::to_owned);
    let merged = |here: Option<&str>, copy: Option<&str>| {
        let here = Stock {
            reserved_for: reserved(here),
            ..stock("1")
        };
        let copy = StockCopy {
            reserved_for: reserved(copy),
            ..stock_copy(Holder::Nobody, accepted(7, 0))
        };
        in_stock(&here, &copy)
    };
    let raised = accepted(7, 0);
    let alice = || reserved(Some("alice"));
    assert_eq!(merged(None, None), (raised, None, None));
    assert_eq!(merged(None, Some("alice")), (raised, alice(), None));
    assert_eq!(merged(Some("alice"), None), (raised, alice(), None));
    assert_eq!(
        merged(Some("alice"), Some("alice")),
        (raised, alice(), None)
    );
    let left = Some(Left::Reserved("alice".into()));
    assert_eq!(merged(Some("alice"), Some("bob")), (raised, alice(), left));
}

#[test]
fn a_token_that_is_new_here_counts_from_now_on_unless_its_holders_record_says_when() {
    let state = accepted(7, 0);
    let new = |holder| new_in_stock(&stock_copy(holder, state), NOW);
    let from_now = accepted(STEP, 0);
    assert_eq!(new(Holder::Nobody), from_now);
    assert_eq!(new(Holder::Pairing("alice".into())), from_now);
    assert_eq!(new(Holder::Paired("alice".into())), state);
}

fn any_state() -> impl Strategy<Value = TokenState> {
    // Near each other, so that either is the later one.
    let accepted = prop::option::of(STEP - 3..STEP + 3);
    (accepted, -3..3_i32, any::<bool>(), any::<bool>()).prop_map(
        |(last_accepted, drift, below_drift, disabled)| TokenState {
            last_accepted,
            drift,
            below_drift,
            disabled,
        },
    )
}

fn any_tokens() -> impl Strategy<Value = Vec<HeldToken>> {
    let tokens = prop::collection::btree_map(0..6_u8, any_state(), 0..4);
    tokens.prop_map(|tokens| {
        let token = |(serial, state): (u8, TokenState)| {
            let held = if serial % 2 == 0 { held } else { hotp };
            HeldToken {
                state,
                ..held(&serial.to_string())
            }
        };
        tokens.into_iter().map(token).collect()
    })
}

fn any_record() -> impl Strategy<Value = UserRecord> {
    let parts = (any_tokens(), any::<(u8, u32, bool)>());
    parts.prop_map(|(tokens, (failures, last_failure, in_doubt))| UserRecord {
        tokens,
        throttle: Throttle {
            failures: failures.into(),
            last_failure: last_failure.into(),
        },
        in_doubt,
        ..UserRecord::default()
    })
}

fn floor(record: &UserRecord, held: &HeldToken) -> (Option<u64>, bool) {
    let mut there = record.tokens.iter();
    let there = there.find(|there| there.token.serial == held.token.serial);
    let state = there.map_or(held.state, |there| there.state);
    (state.last_accepted, state.disabled)
}

proptest! {
    #[test]
    fn a_restore_never_lowers_anything(here in any_record(), old in any_record(), most in 0..9_usize) {
        let copy = UserCopy { throttle: old.throttle, in_doubt: old.in_doubt, ..user_copy() };
        let (merged, no_room) = record(&here, &copy, &old.tokens, most, NOW);
        for held in here.tokens.iter().chain(&old.tokens) {
            let (last_accepted, disabled) = floor(&merged, held);
            prop_assert!(last_accepted >= held.state.last_accepted);
            prop_assert!(disabled >= held.state.disabled);
        }
        prop_assert!(here.tokens.iter().all(|held| merged.tokens.iter().any(|m| m.token == held.token)));
        prop_assert!(merged.throttle.failures >= here.throttle.failures.max(old.throttle.failures));
        prop_assert!(merged.throttle.last_failure >= here.throttle.last_failure);
        prop_assert!(merged.in_doubt >= (here.in_doubt || old.in_doubt));
        let new: Vec<_> = old.tokens.iter().filter(|held| {
            let is = |other: &HeldToken| other.token == held.token;
            !here.tokens.iter().any(is) && !no_room.contains(&held.token.serial)
        }).collect();
        for held in new {
            match held.token.parameters {
                Parameters { token_type: TokenType::Hotp, .. } => prop_assert!(merged.in_doubt),
                _ => prop_assert!(floor(&merged, held).0 >= Some(STEP)),
            }
        }
    }

    #[test]
    fn no_passcode_that_was_accepted_is_accepted_again(
        old in any_tokens(), later in 0..10_u64, at in 0..10_u64, picked: prop::sample::Index,
    ) {
        prop_assume!(!old.is_empty());
        let backed_up = UserRecord { tokens: old.clone(), ..UserRecord::default() };
        let held = &old[picked.index(old.len())];
        let factor = held.state.floor().unwrap() + later;
        let typed = otp(&held.token, factor);
        let clock = |step: u64| (STEP + step) * 30;
        let (verdict, used) = judge(&backed_up, &typed, clock(at));
        prop_assume!(matches!(verdict, Verdict::Granted(_)));
        // On the machine itself, and on a new one, where the time step of the passcode has come by then.
        let next = clock(at + u64::from(Policy::default().windows.drift_window));
        for (here, now) in [(&used, clock(at)), (&UserRecord::default(), next)] {
            let (merged, _) = record(here, &user_copy(), &old, 8, now);
            let (again, _) = judge(&merged, &typed, now);
            prop_assert!(!matches!(again, Verdict::Granted(_)), "{:?}", again);
        }
    }

    #[test]
    fn a_second_restore_changes_nothing(here in any_record(), old in any_record(), most in 0..9_usize) {
        let copy = UserCopy { throttle: old.throttle, in_doubt: old.in_doubt, ..user_copy() };
        let (once, no_room) = record(&here, &copy, &old.tokens, most, NOW);
        prop_assert_eq!(record(&once, &copy, &old.tokens, most, NOW + 60), (once.clone(), no_room));
    }
}
