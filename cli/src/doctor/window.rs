//! What a Mac's login window says.

use super::finding::{Finding, Severity};
use super::system;
use crate::protect::login_window::{Lack, SERVICE, Window};
use otpair_host::loginright::{Examined, Placement};

/// How otpair is put in again.
const PROTECT: &str = "otpair protect login-window, and when it works otpair protect --confirm";

/// All of it.
pub(super) fn findings(window: &Window) -> Vec<Finding> {
    let pending = window.pending();
    let is_pending = !matches!(pending, Ok(None));
    let mut findings = system::pending_finding(pending);
    match window.examine() {
        Ok(examined) => {
            let placement = examined.placement;
            let lack = window.lack();
            findings.extend(placement_finding(
                window,
                placement,
                is_pending,
                lack.is_some(),
            ));
            findings.extend(lack.map(|lack| lack_finding(lack, placement)));
            findings.extend(others_finding(&examined));
        }
        Err(failure) => findings.push(Finding::warning(
            SERVICE,
            failure.message(),
            "see security authorizationdb read system.login.console",
        )),
    }
    findings.extend(automatic_finding(window));
    findings.extend(window.is_upgrading().then(|| {
        Finding::warning(
            SERVICE,
            "/var/db/.AppleUpgrade is there: newer macOS then goes by Apple's own list, and otpair is not asked",
            "finish the upgrade; if there is none, remove that file and start this Mac again",
        )
    }));
    findings
}

/// The login window, where otpair is asked there.
pub(super) fn protected(window: &Window) -> Vec<String> {
    let is_protected = window.is_protected().unwrap_or(false);
    is_protected
        .then(|| SERVICE.to_owned())
        .into_iter()
        .collect()
}

/// Where otpair stands in the right, and what becomes of that.
fn placement_finding(
    window: &Window,
    placement: Placement,
    is_pending: bool,
    is_lacking: bool,
) -> Option<Finding> {
    match placement {
        Placement::InForce if is_pending || window.is_confirmed() => {
            let is_lost = window.is_confirmed() && !window.is_kept();
            is_lost.then(|| {
                Finding::warning(
                    SERVICE,
                    "launchd has no job io.otpair.keep: when a macOS upgrade takes otpair out, nothing puts it back",
                    "launchctl bootstrap system /Library/LaunchDaemons/io.otpair.keep.plist",
                )
            })
        }
        Placement::InForce => Some(Finding::warning(
            SERVICE,
            "was not confirmed by otpair protect: when a macOS upgrade takes otpair out, nothing puts it back",
            PROTECT,
        )),
        Placement::Absent if window.is_confirmed() => Some(Finding::warning(
            SERVICE,
            "asks for no passcode any more, as after a macOS upgrade",
            if is_lacking {
                "mend the login window's plugin first, else nobody would get in; then otpair protect --keep puts it back"
            } else {
                "otpair protect --keep puts it back"
            },
        )),
        Placement::Absent => Some(Finding::warning(SERVICE, "asks for no passcode", PROTECT)),
        Placement::WithoutVerify | Placement::Misplaced => {
            Some(Finding::warning(SERVICE, placement.to_string(), PROTECT))
        }
        Placement::WithoutPrompt | Placement::Twice | Placement::OutOfOrder => {
            Some(Finding::stops(
                SERVICE,
                placement.to_string(),
                "otpair unprotect login-window",
            ))
        }
    }
}

/// A window that names a plugin which does not work lets nobody in.
fn lack_finding(lack: Lack, placement: Placement) -> Finding {
    if !placement.is_any() {
        return Finding::warning("login window's plugin", lack.what, lack.mend);
    }
    Finding::new(
        Severity::Stops,
        "login window's plugin",
        format!(
            "{}, and the login window asks it: nobody gets in",
            lack.what
        ),
        format!(
            "{}, or take it out: otpair unprotect login-window",
            lack.mend
        ),
    )
}

