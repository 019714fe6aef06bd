use super::*;
use plist::{Dictionary, Value};
use proptest::prelude::*;

/// The mechanisms of a Mac as it comes, by what Apple has published and people have posted. macOS 11 to 26.
const MACOS_11: &str = "builtin:prelogin builtin:policy-banner loginwindow:login builtin:login-begin \
     builtin:reset-password,privileged loginwindow:FDESupport,privileged builtin:forward-login,privileged \
     builtin:auto-login,privileged builtin:authenticate,privileged PKINITMechanism:auth,privileged \
     builtin:login-success loginwindow:success HomeDirMechanism:login,privileged HomeDirMechanism:status \
     MCXMechanism:login CryptoTokenKit:login loginwindow:done";
const MACOS_13: &str = "builtin:prelogin builtin:policy-banner loginwindow:login builtin:login-begin \
     builtin:reset-password,privileged loginwindow:FDESupport,privileged builtin:forward-login,privileged \
     builtin:auto-login,privileged builtin:authenticate,privileged PKINITMechanism:auth,privileged \
     builtin:login-success loginwindow:success HomeDirMechanism:login,privileged HomeDirMechanism:status \
     MCXMechanism:login CryptoTokenKit:login PSSOAuthPlugin:login-auth loginwindow:done";
/// Upgraded from 10.13: the older order was kept.
const UPGRADED: &str = "builtin:policy-banner loginwindow:login builtin:login-begin \
     builtin:reset-password,privileged builtin:forward-login,privileged builtin:auto-login,privileged \
     builtin:authenticate,privileged PKINITMechanism:auth,privileged builtin:login-success loginwindow:success \
     loginwindow:FDESupport,privileged HomeDirMechanism:login,privileged HomeDirMechanism:status \
     MCXMechanism:login CryptoTokenKit:login loginwindow:done";
const CRYPT: &str = "builtin:prelogin builtin:policy-banner loginwindow:login builtin:login-begin \
     builtin:reset-password,privileged loginwindow:FDESupport,privileged builtin:forward-login,privileged \
     builtin:auto-login,privileged builtin:authenticate,privileged PKINITMechanism:auth,privileged \
     builtin:login-success loginwindow:success HomeDirMechanism:login,privileged HomeDirMechanism:status \
     MCXMechanism:login CryptoTokenKit:login Crypt:Check,privileged Crypt:CryptGUI \
     Crypt:Enablement,privileged loginwindow:done";
const JAMF_CONNECT: &str = "builtin:prelogin builtin:policy-banner JamfConnectLogin:LoginUI \
     JamfConnectLogin:PowerControl,privileged JamfConnectLogin:CreateUser,privileged \
     JamfConnectLogin:DeMobilize,privileged builtin:login-begin builtin:reset-password,privileged \
     loginwindow:FDESupport,privileged builtin:forward-login,privileged builtin:auto-login,privileged \
     builtin:authenticate,privileged PKINITMechanism:auth,privileged builtin:login-success loginwindow:success \
     HomeDirMechanism:login,privileged HomeDirMechanism:status MCXMechanism:login CryptoTokenKit:login \
     loginwindow:done JamfConnectLogin:EnableFDE,privileged JamfConnectLogin:KeychainAdd,privileged";
const XCREDS: &str = "builtin:prelogin XCredsLoginPlugin:UserSetup,privileged builtin:policy-banner \
     XCredsLoginPlugin:LoginWindow XCredsLoginPlugin:PowerControl,privileged \
     XCredsLoginPlugin:CreateUser,privileged builtin:login-begin builtin:reset-password,privileged \
     loginwindow:FDESupport,privileged builtin:forward-login,privileged builtin:auto-login,privileged \
     builtin:authenticate,privileged PKINITMechanism:auth,privileged builtin:login-success loginwindow:success \
     HomeDirMechanism:login,privileged HomeDirMechanism:status MCXMechanism:login CryptoTokenKit:login \
     XCredsLoginPlugin:KeychainAdd,privileged XCredsLoginPlugin:EnableFDE,privileged \
     XCredsLoginPlugin:LoginDone loginwindow:done";
/// Each Mac, by a name for the test's messages.
fn macs() -> Vec<(&'static str, Vec<String>)> {
    let macs = [
        ("macOS 11, 12", MACOS_11),
        ("macOS 13 to 26", MACOS_13),
        ("upgraded from 10.13", UPGRADED),
        ("Crypt", CRYPT),
        ("Jamf Connect", JAMF_CONNECT),
        ("XCreds", XCREDS),
    ];
    macs.into_iter()
        .map(|(mac, names)| (mac, words(names)))
        .collect()
}

