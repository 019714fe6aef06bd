//! Imports: what is new is added, and nothing that is there is touched.

use super::*;

#[test]
fn an_import_adds_what_is_new_and_touches_nothing_else() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1"]);
    pair(&mut cache, "1", &alice(), 9).unwrap();
    let before = cache.find(&serial("1")).unwrap();
    let run = |cache: &mut SeedCache, dry_run| {
        let other_seed = Seed::new(vec![9; 20]).unwrap();
        let longer = Parameters {
            digits: Digits::new(8).unwrap(),
            ..totp()
        };
        let mut import = cache.import("b.csv", 5, dry_run).unwrap();
        let mut add = |written: &str, parameters: &Parameters, seed: &Seed| {
            let package = Package {
                serial: &serial(written),
                manufacturer: None,
                parameters,
                seed,
                counter: 7,
                drift: -3,
                reserved_for: Some("bob"),
            };
            assert_eq!(import.add(&package), Ok(Batch::default()));
        };
        add(" 1 ", &totp(), &seed(&serial("1")));
        add("2", &totp(), &seed(&serial("2")));
        add("1", &totp(), &other_seed);
        add("1", &longer, &seed(&serial("1")));
        add("2", &totp(), &seed(&serial("2")));
        add("2", &totp(), &other_seed);
        import.finish().unwrap()
    };
    let other = |written: &str, source: &str, same_parameters| Left {
        serial: serial(written),
        there: There::Other {
            source: source.to_owned(),
            same_parameters,
        },
    };
    let expected = || Batch {
        new: 1,
        unchanged: 1,
        left: vec![
            Left {
                serial: serial("1"),
                there: There::Reserved {
                    reserved_for: None,
                    file: "bob".to_owned(),
                },
            },
            other("1", "box.xml", true),
            other("1", "box.xml", false),
            other("2", "b.csv", true),
        ],
    };
    assert_eq!(run(&mut cache, true), expected());
    assert_eq!(
        cache.find(&serial("2")),
        Ok(None),
        "a dry run writes nothing"
    );
    assert_eq!(run(&mut cache, false), expected());
    assert_eq!(cache.find(&serial("1")).unwrap(), before);
    let stock = cache.find(&serial("2")).unwrap().unwrap();
    assert_eq!(
        (stock.state.last_accepted, stock.state.drift),
        (Some(6), -3)
    );
    assert_eq!(stock.reserved_for.as_deref(), Some("bob"));
    assert_eq!(
        cache.unseal(&stock.token).unwrap().expose(),
        seed(&serial("2")).expose()
    );
}

#[test]
fn a_token_that_is_not_reserved_for_whom_the_file_says_is_told_also_in_a_dry_run() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let mut run = |dry_run, users: &[Option<&str>]| {
        let mut import = cache.import("a.csv", 0, dry_run).unwrap();
        for user in users {
            let package = Package {
                serial: &serial("1"),
                manufacturer: None,
                parameters: &totp(),
                seed: &seed(&serial("1")),
                counter: 0,
                drift: 0,
                reserved_for: *user,
            };
            import.add(&package).unwrap();
        }
        import.finish().unwrap()
    };
    let users = [Some("alice"), Some("alice"), None, Some("bob")];
    let left = vec![Left {
        serial: serial("1"),
        there: There::Reserved {
            reserved_for: Some("alice".to_owned()),
            file: "bob".to_owned(),
        },
    }];
    for dry_run in [true, false] {
        let batch = run(dry_run, &users);
        assert_eq!((batch.new, batch.unchanged), (1, 2), "{dry_run}");
        assert_eq!(batch.left, left, "{dry_run}");
    }
    for dry_run in [true, false] {
        assert_eq!(run(dry_run, &users[3..]).left, left, "{dry_run}");
    }
}

/// Adds a token of this serial number, whose seed is `seed_of` that number.
fn add(import: &mut Import<'_>, written: &str, seed_of: &str) -> Batch {
    let package = Package {
        serial: &serial(written),
        manufacturer: None,
        parameters: &totp(),
        seed: &seed(&serial(seed_of)),
        counter: 0,
        drift: 0,
        reserved_for: None,
    };
    import.add(&package).unwrap()
}

#[test]
fn a_dry_run_in_an_empty_cache_makes_no_file() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    let mut import = cache.import("a.csv", 0, true).unwrap();
    add(&mut import, "1", "1");
    add(&mut import, "1", "1");
    let batch = import.finish().unwrap();
    assert_eq!((batch.new, batch.unchanged), (1, 1));
    assert!(!scratch.path().exists());
}

