use crate::SeedCache;
use crate::testing::{Scratch, accepted, account, alice, bob, fail, failed, import, serial};
use otpair_core::records::{
    Account, Commit, FaultKind, HeldToken, Records as _, Revision, Secrets as _, Snapshot,
    UserRecord,
};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::Path;

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

fn kind(cache: &mut SeedCache, account: &Account) -> FaultKind {
    cache.read(account).unwrap_err().kind
}

#[test]
fn in_a_cache_without_a_folder_nobody_has_a_record_and_a_failure_can_be_counted() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let absent = Snapshot {
        record: UserRecord::default(),
        revision: Revision::ABSENT,
    };
    assert_eq!(cache.read(&alice()), Ok(absent));
    assert_eq!(
        cache.find(&serial("1")).unwrap_err().kind,
        FaultKind::NoInventory
    );
    assert!(!scratch.path().exists());
    assert_eq!(fail(&mut cache, &alice(), 1).record, failed(1));
    assert_eq!(scratch.open().read(&alice()).unwrap().record, failed(1));
    for (name, mode) in [
        ("", 0o700),
        ("users", 0o700),
        ("cache.key", 0o600),
        ("users/alice", 0o600),
    ] {
        let found = fs::metadata(scratch.join(name)).unwrap().permissions();
        assert_eq!(found.mode() & 0o7777, mode, "{name}");
    }
}

#[test]
fn a_record_is_committed_only_if_its_revision_still_stands() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let first = fail(&mut cache, &alice(), 1);
    assert_eq!(
        cache.commit(&alice(), Revision::ABSENT, &failed(9)),
        Ok(Commit::Conflict)
    );
    let second = fail(&mut cache, &alice(), 1);
    assert_ne!(first.revision, second.revision);
    assert_eq!(
        cache.commit(&alice(), first.revision, &failed(9)),
        Ok(Commit::Conflict)
    );
    assert_eq!(cache.read(&alice()), Ok(second));
    assert_eq!(
        cache.commit(&bob(), first.revision, &failed(9)),
        Ok(Commit::Conflict)
    );
}

#[test]
fn each_commit_overwrites_the_older_block_in_place() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let mut before = Vec::new();
    for times in 1..6 {
        assert_eq!(fail(&mut cache, &alice(), 1).record, failed(times));
        let now = fs::read(scratch.join("users/alice")).unwrap();
        assert_eq!(now.len(), 8192);
        if times > 1 {
            let same = [now[..4096] == before[..4096], now[4096..] == before[4096..]];
            assert_eq!(same, [times % 2 == 1, times % 2 == 0]);
        }
        before = now;
    }
}

#[test]
fn racing_committers_lose_nobodys_commit() {
    let scratch = Scratch::new();
    let count = |times| {
        let mut cache = scratch.open();
        for _ in 0..times {
            cache
                .modify(&alice(), |record| {
                    record.throttle.failures += 1;
                    Ok::<_, otpair_core::records::Fault>(())
                })
                .unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| count(25));
        }
    });
    assert_eq!(scratch.open().read(&alice()).unwrap().record, failed(100));
}

#[test]
fn two_makers_at_once_end_with_one_key() {
    let scratch = Scratch::new();
    let token = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| scratch.create().decoy()))
            .collect();
        let tokens: Vec<_> = makers.into_iter().map(|m| m.join().unwrap()).collect();
        tokens
    });
    let cache = scratch.open();
    assert!(token.iter().all(|token| cache.unseal(token).is_ok()));
}

#[test]
fn with_one_damaged_block_the_other_counts_in_doubt_until_it_is_cleared() {
    for offset in [100, 4096 + 100] {
        let scratch = Scratch::new();
        let mut cache = scratch.open();
        fail(&mut cache, &alice(), 4);
        overwrite(&scratch.join("users/alice"), offset, &[0xff; 8]);
        let found = cache.read(&alice()).unwrap();
        assert!(found.record.in_doubt);
        let mut record = found.record.clone();
        record.throttle.failures = 7;
        let commit = cache.commit(&alice(), found.revision, &record);
        assert_eq!(commit, Ok(Commit::Durable));
        let found = cache.read(&alice()).unwrap();
        assert_eq!(
            found.record, record,
            "both blocks are valid, the doubt stays"
        );
        record.in_doubt = false;
        let commit = cache.commit(&alice(), found.revision, &record);
        assert_eq!(commit, Ok(Commit::Durable));
        assert_eq!(cache.read(&alice()).unwrap().record, record);
    }
}

#[test]
fn a_block_put_back_from_before_leaves_the_record_in_doubt() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let path = scratch.join("users/alice");
    fail(&mut cache, &alice(), 1);
    let old = fs::read(&path).unwrap();
    fail(&mut cache, &alice(), 3);
    overwrite(&path, 0, &old[..4096]);
    assert!(cache.read(&alice()).unwrap().record.in_doubt);
}

