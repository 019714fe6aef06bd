use crate::SeedCache;
use crate::testing::{
    Scratch, accepted, alice, arbitrary_held, bob, import, keys, may_claim, serial,
};
use otpair_core::records::{
    Claim, FaultKind, Holder, IssuedBypass, Records as _, Stock, UserRecord,
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn kind(cache: &mut SeedCache) -> FaultKind {
    cache.find(&serial("1")).unwrap_err().kind
}

fn holder(cache: &mut SeedCache, written: &str) -> Holder {
    cache.find(&serial(written)).unwrap().unwrap().holder
}

#[test]
fn a_token_is_found_by_its_serial_number_however_it_is_written() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["FT-12 ab"]);
    let stock = cache.find(&serial("ft12AB")).unwrap().unwrap();
    assert_eq!(stock.token.serial.as_str(), "FT-12 ab");
    assert_eq!(stock.holder, Holder::Nobody);
    assert_eq!(cache.find(&serial("ft12AC")), Ok(None));
}

#[test]
fn a_claim_is_granted_to_one_user_and_resumed_by_that_user_only() {
    let scratch = Scratch::new();
    let (mut one, mut other) = (scratch.with_tokens(&["1"]), scratch.open());
    let token = serial("1");
    let granted = |cache: &mut SeedCache, who, at| {
        cache
            .claim(&token, &who, &accepted(at), &may_claim(&who, &accepted(at)))
            .unwrap()
            == Claim::Granted
    };
    assert!(granted(&mut one, alice(), 5));
    assert!(!granted(&mut other, bob(), 6));
    assert!(!granted(&mut one, alice(), 5), "what was claimed is spent");
    assert!(granted(&mut other, alice(), 6), "resumed after a crash");
    for _ in 0..2 {
        assert_eq!(one.confirm(&token, &alice()), Ok(Claim::Granted));
    }
    assert_eq!(holder(&mut other, "1"), Holder::Paired("alice".to_owned()));
    assert!(!granted(&mut one, alice(), 7));
    assert_eq!(other.confirm(&token, &bob()), Ok(Claim::Lost));
    assert_eq!(
        one.claim(
            &serial("2"),
            &alice(),
            &accepted(1),
            &may_claim(&alice(), &accepted(1))
        ),
        Ok(Claim::Lost)
    );
}

#[test]
fn of_racing_claims_one_is_granted() {
    let scratch = Scratch::new();
    scratch.with_tokens(&["1"]);
    let claim = |name: String| {
        let user = crate::testing::account(&name, 1);
        scratch.open().claim(
            &serial("1"),
            &user,
            &accepted(1),
            &may_claim(&user, &accepted(1)),
        )
    };
    let claims: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|n| scope.spawn(move || claim(format!("user{n}"))))
            .collect();
        racers.into_iter().map(|r| r.join().unwrap()).collect()
    });
    let granted = claims.iter().filter(|claim| **claim == Ok(Claim::Granted));
    assert_eq!(granted.count(), 1, "{claims:?}");
}

#[test]
fn moving_factors_compare_over_all_of_their_range() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let mut claim = |at| {
        cache
            .claim(
                &serial("1"),
                &alice(),
                &accepted(at),
                &may_claim(&alice(), &accepted(at)),
            )
            .unwrap()
    };
    let top = u64::MAX / 2;
    for at in [0, 1, top, top + 1, u64::MAX - 1, u64::MAX] {
        assert_eq!(claim(at), Claim::Granted, "{at}");
        assert_eq!(claim(at), Claim::Lost, "{at}");
        assert_eq!(claim(top.min(at)), Claim::Lost, "{at}");
    }
}

