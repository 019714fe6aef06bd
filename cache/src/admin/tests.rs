use super::*;
use crate::SeedCache;
use crate::testing::{
    Scratch, accepted, account, alice, bob, import, may_claim, seed, serial, totp,
};
use otpair_core::acceptance::Windows;
use otpair_core::pairing::{self, Ineligible};
use otpair_core::records::{
    Account, Claim, Commit, FaultKind, HeldToken, Holder, Records as _, Secrets as _, Snapshot,
    Stock, UserRecord,
};
use otpair_core::seed::Seed;
use otpair_core::token::{Digits, Parameters, TokenState};
use std::fs;
use std::os::unix::fs::FileExt as _;

mod imports;

fn pair(cache: &mut SeedCache, written: &str, account: &Account, at: u64) -> Result<(), Error> {
    cache.pair(
        &serial(written),
        account,
        &accepted(at),
        1,
        &may_pair(account),
    )
}

fn may_pair(account: &Account) -> impl Fn(&Stock) -> Result<(), Ineligible> {
    let user = account.name.clone();
    move |stock| pairing::may_pair(Some(stock), &user, false, 0).map(drop)
}

fn holder(cache: &mut SeedCache, written: &str) -> Holder {
    cache.find(&serial(written)).unwrap().unwrap().holder
}

fn held(cache: &mut SeedCache, account: &Account) -> Vec<HeldToken> {
    cache.read(account).unwrap().record.tokens
}

fn put_in_record(cache: &mut SeedCache, account: &Account, written: &str, state: TokenState) {
    let token = cache.find(&serial(written)).unwrap().unwrap().token;
    let put = |record: &mut UserRecord| {
        record.tokens = vec![HeldToken {
            token: token.clone(),
            state,
        }];
        Ok::<_, Fault>(())
    };
    cache.modify(account, put).unwrap();
}

fn check(cache: &mut SeedCache) -> Vec<Problem> {
    let uid_of = |user: &str| match user {
        "alice" => Some(1000),
        "bob" => Some(1001),
        _ => None,
    };
    cache.check(uid_of).unwrap()
}

#[test]
fn a_token_is_paired_with_one_person_and_goes_back_with_what_it_has_spent() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1", "2"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("alice".to_owned()));
    assert_eq!(held(&mut cache, &alice())[0].state, accepted(5));
    let refusal = |done: Result<(), Error>| match done.unwrap_err() {
        Error::Refused(refusal) => refusal,
        other => panic!("{other}"),
    };
    assert!(matches!(
        refusal(pair(&mut cache, "1", &bob(), 9)),
        Refusal::Held { holder, .. } if holder == "alice"
    ));
    assert!(matches!(
        refusal(pair(&mut cache, "2", &alice(), 9)),
        Refusal::TooManyTokens { most: 1, .. }
    ));
    assert_eq!(holder(&mut cache, "2"), Holder::Nobody);
    assert!(matches!(
        refusal(pair(&mut cache, "3", &bob(), 9)),
        Refusal::NoSuchToken(_)
    ));
    assert!(matches!(
        refusal(cache.remove(&serial("1"))),
        Refusal::Held { .. }
    ));
    let spent = TokenState {
        drift: -2,
        ..accepted(77)
    };
    put_in_record(&mut cache, &alice(), "1", spent);
    assert_eq!(
        cache.token(&serial("1")).unwrap().unwrap().stock.state,
        spent
    );
    cache
        .unpair("alice", &serial("1"), 0, &Windows::default())
        .unwrap();
    assert_eq!(held(&mut cache, &alice()), []);
    let stock = cache.find(&serial("1")).unwrap().unwrap();
    assert_eq!((stock.holder, stock.state), (Holder::Nobody, spent));
    assert!(matches!(
        refusal(cache.unpair("alice", &serial("1"), 0, &Windows::default())),
        Refusal::NotHeld { .. }
    ));
    assert_eq!(
        refusal(pair(&mut cache, "1", &bob(), 76)),
        Refusal::Spent(serial("1"))
    );
    pair(&mut cache, "1", &bob(), 77).unwrap();
    cache
        .unpair("bob", &serial("1"), 0, &Windows::default())
        .unwrap();
    cache.remove(&serial("1")).unwrap();
    assert_eq!(cache.find(&serial("1")), Ok(None));
}

