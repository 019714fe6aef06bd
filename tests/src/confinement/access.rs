//! A program's accesses to files, from what `strace -y` wrote.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The system calls that are looked at: all that a policy of AppArmor's or SELinux's decides on by a path.
pub const CALLS: &str =
    "trace=%file,mmap,flock,fcntl,fchmod,fchown,ftruncate,fallocate,connect,bind,sendto";

/// What is done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Opened to be read.
    Read,
    /// Opened to be written.
    Write,
    /// Opened to be appended to.
    Append,
    /// Opened, or made if it was not there.
    Create,
    /// A folder is made.
    MakeFolder,
    /// Removed.
    Remove,
    /// Gets another name.
    RenameFrom,
    /// Becomes the name of something else.
    RenameTo,
    /// Locked for reading.
    LockShared,
    /// Locked for writing.
    LockExclusive,
    /// Its mode, owner or size is set.
    SetAttributes,
    /// A stream socket is connected to.
    Connect,
    /// A datagram is sent to a socket.
    Send,
    /// Mapped as code.
    MapCode,
    /// Run.
    Execute,
}

/// One access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// What is done.
    pub kind: Kind,
    /// The path, without a slash at its end.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Every access in the files of a folder that `strace -ff -y` wrote in the machine whose root is given. What failed is left
/// out: nothing was there.
///
/// # Panics
/// At a call that is not known: nothing may go unseen.
pub fn read_traces(root: &Path, folder: &str, name: &str) -> BTreeSet<Access> {
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(inside(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == name) {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            found.extend(text.lines().flat_map(accesses).map(|mut access| {
                access.is_folder |= inside(&access.path).is_dir();
                access
            }));
        }
    }
    found
}

/// The accesses of one line of `strace`'s.
fn accesses(line: &str) -> Vec<Access> {
    let Some((call, rest)) = line.split_once('(') else {
        return Vec::new(); // "+++ exited with 0 +++"
    };
    let (arguments, result) = rest.rsplit_once(" = ").unwrap_or((rest, "?"));
    if result.starts_with('-') || result.starts_with('?') {
        return Vec::new();
    }
    let one = |kind, path: Option<String>| path.map(|path| at(kind, path)).into_iter().collect();
    match call {
        "open" | "openat" => opened(arguments, &descriptor(result).expect("an open file")),
        "mkdir" | "mkdirat" => named(arguments)
            .into_iter()
            .map(|path| folder(Kind::MakeFolder, path))
            .collect(),
        "unlink" | "unlinkat" => one(Kind::Remove, named(arguments).into_iter().next()),
        "rename" | "renameat" | "renameat2" => named(arguments)
            .into_iter()
            .zip([Kind::RenameFrom, Kind::RenameTo])
            .map(|(path, kind)| at(kind, path))
            .collect(),
        "execve" => one(Kind::Execute, named(arguments).into_iter().next()),
        "mmap" if arguments.contains("PROT_EXEC") => one(Kind::MapCode, descriptor(arguments)),
        "flock" if arguments.contains("LOCK_EX") => one(Kind::LockExclusive, descriptor(arguments)),
        "flock" if arguments.contains("LOCK_SH") => one(Kind::LockShared, descriptor(arguments)),
        "fcntl" if arguments.contains("F_SETLK") && arguments.contains("F_WRLCK") => {
            one(Kind::LockExclusive, descriptor(arguments))
        }
        "fcntl" if arguments.contains("F_SETLK") && arguments.contains("F_RDLCK") => {
            one(Kind::LockShared, descriptor(arguments))
        }
        "fchmod" | "fchown" | "ftruncate" | "fallocate" => {
            one(Kind::SetAttributes, descriptor(arguments))
        }
        "connect" => one(Kind::Connect, socket(arguments)),
        "sendto" => one(Kind::Send, socket(arguments)),
        // Neither AppArmor nor SELinux keeps anybody from learning of a file by its path that may search its folder.
        "access" | "faccessat2" | "stat" | "lstat" | "newfstatat" | "statx" | "readlink"
        | "readlinkat" | "getcwd" | "statfs" | "mmap" | "flock" | "fcntl" => Vec::new(),
        other => panic!("nobody knows what a policy says of {other}: {line}"),
    }
}

