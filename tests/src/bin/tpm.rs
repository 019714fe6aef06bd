//! A TPM 2.0 for a container: swtpm, and before it as much of a resource manager as systemd wants. On a real machine the
//! kernel flushes what a program has left in the TPM; systemd 252 leaves sessions there, of which a TPM holds three.
//!
//! Usage: `tpm FOLDER`, the folder of the TPM's state. It says to systemd when it is ready.

use std::env;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// Where systemd's TCTI sends commands. It opens a connection for each, and expects the control channel one port above.
const COMMANDS: u16 = 2321;
const CONTROL: u16 = COMMANDS + 1;
/// Where swtpm takes commands.
const SWTPM: u16 = 3321;

/// TPM 2.0 library, part 2, table 12: command codes.
const STARTUP: u32 = 0x144;
const FLUSH_CONTEXT: u32 = 0x165;
const GET_CAPABILITY: u32 = 0x17a;

/// The capability that lists handles, and the first of each kind that a program may leave.
const HANDLES: u32 = 1;
const LOADED_SESSIONS: u32 = 0x0200_0000;
const TRANSIENT_OBJECTS: u32 = 0x8000_0000;

fn main() {
    let folder = env::args().nth(1).expect("usage: tpm FOLDER");
    let listener = TcpListener::bind(("127.0.0.1", COMMANDS)).expect("no port for commands");
    let mut swtpm = start(Path::new(&folder));
    let mut tpm = connect();
    if let Some(path) = env::var_os("NOTIFY_SOCKET") {
        let socket = UnixDatagram::unbound().unwrap();
        socket.send_to(b"READY=1", path).unwrap();
    }
    thread::spawn(move || {
        for client in listener.incoming() {
            // A client that goes away in the middle is its own concern.
            let _ = client.and_then(|mut client| serve(&mut client, &mut tpm));
        }
    });
    swtpm.wait().unwrap();
}

fn start(folder: &Path) -> Child {
    Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .arg("--tpmstate")
        .arg(format!("dir={}", folder.display()))
        .args(["--server", &format!("type=tcp,port={SWTPM}")])
        .args(["--ctrl", &format!("type=tcp,port={CONTROL}")])
        .spawn()
        .expect("swtpm is missing: install the Debian package swtpm")
}

fn connect() -> TcpStream {
    for _ in 0..500 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", SWTPM)) {
            return stream;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("swtpm does not start");
}

/// Passes commands on. The one that begins every program's use of the TPM takes away what the last one left.
fn serve(client: &mut TcpStream, tpm: &mut TcpStream) -> io::Result<()> {
    loop {
        let Ok(command) = message(client) else {
            return Ok(());
        };
        if command.get(6..10) == Some(&STARTUP.to_be_bytes()) {
            flush(tpm)?;
        }
        let answer = ask(tpm, &command)?;
        client.write_all(&answer)?;
    }
}

fn flush(tpm: &mut TcpStream) -> io::Result<()> {
    for kind in [LOADED_SESSIONS, TRANSIENT_OBJECTS] {
        let listed = ask(tpm, &command(GET_CAPABILITY, &[HANDLES, kind, 64]))?;
        // The header, whether there are more, the capability, how many.
        let handles = listed.get(19..).unwrap_or_default();
        for handle in handles.chunks_exact(4) {
            let handle = u32::from_be_bytes(handle.try_into().unwrap_or_default());
            ask(tpm, &command(FLUSH_CONTEXT, &[handle]))?;
        }
    }
    Ok(())
}

/// A command without sessions.
fn command(code: u32, parameters: &[u32]) -> Vec<u8> {
    let length = u32::try_from(10 + 4 * parameters.len()).unwrap_or_default();
    let mut bytes = vec![0x80, 0x01];
    for word in [&[length, code], parameters].concat() {
        bytes.extend(word.to_be_bytes());
    }
    bytes
}

fn ask(tpm: &mut TcpStream, command: &[u8]) -> io::Result<Vec<u8>> {
    tpm.write_all(command)?;
    message(tpm)
}

/// A command or an answer: a tag, its length, and so on.
fn message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 10];
    stream.read_exact(&mut bytes)?;
    let length = u32::from_be_bytes(bytes[2..6].try_into().unwrap_or_default());
    bytes.resize(usize::try_from(length).unwrap_or(0).clamp(10, 4096), 0);
    stream.read_exact(&mut bytes[10..])?;
    Ok(bytes)
}