#[test]
fn unpairing_that_crashed_before_the_claim_was_freed_takes_no_later_passcode_as_spent() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    assert_eq!(cache.empty_record("alice", &serial("1"), 0), Ok(true));
    assert_eq!(holder(&mut cache, "1"), Holder::Pairing("alice".into()));
    assert!(matches!(
        check(&mut cache)[..],
        [Problem::Unfinished { .. }]
    ));
    assert!(matches!(
        pair(&mut cache, "1", &bob(), 9),
        Err(Error::Refused(Refusal::Held { .. }))
    ));
    cache
        .unpair("alice", &serial("1"), 3000, &Windows::default())
        .unwrap();
    let stock = cache.find(&serial("1")).unwrap().unwrap();
    assert_eq!((stock.holder, stock.state), (Holder::Nobody, accepted(5)));
}

#[test]
fn a_token_that_a_record_has_lost_is_free_again_when_it_is_unpaired() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    let empty = |record: &mut UserRecord| {
        record.tokens.clear();
        Ok::<_, Fault>(())
    };
    cache.modify(&alice(), empty).unwrap();
    assert_eq!(
        cache.claim(
            &serial("1"),
            &bob(),
            &accepted(9),
            &may_claim(&bob(), &accepted(9))
        ),
        Ok(Claim::Lost)
    );
    assert!(matches!(
        check(&mut cache)[..],
        [Problem::LostPairing { .. }]
    ));
    cache
        .unpair("alice", &serial("1"), 0, &Windows::default())
        .unwrap();
    assert_eq!(holder(&mut cache, "1"), Holder::Nobody);
    assert_eq!(check(&mut cache), []);
}

#[test]
fn pairing_that_crashed_after_the_claim_is_finished_by_the_same_user() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let claim = cache
        .claim(
            &serial("1"),
            &alice(),
            &accepted(5),
            &may_claim(&alice(), &accepted(5)),
        )
        .unwrap();
    assert_eq!(claim, Claim::Granted);
    assert!(matches!(
        check(&mut cache)[..],
        [Problem::Unfinished { .. }]
    ));
    assert!(pair(&mut cache, "1", &bob(), 9).is_err());
    pair(&mut cache, "1", &alice(), 6).unwrap();
    assert_eq!(check(&mut cache), []);
}

#[test]
fn a_pairing_that_crashed_before_it_was_confirmed_is_mended_from_the_record() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let claim = cache
        .claim(
            &serial("1"),
            &alice(),
            &accepted(5),
            &may_claim(&alice(), &accepted(5)),
        )
        .unwrap();
    assert_eq!(claim, Claim::Granted);
    put_in_record(&mut cache, &alice(), "1", accepted(5));
    let problems = check(&mut cache);
    assert!(matches!(problems[..], [Problem::NotConfirmed { .. }]));
    assert_eq!(cache.mend(&problems[0], 0), Ok(true));
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("alice".to_owned()));
    assert_eq!(check(&mut cache), []);
}

#[test]
fn a_lost_inventory_is_made_anew_from_the_records_before_anything_is_imported() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1", "2"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    fs::remove_file(scratch.join("inventory.db")).unwrap();
    let mut cache = scratch.create();
    assert!(matches!(
        &check(&mut cache)[..],
        [Problem::Inventory(fault)] if fault.kind == FaultKind::NoInventory
    ));
    import(&mut cache, &["1", "2"]);
    let entry = cache.token(&serial("1")).unwrap().unwrap();
    assert_eq!(entry.stock.holder, Holder::Paired("alice".to_owned()));
    assert_eq!(entry.stock.state, accepted(5));
    assert_eq!(holder(&mut cache, "2"), Holder::Nobody);
    assert_eq!(check(&mut cache), []);
}

#[test]
fn unpairing_without_a_record_takes_every_time_step_that_the_windows_reach_as_spent() {
    for (drift_window, spent) in [(1, 121), (7, 127)] {
        let scratch = Scratch::new();
        pair(&mut scratch.with_tokens(&["1"]), "1", &alice(), 5).unwrap();
        fs::remove_file(scratch.join("users/alice")).unwrap();
        let mut cache = scratch.open();
        let windows = Windows {
            drift_window,
            ..Windows::default()
        };
        cache.unpair("alice", &serial("1"), 3000, &windows).unwrap();
        let stock = cache.find(&serial("1")).unwrap().unwrap();
        assert_eq!(
            (stock.holder, stock.state.last_accepted),
            (Holder::Nobody, Some(spent))
        );
    }
}