fn words(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// As `security authorizationdb read` prints it: CoreFoundation's way of writing, and a number that no `f64` prints so.
fn printed(names: &[String]) -> String {
    let strings = names
        .iter()
        .map(|name| format!("\t\t<string>{name}</string>\n"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>class</key>\n\t<string>evaluate-mechanisms</string>\n\
         \t<key>comment</key>\n\t<string>Login mechanism based rule.  Not for general use, yet.</string>\n\
         \t<key>created</key>\n\t<real>470991139.20000899</real>\n\
         \t<key>mechanisms</key>\n\t<array>\n{}\t</array>\n\
         \t<key>modified</key>\n\t<real>692230356.95700204</real>\n\
         \t<key>shared</key>\n\t<true/>\n\
         \t<key>tries</key>\n\t<integer>10000</integer>\n\
         \t<key>version</key>\n\t<integer>11</integer>\n\
         </dict>\n</plist>\n",
        strings.collect::<String>()
    )
}

/// The mechanisms, as a reader that is not otpair's finds them.
fn read_by_another(plist: &[u8]) -> Dictionary {
    let value = Value::from_reader_xml(plist).unwrap();
    value.into_dictionary().unwrap()
}

fn mechanisms(plist: &[u8]) -> Vec<String> {
    let dictionary = read_by_another(plist);
    let array = dictionary["mechanisms"].as_array().unwrap();
    let strings = array
        .iter()
        .map(|name| name.as_string().unwrap().to_owned());
    strings.collect()
}

/// A right in which some mechanisms were put before another one.
fn with(names: &str, added: &[&str], before: &str) -> String {
    let mut names = words(names);
    let at = names.iter().position(|name| name == before).unwrap();
    for (offset, name) in added.iter().enumerate() {
        names.insert(at + offset, (*name).to_owned());
    }
    printed(&names)
}

#[test]
fn on_every_mac_otpair_comes_directly_behind_the_password_and_kerberos() {
    for (mac, names) in macs() {
        let before = printed(&names);
        let after = add(before.as_bytes()).unwrap();
        let at = names.iter().position(|name| name == PKINIT).unwrap() + 1;
        let mut expected = names;
        expected.insert(at, VERIFY.to_owned());
        expected.insert(at, PROMPT.to_owned());
        assert_eq!(mechanisms(&after), expected, "{mac}");
        // The rest is untouched to the byte.
        assert_eq!(
            String::from_utf8(after.clone()).unwrap(),
            printed(&expected),
            "{mac}"
        );
        assert_eq!(
            examine(&after).unwrap().placement,
            Placement::InForce,
            "{mac}"
        );
        assert_eq!(add(&after).unwrap(), after, "{mac}");
        assert_eq!(remove(&after).unwrap(), before.as_bytes(), "{mac}");
    }
}

#[test]
fn without_kerberos_otpair_comes_directly_before_the_login() {
    let names = MACOS_13.replace(PKINIT, "");
    let after = add(printed(&words(&names)).as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8(after).unwrap(),
        with(&names, &[PROMPT, VERIFY], SUCCESS)
    );
}

#[test]
fn where_there_is_no_place_or_no_password_is_checked_nothing_is_written() {
    let neither = MACOS_13.replace(PKINIT, "").replace(SUCCESS, "");
    let no_password = MACOS_13.replace(PASSWORD, "");
    let late_password = MACOS_13
        .replace(PASSWORD, "")
        .replace("loginwindow:success", PASSWORD);
    for (names, refusal) in [
        (neither.as_str(), Refusal::NoPlace),
        ("", Refusal::NoPlace),
        (&no_password, Refusal::NoPassword),
        (&late_password, Refusal::NoPassword),
    ] {
        assert_eq!(
            add(printed(&words(names)).as_bytes()),
            Err(refusal),
            "{names}"
        );
    }
}

#[test]
fn what_is_half_there_or_misplaced_is_told_and_mended() {
    let whole = with(MACOS_13, &[PROMPT, VERIFY], SUCCESS);
    let cases = [
        (with(MACOS_13, &[PROMPT], SUCCESS), Placement::WithoutVerify),
        (with(MACOS_13, &[VERIFY], SUCCESS), Placement::WithoutPrompt),
        (
            with(MACOS_13, &[VERIFY, PROMPT], SUCCESS),
            Placement::OutOfOrder,
        ),
        (
            with(MACOS_13, &[PROMPT, VERIFY, VERIFY], SUCCESS),
            Placement::Twice,
        ),
        // Not privileged: of otpair's plugin, but none that it has.
        (
            with(MACOS_13, &[PROMPT, VERIFY, "otpair:verify"], SUCCESS),
            Placement::Twice,
        ),
        (
            with(MACOS_13, &["otpair:verify", PROMPT], SUCCESS),
            Placement::WithoutVerify,
        ),
        (
            with(MACOS_13, &[PROMPT, VERIFY], WINDOW),
            Placement::Misplaced,
        ),
        (
            with(MACOS_13, &[PROMPT, VERIFY], "loginwindow:done"),
            Placement::Misplaced,
        ),
    ];
    for (text, placement) in cases {
        assert_eq!(examine(text.as_bytes()).unwrap().placement, placement);
        let mended = add(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(mended).unwrap(), whole, "{placement:?}");
        let out = remove(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), printed(&words(MACOS_13)));
    }
}

#[test]
fn another_vendor_between_kerberos_and_otpair_is_let_be() {
    let mut names = words(MACOS_13);
    let at = names.iter().position(|name| name == SUCCESS).unwrap();
    for added in [VERIFY, PROMPT, "Escrow Buddy:Invoke,privileged"] {
        names.insert(at, added.to_owned());
    }
    let text = printed(&names);
    assert_eq!(
        examine(text.as_bytes()).unwrap().placement,
        Placement::InForce
    );
    assert_eq!(add(text.as_bytes()).unwrap(), text.as_bytes());
}

#[test]
fn other_vendors_are_named_and_so_is_a_window_that_one_of_them_replaced() {
    let cases: [(&str, &[&str], bool); 5] = [
        (MACOS_13, &[], false),
        (CRYPT, &["Crypt"], false),
        (JAMF_CONNECT, &["Jamf Connect"], true),
        (XCREDS, &["XCreds"], true),
        (
            "MacLogon:x OktaX:y NoMADLoginAD:z NoMADLoginOkta:z Their:own Their:other otpair:prompt",
            &["Duo", "Okta", "NoMAD Login", "NoMAD Login Okta", "Their"],
            true,
        ),
    ];
    for (names, others, replaced) in cases {
        let examined = examine(printed(&words(names)).as_bytes()).unwrap();
        assert_eq!(examined.others, others);
        assert_eq!(examined.window_is_replaced, replaced, "{names}");
    }
}

#[test]
fn what_is_no_right_with_mechanisms_is_refused_for_all_that_is_asked() {
    let sound = printed(&words(MACOS_13));
    let mut binary = Vec::new();
    Value::Dictionary(read_by_another(sound.as_bytes()))
        .to_writer_binary(&mut binary)
        .unwrap();
    let mut damaged: Vec<(Vec<u8>, &str)> = vec![
        (binary, "binary"),
        (b"".to_vec(), "property list"),
        (b"YES (0)\n".to_vec(), "property list"),
        (b"\xff\xfe<".to_vec(), "UTF-8"),
        (b"<plist><array/></plist>".to_vec(), "dictionary"),
        (
            sound.replace("evaluate-mechanisms", "user").into_bytes(),
            "class is user",
        ),
        (
            sound
                .replace("<key>class</key>", "<key>k</key>")
                .into_bytes(),
            "class is none",
        ),
        (
            sound
                .replace("<key>mechanisms</key>", "<key>k</key>")
                .into_bytes(),
            "no list",
        ),
        (
            sound
                .replacen(
                    "<string>builtin:prelogin</string>",
                    "<integer>1</integer>",
                    1,
                )
                .into_bytes(),
            "no list",
        ),
        (
            sound
                .replace("<key>shared</key>", "<key>class</key>")
                .into_bytes(),
            "two values",
        ),
        (
            sound.replace("<key>shared</key>", "").into_bytes(),
            "without a value",
        ),
        (
            sound.replace("builtin:prelogin", "&unknown;").into_bytes(),
            "entity",
        ),
        (
            sound
                .replace(".dtd\">", ".dtd\" [<!ENTITY a \"b\">]>")
                .into_bytes(),
            "document type",
        ),
        ((sound.clone() + "<plist/>").into_bytes(), "none belong"),
        ("<a>".repeat(40).into_bytes(), "none belong"),
        (vec![b' '; 2 * 1024 * 1024], "1 MiB"),
    ];
    for cut in [10, 200, sound.len() - 20] {
        damaged.push((sound.as_bytes()[..cut].to_vec(), ""));
    }
    for (bytes, why) in damaged {
        let text = String::from_utf8_lossy(&bytes)
            .chars()
            .take(300)
            .collect::<String>();
        let refusal = examine(&bytes).expect_err(&text);
        assert!(refusal.to_string().contains(why), "{refusal}: {text}");
        assert_eq!(add(&bytes), Err(refusal.clone()), "{text}");
        assert_eq!(remove(&bytes), Err(refusal), "{text}");
    }
}

#[test]
fn names_are_compared_as_they_read_and_not_as_they_are_written() {
    let text = with(MACOS_13, &[PROMPT, VERIFY], SUCCESS)
        .replace(
            "<string>otpair:prompt</string>",
            "<string>otpair&#58;prompt</string><!-- ours -->",
        )
        .replace("builtin:prelogin", "<![CDATA[builtin:prelogin]]>");
    let examined = examine(text.as_bytes()).unwrap();
    assert_eq!(examined.placement, Placement::InForce);
    assert!(examined.mechanisms.contains(&"builtin:prelogin".to_owned()));
    let out = String::from_utf8(remove(text.as_bytes()).unwrap()).unwrap();
    assert!(
        !out.contains("otpair") && out.contains("<!-- ours -->"),
        "{out}"
    );
}

#[test]
fn a_list_in_one_line_is_edited_in_that_line() {
    let text = printed(&words(MACOS_13)).replace(['\n', '\t'], "");
    let after = add(text.as_bytes()).unwrap();
    assert!(!after.contains(&b'\n'));
    assert_eq!(examine(&after).unwrap().placement, Placement::InForce);
    assert_eq!(remove(&after).unwrap(), text.as_bytes());
}

#[test]
fn the_trial_asks_for_a_password_first_and_shares_nothing() {
    let trial = trial();
    let names = ["builtin:authenticate", PASSWORD, PROMPT, VERIFY];
    assert_eq!(mechanisms(&trial), names);
    assert_eq!(examine(&trial).unwrap().placement, Placement::InForce);
    let dictionary = read_by_another(&trial);
    assert_eq!(dictionary["shared"], Value::Boolean(false));
    assert_eq!(
        dictionary["class"],
        Value::String("evaluate-mechanisms".to_owned())
    );
}

/// Mechanisms as they come, otpair's among them, in any order and number.
fn any_mechanisms() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        4 => prop::sample::select(words(MACOS_13)),
        2 => prop::sample::select(vec![PROMPT.to_owned(), VERIFY.to_owned(), "otpair:other".to_owned()]),
        1 => "[A-Za-z]{1,9} ?[A-Za-z]{1,9}:[a-z]{1,9}(,privileged)?",
    ];
    prop::collection::vec(one, 0..24)
}

