use super::*;

const HELD: [Held; 3] = [Held::Nothing, Held::Right, Held::Other];

/// Every state that a machine can be in, whoever has killed what.
fn all() -> impl Iterator<Item = Facts> {
    let sealed = [Held::Nothing, Held::Right, Held::Other, Held::Shut];
    let flags = move |facts: Facts| {
        (0..32_u8).map(move |bits| Facts {
            has_remains: bits & 1 != 0,
            is_enabled: bits & 2 != 0,
            seal_anew: bits & 4 != 0,
            copy_is_due: bits & 8 != 0,
            lacks_copy: bits & 16 != 0,
            ..facts
        })
    };
    let places = [Place::File, Place::Credential];
    let keys = places.into_iter().flat_map(move |config| {
        HELD.into_iter().flat_map(move |plain| {
            sealed.into_iter().flat_map(move |sealed| {
                HELD.into_iter().map(move |unsealed| Facts {
                    config,
                    plain,
                    has_remains: false,
                    sealed,
                    unsealed,
                    is_enabled: false,
                    seal_anew: false,
                    copy_is_due: false,
                    lacks_copy: false,
                })
            })
        })
    });
    keys.flat_map(flags)
}

/// What a step makes of a state when it works.
fn after(step: Step, facts: Facts) -> Facts {
    match step {
        Step::Seal => Facts {
            sealed: Held::Right,
            seal_anew: false,
            ..facts
        },
        Step::Enable => Facts {
            is_enabled: true,
            ..facts
        },
        Step::Unseal => Facts {
            unsealed: facts.sealed,
            ..facts
        },
        Step::Copy => Facts {
            copy_is_due: false,
            ..facts
        },
        Step::Point(config) => Facts { config, ..facts },
        Step::PlacePlain => Facts {
            plain: Held::Right,
            ..facts
        },
        Step::ErasePlain => Facts {
            plain: Held::Nothing,
            has_remains: false,
            ..facts
        },
        Step::Disable => Facts {
            is_enabled: false,
            ..facts
        },
        Step::RemoveSealed => Facts {
            sealed: Held::Nothing,
            ..facts
        },
        Step::RemoveUnsealed => Facts {
            unsealed: Held::Nothing,
            ..facts
        },
    }
}

/// What a power cut makes of it.
fn booted(facts: Facts) -> Facts {
    let unsealed = match facts.sealed {
        Held::Right | Held::Other if facts.is_enabled => facts.sealed,
        _ => Held::Nothing,
    };
    Facts { unsealed, ..facts }
}

fn signs_on(facts: Facts) -> bool {
    match facts.config {
        Place::File => facts.plain == Held::Right,
        Place::Credential => facts.unsealed == Held::Right,
    }
}

/// Every state on the way, the first and the last among them; nothing if it is refused.
fn way(goal: Goal, start: Facts) -> Option<Vec<Facts>> {
    let mut way = vec![start];
    let mut facts = start;
    while let Some(step) = next(goal, facts).ok()? {
        facts = after(step, facts);
        way.push(facts);
        assert!(way.len() < 8, "{goal:?} does not end: {way:#?}");
    }
    Some(way)
}