#[test]
fn a_truncated_empty_or_garbage_record_is_damaged_and_a_newer_one_newer() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    fail(&mut cache, &alice(), 2);
    let path = scratch.join("users/alice");
    let good = fs::read(&path).unwrap();
    for bad in [&good[..4096], &good[..8191], &[], &[0x55; 8192], &[0; 8192]] {
        fs::write(&path, bad).unwrap();
        assert_eq!(kind(&mut cache, &alice()), FaultKind::Damaged);
        let commit = cache.commit(&alice(), Revision(3), &failed(1));
        assert_eq!(commit.unwrap_err().kind, FaultKind::Damaged);
    }
    fs::write(&path, [&good[..], &[0]].concat()).unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Damaged);
    fs::write(&path, &good).unwrap();
    overwrite(&path, 8, &[3]);
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Newer);
}

#[test]
fn another_users_record_or_block_and_another_uid_are_refused() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    fail(&mut cache, &alice(), 1);
    fail(&mut cache, &bob(), 1);
    let renamed = account("alice", 2000);
    assert_eq!(kind(&mut cache, &renamed), FaultKind::OtherUid);
    let (alices, bobs) = (scratch.join("users/alice"), scratch.join("users/bob"));
    let of_bob = fs::read(&bobs).unwrap();
    overwrite(&alices, 4096, &of_bob[4096..]);
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Damaged);
    fs::rename(&bobs, &alices).unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Damaged);
}

#[test]
fn links_odd_files_and_loose_modes_are_refused() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    fail(&mut cache, &alice(), 1);
    let (path, other) = (scratch.join("users/alice"), scratch.join("other"));
    fs::hard_link(&path, &other).unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Unsafe);
    fs::remove_file(&path).unwrap();
    symlink(&other, &path).unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Unsafe);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Unsafe);
    fs::remove_dir(&path).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert_eq!(kind(&mut cache, &alice()), FaultKind::Unsafe);
    fs::remove_file(&path).unwrap();
    fs::rename(&other, &path).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o606] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(kind(&mut cache, &alice()), FaultKind::Unsafe, "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(cache.read(&alice()).unwrap().record, failed(1));
}

#[test]
fn a_foreign_owner_is_refused_at_every_step_of_the_way() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    fail(&mut scratch.open(), &alice(), 1);
    let parent = scratch.folder.path().to_owned();
    for path in [
        scratch.join("users/alice"),
        scratch.join("cache.key"),
        scratch.join("users"),
        scratch.path(),
        parent,
    ] {
        std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        let opened = SeedCache::open(&scratch.path(), &scratch.key());
        let fault = opened.and_then(|mut cache| cache.read(&alice())).err();
        assert_eq!(fault.unwrap().kind, FaultKind::Unsafe, "{}", path.display());
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    }
    assert!(scratch.open().read(&alice()).is_ok());
}

#[test]
fn a_folder_that_others_may_write_in_is_refused_unless_sticky_above_the_cache() {
    let scratch = Scratch::new();
    scratch.create();
    let opened = |mode: u32, path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let opened = SeedCache::open(&scratch.path(), &scratch.key());
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        opened.err().map(|fault| fault.kind)
    };
    let above = scratch.folder.path();
    assert_eq!(opened(0o770, above), Some(FaultKind::Unsafe));
    assert_eq!(opened(0o702, above), Some(FaultKind::Unsafe));
    assert_eq!(opened(0o1777, above), None);
    assert_eq!(opened(0o755, above), None);
    assert_eq!(opened(0o1777, &scratch.path()), Some(FaultKind::Unsafe));
    assert_eq!(
        opened(0o720, &scratch.join("users")),
        Some(FaultKind::Unsafe)
    );
}

#[test]
fn a_cache_reached_by_a_link_above_it_is_fine_but_a_link_in_its_place_is_not() {
    let scratch = Scratch::new();
    fail(&mut scratch.open(), &alice(), 1);
    let above = scratch.folder.path().join("above");
    symlink(scratch.folder.path(), &above).unwrap();
    let mut cache = SeedCache::open(&above.join("cache"), &scratch.key()).unwrap();
    assert_eq!(cache.read(&alice()).unwrap().record, failed(1));
    import(&mut cache, &["1"]);
    let link = scratch.folder.path().join("link");
    symlink(scratch.path(), &link).unwrap();
    let fault = SeedCache::open(&link, &scratch.key()).err().unwrap();
    assert_eq!(fault.kind, FaultKind::Unsafe);
}

