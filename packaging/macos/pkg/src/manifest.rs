//! Everything that the package installs, with the permissions that it has on the Mac.

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link to this.
    Link(&'static str),
}

/// Paths of one kind, and their permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Relative to the Mac's root. One `*` stands for any part of a name.
    pub path: &'static str,
    /// What is there.
    pub kind: Kind,
    /// The permissions, 12 bits.
    pub permissions: u16,
}

impl Rule {
    pub(crate) const fn new(path: &'static str, kind: Kind, permissions: u16) -> Self {
        Self {
            path,
            kind,
            permissions,
        }
    }

    /// Whether it is about this path.
    #[must_use]
    pub fn names(&self, path: &str) -> bool {
        let Some((before, after)) = self.path.split_once('*') else {
            return self.path == path;
        };
        let middle = path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after));
        middle.is_some_and(|middle| !middle.is_empty() && !middle.contains('/'))
    }
}

const fn folder(path: &'static str) -> Rule {
    Rule::new(path, Kind::Folder, 0o755)
}

const fn program(path: &'static str) -> Rule {
    Rule::new(path, Kind::File, 0o755)
}

const fn file(path: &'static str) -> Rule {
    Rule::new(path, Kind::File, 0o644)
}

/// The payload. What is there already on a Mac has the permissions that Apple gives it.
///
/// The command itself lies in a folder that is always root's: launchd runs it as root, and Homebrew gives
/// `/usr/local/bin` to the user who installs it.
pub const PAYLOAD: &[Rule] = &[
    folder(""),
    folder("Library"),
    folder("Library/LaunchDaemons"),
    file("Library/LaunchDaemons/io.otpair.*.plist"),
    Rule::new("Library/PrivilegedHelperTools", Kind::Folder, 0o1755),
    program("Library/PrivilegedHelperTools/otpair"),
    program("Library/PrivilegedHelperTools/otpair-helper"),
    folder("Library/Security"),
    folder("Library/Security/SecurityAgentPlugins"),
    folder("Library/Security/SecurityAgentPlugins/otpair.bundle"),
    folder("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents"),
    file("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/Info.plist"),
    folder("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/MacOS"),
    program("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/MacOS/otpair"),
    folder("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/Resources"),
    file("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/Resources/*"),
    folder("Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/_CodeSignature"),
    file(
        "Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/_CodeSignature/CodeResources",
    ),
    folder("usr"),
    folder("usr/local"),
    folder("usr/local/bin"),
    Rule::new(
        "usr/local/bin/otpair",
        Kind::Link("../../../Library/PrivilegedHelperTools/otpair"),
        0o755,
    ),
    folder("usr/local/libexec"),
    folder("usr/local/libexec/otpair"),
    program("usr/local/libexec/otpair/uninstall"),
    folder("usr/local/share"),
    folder("usr/local/share/man"),
    folder("usr/local/share/man/man5"),
    file("usr/local/share/man/man5/*.5"),
    folder("usr/local/share/man/man8"),
    file("usr/local/share/man/man8/*.8"),
];

/// The installer's scripts.
pub const SCRIPTS: &[Rule] = &[folder(""), program("preinstall"), program("postinstall")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_part_of_a_name_and_never_for_a_folder() {
        let rule = file("man/*.8");
        assert!(rule.names("man/otpair.8"));
        assert!(!rule.names("man/.8"));
        assert!(!rule.names("man/deep/otpair.8"));
        assert!(!rule.names("man/otpair.5"));
    }

    #[test]
    fn nobody_but_root_may_write_what_is_installed() {
        for rule in PAYLOAD.iter().chain(SCRIPTS) {
            assert_eq!(rule.permissions & 0o022, 0, "{}", rule.path);
        }
    }
}
