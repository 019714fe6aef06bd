//! The way of the key, step by step: look what there is, ask the plan, do it, and look again.

use super::plan::{self, Facts, Goal, Held, Origin, Place, Refusal, Step};
use super::{NO_COPY, Request, copy, credential, place};
use crate::failure::Failure;
use crate::files;
use crate::machine::Machine;
use crate::systemd::is_systemd;
use otpair_cache::{Fit, SealingKey};
use otpair_core::event::{Event, EventKind};
use otpair_host::config::{Config, UNSEALED_KEY};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How long a sign-on that has read the config before it was changed still finds the key where that said. Such a one
/// reads the key within milliseconds.
const GRACE: Duration = Duration::from_millis(500);

/// More steps than this no plan has.
const MOST_STEPS: usize = 12;

/// A way that is being gone.
pub(super) struct Work<'a> {
    machine: Machine,
    config: Option<&'a Path>,
    request: &'a Request,
    /// The key's file beside the records.
    plain: PathBuf,
    key: SealingKey,
    /// Opening it takes the TPM a second: what it holds is known until it is written.
    sealed: Held,
    seal_anew: bool,
    pub(super) done: Vec<Step>,
}

impl<'a> Work<'a> {
    /// Looks at every place, and finds the right key.
    pub(super) fn begin(config: Option<&'a Path>, request: &'a Request) -> Result<Self, Failure> {
        let machine = Machine::load(config)?;
        credential::clear()?;
        let place = place::of(&machine.config.cache)?;
        let plain = place::plain(&machine.config.cache);
        copy::refuse_own_disk(request.recovery_key.as_deref(), &machine.config.cache.path)?;
        let sealed = credential::exists().then(credential::open);
        let found = found(request, place, &plain, sealed.as_ref())?;
        let key = right(&machine, &found)?;
        let sealed = match sealed {
            None => Held::Nothing,
            Some(Err(_)) => Held::Shut,
            Some(Ok(held)) => next_to(&key, Some(&held)),
        };
        Ok(Self {
            machine,
            config,
            request,
            plain,
            key,
            sealed,
            seal_anew: request.pcrs.is_some() || !credential::is_by_tpm(),
            done: Vec::new(),
        })
    }

    /// Goes the way to its end. What can't be done leaves everything as a kill at that moment would.
    pub(super) fn go(&mut self) -> Result<(), Failure> {
        while let Some(step) = self.next()? {
            if self.done.last() == Some(&step) || self.done.len() == MOST_STEPS {
                return Err(no_use(step));
            }
            self.take(step)?;
            self.done.push(step);
        }
        Ok(())
    }

    fn next(&self) -> Result<Option<Step>, Failure> {
        plan::next(self.request.goal, self.look()?).map_err(|why| refused(why, &self.plain))
    }

    fn look(&self) -> Result<Facts, Failure> {
        // A config may have been changed by the last step.
        let config = Config::load(self.config)?;
        let unsealed = SealingKey::read(Path::new(UNSEALED_KEY)).unwrap_or_default();
        Ok(Facts {
            config: place::of(&config.cache)?,
            plain: next_to(&self.key, SealingKey::read(&self.plain)?.as_ref()),
            has_remains: SealingKey::has_remains(&self.plain)?,
            sealed: self.sealed,
            unsealed: next_to(&self.key, unsealed.as_ref()),
            is_enabled: credential::is_enabled(),
            seal_anew: self.seal_anew,
            copy_is_due: copy::is_due(self.request.recovery_key.as_deref(), &self.key)?,
            lacks_copy: self.request.lacks_copy(),
        })
    }

    fn take(&mut self, step: Step) -> Result<(), Failure> {
        match step {
            Step::Seal => self.seal()?,
            Step::Enable => credential::enable()?,
            Step::Unseal => credential::start()?,
            Step::Copy => copy::write(self.request.recovery_key.as_deref(), &self.key)?,
            Step::Point(to) => place::point(self.config, &self.machine.config, to)?,
            Step::PlacePlain => {
                self.key.place(&self.plain)?;
            }
            Step::ErasePlain => {
                self.wait_for_readers();
                SealingKey::erase(&self.plain)?;
            }
            Step::Disable => credential::disable(is_systemd())?,
            Step::RemoveSealed => {
                credential::remove()?;
                self.sealed = Held::Nothing;
            }
            Step::RemoveUnsealed => {
                self.wait_for_readers();
                remove_unsealed()?;
            }
        }
        self.record(step);
        Ok(())
    }

    fn seal(&mut self) -> Result<(), Failure> {
        let sealed = credential::seal(&self.key, self.request.pcrs.as_deref())?;
        credential::write(&sealed)?;
        self.sealed = Held::Right;
        self.seal_anew = false;
        Ok(())
    }

    fn wait_for_readers(&self) {
        if self.done.iter().any(|step| matches!(step, Step::Point(_))) {
            thread::sleep(GRACE);
        }
    }