#[test]
fn an_inventory_that_is_none_is_damaged_a_newer_one_newer_and_one_of_another_key_told() {
    let scratch = Scratch::new();
    scratch.with_tokens(&["1"]);
    let path = scratch.join("inventory.db");
    let good = fs::read(&path).unwrap();
    let text = [b'x'; 9000];
    for bad in [&[][..], &text, &good[..50], &good[..5000]] {
        fs::write(&path, bad).unwrap();
        assert_eq!(
            kind(&mut scratch.open()),
            FaultKind::Damaged,
            "{}",
            bad.len()
        );
        let imported = scratch.create().import("again", 0, false).err();
        assert_eq!(imported.unwrap().kind, FaultKind::Damaged);
    }
    let with = |sql: &str| {
        fs::write(&path, &good).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        kind(&mut scratch.open())
    };
    assert_eq!(with("PRAGMA application_id = 1"), FaultKind::Damaged);
    assert_eq!(with("PRAGMA user_version = 2"), FaultKind::Newer);
    assert_eq!(with("UPDATE cache SET key_id = x'00'"), FaultKind::Key);
    assert_eq!(with("UPDATE tokens SET written = '2'"), FaultKind::Damaged);
    assert_eq!(
        with("UPDATE tokens SET time_interval = 5"),
        FaultKind::Damaged
    );
    assert_eq!(with("DROP TABLE tokens"), FaultKind::Damaged);
    fs::remove_file(&path).unwrap();
    assert_eq!(kind(&mut scratch.open()), FaultKind::NoInventory);
}

#[test]
fn an_inventory_or_a_journal_that_others_could_have_made_is_refused() {
    let scratch = Scratch::new();
    scratch.with_tokens(&["1"]);
    let (path, aside) = (scratch.join("inventory.db"), scratch.join("aside"));
    fs::rename(&path, &aside).unwrap();
    symlink(&aside, &path).unwrap();
    let fault = SeedCache::open(&scratch.path(), &scratch.key()).map(|mut cache| kind(&mut cache));
    assert_eq!(fault, Ok(FaultKind::Unsafe));
    fs::rename(&aside, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(kind(&mut scratch.open()), FaultKind::Unsafe);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&aside, scratch.join("inventory.db-journal")).unwrap();
    assert_eq!(kind(&mut scratch.open()), FaultKind::Unsafe);
}

#[test]
fn a_damaged_inventory_stops_nobodys_sign_on() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    cache
        .pair(&serial("1"), &alice(), &accepted(1), 1, &|_| Ok(()))
        .unwrap();
    fs::write(scratch.join("inventory.db"), "garbage").unwrap();
    let mut cache = scratch.open();
    let found = cache.read(&alice()).unwrap();
    let bypass = IssuedBypass {
        tag: [0; 32],
        issued: 0,
        expires: 1,
        uses_left: 1,
    };
    let record = UserRecord {
        bypass: vec![bypass],
        ..found.record
    };
    let commit = cache.commit(&alice(), found.revision, &record).unwrap();
    assert_eq!(commit, otpair_core::records::Commit::Durable);
}

#[test]
fn an_inventory_locked_by_somebody_else_is_busy() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    cache.find(&serial("1")).unwrap();
    let other = Connection::open(scratch.join("inventory.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let inventory = cache.inventory.as_mut().unwrap();
    inventory
        .connection
        .busy_timeout(std::time::Duration::ZERO)
        .unwrap();
    let fault = cache.claim(
        &serial("1"),
        &alice(),
        &accepted(1),
        &may_claim(&alice(), &accepted(1)),
    );
    assert_eq!(fault.unwrap_err().kind, FaultKind::Busy);
}

#[test]
fn the_inventory_is_for_its_owner_alone_and_leaves_nothing_beside_it() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    import(&mut cache, &["2"]);
    let mode = fs::metadata(scratch.join("inventory.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
    let names = fs::read_dir(scratch.path()).unwrap();
    let mut names: Vec<_> = names.map(|n| n.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["cache.key", "decoy", "inventory.db", "users"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_token_comes_back_from_the_inventory_as_it_went_in(
        tokens in proptest::collection::vec(
            (arbitrary_held(), "[a-z]{1,8}", 0..3, proptest::option::of("[AB]"), "[ab]", any::<u64>()),
            1..6,
        ),
    ) {
        let mut entries = std::collections::BTreeMap::new();
        for (held, user, which, manufacturer, source, imported) in tokens {
            let holder = match which {
                0 => Holder::Nobody,
                1 => Holder::Pairing(user.clone()),
                _ => Holder::Paired(user.clone()),
            };
            let serial = held.token.serial.clone();
            let stock = Stock { token: held.token, state: held.state, holder, reserved_for: Some(user) };
            let entry = super::Entry { stock, manufacturer, imported, source };
            entries.insert(serial.canonical().to_owned(), entry);
        }
        let all: Vec<_> = entries.into_values().collect();
        let inventory = super::Inventory::in_memory(&keys(), &all).unwrap();
        for entry in all {
            prop_assert_eq!(inventory.entry(&entry.stock.token.serial).unwrap(), Some(entry));
        }
    }
}
