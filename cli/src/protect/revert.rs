//! Taking otpair's lines out again. This works without a config, without a cache, and on a full disk.

use super::pending::{self, Pending};
use super::plan::Plan;
use super::{folder, sshd, timer};
use crate::failure::Failure;
use crate::files;
use crate::{output, status};
use otpair_core::event::{Event, EventKind};
use otpair_host::audit::{Audit, Context};
use otpair_host::config::Config;
use otpair_host::pamstack::{self, MARK};
use rustix::io::Errno;
use std::io::ErrorKind;
use std::path::Path;

/// Takes back what nobody confirmed, and gives the services.
pub(super) fn revert(config: Option<&Path>) -> Result<Vec<String>, Failure> {
    // Nothing that another one does keeps lines in.
    let _lock = folder::lock().ok();
    let Some(pending) = Pending::read().or_else(|_| everything().map(Some))? else {
        timer::end()?;
        return Ok(Vec::new());
    };
    let config = config.or(pending.config.as_deref());
    take_out_of(&pending.services, config, "not confirmed")?;
    Ok(pending.services)
}

/// Says what was set for otpair elsewhere, and now lets people in with less than before.
pub(super) fn note_what_is_left(services: &[String]) {
    if let Some(note) = sshd::note_of_password(services, status::is_protected) {
        output::note(&note);
    }
}

/// Takes otpair's lines out of every file, confirmed or not, and gives the files.
pub(super) fn take_all_out(config: Option<&Path>, why: &str) -> Result<Vec<String>, Failure> {
    let files = folder::marked()?;
    take_out_of(&files, config, why)?;
    Ok(files)
}

/// Takes otpair's lines out of these files, and then waits for no confirmation any more.
fn take_out_of(files: &[String], config: Option<&Path>, why: &str) -> Result<(), Failure> {
    let mut first_failure = None;
    for file in files {
        if let Err(failure) = take_out(file, config, why) {
            first_failure.get_or_insert(failure);
        }
    }
    // What could not be taken out stays pending: the next try, or the next boot, does it.
    if let Some(failure) = first_failure {
        return Err(failure);
    }
    files::remove(Path::new(pending::PATH))?;
    timer::end()
}

/// Where what is pending can't be read, all that otpair ever put in is taken out: nobody is kept out by that.
fn everything() -> Result<Pending, Failure> {
    Ok(Pending {
        id: String::new(),
        services: folder::marked()?,
        deadline: 0,
        config: None,
    })
}

/// What is in a service's file, if otpair's lines are among it.
fn marked(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match files::own_bytes(path) {
        Ok(text) => Ok(pamstack::is_marked(&text).then_some(text)),
        // What is gone has no line of otpair's.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            Err(Failure::new(format!(
                "{} is a link to what something else maintains; take the lines that end in \"{MARK}\" out of that by hand",
                path.display()
            )))
        }
        Err(error) => Err(Failure::file(path, &error)),
    }
}

/// The files that otpair's lines would be taken out of.
///
/// # Errors
/// If they could not be taken out of one of them.
pub(super) fn foreseen() -> Result<Vec<String>, Failure> {
    let files = folder::marked()?;
    for file in &files {
        marked(&folder::file(file))?;
    }
    Ok(files)
}

/// Takes otpair's lines out of a service's file. Whether there were any.
pub(super) fn take_out(service: &str, config: Option<&Path>, why: &str) -> Result<bool, Failure> {
    let path = folder::file(service);
    let Some(text) = marked(&path)? else {
        return Ok(false);
    };
    folder::need_root()?;
    files::shrink(&path, &pamstack::unprotect(&text))
        .map_err(|error| Failure::file(&path, &error))?;
    // With a config that is at fault it is syslog that hears of it.
    let audit =
        Config::load(config).map_or_else(|_| Audit::default(), |config| Audit::open(&config));
    let context = Context {
        service: Some(service),
        ..Context::default()
    };
    audit.record(&context, &Event::new(EventKind::Unprotected).reason(why));
    Ok(true)
}

/// Takes back a plan of which something could not be done. What can't be taken back now is when the wait is over.
pub(super) fn undo(plan: &Plan, config: Option<&Path>) {
    let changed = plan.changes.iter().map(|change| change.service.clone());
    let (out, left): (Vec<_>, Vec<_>) =
        changed.partition(|service| take_out(service, config, "could not be switched on").is_ok());
    if left.is_empty() {
        let _ = forget(&out);
    }
}

/// Waits no longer for the confirmation of these services.
pub(super) fn forget(services: &[String]) -> Result<(), Failure> {
    let Ok(Some(mut pending)) = Pending::read() else {
        return Ok(());
    };
    pending
        .services
        .retain(|service| !services.contains(service));
    if pending.services.is_empty() {
        files::remove(Path::new(pending::PATH))?;
        return timer::end();
    }
    pending.write()
}