/// How people and programs indent.
fn any_layout() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("\n", "\t"),
        ("\n", "    "),
        ("\r\n", "\t"),
        ("", ""),
        (" ", " "),
    ])
}

proptest! {
    #[test]
    fn nothing_of_others_is_ever_lost_or_reordered(
        names in any_mechanisms(),
        (line, indent) in any_layout(),
    ) {
        let text = printed(&names).replace('\n', line).replace('\t', indent);
        let foreign = |names: Vec<String>| {
            names.into_iter().filter(|name| !name.starts_with("otpair:")).collect::<Vec<_>>()
        };
        let removed = remove(text.as_bytes()).unwrap();
        prop_assert_eq!(mechanisms(&removed), foreign(names.clone()));
        prop_assert_eq!(remove(&removed).unwrap(), removed.clone());
        let others = |plist: &[u8]| {
            let mut dictionary = read_by_another(plist);
            dictionary.remove("mechanisms");
            dictionary
        };
        prop_assert_eq!(others(&removed), others(text.as_bytes()));
        let Ok(added) = add(text.as_bytes()) else { return Ok(()) };
        prop_assert_eq!(examine(&added).unwrap().placement, Placement::InForce);
        prop_assert_eq!(add(&added).unwrap(), added.clone());
        prop_assert_eq!(foreign(mechanisms(&added)), foreign(names.clone()));
        prop_assert_eq!(others(&added), others(text.as_bytes()));
        prop_assert_eq!(remove(&added).unwrap(), removed);
        if !names.iter().any(|name| name.starts_with("otpair:")) {
            prop_assert_eq!(remove(&added).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = examine(&bytes);
        let _ = add(&bytes);
        let _ = remove(&bytes);
    }

    #[test]
    fn a_right_with_one_byte_changed_is_refused_or_stays_readable(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = printed(&words(MACOS_13)).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(added) = add(&bytes) {
            prop_assert!(examine(&added).is_ok());
            prop_assert_eq!(remove(&added).unwrap(), bytes);
        }
    }
}
