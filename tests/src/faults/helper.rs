//! A sign-on of a program that is not root: the helper holds it, and is who the faults are done to.

use crate::client::{self, Client};
use crate::memory::Shared;
use crate::shortcut;
use crate::subject::{self, Script};
use crate::traced::Traced;
use otpair_tests::libpam::Request;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};
use std::fs::{self, DirBuilder, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the module looks for it (otpair-helper(8)); /run is this program's own.
const SOCKET: &str = "/run/otpair/helper.sock";

/// How long a client may take to come, in seconds.
const PATIENCE: i64 = 20;

/// What listens in its place, and starts it for a connection.
pub struct Helper {
    program: PathBuf,
    config: PathBuf,
}

impl Helper {
    /// One that holds sign-ons by this config.
    pub fn new(config: &Path) -> Self {
        let folder = Path::new(SOCKET).parent().expect("a socket is in a folder");
        let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
        made.expect("a folder can be made in this program's own /run");
        let exe = std::env::current_exe().expect("the program's own path can't be found");
        let beside = || exe.with_file_name("otpair-helper");
        let program = std::env::var_os("OTPAIR_HELPER").map_or_else(beside, PathBuf::from);
        let is_there = program.is_file();
        assert!(
            is_there,
            "{} is missing: build otpair-helper first",
            program.display()
        );
        Self {
            program,
            config: config.to_owned(),
        }
    }

    /// Starts a client and the helper for it, which is stopped before its first instruction.
    pub fn start(&self, shared: &Shared, request: &Request, script: &Script) -> (Client, Traced) {
        shared.clear();
        let socket = listen();
        let (uid, gid) = ids(script.user);
        let client = Client::fork(|| {
            let loaded = || client::become_user(uid, gid);
            subject::sign_on(shared, request, script, Some(&loaded));
        });
        let mut command = Command::new(&self.program);
        command
            .arg("--config")
            .arg(&self.config)
            .env_clear()
            .stdin(Stdio::from(accept(&socket)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // A client whose helper was killed tries again, and there is no second one. The client has the socket too.
        shutdown(&socket, Shutdown::Both).expect("a socket can be shut down");
        let (_, traced) = Traced::spawn(command);
        shortcut::hide(&traced);
        (client, traced)
    }
}

fn listen() -> UnixListener {
    // The last one's.
    let _ = fs::remove_file(SOCKET);
    let socket =
        UnixListener::bind(SOCKET).expect("a socket can be made in this program's own /run");
    let everybody = Permissions::from_mode(0o666);
    fs::set_permissions(SOCKET, everybody).expect("a socket's permissions can be set");
    socket
}

fn accept(socket: &UnixListener) -> OwnedFd {
    let mut waiting = [PollFd::new(socket, PollFlags::IN)];
    let patience = Timespec {
        tv_sec: PATIENCE,
        tv_nsec: 0,
    };
    let come = poll(&mut waiting, Some(&patience)).expect("a socket can be waited for");
    assert_eq!(come, 1, "the module has not asked for the helper");
    let (connection, _) = socket.accept().expect("a connection can be accepted");
    connection.into()
}

/// A user's and their group's number.
fn ids(user: &str) -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(user));
    let mut fields = line
        .expect("the user is one of the system's")
        .split(':')
        .skip(2);
    let mut number = || fields.next().and_then(|field| field.parse().ok());
    let (uid, gid) = (number(), number());
    (uid.expect("a user id"), gid.expect("a group id"))
}
