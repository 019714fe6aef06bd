//! `otpair protect` and `unprotect`: otpair's lines in PAM's files, put in so that they come out by themselves unless
//! somebody could still sign on.

pub(crate) mod folder;
pub(crate) mod login_window;
pub(crate) mod pending;
mod plan;
mod ready;
mod revert;
pub(crate) mod sshd;
pub(crate) mod timer;
pub(crate) mod unprotect;

use crate::args::Json;
use crate::failure::Failure;
use crate::files;
use crate::machine::Machine;
use crate::output;
use crate::status;
use crate::systemd;
use login_window::{Request, Window};
use otpair_core::event::{Event, EventKind};
use otpair_host::audit::{Audit, Context};
use otpair_host::clock;
use pending::Pending;
use plan::{Change, Plan};
use std::path::Path;
use std::process;

/// The longest wait for a confirmation, in seconds: who has not looked by then does not look.
const LONGEST: u64 = 7 * 86_400;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The PAM services, such as sshd, sudo or login; on macOS login-window
    #[arg(value_name = "SERVICE", required_unless_present_any = ["confirm", "revert", "keep"])]
    services: Vec<String>,
    /// How long to wait for otpair protect --confirm
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = wait, conflicts_with_all = ["confirm", "revert", "keep"])]
    revert_in: u64,
    /// Keep what was switched on
    #[arg(long, conflicts_with_all = ["services", "revert"])]
    confirm: bool,
    /// Take out again what is not confirmed
    #[arg(long, conflicts_with = "services")]
    revert: bool,
    #[command(flatten)]
    window: login_window::Flags,
    #[command(flatten)]
    json: Json,
}

/// Reads `--revert-in`.
fn wait(text: &str) -> Result<u64, String> {
    clock::parse_duration(text)
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .ok_or_else(|| "a duration of 1s to 7d, such as 5m".to_owned())
}

impl Args {
    /// Switches on, keeps, or takes back.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        if let Some(window) = Window::here() {
            return self.run_at(&window, config);
        }
        if self.window.are_any() {
            return Err(Failure::Usage(
                "--untested and --keep are for macOS's login-window".to_owned(),
            ));
        }
        if self.revert {
            folder::need_root()?;
            let services = revert::revert(config)?;
            revert::note_what_is_left(&services);
            let said = said_of_revert(!services.is_empty());
            return status::tell(&services, self.json.json, said);
        }
        if self.confirm {
            return confirm(self.json.json);
        }
        folder::need_root()?;
        let machine = Machine::load(config);
        let machine = machine.map_err(|fault| ready::not_now(&fault))?;
        let _lock = folder::lock()?;
        let plan = Plan::of(&self.services, config)?;
        ready::check(&machine, config, &self.services)?;
        let notes = sshd::notes(&self.services).into_iter();
        let notes = notes.chain(plan.notes());
        for note in notes.chain(ready::note_on_root(&machine, &self.services)) {
            output::note(&note);
        }
        let said = if plan.changes.is_empty() && !plan.is_pending() {
            "Nothing to do: otpair is in front of it already.".to_owned()
        } else {
            switch_on(&machine, &plan, self.revert_in, config)?
        };
        let services = plan::with_companions(&self.services);
        status::tell(&services, self.json.json, &said)
    }

    /// Does it at a Mac's login window.
    fn run_at(self, window: &Window, config: Option<&Path>) -> Result<(), Failure> {
        login_window::check_names(&self.services)?;
        files::need_root_for("the login window")?;
        let said = if self.window.keep {
            window.keep(config)?.to_owned()
        } else if self.revert {
            let were_any = window.revert(config)?;
            said_of_revert(were_any).to_owned()
        } else if self.confirm {
            window.confirm()?
        } else {
            login_window::check_config(config)?;
            let machine = Machine::load(config).map_err(|fault| ready::not_now(&fault))?;
            ready::check(&machine, config, &self.services)?;
            window.switch_on(&Request {
                seconds: self.revert_in,
                untested: self.window.untested,
                config,
            })?
        };
        status::tell_window(window, self.json.json, &said)
    }
}

fn said_of_revert(were_any: bool) -> &'static str {
    if were_any {
        "Taken back."
    } else {
        "Nothing waited to be confirmed."
    }
}

/// Writes down what has to be taken back, sees that it will be, and only then changes a file.
fn switch_on(
    machine: &Machine,
    plan: &Plan,
    seconds: u64,
    config: Option<&Path>,
) -> Result<String, Failure> {
    let pending = Pending {
        id: format!("{}-{}", process::id(), clock::now()),
        services: plan.pending_services(),
        deadline: clock::now() + seconds,
        config: config.and_then(|path| std::path::absolute(path).ok()),
    };
    // The wait comes first: one that is known to no file ends by itself, and what was pending before keeps its own.
    let done = timer::start(&pending, seconds)
        .and_then(|()| pending.write())
        .and_then(|()| change(machine, plan, &pending));
    if let Err(failure) = done {
        // Half of it is of no use to anybody.
        revert::undo(plan, config);
        if let Ok(None) = Pending::read() {
            let _ = timer::end();
        }
        return Err(failure);
    }
    Ok(what_now(&pending))
}

fn change(machine: &Machine, plan: &Plan, pending: &Pending) -> Result<(), Failure> {
    let deadline = clock::format_utc(pending.deadline);
    for Change { service, text } in &plan.changes {
        let path = folder::file(service);
        files::replace(&path, text).map_err(|error| Failure::file(&path, &error))?;
        let context = Context {
            service: Some(service),
            ..Context::default()
        };
        let reason = format!("until {deadline} unless confirmed");
        let event = Event::new(EventKind::Protected).reason(reason);
        Audit::open(&machine.config).record(&context, &event);
    }
    Ok(())
}

fn what_now(pending: &Pending) -> String {
    let services = pending.services.join(", ");
    let deadline = clock::format_utc(pending.deadline);
    let boot = if systemd::is_systemd() {
        "Starting the machine again before that takes it back too."
    } else {
        "There is no systemd here: if the machine is started again before that, run otpair protect --revert."
    };
    format!(
        "otpair asks for a passcode now at: {services}.\n\
         Leave this terminal open and sign on from another one. If that works:\n\
         \n    otpair protect --confirm\n\n\
         Else it is taken back at {deadline}. {boot}"
    )
}

/// Ends the wait: what was switched on stays.
fn confirm(json: bool) -> Result<(), Failure> {
    folder::need_root()?;
    let _lock = folder::lock()?;
    let pending = Pending::read()?.ok_or_else(|| {
        Failure::new("nothing waits to be confirmed; otpair status says what is switched on")
    })?;
    // Once it is no longer written down nothing takes it back, whatever still runs.
    files::remove(Path::new(pending::PATH))?;
    timer::end()?;
    let said = format!("It stays: {}.", pending.services.join(", "));
    status::tell(&pending.services, json, &said)
}