#[test]
fn unpairing_without_an_inventory_keeps_what_was_spent() {
    let scratch = Scratch::new();
    pair(&mut scratch.with_tokens(&["1"]), "1", &alice(), 5).unwrap();
    fs::remove_file(scratch.join("inventory.db")).unwrap();
    let mut cache = scratch.open();
    cache
        .unpair("alice", &serial("1"), 0, &Windows::default())
        .unwrap();
    let stock = cache.find(&serial("1")).unwrap().unwrap();
    assert_eq!((stock.holder, stock.state), (Holder::Nobody, accepted(5)));
}

#[test]
fn a_damaged_record_keeps_a_lost_inventory_from_being_made_anew() {
    let scratch = Scratch::new();
    pair(&mut scratch.with_tokens(&["1"]), "1", &alice(), 5).unwrap();
    fs::remove_file(scratch.join("inventory.db")).unwrap();
    fs::write(scratch.join("users/alice"), "garbage").unwrap();
    let fault = scratch.create().import("a.csv", 0, false).err().unwrap();
    assert_eq!(fault.kind, FaultKind::Damaged);
    assert!(!scratch.join("inventory.db").exists());
}

#[test]
fn disabling_reaches_the_holders_record_and_the_inventory() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1", "2"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    for disabled in [true, false] {
        cache.set_disabled(&serial("1"), disabled).unwrap();
        assert_eq!(held(&mut cache, &alice())[0].state.disabled, disabled);
        let stock = cache.find(&serial("1")).unwrap().unwrap();
        assert_eq!(stock.state.disabled, disabled);
    }
    cache.set_disabled(&serial("2"), true).unwrap();
    assert_eq!(
        cache.claim(
            &serial("2"),
            &bob(),
            &accepted(1),
            &may_claim(&bob(), &accepted(1))
        ),
        Ok(Claim::Lost)
    );
    assert!(matches!(
        pair(&mut cache, "2", &bob(), 1),
        Err(Error::Refused(Refusal::Disabled(_)))
    ));
    assert!(cache.set_disabled(&serial("3"), true).is_err());
}

#[test]
fn a_token_whose_inventory_is_lost_or_damaged_is_disabled_in_its_holders_record_all_the_same() {
    for damage in [None, Some("garbage")] {
        let scratch = Scratch::new();
        let mut cache = scratch.with_tokens(&["1", "2"]);
        pair(&mut cache, "1", &alice(), 5).unwrap();
        damage_inventory(&scratch, damage);
        let mut cache = scratch.open();
        assert!(matches!(
            cache.set_disabled(&serial("1"), true),
            Err(Error::InRecordOnly { user, .. }) if user == "alice"
        ));
        assert!(held(&mut cache, &alice())[0].state.disabled);
        assert!(!matches!(
            cache.set_disabled(&serial("2"), true),
            Ok(_) | Err(Error::InRecordOnly { .. })
        ));
    }
}

#[test]
fn a_token_that_only_its_holders_record_knows_of_is_disabled_there() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    put_in_record(&mut cache, &alice(), "1", accepted(5));
    cache.set_disabled(&serial("1"), true).unwrap();
    assert!(held(&mut cache, &alice())[0].state.disabled);
    cache.remove(&serial("1")).unwrap();
    assert!(matches!(
        cache.set_disabled(&serial("1"), false),
        Err(Error::InRecordOnly { .. })
    ));
    assert!(!held(&mut cache, &alice())[0].state.disabled);
}