    /// Takes back what was made of a credential to which nothing points yet.
    pub(super) fn undo(&self) {
        let is_new = self.done.first() == Some(&Step::Seal);
        let points = self.look().map(|facts| facts.config);
        if is_new && matches!(points, Ok(Place::File)) {
            let _ = credential::disable(is_systemd());
            let _ = credential::remove();
            let _ = remove_unsealed();
        }
    }

    fn record(&self, step: Step) {
        let kind = match self.request.goal {
            Goal::Tpm2 => EventKind::KeyProtected,
            Goal::File => EventKind::KeyUnprotected,
        };
        if let Some(reason) = self.reason(step) {
            self.machine.record(None, &Event::new(kind).reason(reason));
        }
    }

    /// What is logged of a step, if it changes what a thief could take.
    fn reason(&self, step: Step) -> Option<String> {
        let plain = self.plain.display();
        Some(match step {
            Step::Seal => match self.request.pcrs.as_deref() {
                None | Some("") => format!("sealed with the TPM into {}", credential::PATH),
                Some(pcrs) => {
                    format!(
                        "sealed with the TPM and PCRs {pcrs} into {}",
                        credential::PATH
                    )
                }
            },
            Step::Copy => {
                let copy = self.request.recovery_key.as_deref()?;
                format!("a copy was written to {}", copy.display())
            }
            Step::Point(Place::Credential) => "the config names the credential".to_owned(),
            Step::Point(Place::File) => format!("the config names {plain}"),
            Step::PlacePlain => format!("put into {plain}"),
            Step::ErasePlain => format!("{plain} was erased"),
            Step::RemoveSealed => format!("{} was removed", credential::PATH),
            Step::Enable | Step::Unseal | Step::Disable | Step::RemoveUnsealed => return None,
        })
    }
}

/// Every key that there is, the likeliest to be the right one first.
fn found(
    request: &Request,
    place: Place,
    plain: &Path,
    sealed: Option<&Result<SealingKey, String>>,
) -> Result<Vec<(Origin, SealingKey)>, Failure> {
    let brought = request.from.as_deref().map(copy::read).transpose()?;
    let plain = (Origin::Plain, SealingKey::read(plain)?);
    // What is no key there is made anew.
    let unsealed = SealingKey::read(Path::new(UNSEALED_KEY)).unwrap_or_default();
    let unsealed = (Origin::Unsealed, unsealed);
    let sealed = sealed.and_then(|opened| opened.as_ref().ok().cloned());
    let sealed = (Origin::Sealed, sealed);
    let others = match place {
        Place::File => [plain, sealed, unsealed],
        Place::Credential => [unsealed, sealed, plain],
    };
    let all = [(Origin::Copy, brought)].into_iter().chain(others);
    Ok(all
        .filter_map(|(origin, key)| Some((origin, key?)))
        .collect())
}

/// The key that the cache was made with; a new one where there is none and nothing was made with any.
fn right(machine: &Machine, found: &[(Origin, SealingKey)]) -> Result<SealingKey, Failure> {
    let cache = &machine.config.cache;
    let new = SealingKey::random()?;
    let is_empty = new.fit(&cache.path)? == Fit::Empty;
    let fits = found
        .iter()
        .map(|(origin, key)| Ok((*origin, key.fit(&cache.path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let origin = plan::choose(&fits, is_empty).map_err(|why| refused(why, &place::plain(cache)))?;
    let chosen = found.iter().find(|(from, _)| Some(*from) == origin);
    Ok(chosen.map_or(new, |(_, key)| key.clone()))
}

fn next_to(right: &SealingKey, held: Option<&SealingKey>) -> Held {
    match held {
        None => Held::Nothing,
        Some(held) if held == right => Held::Right,
        Some(_) => Held::Other,
    }
}

fn remove_unsealed() -> Result<(), Failure> {
    if is_systemd() {
        credential::stop();
    }
    let path = Path::new(UNSEALED_KEY);
    files::remove(path)?;
    credential::unmount();
    if let Some(folder) = path.parent() {
        // What else is in there is none of otpair's.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

fn no_use(step: Step) -> Failure {
    Failure::new(match step {
        Step::Unseal => format!(
            "{} does not give the key back as it was sealed: see journalctl -u {0}",
            credential::UNIT
        ),
        Step::Enable => format!(
            "systemctl enable {} does not have a boot start it: see systemctl cat {0}",
            credential::UNIT
        ),
        _ => "what was done is undone by somebody else: run this again when nobody is".to_owned(),
    })
}

fn refused(why: Refusal, plain: &Path) -> Failure {
    let plain = plain.display();
    Failure::new(match why {
        Refusal::NotTheKey => {
            "the copy is not the key that people's records were made with: bring the right one"
                .to_owned()
        }
        Refusal::Lost => "the key that people's records were made with is not here: \
             bring its copy with --from FILE, or import and pair every token anew"
            .to_owned(),
        Refusal::OtherPlain => format!(
            "{plain} has another key than people's records: move it away, and run this again"
        ),
        Refusal::OtherSealed => format!(
            "{} has another key or can't be opened, perhaps of another config on this machine: move it away if nobody needs it, and run this again",
            credential::PATH
        ),
        Refusal::NoCopy => NO_COPY.to_owned(),
    })
}