#[test]
fn a_dry_run_of_several_files_knows_what_the_earlier_ones_would_have_added() {
    let scratch = Scratch::new();
    let mut cache = scratch.open();
    for dry_run in [true, false] {
        let mut run = |source: &str, seeds: [&str; 2]| {
            let mut import = cache.import(source, 0, dry_run).unwrap();
            add(&mut import, "1", seeds[0]);
            add(&mut import, "2", seeds[1]);
            import.finish().unwrap()
        };
        assert_eq!(run("a.csv", ["1", "2"]).new, 2);
        let batch = run("b.csv", ["1", "3"]);
        assert_eq!((batch.new, batch.unchanged), (0, 1));
        let other = There::Other {
            source: "a.csv".to_owned(),
            same_parameters: true,
        };
        assert_eq!(batch.left[0].there, other);
    }
}

#[test]
fn a_token_in_the_inventory_that_can_not_be_read_is_left_and_stops_no_other() {
    let scratch = Scratch::new();
    let mut cache = scratch.with_tokens(&["1", "2", "3"]);
    let sql = "UPDATE tokens SET written = '2' WHERE serial = '1';
               UPDATE tokens SET sealed_seed = x'0102' WHERE serial = '2';";
    let inventory = rusqlite::Connection::open(scratch.join("inventory.db")).unwrap();
    inventory.execute_batch(sql).unwrap();
    for dry_run in [true, false] {
        let mut import = cache.import("a.csv", 0, dry_run).unwrap();
        for written in ["4", "3", "2", "1"] {
            add(&mut import, written, written);
        }
        let batch = import.finish().unwrap();
        assert_eq!((batch.new, batch.unchanged), (1, 1));
        let left: Vec<_> = batch.left.iter().map(|left| left.serial.as_str()).collect();
        assert_eq!(left, ["2", "1"], "in the order of the file");
        let damaged = |left: &Left| matches!(left.there, There::Damaged(_));
        assert!(batch.left.iter().all(damaged));
    }
}

#[test]
fn whoever_pairs_waits_for_no_seed_file_that_is_being_read() {
    let scratch = Scratch::new();
    let (mut importing, mut pairing) = (scratch.with_tokens(&["1"]), scratch.open());
    let mut import = importing.import("a.csv", 0, false).unwrap();
    add(&mut import, "2", "2");
    pair(&mut pairing, "1", &alice(), 5).unwrap();
    assert_eq!(import.finish().unwrap().new, 1);
}

#[test]
fn what_two_imports_of_one_file_add_at_the_same_time_is_there_once() {
    let scratch = Scratch::new();
    let (mut one, mut other) = (scratch.create(), scratch.open());
    let mut first = one.import("a.csv", 0, false).unwrap();
    let mut second = other.import("a.csv", 0, false).unwrap();
    for written in ["1", "2"] {
        add(&mut first, written, written);
        add(&mut second, written, written);
    }
    assert_eq!(first.finish().unwrap().new, 2);
    let batch = second.finish().unwrap();
    assert_eq!((batch.new, batch.unchanged), (0, 2));
}

#[test]
fn an_import_that_is_not_finished_leaves_at_most_whole_batches() {
    let scratch = Scratch::new();
    let mut cache = scratch.create();
    let mut import = cache.import("a.csv", 0, false).unwrap();
    for n in 0..10_005 {
        let written = format!("{n:06}");
        let added = add(&mut import, &written, &written).new;
        assert_eq!(added, if n == 9_999 { 10_000 } else { 0 });
    }
    drop(import);
    let mut serials = Vec::new();
    let listed = cache.tokens(|entry| {
        serials.push(entry?.stock.token.serial);
        Ok::<_, Fault>(())
    });
    listed.unwrap();
    assert_eq!(serials.len(), 10_000);
    assert!(serials.is_sorted_by(|a, b| a.canonical() < b.canonical()));
}

#[test]
fn of_many_tokens_only_those_are_left_that_were_there_or_come_twice() {
    let scratch = Scratch::new();
    let there: Vec<_> = ["0100", "0163", "0299"].into();
    let mut cache = scratch.with_tokens(&there);
    let mut import = cache.import("many.csv", 5, false).unwrap();
    let written = |number: u32| format!("{number:04}");
    for number in (0..500).chain([7, 499]) {
        let seed_of = match number {
            163 => "another".to_owned(),
            number => written(number),
        };
        assert_eq!(
            add(&mut import, &written(number), &seed_of),
            Batch::default()
        );
    }
    let batch = import.finish().unwrap();
    assert_eq!((batch.new, batch.unchanged), (497, 4));
    let left: Vec<_> = batch.left.iter().map(|left| left.serial.as_str()).collect();
    assert_eq!(left, ["0163"]);
    for number in 0..500 {
        let stock = cache.find(&serial(&written(number))).unwrap().unwrap();
        let opened = crate::seal::unseal(&cache.keys, &stock.token).unwrap();
        assert_eq!(opened.expose(), seed(&serial(&written(number))).expose());
    }
}
