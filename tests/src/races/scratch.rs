//! A whole otpair in a scratch folder: config, seed cache, audit log and PAM services. Nothing of the machine's own is
//! touched but that the users are the system's, because a user has to be one that the system knows.

use otpair_tests::token::Token;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The PAM service with otpair alone.
pub const SERVICE: &str = "otpair";

/// The programs under test.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `pam_otpair.so`.
    pub module: PathBuf,
    /// The admin's command.
    pub otpair: PathBuf,
}

impl Programs {
    /// What `OTPAIR_SO` and `OTPAIR_BIN` name, else what was built into the folder of this program.
    ///
    /// # Panics
    /// If one is missing, or this is not run as root, with a sentence that says what to do.
    pub fn find() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "run this as root: the module decides for root only"
        );
        let exe = std::env::current_exe().expect("the program's own path can't be found");
        let beside = |variable: &str, name: &str, package: &str| {
            let path =
                std::env::var_os(variable).map_or_else(|| exe.with_file_name(name), PathBuf::from);
            assert!(
                path.is_file(),
                "{} is missing: run `cargo build --release -p {package}` first",
                path.display()
            );
            path
        };
        Self {
            module: beside("OTPAIR_SO", "libpam_otpair.so", "otpair-pam"),
            otpair: beside("OTPAIR_BIN", "otpair", "otpair"),
        }
    }
}

/// A scratch folder with an otpair in it; gone when dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    programs: Programs,
}

impl Scratch {
    /// An otpair without tokens, in a new folder in `parent`. `config` is TOML without the table
    /// `[cache]`, in which `{folder}` stands for the folder.
    pub fn new(programs: &Programs, parent: &Path, config: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("otpair-scratch-{}-{number}", std::process::id());
        let scratch = Self {
            folder: parent.join(name),
            programs: programs.clone(),
        };
        let mut private = DirBuilder::new();
        private.mode(0o700);
        for folder in [scratch.folder.clone(), scratch.cache(), scratch.confdir()] {
            private
                .create(&folder)
                .unwrap_or_else(|e| panic!("{} can't be made: {e}", folder.display()));
        }
        let cache = scratch.cache();
        let cache = cache.display();
        let config = config.replace("{folder}", &scratch.folder.display().to_string());
        let config =
            format!("{config}\n[cache]\npath = \"{cache}\"\nkey = \"file:{cache}/cache.key\"\n");
        fs::write(scratch.config(), config).expect("the config can't be written");
        // Without it libpam would complain to syslog at every sign-on.
        scratch.service("other", "required pam_deny.so");
        scratch.service(SERVICE, &scratch.line());
        scratch
    }

    /// The `auth` line of otpair.
    pub fn line(&self) -> String {
        let (module, config) = (self.programs.module.display(), self.config());
        format!("required {module} config={}", config.display())
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The seed cache.
    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// The folder of the PAM services.
    pub fn confdir(&self) -> PathBuf {
        self.path("pam.d")
    }

    fn config(&self) -> PathBuf {
        self.path("otpair.toml")
    }

    /// Writes a PAM service of one `auth` line.
    pub fn service(&self, name: &str, auth: &str) {
        fs::write(self.confdir().join(name), format!("auth {auth}\n"))
            .expect("a PAM service can't be written");
    }

    /// The admin's command, with this otpair's config, to be started.
    pub fn otpair(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.otpair);
        command
            .arg("--config")
            .arg(self.config())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs the admin's command and returns what it printed.
    ///
    /// # Panics
    /// If it fails.
    pub fn admin(&self, arguments: &[&str]) -> String {
        let output = self
            .otpair(arguments)
            .output()
            .expect("otpair can't be started");
        assert!(
            output.status.success(),
            "otpair {arguments:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Writes a seed file (otpauth URIs) and returns its path.
    pub fn seed_file(&self, name: &str, tokens: impl IntoIterator<Item = Token>) -> String {
        let uris = tokens.into_iter().fold(String::new(), |mut uris, token| {
            let _ = write!(uris, "{}", token.uri());
            uris
        });
        let path = self.path(name);
        fs::write(&path, uris).expect("a seed file can't be written");
        path.to_str().expect("the path is UTF-8").to_owned()
    }

    /// Imports tokens.
    pub fn import(&self, tokens: impl IntoIterator<Item = Token>) {
        let file = self.seed_file("seeds.txt", tokens);
        self.admin(&["import", &file]);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed is left in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