#[test]
fn a_token_that_a_damaged_inventory_cannot_take_back_is_disabled_and_keeps_what_was_spent() {
    let scratch = Scratch::new();
    pair(&mut scratch.with_tokens(&["1"]), "1", &alice(), 5).unwrap();
    damage_inventory(&scratch, Some("garbage"));
    let unpair =
        |cache: &mut SeedCache, user| cache.unpair(user, &serial("1"), 0, &Windows::default());
    let mut cache = scratch.open();
    assert!(matches!(
        unpair(&mut cache, "alice"),
        Err(Error::InRecordOnly { user, .. }) if user == "alice"
    ));
    assert!(matches!(unpair(&mut cache, "bob"), Err(Error::Fault(_))));
    let disabled = TokenState {
        disabled: true,
        ..accepted(5)
    };
    assert_eq!(held(&mut cache, &alice())[0].state, disabled);
    fs::remove_file(scratch.join("inventory.db")).unwrap();
    let mut cache = scratch.open();
    unpair(&mut cache, "alice").unwrap();
    let stock = cache.find(&serial("1")).unwrap().unwrap();
    assert_eq!((stock.holder, stock.state), (Holder::Nobody, disabled));
}

fn damage_inventory(scratch: &Scratch, damage: Option<&str>) {
    match damage {
        Some(contents) => fs::write(scratch.join("inventory.db"), contents).unwrap(),
        None => fs::remove_file(scratch.join("inventory.db")).unwrap(),
    }
}

#[test]
fn a_pairing_whose_claim_somebody_else_got_meanwhile_gives_the_token_back() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &bob(), 5).unwrap();
    put_in_record(&mut cache, &alice(), "1", accepted(5));
    assert!(matches!(
        cache.confirm_or_give_back(&serial("1"), &alice()),
        Err(Error::Refused(Refusal::Held { holder, .. })) if holder == "bob"
    ));
    assert_eq!(held(&mut cache, &alice()), []);
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("bob".to_owned()));
    assert_eq!(check(&mut cache), []);
}

#[test]
fn an_admins_pairing_respects_a_reservation_made_meanwhile() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    cache.reserve(&serial("1"), Some("bob")).unwrap();
    assert_eq!(
        pair(&mut cache, "1", &alice(), 5),
        Err(Refusal::Reserved(serial("1")).into())
    );
    assert_eq!(holder(&mut cache, "1"), Holder::Nobody);
    pair(&mut cache, "1", &bob(), 5).unwrap();
}

#[test]
fn a_token_whose_pairing_got_as_far_as_the_record_is_listed_as_paired() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let (user, state) = (alice(), accepted(5));
    let may = may_claim(&user, &state);
    let claim = cache.claim(&serial("1"), &user, &state, &may);
    assert_eq!(claim, Ok(Claim::Granted));
    put_in_record(&mut cache, &alice(), "1", accepted(6));
    let entry = cache.token(&serial("1")).unwrap().unwrap();
    assert_eq!(entry.stock.holder, Holder::Paired("alice".to_owned()));
    assert_eq!(entry.stock.state, accepted(6));
    let mut listed = Vec::new();
    let list = cache.tokens(|entry| {
        listed.push(entry?);
        Ok::<_, Fault>(())
    });
    assert_eq!((list, listed), (Ok(()), vec![entry]));
}

#[test]
fn a_damaged_inventory_that_is_moved_away_is_mended_from_the_records() {
    let scratch = Scratch::new();
    pair(&mut scratch.with_tokens(&["1", "2"]), "1", &alice(), 5).unwrap();
    damage_inventory(&scratch, Some("garbage"));
    let mut cache = scratch.open();
    let found = check(&mut cache);
    assert!(matches!(
        &found[..],
        [Problem::Inventory(fault)] if fault.kind == FaultKind::Damaged
    ));
    assert_eq!(cache.mend(&found[0], 0), Ok(false));
    fs::rename(scratch.join("inventory.db"), scratch.join("aside")).unwrap();
    let mut cache = scratch.open();
    let found = check(&mut cache);
    assert_eq!(cache.mend(&found[0], 0), Ok(true));
    assert_eq!(check(&mut cache), []);
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("alice".to_owned()));
    assert_eq!(held(&mut cache, &alice())[0].state, accepted(5));
    import(&mut cache, &["1", "2"]);
    assert_eq!(holder(&mut cache, "2"), Holder::Nobody);
}