#[test]
fn from_every_state_it_is_refused_at_once_or_ends_where_it_should() {
    let mut refused = 0;
    for (start, goal) in all().flat_map(|facts| [(facts, Goal::Tpm2), (facts, Goal::File)]) {
        let Some(way) = way(goal, start) else {
            assert!(
                next(goal, start).is_err(),
                "it is refused half way: {start:?}"
            );
            refused += 1;
            continue;
        };
        let end = *way.last().unwrap();
        assert!(signs_on(end) && signs_on(booted(end)), "{goal:?}: {way:#?}");
        match goal {
            Goal::Tpm2 => assert!(
                end.config == Place::Credential
                    && end.plain == Held::Nothing
                    && !end.has_remains
                    && !end.copy_is_due,
                "{way:#?}"
            ),
            Goal::File => assert_eq!(end.config, Place::File, "{way:#?}"),
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_kill_or_a_power_cut_between_any_two_steps_stops_no_sign_on() {
    let mut ways = 0;
    for (start, goal) in all().flat_map(|facts| [(facts, Goal::Tpm2), (facts, Goal::File)]) {
        let Some(way) = way(goal, start) else {
            continue;
        };
        if signs_on(start) {
            ways += 1;
            assert!(way.iter().copied().all(signs_on), "{goal:?}: {way:#?}");
        }
        if signs_on(booted(start)) {
            let after_boot = way.iter().copied().map(booted);
            assert!(after_boot.into_iter().all(signs_on), "{goal:?}: {way:#?}");
        }
    }
    assert!(ways > 100, "{ways}");
}

#[test]
fn what_was_cut_off_is_finished_by_the_same_command_also_after_a_boot() {
    for (start, goal) in all().flat_map(|facts| [(facts, Goal::Tpm2), (facts, Goal::File)]) {
        for cut in way(goal, start).into_iter().flatten().skip(1) {
            let end = way(goal, booted(cut));
            let end = end.unwrap_or_else(|| panic!("{goal:?} is refused after {cut:?}"));
            assert!(signs_on(*end.last().unwrap()), "{goal:?}: {cut:?}");
        }
    }
}

#[test]
fn the_key_is_never_out_of_its_last_place_before_it_is_in_another() {
    for (start, goal) in all().flat_map(|facts| [(facts, Goal::Tpm2), (facts, Goal::File)]) {
        let kept = |facts: &Facts| facts.plain == Held::Right || facts.sealed == Held::Right;
        for facts in way(goal, start)
            .into_iter()
            .flatten()
            .skip_while(|facts| !kept(facts))
        {
            assert!(kept(&facts), "{goal:?}: {start:?}");
        }
    }
}

#[test]
fn when_it_is_done_there_is_nothing_to_do() {
    for goal in [Goal::Tpm2, Goal::File] {
        for end in all().filter_map(|facts| way(goal, facts)?.last().copied()) {
            assert_eq!(next(goal, end), Ok(None));
        }
    }
}

#[test]
fn another_key_is_neither_overwritten_nor_removed() {
    for start in all().filter(|facts| facts.plain == Held::Other) {
        for goal in [Goal::Tpm2, Goal::File] {
            assert_eq!(next(goal, start), Err(Refusal::OtherPlain));
        }
    }
    let with_others = |facts: &Facts| facts.sealed == Held::Other && facts.config == Place::File;
    for start in all().filter(|facts| with_others(facts) && facts.plain == Held::Right) {
        assert_eq!(next(Goal::Tpm2, start), Err(Refusal::OtherSealed));
        assert_eq!(next(Goal::File, start), Ok(None));
    }
}

#[test]
fn one_that_can_not_be_opened_is_left_alone_unless_the_config_or_this_boot_shows_whose_it_is() {
    let shut = all().filter(|facts| facts.sealed == Held::Shut && facts.plain != Held::Other);
    for start in shut {
        let is_own = start.config == Place::Credential || start.unsealed == Held::Right;
        let end = way(Goal::File, start).unwrap().pop().unwrap();
        let left = if is_own { Held::Nothing } else { Held::Shut };
        assert_eq!(end.sealed, left, "{start:?}");
        if !is_own {
            assert_eq!(next(Goal::Tpm2, start), Err(Refusal::OtherSealed));
        }
    }
}

#[test]
fn without_a_copy_the_last_plain_key_stays() {
    for start in all().filter(|facts| facts.lacks_copy) {
        let Some(way) = way(Goal::Tpm2, start) else {
            continue;
        };
        assert!(start.config == Place::Credential, "{start:?}");
        assert!(
            way.iter().all(|facts| facts.plain == start.plain),
            "{start:?}"
        );
    }
}

/// What is found, whether the cache is empty, and the right one.
type Case<'a> = (&'a [(Origin, Fit)], bool, Result<Option<Origin>, Refusal>);

#[test]
fn the_right_key_is_the_one_that_the_cache_was_made_with() {
    use Fit::{Differs, Empty, Fits};
    use Origin::{Copy, Plain, Sealed};
    let cases: [Case; 8] = [
        (&[], true, Ok(None)),
        (&[], false, Err(Refusal::Lost)),
        (&[(Plain, Fits)], false, Ok(Some(Plain))),
        (&[(Plain, Differs), (Sealed, Fits)], false, Ok(Some(Sealed))),
        (&[(Plain, Differs)], false, Err(Refusal::Lost)),
        (&[(Plain, Empty), (Sealed, Empty)], true, Ok(Some(Plain))),
        (
            &[(Copy, Differs), (Plain, Fits)],
            false,
            Err(Refusal::NotTheKey),
        ),
        (&[(Copy, Fits), (Plain, Differs)], false, Ok(Some(Copy))),
    ];
    for (found, is_empty, right) in cases {
        assert_eq!(choose(found, is_empty), right, "{found:?}");
    }
    assert!(choose(&[(Copy, Differs)], true).is_err());
}
