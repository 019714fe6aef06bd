use super::*;
use proptest::prelude::*;
use proptest::sample::select;

const DEBIAN: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\nauth\toptional\t\t\tpam_cap.so \n";
/// Two ways to check, as `pam-auth-update` writes them with sssd.
const DEBIAN_SSS: &str = "auth [success=2 default=ignore] pam_unix.so nullok\nauth [success=1 default=ignore] pam_sss.so use_first_pass\nauth requisite pam_deny.so\nauth required pam_permit.so\n";
const FEDORA: &str = "auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\nauth [default=1 ignore=ignore success=ok] pam_localuser.so\nauth sufficient pam_unix.so nullok\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\nauth sufficient pam_sss.so forward_pass\nauth required pam_deny.so\n";
const ARCH: &str = "auth required pam_faillock.so preauth\n-auth [success=2 default=ignore] pam_systemd_home.so\nauth [success=1 default=bad] pam_unix.so try_first_pass nullok\nauth [default=die] pam_faillock.so authfail\nauth optional pam_permit.so\nauth required pam_env.so\nauth required pam_faillock.so authsucc\n";
const SUSE: &str = "auth required pam_env.so\nauth optional pam_gnome_keyring.so\nauth required pam_unix.so try_first_pass\n";
const FAILLOCK: &str = "auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so nullok\nauth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\nauth requisite pam_deny.so\nauth required pam_permit.so\n";

const MARKED: &str =
    "auth required pam_otpair.so # otpair protect: taken out by otpair unprotect\n";

fn taken_out(text: &str) -> String {
    String::from_utf8(unprotect(text.as_bytes())).unwrap()
}

fn reader(name: &str) -> Option<String> {
    let text = match name {
        "common-auth" => DEBIAN,
        "common-auth-sss" => DEBIAN_SSS,
        "password-auth" => FEDORA,
        "system-auth" => ARCH,
        "system-remote-login" => "auth include system-login\n",
        "system-login" => {
            "auth required pam_shells.so\nauth requisite pam_nologin.so\nauth include system-auth\n"
        }
        "suse-auth" => SUSE,
        "faillock-auth" => FAILLOCK,
        "postlogin" => "session optional pam_lastlog.so\n",
        "common-account" => "account required pam_unix.so\n",
        "loop" => "auth include loop\n",
        _ => return None,
    };
    Some(text.to_owned())
}

fn attempt(text: &str) -> Result<Protected, Refusal> {
    protect(text, &reader, "", FirstFactor::InStack)
}

/// The file with otpair's line, which must come right behind a line that begins like this.
#[track_caller]
fn behind(text: &str, line: &str) {
    let Ok(Protected::Text(protected)) = attempt(text) else {
        panic!("{text}: {:?}", attempt(text));
    };
    let lines: Vec<_> = protected.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains("pam_otpair.so"))
        .unwrap();
    assert!(lines[at - 1].starts_with(line), "{protected}");
    assert_eq!(taken_out(&protected), text);
    let examined = examine(&protected, &reader);
    assert_eq!(
        (examined.protected, examined.weakness),
        (true, None),
        "{protected}"
    );
    assert_eq!(
        protect(&protected, &reader, "", FirstFactor::InStack),
        Ok(Protected::Already)
    );
}

#[track_caller]
fn refused(text: &str) -> String {
    attempt(text).unwrap_err().to_string()
}

#[test]
fn debians_services_get_the_line_right_behind_the_common_file() {
    behind(
        "@include common-auth\naccount required pam_nologin.so\n@include common-account\n",
        "@include common-auth",
    );
    behind(
        "auth optional pam_faildelay.so delay=3000000\nauth requisite pam_nologin.so\n@include common-auth\nauth optional pam_group.so\n@include common-account\n",
        "@include common-auth",
    );
    behind(
        "auth sufficient pam_rootok.so\nsession required pam_limits.so\n@include common-auth\n",
        "@include common-auth",
    );
    behind(
        "auth requisite pam_nologin.so\n@include common-auth-sss\n-auth optional pam_gnome_keyring.so\n",
        "@include common-auth-sss",
    );
    let sudo = "#%PAM-1.0\n\nsession required pam_limits.so\n\n@include common-auth\n@include common-account\n";
    assert_eq!(
        attempt(sudo),
        Ok(Protected::Text(sudo.replace(
            "common-auth\n",
            &format!("common-auth\n{MARKED}")
        )))
    );
}

