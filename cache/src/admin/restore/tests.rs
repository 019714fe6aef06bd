use super::*;
use crate::admin::Copied;
use crate::testing::{Scratch, accepted, alice, bob, may_claim, serial};
use otpair_core::backup::Entry as Copy;
use otpair_core::records::Claim;

const NOW: u64 = 1_800_000_000;
const STEP: u64 = NOW / 30;

const RULES: Rules = Rules {
    now: NOW,
    most: 1,
    strip_domain: false,
    dry_run: false,
};

fn copies(cache: &mut SeedCache) -> Vec<Copy> {
    let mut all = Vec::new();
    let keep = |copied: Copied| {
        all.push(copied.unwrap());
        Ok::<_, Fault>(())
    };
    cache.copies(keep).unwrap();
    all
}

fn restore(cache: &mut SeedCache, copies: &[Copy], rules: Rules) -> Vec<Restored> {
    let mut restore = cache.restore(rules).unwrap();
    let mut done = Vec::new();
    for copy in copies {
        done.push(match copy {
            Copy::Token(copy) => restore.token(copy).unwrap(),
            Copy::User(copy) => restore.user(copy, &copy.account).unwrap(),
        });
    }
    restore.finish().unwrap();
    done
}

fn pair(cache: &mut SeedCache, written: &str, account: &Account) {
    let serial = serial(written);
    cache
        .pair(&serial, account, &accepted(7), 1, &|_| Ok(()))
        .unwrap();
}

/// What a cache has in which Alice has a token, and another one is in stock.
fn backup() -> Vec<Copy> {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1", "2"]);
    pair(&mut cache, "1", &alice());
    copies(&mut cache)
}

fn holder(cache: &mut SeedCache, written: &str) -> Holder {
    cache.find(&serial(written)).unwrap().unwrap().holder
}

#[test]
fn a_backup_is_restored_under_another_key_and_again_without_a_change() {
    let (scratch, copies) = (Scratch::new(), backup());
    let mut cache = scratch.create();
    let done = restore(&mut cache, &copies, RULES);
    assert!(done.iter().all(|done| done.changed && done.left.is_empty()));
    let record = cache.read(&alice()).unwrap().record;
    assert_eq!(record.tokens[0].state, accepted(STEP));
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("alice".into()));
    assert_eq!(holder(&mut cache, "2"), Holder::Nobody);
    let later = Rules {
        now: NOW + 300,
        ..RULES
    };
    let done = restore(&mut cache, &copies, later);
    assert!(done.iter().all(|done| *done == Restored::default()));
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let (scratch, copies) = (Scratch::new(), backup());
    let dry = Rules {
        dry_run: true,
        ..RULES
    };
    let done = restore(&mut scratch.open(), &copies, dry);
    assert!(!scratch.path().exists());
    assert_eq!(restore(&mut scratch.create(), &copies, RULES), done);
}

#[test]
fn a_restore_that_ended_after_any_entry_goes_on() {
    let copies = backup();
    for ended in 0..=copies.len() {
        let scratch = Scratch::new();
        let mut cache = scratch.create();
        restore(&mut cache, &copies[..ended], RULES);
        restore(&mut scratch.open(), &copies, RULES);
        let record = scratch.open().read(&alice()).unwrap().record;
        assert_eq!(record.tokens[0].state, accepted(STEP), "{ended}");
    }
}

#[test]
fn a_token_whose_holder_is_not_restored_is_for_nobody_else() {
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    restore(&mut cache, &backup()[..2], RULES);
    let state = accepted(STEP + 10);
    let claimed = cache.claim(&serial("1"), &bob(), &state, &may_claim(&bob(), &state));
    assert_eq!(claimed, Ok(Claim::Lost));
}

#[test]
fn a_token_that_somebody_else_has_here_stays_with_them() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &bob());
    let done = restore(&mut cache, &backup(), RULES);
    let left = vec![(serial("1"), Left::Held("bob".into()))];
    assert_eq!(done.last().unwrap().left, left);
    assert!(cache.read(&alice()).unwrap().record.tokens.is_empty());
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("bob".into()));
}