#[test]
fn a_token_is_reserved_and_set_free_again() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    for user in [Some("alice"), None] {
        cache.reserve(&serial("1"), user).unwrap();
        let stock = cache.find(&serial("1")).unwrap().unwrap();
        assert_eq!(stock.reserved_for.as_deref(), user);
    }
    assert!(cache.reserve(&serial("2"), None).is_err());
    pair(&mut cache, "1", &alice(), 5).unwrap();
    assert!(matches!(
        cache.reserve(&serial("1"), Some("bob")),
        Err(Error::Refused(Refusal::Held { holder, .. })) if holder == "alice"
    ));
    let stock = cache.find(&serial("1")).unwrap().unwrap();
    assert_eq!(stock.reserved_for, None);
}

#[test]
fn everybody_with_a_record_is_listed_by_name_even_if_it_is_damaged() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    let odd = account("../o dd", 3);
    cache
        .modify(&odd, |record| {
            record.throttle.failures = 1;
            Ok::<_, Fault>(())
        })
        .unwrap();
    fs::write(scratch.join("users/carol"), "x").unwrap();
    let listed: Vec<_> = cache.users_with_records().unwrap().collect();
    let names: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["../o dd", "alice", "carol"]);
    assert_eq!(listed[0].1.as_ref().unwrap().0, odd);
    assert!(listed[2].1.is_err());
}

#[test]
fn doctor_finds_and_mends_a_half_damaged_record_and_left_overs_and_names_the_rest() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice(), 5).unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(scratch.join("users/alice"))
        .unwrap();
    file.write_all_at(&[0xff], 50).unwrap();
    fs::write(scratch.join("users/.new"), "").unwrap();
    fs::write(scratch.join(".new"), "").unwrap();
    fs::write(scratch.join("users/alice.bak~"), "").unwrap();
    cache
        .modify(&account("gone", 7), |record| {
            record.throttle.failures = 1;
            Ok::<_, Fault>(())
        })
        .unwrap();
    // That commit cleared the one in `users`.
    fs::write(scratch.join("users/.new"), "").unwrap();
    let found = check(&mut cache);
    let count = |wanted: fn(&Problem) -> bool| found.iter().filter(|p| wanted(p)).count();
    assert_eq!(
        count(|p| matches!(p, Problem::LeftOver { .. })),
        2,
        "{found:?}"
    );
    assert_eq!(count(|p| matches!(p, Problem::OneBlock { .. })), 1);
    assert_eq!(count(|p| matches!(p, Problem::Stray { .. })), 1);
    assert_eq!(
        count(|p| matches!(p, Problem::OtherUid { actual: None, .. })),
        1
    );
    for problem in &found {
        cache.mend(problem, 0).unwrap();
    }
    let left = check(&mut cache);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(cache.read(&alice()).unwrap().record.in_doubt);
}

#[test]
fn a_record_that_is_left_as_it_is_is_not_written() {
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    let Snapshot { revision, .. } = cache.read(&alice()).unwrap();
    cache.modify(&alice(), |_| Ok::<_, Fault>(())).unwrap();
    assert_eq!(cache.read(&alice()).unwrap().revision, revision);
    let refused: Result<(), Error> = cache.modify(&alice(), |record| {
        record.in_doubt = true;
        Err(Refusal::NoSuchToken(serial("1")).into())
    });
    assert!(refused.is_err());
    assert_eq!(cache.read(&alice()).unwrap().revision, revision);
    let commit = cache.commit(&alice(), revision, &UserRecord::default());
    assert_eq!(commit, Ok(Commit::Durable));
}

#[test]
fn a_name_that_another_uid_has_now_is_free_again_once_its_tokens_are_unpaired() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let former = account("alice", 7);
    pair(&mut cache, "1", &former, 5).unwrap();
    assert_eq!(cache.read(&alice()).unwrap_err().kind, FaultKind::OtherUid);
    let problems = check(&mut cache);
    assert!(matches!(
        problems[..],
        [Problem::OtherUid {
            actual: Some(1000),
            ..
        }]
    ));
    assert_eq!(cache.mend(&problems[0], 0), Ok(false), "a token is left");
    assert!(cache.forget("alice").is_err());
    cache
        .unpair("alice", &serial("1"), 0, &Windows::default())
        .unwrap();
    assert_eq!(cache.mend(&problems[0], 0), Ok(true));
    assert_eq!(cache.mend(&problems[0], 0), Ok(false));
    assert_eq!(check(&mut cache), []);
    pair(&mut cache, "1", &alice(), 6).unwrap();
    cache.forget("nobody").unwrap();
}