#[test]
fn a_file_with_its_own_checks_gets_the_line_where_the_right_password_leads() {
    behind(
        "auth requisite pam_unix.so\naccount required pam_unix.so\n",
        "auth requisite pam_unix.so",
    );
    behind(
        "auth requisite pam_unix.so\nauth required pam_permit.so\n",
        "auth requisite pam_unix.so",
    );
    behind(DEBIAN, "auth\trequisite\t\t\tpam_deny.so");
    behind(DEBIAN_SSS, "auth requisite pam_deny.so");
    behind(FAILLOCK, "auth [default=die] pam_faillock.so authfail");
    behind(ARCH, "auth [default=die] pam_faillock.so authfail");
}

#[test]
fn what_libpam_may_read_differently_is_refused() {
    let plain = "auth requisite pam_unix.so\n";
    for line in [
        "auth sufficient [pam_unix.so]",
        "[auth] sufficient pam_unix.so",
        "auth [sufficient] pam_unix.so",
        "auth sufficient \\\n\n  pam_unix.so",
        "auth sufficient \\ # a comment\n  pam_unix.so",
        "@INCLUDE common-auth",
        "auth nonsense pam_unix.so",
        "auth required",
        "auth [succes=done default=ok] pam_env.so",
        "auth [success=DONE] pam_env.so",
        "auth [success=0] pam_env.so",
        "auth [success=+1] pam_env.so",
    ] {
        let refused = attempt(&format!("{line}\n{plain}"));
        assert!(
            matches!(refused, Err(Refusal::Unreadable(_))),
            "{line}: {refused:?}"
        );
    }
    let blanks = attempt(&format!(
        "auth [success = done default = ignore] pam_unix.so\n{plain}"
    ));
    assert!(
        matches!(blanks, Err(Refusal::EndsBefore { .. })),
        "{blanks:?}"
    );
}

#[test]
fn of_two_actions_for_one_answer_the_one_counts_that_libpam_takes() {
    for control in ["success=ok success=done", "default=done default=die"] {
        let refused = attempt(&format!(
            "auth [{control}] pam_unix.so\nauth requisite pam_deny.so\n"
        ));
        assert!(
            matches!(refused, Err(Refusal::EndsBefore { .. })),
            "{control}: {refused:?}"
        );
    }
    behind(
        "auth [success=done success=ok default=die] pam_unix.so\n",
        "auth [success=done success=ok",
    );
}

#[test]
fn a_wrong_password_that_leads_past_otpair_or_to_it_is_a_weakness() {
    let stack = |control: &str| {
        let text = format!(
            "auth [{control}] pam_unix.so\nauth requisite pam_deny.so\n{MARKED}auth required pam_permit.so\n"
        );
        examine(&text, &reader).weakness
    };
    assert_eq!(stack("success=1 default=ignore"), None);
    let past = stack("success=1 default=2");
    assert!(matches!(past, Some(Refusal::EndsBefore { .. })), "{past:?}");
    let to = stack("success=1 auth_err=1 default=ignore");
    assert!(matches!(to, Some(Refusal::GoesOn { .. })), "{to:?}");
}

#[test]
fn a_line_of_otpairs_is_judged_where_it_is_already() {
    let commented = format!("auth requisite pam_unix.so\n# {MARKED}");
    assert!(matches!(attempt(&commented), Ok(Protected::Text(_))));
    let early = format!("auth required pam_unix.so\n{MARKED}");
    assert!(matches!(attempt(&early), Err(Refusal::GoesOn { .. })));
    let by_hand = "auth required pam_unix.so\nauth required pam_otpair.so\n";
    assert!(matches!(attempt(by_hand), Err(Refusal::GoesOn { .. })));
}

#[test]
fn behind_a_key_a_stack_that_lets_people_in_before_otpair_is_refused() {
    let reader = |_: &str| None;
    for line in [
        "auth sufficient pam_google_authenticator.so nullok",
        "auth sufficient pam_permit.so",
        "auth requisite pam_deny.so",
    ] {
        let text = format!("{line}\naccount required pam_unix.so\n");
        let refused = protect(&text, &reader, "", FirstFactor::BeforeStack);
        assert!(refused.is_err(), "{line}: {refused:?}");
    }
}

#[test]
fn archs_includes_are_followed() {
    behind(
        "#%PAM-1.0\nauth include system-remote-login\naccount include system-remote-login\n",
        "auth include system-remote-login",
    );
}

#[test]
fn a_failed_password_that_goes_on_is_refused_with_what_to_write() {
    let said = refused("auth required pam_unix.so\nauth optional pam_group.so\n");
    assert!(
        said.contains("\"auth required pam_unix.so\" goes on") && said.contains("requisite"),
        "{said}"
    );
    let said = refused("auth requisite pam_nologin.so\nauth include suse-auth\n");
    assert!(
        said.contains("pam_unix.so try_first_pass\" in suse-auth goes on"),
        "{said}"
    );
}

