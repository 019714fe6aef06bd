//! `otpair status`: at which services otpair is asked.

use crate::args::Json;
use crate::failure::Failure;
use crate::output::{self, or_dash};
use crate::protect::folder;
use crate::protect::login_window::{SERVICE, Window};
use crate::protect::pending::Pending;
use otpair_host::{clock, pamstack};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    json: Json,
}

/// A service; the contract's JSON.
#[derive(Debug, Serialize)]
struct View {
    service: String,
    protected: bool,
    pending_revert: Option<String>,
}

impl View {
    fn new(service: String, protected: bool, pending: Option<&Pending>) -> Self {
        let pending = pending.filter(|pending| pending.has(&service));
        Self {
            service,
            protected,
            pending_revert: pending.map(|pending| clock::format_utc(pending.deadline)),
        }
    }
}

impl Args {
    /// Lists the services that ask for a password or the like.
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(window) = Window::here() {
            let is_protected = window.is_protected()?;
            let views = [of_window(&window, is_protected)?];
            if let Some(note) = note_of_window(&window, is_protected) {
                output::note(&note);
            }
            return output::show(self.json.json, &views, || table(&views));
        }
        let pending = Pending::read()?;
        let services = folder::services().into_iter();
        let views: Vec<_> = services
            .map(|(service, _, examined)| View::new(service, examined.protected, pending.as_ref()))
            .collect();
        for failure in folder::unreadable() {
            output::note(failure.message());
        }
        output::show(self.json.json, &views, || table(&views))
    }
}

fn table(views: &[View]) -> String {
    let row = |view: &View| {
        let protected = if view.protected { "yes" } else { "no" };
        vec![
            view.service.clone(),
            protected.to_owned(),
            or_dash(view.pending_revert.as_deref()),
        ]
    };
    let rows: Vec<_> = views.iter().map(row).collect();
    output::table(&["SERVICE", "PROTECTED", "TAKEN BACK AT"], &rows)
}

/// Whether otpair is asked at a service.
pub(crate) fn is_protected(service: &str) -> bool {
    folder::text(service).is_some_and(|text| pamstack::examine(&text, &folder::text).protected)
}

/// Prints what became of services: their entries in the list as JSON, or a text.
pub(crate) fn tell(services: &[String], json: bool, text: &str) -> Result<(), Failure> {
    let pending = Pending::read()?;
    let views: Vec<_> = services
        .iter()
        .map(|service| View::new(service.clone(), is_protected(service), pending.as_ref()))
        .collect();
    output::show(json, &views, || format!("{text}\n"))
}

/// The only service on a Mac.
fn of_window(window: &Window, is_protected: bool) -> Result<View, Failure> {
    let pending = window.pending()?;
    Ok(View::new(
        SERVICE.to_owned(),
        is_protected,
        pending.as_ref(),
    ))
}

/// Says where what was confirmed is gone, and why it is not put back. Only root sees what was confirmed.
fn note_of_window(window: &Window, is_protected: bool) -> Option<String> {
    if is_protected || !window.is_confirmed() {
        return None;
    }
    let what = window.lack().map_or_else(
        || "otpair protect --keep puts it back".to_owned(),
        |lack| {
            format!(
                "it is not put back, because {}; see otpair doctor",
                lack.what
            )
        },
    );
    Some(format!(
        "{SERVICE} was confirmed, and asks for no passcode any more: {what}"
    ))
}

/// As [`tell`], of a Mac's login window. One that can't be read any more asks for nothing.
pub(crate) fn tell_window(window: &Window, json: bool, text: &str) -> Result<(), Failure> {
    let views = [of_window(window, window.is_protected().unwrap_or(false))?];
    output::show(json, &views, || format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protect::login_window::testing::Mac;

    #[test]
    fn a_mac_has_one_service() {
        let mac = Mac::new();
        let view = |mac: &Mac| of_window(&mac.window, mac.window.is_protected().unwrap()).unwrap();
        let said = |mac: &Mac| serde_json::to_string(&view(mac)).unwrap();
        assert_eq!(
            said(&mac),
            r#"{"service":"login-window","protected":false,"pending_revert":null}"#
        );
        mac.switch_on().unwrap();
        let view = view(&mac);
        assert!(view.protected && view.pending_revert.is_some());
    }

    #[test]
    fn what_was_confirmed_and_is_gone_is_told() {
        let mac = Mac::new();
        let note = |mac: &Mac| note_of_window(&mac.window, mac.window.is_protected().unwrap());
        assert_eq!(note(&mac), None);
        mac.switch_on().unwrap();
        mac.window.confirm().unwrap();
        assert_eq!(note(&mac), None);
        mac.upgrade();
        assert!(note(&mac).unwrap().ends_with("--keep puts it back"));
        mac.switch_helper_off();
        let note = note(&mac).unwrap();
        assert!(note.contains("because launchd has no job"), "{note}");
    }
}