#[test]
fn a_missing_or_bad_key_beside_records_is_a_fault_and_never_made_anew() {
    let scratch = Scratch::new();
    fail(&mut scratch.open(), &alice(), 1);
    let key = scratch.join("cache.key");
    let line = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let fault = |made: Result<SeedCache, otpair_core::records::Fault>| made.err().unwrap().kind;
    assert_eq!(
        fault(SeedCache::open(&scratch.path(), &scratch.key())),
        FaultKind::Key
    );
    assert_eq!(
        fault(SeedCache::create(&scratch.path(), &scratch.key())),
        FaultKind::Key
    );
    assert!(!key.exists());
    for (text, kind) in [
        (&b""[..], FaultKind::Key),
        (b"otpair-cache-key-1 00\n", FaultKind::Key),
        (b"otpair-cache-key-2 00\n", FaultKind::Newer),
        (&line[..line.len() - 2], FaultKind::Key),
    ] {
        fs::write(&key, text).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            fault(SeedCache::open(&scratch.path(), &scratch.key())),
            kind
        );
    }
    let other = format!("otpair-cache-key-1 {}\n", "0f".repeat(32));
    fs::write(&key, other).unwrap();
    assert_eq!(kind(&mut scratch.open(), &alice()), FaultKind::Key);
    fs::write(&key, line).unwrap();
    assert_eq!(scratch.open().read(&alice()).unwrap().record, failed(1));
}

#[test]
fn a_record_that_does_not_fit_is_refused_and_the_old_one_stays() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    let found = fail(&mut cache, &alice(), 1);
    let token = cache.find(&serial("1")).unwrap().unwrap().token;
    let held = HeldToken {
        token,
        state: accepted(1),
    };
    let record = UserRecord {
        tokens: vec![held; UserRecord::MAX_TOKENS + 1],
        ..UserRecord::default()
    };
    assert!(cache.commit(&alice(), found.revision, &record).is_err());
    assert!(cache.commit(&bob(), Revision::ABSENT, &record).is_err());
    assert_eq!(cache.read(&alice()), Ok(found));
    assert_eq!(cache.read(&bob()).unwrap().revision, Revision::ABSENT);
}

#[test]
fn what_a_crashed_maker_left_is_in_nobodys_way() {
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    fs::write(scratch.join("users/.new"), "half").unwrap();
    assert_eq!(fail(&mut cache, &alice(), 1).record, failed(1));
    assert!(!scratch.join("users/.new").exists());
}

#[test]
fn the_decoy_unseals_is_written_and_never_made_at_a_sign_on() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    assert!(cache.unseal(&cache.decoy()).is_ok());
    cache.commit_decoy().unwrap();
    assert!(!scratch.path().exists());
    let mut cache = scratch.create();
    let length = || fs::metadata(scratch.join("decoy")).unwrap().len();
    assert_eq!(length(), 8192);
    cache.commit_decoy().unwrap();
    assert_eq!(length(), 8192);
    fs::remove_file(scratch.join("decoy")).unwrap();
    cache.commit_decoy().unwrap();
    assert!(!scratch.join("decoy").exists());
}

#[test]
fn a_seed_opens_only_for_the_token_that_it_was_sealed_for() {
    let scratch = Scratch::new();
    let cache = scratch.create();
    let token = cache.decoy();
    let mut renamed = token.clone();
    renamed.serial = serial("other");
    let mut longer = token.clone();
    longer.parameters.digits = otpair_core::token::Digits::new(8).unwrap();
    let mut flipped = token.clone();
    flipped.sealed_seed.0[30] ^= 1;
    let mut short = token.clone();
    short.sealed_seed.0.truncate(20);
    for bad in [renamed, longer, flipped, short] {
        assert_eq!(cache.unseal(&bad).unwrap_err().kind, FaultKind::Damaged);
    }
    let mut newer = token.clone();
    newer.sealed_seed.0[0] = 2;
    assert_eq!(cache.unseal(&newer).unwrap_err().kind, FaultKind::Newer);
    assert!(cache.unseal(&token).is_ok());
}

#[test]
fn the_tag_of_a_bypass_code_is_bound_to_the_user_and_the_key() {
    use otpair_core::bypass::BypassCode;
    let (one, other) = (Scratch::new(), Scratch::new());
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let cache = one.create();
    let tag = cache.bypass_tag("alice", &code);
    assert_eq!(tag, one.open().bypass_tag("alice", &code));
    assert_ne!(tag, cache.bypass_tag("bob", &code));
    assert_ne!(tag, other.create().bypass_tag("alice", &code));
}

#[test]
fn a_block_that_somebody_is_just_writing_is_waited_for() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let before = fail(&mut cache, &alice(), 2);
    let path = scratch.join("users/alice");
    let whole = fs::read(&path).unwrap();
    let file = fs::File::open(&path).unwrap();
    file.lock().unwrap();
    overwrite(&path, 0, &[0xff; 2048]);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| scratch.open().read(&alice()));
        overwrite(&path, 0, &whole[..4096]);
        file.unlock().unwrap();
        assert_eq!(reader.join().unwrap(), Ok(before));
    });
}