#[test]
fn a_substack_is_refused_and_include_is_named_where_it_would_do() {
    let said = refused(
        "auth required pam_sepermit.so\nauth substack common-auth\nauth optional pam_ssh_add.so\n",
    );
    assert!(
        said.contains("\"auth substack common-auth\"") && said.contains("write include"),
        "{said}"
    );
    let said = refused("auth substack password-auth\nauth include postlogin\n");
    assert!(
        said.contains("\"auth substack password-auth\"") && said.contains("requisite pam_unix.so"),
        "{said}"
    );
}

#[test]
fn a_line_that_ends_the_stack_before_otpair_is_refused() {
    let said = refused("auth include password-auth\n");
    assert!(
        said.contains("lets people in before otpair") && said.contains("password-auth"),
        "{said}"
    );
    let said = refused("@include faillock-auth\n");
    assert!(
        said.contains("pam_faillock.so authsucc\" in faillock-auth lets people in"),
        "{said}"
    );
    refused("auth sufficient pam_unix.so\nauth required pam_deny.so\n");
}

#[test]
fn a_jump_over_the_line_is_refused() {
    let said = refused(
        "auth [success=2 default=ignore] pam_succeed_if.so uid = 0\nauth requisite pam_unix.so\nauth optional pam_group.so\nauth optional pam_cap.so\n",
    );
    assert!(said.contains("jumps over"), "{said}");
}

#[test]
fn a_stack_without_a_first_factor_is_for_a_door_that_has_asked_for_a_key() {
    for text in [
        "",
        "auth required pam_nologin.so\nauth include nowhere\n",
        "auth include loop\n",
    ] {
        assert_eq!(attempt(text), Err(Refusal::NoFirstFactor), "{text}");
    }
    let text = "auth requisite pam_nologin.so\naccount required pam_unix.so\n";
    let Ok(Protected::Text(protected)) = protect(text, &reader, "", FirstFactor::BeforeStack)
    else {
        panic!("{text}");
    };
    let permit = MARKED.replace("pam_otpair", "pam_permit");
    assert_eq!(
        protected,
        text.replace("login.so\n", &format!("login.so\n{MARKED}{permit}"))
    );
    assert_eq!(taken_out(&protected), text);
}

#[test]
fn arguments_go_with_the_line() {
    let text = "auth requisite pam_unix.so";
    let Ok(Protected::Text(protected)) =
        protect(text, &reader, "config=/root/a.toml", FirstFactor::InStack)
    else {
        panic!();
    };
    assert!(
        protected.contains("\nauth required pam_otpair.so config=/root/a.toml #"),
        "{protected}"
    );
    assert_eq!(taken_out(&protected), text);
}

#[test]
fn a_line_by_hand_is_left_alone_and_judged() {
    let good = "@include common-auth\nauth required pam_otpair.so\n";
    assert_eq!(attempt(good), Ok(Protected::ByHand));
    assert_eq!(examine(good, &reader).weakness, None);
    let included =
        "auth include common-auth\nauth required /usr/lib/security/pam_otpair.so debug\n";
    assert!(examine(included, &reader).protected);
    for weak in [
        "auth required pam_unix.so\nauth required pam_otpair.so\n",
        "auth substack common-auth\nauth required pam_otpair.so\n",
        "auth required pam_otpair.so\nauth requisite pam_unix.so\n",
        "auth requisite pam_unix.so\nauth optional pam_otpair.so\n",
        "auth requisite pam_unix.so\nauth required pam_otpair.so\nauth [default=reset] pam_env.so\nauth required pam_permit.so\n",
        "auth required pam_otpair.so\nauth required pam_permit.so\n",
    ] {
        assert!(examine(weak, &reader).weakness.is_some(), "{weak}");
    }
}

#[test]
fn taking_apart_one_field_is_no_decision() {
    let split = "auth required pam_otpair.so passcode=split\nauth requisite pam_unix.so use_first_pass\nauth required pam_otpair.so passcode=appended\n";
    let examined = examine(split, &reader);
    assert_eq!((examined.lines, examined.weakness), (1, None));
    let half = "auth required pam_otpair.so passcode=split\nauth requisite pam_unix.so\n";
    assert!(!examine(half, &reader).protected);
}

#[test]
fn what_the_admin_has_changed_meanwhile_is_kept() {
    let Ok(Protected::Text(protected)) = attempt("@include common-auth\nsession required a.so\n")
    else {
        panic!();
    };
    let edited = protected.replace("a.so", "b.so") + "session optional c.so\n";
    assert_eq!(
        taken_out(&edited),
        "@include common-auth\nsession required b.so\nsession optional c.so\n"
    );
}