fn others_finding(examined: &Examined) -> Option<Finding> {
    if examined.others.is_empty() || !examined.placement.is_any() {
        return None;
    }
    let others = examined.others.join(", ");
    let what = if examined.window_is_replaced {
        format!("{others} has a window of its own in place of macOS's")
    } else {
        format!("{others} is asked there too")
    };
    let mend = "nothing to do if both are asked when somebody logs in";
    Some(Finding::warning(SERVICE, what, mend))
}

/// Then nobody is asked anything at the start.
fn automatic_finding(window: &Window) -> Option<Finding> {
    window.is_automatic().then(|| {
        Finding::warning(
            SERVICE,
            "automatic login is on: whoever starts this Mac is asked for no password",
            "System Settings, Users & Groups, Automatically log in as: Off",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protect::login_window::testing::{Mac, PLUGIN, Spoil};
    use std::fs;

    fn told(mac: &Mac) -> Vec<(Severity, String)> {
        let findings = findings(&mac.window).into_iter();
        findings
            .map(|found| {
                (
                    found.severity,
                    format!("{}: {}; {}", found.about, found.what, found.mend),
                )
            })
            .collect()
    }

    fn confirmed() -> Mac {
        let mac = Mac::new();
        mac.switch_on().unwrap();
        mac.window.confirm().unwrap();
        mac.load("io.otpair.keep");
        mac
    }

    #[test]
    fn of_a_mac_on_which_all_is_well_nothing_is_told() {
        let mac = confirmed();
        assert_eq!(told(&mac), []);
        assert_eq!(protected(&mac.window), [SERVICE]);
    }

    #[test]
    fn a_window_that_was_never_protected_is_told_once() {
        let mac = Mac::new();
        let told = told(&mac);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].1.contains("asks for no passcode;"), "{told:?}");
        assert_eq!(protected(&mac.window), [""; 0]);
    }

    #[test]
    fn what_locks_the_window_stops_everybody_and_what_weakens_it_is_a_warning() {
        let stops: [Spoil; 3] = [
            ("is missing, and the login window asks it", |mac| {
                mac.delete(PLUGIN);
            }),
            ("no job io.otpair.helper", |mac| {
                mac.unload("io.otpair.helper");
            }),
            ("otpair:prompt is missing", |mac| mac.cut("otpair:prompt")),
        ];
        let warnings: [Spoil; 5] = [
            ("otpair:verify is missing", |mac| {
                mac.cut("otpair:verify,privileged");
            }),
            ("as after a macOS upgrade", Mac::upgrade),
            ("no job io.otpair.keep", |mac| mac.unload("io.otpair.keep")),
            ("Jamf Connect has a window of its own", |mac| {
                mac.replace_window("JamfConnectLogin:LoginUI");
            }),
            ("security authorizationdb read", |mac| {
                mac.fail("read system.login.console");
            }),
        ];
        let stops = stops.map(|case| (case, Severity::Stops));
        let warnings = warnings.map(|case| (case, Severity::Warning));
        for ((what, spoil), severity) in stops.into_iter().chain(warnings) {
            let mac = confirmed();
            spoil(&mac);
            let told = told(&mac);
            let found = told.iter().find(|(_, text)| text.contains(what));
            let found = found.map(|(severity, _)| *severity);
            assert_eq!(found, Some(severity), "{what}: {told:?}");
        }
    }

    #[test]
    fn what_keeps_a_dropped_right_from_being_put_back_is_told_with_its_mend() {
        let mac = confirmed();
        mac.upgrade();
        mac.switch_helper_off();
        let told = told(&mac);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].1.contains("mend the login window's plugin first"),
            "{told:?}"
        );
        assert!(
            told[1]
                .1
                .contains("launchctl enable system/io.otpair.helper;"),
            "{told:?}"
        );
    }

    #[test]
    fn what_waits_to_be_confirmed_and_automatic_login_are_told() {
        let mac = Mac::new();
        mac.switch_on().unwrap();
        fs::write(mac.path("kcpassword"), "").unwrap();
        fs::write(mac.path("AppleUpgrade"), "").unwrap();
        let told = told(&mac);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].1.contains("unless confirmed"), "{told:?}");
        assert!(told[1].1.contains("automatic login"), "{told:?}");
        assert!(told[2].1.contains("AppleUpgrade"), "{told:?}");
    }
}
