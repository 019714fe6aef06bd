//! Locales that change what letters and bytes are.

use super::{SUCCESS, machine, under};
use otpair_tests::machine::Machine;

/// Compiles a locale into the machine.
fn localedef(machine: &Machine, name: &str, source: &str, charmap: &str) {
    let to = format!("/run/locales/{name}");
    machine.done("mkdir", &["-p", "/run/locales"]);
    let output = machine.run("localedef", &["-i", source, "-f", charmap, &to]);
    // It warns of charmaps that are no ASCII, and exits with 1 then.
    assert!(
        machine.path(&to).is_dir(),
        "install the Debian package locales: {}",
        otpair_tests::machine::told(&output)
    );
}

#[test]
fn in_no_locale_is_a_name_a_number_or_a_letter_another() {
    let (machine, hers, his) = machine();
    machine.config("[sign_on]\nlanguage = \"auto\"\n[service.OTPCODES]\nexempt = [\"*\"]\n");
    let locales = [
        ("tr_TR.ISO-8859-9", "tr_TR", "ISO-8859-9"),
        ("ja_JP.SJIS", "ja_JP", "SHIFT_JIS"),
        ("zh_TW.BIG5", "zh_TW", "BIG5"),
    ];
    for (round, (name, source, charmap)) in (0..).zip(locales) {
        localedef(&machine, name, source, charmap);
        let all = format!("LC_ALL={name}");
        let (right, wrong, bobs) = (hers.press(round), hers.wrong(), his.press(round));
        let words = [
            "locale", "answer", &wrong, "answer", &right, "sign-on", "user", "bob", "answer",
            &bobs, "sign-on",
        ];
        let came = under(&machine, &["env", "LOCPATH=/run/locales", &all], &words);
        came.assert(&[SUCCESS, SUCCESS]);
        // A text in another encoding than the terminal's would be unreadable: English is ASCII.
        assert!(came.lines[0].contains("!Wrong passcode"), "{came:#?}");
    }
}
