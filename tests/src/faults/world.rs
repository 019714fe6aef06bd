//! An otpair in a scratch folder that is put back to where it was before each fault.

use crate::helper::Helper;
use crate::memory::Shared;
use crate::scratch::{Programs, SERVICE, Scratch};
use crate::subject::{self, Door, From, Limit, Reply, Script};
use crate::trace::{self, Clock, Injection, Seen};
use otpair_tests::libpam::{self, Request};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where scratch folders are made: in memory, and gone with this program's own /dev.
const PARENT: &str = "/dev/scratch";

/// The services of the other doors.
const TWO: &str = "two";
const ONE_FIELD: &str = "field";

/// Elsewhere one attempt a sign-on, so that each passcode has a sign-on of its own. `{rules}` are a scenario's.
const CONFIG: &str = "[sign_on]\nattempts = 1\n{rules}\n[service.two]\nattempts = 2\n\
                      [audit]\nfile = \"{folder}/audit.jsonl\"\n";

/// What a folder holds: each path below it, with the contents of a file, or nothing for a folder.
pub type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The otpair.
pub struct World {
    scratch: Scratch,
    shared: Shared,
    /// Where one has a helper.
    helper: Option<Helper>,
    /// What the cache holds before each fault.
    before: Contents,
}

impl World {
    /// An otpair with a cache that holds nothing, and more rules for who has to sign on.
    pub fn new(programs: &Programs, rules: &str) -> Self {
        let config = CONFIG.replace("{rules}", rules);
        let scratch = Scratch::new(programs, Path::new(PARENT), &config);
        let confdir = scratch.confdir();
        fs::copy(confdir.join(SERVICE), confdir.join(TWO)).expect("a service can be copied");
        let line = fs::read_to_string(confdir.join(SERVICE)).expect("a service can be read");
        let line = line.trim_end();
        scratch.service(
            ONE_FIELD,
            &format!(
                "requisite{} passcode=split\n{line} passcode=appended",
                line.trim_start_matches("auth required")
            ),
        );
        Self {
            scratch,
            shared: Shared::new(),
            helper: None,
            before: Contents::new(),
        }
    }

    /// The scratch folder, to be prepared with the admin's command.
    pub const fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// From here on the helper serves who is not root.
    pub fn have_helper(&mut self) {
        self.helper = Some(Helper::new(&self.scratch.path("otpair.toml")));
    }

    /// The cache's folder.
    pub fn cache(&self) -> PathBuf {
        self.scratch.cache()
    }

    /// From here on this is what the cache holds before each fault.
    pub fn keep(&mut self) {
        self.before = contents(&self.cache());
    }

    /// What it holds before each fault.
    pub const fn before(&self) -> &Contents {
        &self.before
    }

    /// Puts the cache back to where it was.
    pub fn restore(&self) {
        self.lay_out(&self.before);
    }

    /// Makes the cache hold this.
    pub fn lay_out(&self, wanted: &Contents) {
        let cache = self.cache();
        for (path, content) in contents(&cache).iter().rev() {
            match (content, wanted.get(path)) {
                (Some(_), Some(Some(_))) | (None, Some(None)) => {}
                (Some(_), _) => fs::remove_file(cache.join(path)).expect("a file can be removed"),
                (None, _) => fs::remove_dir(cache.join(path)).expect("a folder can be removed"),
            }
        }
        for (path, content) in wanted {
            lay(&cache.join(path), content.as_deref());
        }
    }

    fn request(&self, script: &Script) -> Request {
        let service = match script.door {
            Door::Prompts => SERVICE,
            Door::TwoPrompts => TWO,
            Door::OneField => ONE_FIELD,
        };
        Request::new(service, Some(script.user)).in_folder(&self.confdir())
    }

    fn confdir(&self) -> String {
        let confdir = self.scratch.confdir();
        confdir.to_str().expect("the path is UTF-8").to_owned()
    }

    /// Keeps the modules loaded while `work` is done, so that a sign-on need not load them.
    pub fn with_modules<T>(&self, work: impl FnOnce() -> T) -> T {
        let request = Request::new(SERVICE, None).in_folder(&self.confdir());
        libpam::with_modules(&request, work)
    }

    /// A sign-on to which nothing is done.
    pub fn sign_on(&self, script: &Script, clock: Clock) -> Reply {
        self.watch(script, clock, None).0
    }

    /// A sign-on with a fault, or without one.
    pub fn watch(
        &self,
        script: &Script,
        clock: Clock,
        injection: Option<Injection>,
    ) -> (Reply, Seen) {
        self.watch_from(From::Loaded, script, clock, injection)
    }

    /// The same, watched from another place on.
    pub fn watch_from(
        &self,
        from: From,
        script: &Script,
        clock: Clock,
        injection: Option<Injection>,
    ) -> (Reply, Seen) {
        let (shared, request) = (&self.shared, self.request(script));
        let helper = self.helper.as_ref().filter(|_| from == From::Helper);
        let (client, traced) = match helper {
            Some(helper) => {
                let (client, traced) = helper.start(shared, &request, script);
                (Some(client), traced)
            }
            None => (None, subject::start(shared, &request, script, from, None)),
        };
        let seen = trace::follow(traced, clock, injection, &self.cache());
        if let Some(client) = client {
            client.wait();
        }
        (subject::reply(shared), seen)
    }

    /// A sign-on of a process that may not have all it wants.
    pub fn watch_limited(
        &self,
        from: From,
        script: &Script,
        clock: Clock,
        limit: Limit,
    ) -> (Reply, Seen) {
        let request = self.request(script);
        let traced = subject::start(&self.shared, &request, script, from, Some(limit));
        let seen = trace::follow(traced, clock, None, &self.cache());
        (subject::reply(&self.shared), seen)
    }
}

fn lay(path: &Path, content: Option<&[u8]>) {
    let is_laid = match content {
        // Not written over: a file that was removed and made anew would be another one to who has it open.
        Some(content) => fs::write(path, content)
            .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o600))),
        None if path.is_dir() => Ok(()),
        None => fs::create_dir(path)
            .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700))),
    };
    is_laid.unwrap_or_else(|e| panic!("{} can't be laid out: {e}", path.display()));
}

/// What a folder holds.
pub fn contents(folder: &Path) -> Contents {
    let mut found = Contents::new();
    collect(folder, Path::new(""), &mut found);
    found
}

fn collect(folder: &Path, below: &Path, found: &mut Contents) {
    for entry in fs::read_dir(folder.join(below)).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let path = below.join(entry.file_name());
        if entry.file_type().expect("what it is can be told").is_dir() {
            found.insert(path.clone(), None);
            collect(folder, &path, found);
        } else {
            let content = fs::read(entry.path()).expect("a file can be read");
            found.insert(path, Some(content));
        }
    }
}