#[test]
fn what_was_disabled_in_stock_is_disabled_in_the_record_of_whoever_has_it_here() {
    let old = Scratch::new();
    let mut cache = old.with_tokens(&["1"]);
    cache.set_disabled(&serial("1"), true).unwrap();
    let copies = copies(&mut cache);
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &bob());
    restore(&mut cache, &copies, RULES);
    let record = cache.read(&bob()).unwrap().record;
    assert!(record.tokens[0].state.disabled);
    assert_eq!(record.tokens[0].state.last_accepted, Some(7));
}

#[test]
fn a_pairing_in_progress_can_be_resumed_by_its_user_alone() {
    let old = Scratch::new();
    let mut cache = old.with_tokens(&["1"]);
    let state = accepted(7);
    let claimed = cache.claim(&serial("1"), &alice(), &state, &may_claim(&alice(), &state));
    assert_eq!(claimed, Ok(Claim::Granted));
    let copies = copies(&mut cache);
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    restore(&mut cache, &copies, RULES);
    let state = accepted(STEP + 1);
    for (account, claim) in [(bob(), Claim::Lost), (alice(), Claim::Granted)] {
        let may = may_claim(&account, &state);
        assert_eq!(cache.claim(&serial("1"), &account, &state, &may), Ok(claim));
    }
}

#[test]
fn a_token_that_the_lost_inventory_did_not_have_comes_from_the_record() {
    let old = Scratch::new();
    let mut cache = old.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice());
    drop(cache);
    std::fs::remove_file(old.join("inventory.db")).unwrap();
    let copies = copies(&mut old.open());
    assert_eq!(copies.len(), 1);
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    restore(&mut cache, &copies, RULES);
    assert_eq!(holder(&mut cache, "1"), Holder::Paired("alice".into()));
    assert_eq!(cache.read(&alice()).unwrap().record.tokens.len(), 1);
}

#[test]
fn others_may_pair_while_a_restore_goes_on() {
    let serials: Vec<String> = (1..=2_500).map(|number| number.to_string()).collect();
    let names: Vec<&str> = serials.iter().map(String::as_str).collect();
    let copies = copies(&mut Scratch::new().with_tokens(&names));
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    let mut restore = cache.restore(RULES).unwrap();
    let (first, rest) = copies.split_at(1);
    let mut token = |copy: &Copy| match copy {
        Copy::Token(copy) => restore.token(copy).map(drop).unwrap(),
        Copy::User(_) => {}
    };
    // From here on the restore holds the inventory.
    first.iter().for_each(&mut token);
    let reserved = thread::scope(|scope| {
        let other = scope.spawn(|| {
            scratch
                .open()
                .reserve(&serial("no such token"), Some("bob"))
        });
        rest.iter().for_each(&mut token);
        other.join().unwrap()
    });
    // Nobody has waited for it to end: it holds the inventory still.
    assert!(!matches!(reserved, Err(Error::Fault(_))), "{reserved:?}");
    restore.finish().unwrap();
}

#[test]
fn a_token_for_which_a_record_has_no_room_is_told() {
    let numbers: Vec<String> = (1..=9).map(|number| number.to_string()).collect();
    let names: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let many = Rules { most: 20, ..RULES };
    let origin = Scratch::new();
    let mut old = origin.with_tokens(&names);
    for name in &names[..8] {
        let serial = serial(name);
        old.pair(&serial, &alice(), &accepted(7), 8, &|_| Ok(()))
            .unwrap();
    }
    let copies = copies(&mut old);
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["9"]);
    pair(&mut cache, "9", &alice());
    let done = restore(&mut cache, &copies, many);
    let left: Vec<_> = done.into_iter().flat_map(|done| done.left).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(matches!(left[0].1, Left::NoRoom(UserRecord::MAX_TOKENS)));
}