fn opened(arguments: &str, path: &str) -> Vec<Access> {
    let has = |flag: &str| {
        arguments
            .split([',', '|', ' ', ')'])
            .any(|word| word == flag)
    };
    let path = path.to_owned();
    if has("O_DIRECTORY") {
        return vec![folder(Kind::Read, path)];
    }
    let write = if has("O_APPEND") {
        Kind::Append
    } else {
        Kind::Write
    };
    let kinds = [
        (has("O_RDONLY") || has("O_RDWR"), Kind::Read),
        (has("O_WRONLY") || has("O_RDWR"), write),
        (has("O_CREAT"), Kind::Create),
    ];
    let kinds = kinds.into_iter().filter(|(is_done, _)| *is_done);
    kinds.map(|(_, kind)| at(kind, path.clone())).collect()
}

fn at(kind: Kind, path: String) -> Access {
    Access {
        kind,
        path,
        is_folder: false,
    }
}

fn folder(kind: Kind, path: String) -> Access {
    Access {
        kind,
        path,
        is_folder: true,
    }
}

/// The path of the first open file in a text such as `5</etc/passwd>, …`; nothing for a socket or a pipe.
fn descriptor(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("</")?;
    let (path, _) = rest.split_once('>')?;
    Some(format!("/{path}"))
}

/// The paths that a call names: a quoted one, under the folder before it if it does not begin with a slash.
fn named(arguments: &str) -> Vec<String> {
    let mut parts = arguments.split('"');
    let mut found = Vec::new();
    while let (Some(before), Some(name)) = (parts.next(), parts.next()) {
        if name.starts_with('/') {
            found.push(name.to_owned());
        } else if let Some(folder) = descriptor(before) {
            found.push(format!("{}/{name}", folder.trim_end_matches('/')));
        }
    }
    found
}

fn socket(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once("sun_path=\"")?;
    rest.split_once('"').map(|(path, _)| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(Kind, String)> {
        let read = accesses(line).into_iter();
        read.map(|access| (access.kind, access.path)).collect()
    }

    #[test]
    fn every_line_is_the_accesses_that_it_tells_of() {
        let cases: [(&str, &[(Kind, &str)]); 7] = [
            (
                r#"openat(6</var/lib/otpair/users>, "alice", O_RDWR|O_CREAT, 0600) = 7</var/lib/otpair/users/alice>"#,
                &[
                    (Kind::Read, "/var/lib/otpair/users/alice"),
                    (Kind::Write, "/var/lib/otpair/users/alice"),
                    (Kind::Create, "/var/lib/otpair/users/alice"),
                ],
            ),
            (
                r#"renameat(4</a>, ".new", 4</a>, "bob") = 0"#,
                &[(Kind::RenameFrom, "/a/.new"), (Kind::RenameTo, "/a/bob")],
            ),
            (
                r#"sendto(7<socket:[1]>, "<85>", 4, 0, {sa_family=AF_UNIX, sun_path="/dev/log"}, 11) = 80"#,
                &[(Kind::Send, "/dev/log")],
            ),
            (
                "flock(7</a/b>, LOCK_EX|LOCK_NB) = 0",
                &[(Kind::LockExclusive, "/a/b")],
            ),
            (
                "mmap(0x7f, 8, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</lib/c.so>, 0x3000) = 0x7f",
                &[(Kind::MapCode, "/lib/c.so")],
            ),
            (
                r#"open("/x", O_RDONLY) = -1 ENOENT (No such file or directory)"#,
                &[],
            ),
            ("+++ exited with 0 +++", &[]),
        ];
        for (line, expected) in cases {
            let read = read(line);
            let read: Vec<_> = read.iter().map(|(kind, path)| (*kind, &**path)).collect();
            assert_eq!(read, expected, "{line}");
        }
    }
}