#[test]
fn the_lines_come_out_of_a_text_in_any_encoding() {
    let text = b"# f\xfcr alle\n@include common-auth\n";
    let protected = [&text[..], MARKED.as_bytes()].concat();
    assert!(is_marked(&protected) && !is_marked(text));
    assert_eq!(unprotect(&protected), text);
}

/// Fedora's own files, and those that authselect's profile `local` makes.
fn fedora(name: &str) -> Option<String> {
    let text = match name {
        "system-auth" => include_str!("../../../tests/data/fedora/local/system-auth"),
        "password-auth" => include_str!("../../../tests/data/fedora/local/password-auth"),
        "postlogin" => include_str!("../../../tests/data/fedora/local/postlogin"),
        "otpair-system-auth" => FEDORA_TURNED,
        _ => return None,
    };
    Some(text.to_owned())
}

/// What packaging/rpm/first-factor makes of it, as the tests of Fedora's door see.
const FEDORA_TURNED: &str = include_str!("../../../tests/data/fedora/local/otpair-system-auth");

#[test]
fn fedoras_services_are_refused_with_the_page_to_read() {
    for service in [
        include_str!("../../../tests/data/fedora/sshd"),
        include_str!("../../../tests/data/fedora/sudo"),
        include_str!("../../../tests/data/fedora/su"),
        include_str!("../../../tests/data/fedora/login"),
    ] {
        let said = protect(service, &fedora, "", FirstFactor::InStack)
            .unwrap_err()
            .to_string();
        assert!(said.contains("doors/fedora.md"), "{said}");
    }
}

#[test]
fn fedoras_checks_turned_round_take_the_line_behind_them() {
    let sudo = include_str!("../../../tests/data/fedora/sudo");
    let turned = sudo.replace(
        "auth       include      system-auth",
        "auth       include      otpair-system-auth",
    );
    let protected = protect(&turned, &fedora, "", FirstFactor::InStack);
    let behind = format!("otpair-system-auth\n{MARKED}account");
    assert!(
        matches!(&protected, Ok(Protected::Text(text)) if text.contains(&behind)),
        "{protected:?}"
    );
    let inner = turned.replace("include      otpair", "substack     otpair");
    let said = protect(&inner, &fedora, "", FirstFactor::InStack);
    assert!(said.unwrap_err().to_string().contains("write include"));
}

const LINES: [&str; 17] = [
    "@include common-auth",
    "auth include system-auth",
    "auth substack common-auth",
    "auth substack password-auth",
    "auth requisite pam_unix.so",
    "auth required pam_unix.so",
    "auth sufficient pam_unix.so",
    "-auth [success=1 default=ignore] pam_sss.so",
    "auth [success=2 new_authtok_reqd=done default=bad] pam_unix.so \\\n   nullok",
    "auth [default=reset] pam_env.so",
    "auth requisite pam_deny.so",
    "auth required pam_permit.so",
    "auth optional pam_group.so # groups",
    "account required pam_unix.so",
    "# a comment \\",
    "",
    "nonsense",
];

#[test]
fn files_that_include_themselves_twice_are_refused_and_not_unfolded() {
    let around = |name: &str| {
        let both = "auth include around\nauth include around\n".to_owned();
        (name == "around").then_some(both)
    };
    let text = "auth required pam_unix.so\nauth include around\n";
    for first in [FirstFactor::InStack, FirstFactor::BeforeStack] {
        assert_eq!(protect(text, &around, "", first), Err(Refusal::TooLong));
    }
    let protected = format!("{MARKED}{text}");
    let examined = examine(&protected, &around);
    assert_eq!(examined.weakness, Some(Refusal::TooLong));
}

proptest! {
    #[test]
    fn protecting_and_taking_it_back_changes_nothing(
        lines in prop::collection::vec(select(&LINES[..]), 0..9),
        ended: bool,
        first in select(&[FirstFactor::InStack, FirstFactor::BeforeStack][..]),
    ) {
        let mut text = lines.join("\n");
        if ended && !text.is_empty() {
            text.push('\n');
        }
        if let Ok(Protected::Text(protected)) = protect(&text, &reader, "", first) {
            prop_assert_eq!(taken_out(&protected), text);
            prop_assert_eq!(protect(&protected, &reader, "", first), Ok(Protected::Already));
            let examined = examine(&protected, &reader);
            prop_assert_eq!(examined.lines, 1, "{}", protected);
            if examined.first_factor {
                prop_assert_eq!(examined.weakness, None, "{}", protected);
            }
        }
    }

    #[test]
    fn any_text_is_read_and_none_is_lost(text in "[a-z#\\\\\n\\[\\]= ]{0,60}") {
        prop_assert_eq!(taken_out(&text), text.clone());
        let _ = examine(&text, &reader);
        let _ = attempt(&text);
    }
}
