//! The system's users and groups: whose sign-on it is (contract section 2, "who the user is").

#[allow(unsafe_code, reason = "libc's lookups; nothing else is in that file")]
mod ffi;

use ffi::Passwd;
use otpair_core::policy::{Groups, choose_account, without_domain};
use otpair_core::records::{Account, Fault, FaultKind};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// The longest name that is looked up, in bytes.
const MAX_NAME: usize = 256;

/// Looks a user up by name. The account has the primary name (`pw_name`), whatever alias or spelling was given.
/// `None`: the system knows no such user. A name that is empty, longer than 256 bytes or has a NUL in it is nobody's,
/// nor is an account whose primary name is empty or no UTF-8.
///
/// # Errors
/// A [`FaultKind::Lookup`] fault if the system can't tell. It does not repeat the name: people type passwords there.
pub fn lookup_user(name: &str) -> Result<Option<Account>, Fault> {
    Ok(passwd(name)?.and_then(account))
}

/// Looks a user up by their id. Where several accounts share it, the system says which one that is.
///
/// # Errors
/// A [`FaultKind::Lookup`] fault if the system can't tell.
pub fn lookup_uid(uid: u32) -> Result<Option<Account>, Fault> {
    let found = ffi::user_by_id(uid).map_err(|error| fault(&error))?;
    Ok(found.and_then(account))
}

/// The home folder of the account with this id.
///
/// # Errors
/// A [`FaultKind::Lookup`] fault if the system can't tell.
pub fn home_of(uid: u32) -> Result<Option<PathBuf>, Fault> {
    let found = ffi::user_by_id(uid).map_err(|error| fault(&error))?;
    Ok(found.map(|user| OsString::from_vec(user.home.into_bytes()).into()))
}

/// Whether an account has this user id.
///
/// # Errors
/// A [`FaultKind::Lookup`] fault if the system can't tell.
pub fn is_known(uid: u32) -> Result<bool, Fault> {
    let found = ffi::user_by_id(uid).map_err(|error| fault(&error))?;
    Ok(found.is_some())
}

/// Whose sign-on it is when a door gives this name. With `strip_domain` the name without its domain counts, if the
/// full name, where the system knows it, has the same uid.
///
/// # Errors
/// A [`FaultKind::Lookup`] fault if the system can't tell of either name.
pub fn resolve(name: &str, strip_domain: bool) -> Result<Option<Account>, Fault> {
    let full = lookup_user(name)?;
    match without_domain(name).filter(|_| strip_domain) {
        Some(bare) => Ok(choose_account(full, lookup_user(bare)?)),
        None => Ok(full),
    }
}

/// The system's groups.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemGroups;

impl Groups for SystemGroups {
    /// Also `None` if the system does not know the user: then it can't be told.
    fn has_member(&self, group: &str, user: &str) -> Option<bool> {
        let group = ffi::group_by_name(&c_name(group)?).ok()??;
        let user = passwd(user).ok()??;
        // The group's own list as well as the user's: a directory that can't be reached shortens the latter in silence.
        let listed = || group.members.contains(&user.name);
        let reached = || {
            Some(
                ffi::groups_of(&user.name, user.gid)
                    .ok()?
                    .contains(&group.gid),
            )
        };
        if user.gid == group.gid || listed() {
            Some(true)
        } else {
            reached()
        }
    }
}

fn passwd(name: &str) -> Result<Option<Passwd>, Fault> {
    let Some(name) = c_name(name) else {
        return Ok(None);
    };
    let look_up = || ffi::user_by_name(&name).map_err(|error| fault(&error));
    match look_up()? {
        Some(found) => Ok(Some(found)),
        None => look_up()?.map_or_else(unless_nobody_is_known, |found| Ok(Some(found))),
    }
}

/// Nobody. But where one of the sources of nsswitch.conf(5) can't be read and the next has no such user, libc says
/// "not found" too: then root would be unknown as well.
fn unless_nobody_is_known() -> Result<Option<Passwd>, Fault> {
    let root = ffi::user_by_id(0).map_err(|error| fault(&error))?;
    let none = || fault(&std::io::Error::other("not even root is known"));
    root.map(|_| None).ok_or_else(none)
}

/// A name that can be looked up.
fn c_name(name: &str) -> Option<CString> {
    let usable = !name.is_empty() && name.len() <= MAX_NAME;
    usable.then(|| CString::new(name).ok()).flatten()
}

fn account(passwd: Passwd) -> Option<Account> {
    let name = passwd
        .name
        .into_string()
        .ok()
        .filter(|name| !name.is_empty())?;
    Some(Account {
        name,
        uid: passwd.uid,
    })
}

fn fault(error: &std::io::Error) -> Fault {
    Fault::new(
        FaultKind::Lookup,
        format!("the system's users can't be looked up: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_by_name() {
        let root = Some(Account {
            name: "root".to_owned(),
            uid: 0,
        });
        assert_eq!(lookup_user("root"), Ok(root.clone()));
        assert_eq!(lookup_uid(0), Ok(root));
        assert_eq!(lookup_uid(0x7fff_0001), Ok(None));
        assert!(home_of(0).unwrap().unwrap().is_absolute());
        assert_eq!(home_of(0x7fff_0001), Ok(None));
    }

    #[test]
    fn a_user_id_is_known_if_an_account_has_it() {
        assert_eq!(is_known(0), Ok(true));
        assert_eq!(is_known(0x7fff_0001), Ok(false));
    }

    #[test]
    fn names_that_nobody_can_have_are_unknown() {
        for name in [
            "",
            "ro\0ot",
            "root\0",
            "no-such-user-here",
            "root\n",
            "../root",
            &"a".repeat(256),
            &"a".repeat(100_000),
        ] {
            assert_eq!(lookup_user(name), Ok(None), "{name:.40?}");
        }
    }

    #[test]
    fn a_domain_is_stripped_only_where_the_config_says_so() {
        let root = Some(Account {
            name: "root".to_owned(),
            uid: 0,
        });
        assert_eq!(resolve("root@example.com", false), Ok(None));
        assert_eq!(resolve("root@example.com", true), Ok(root.clone()));
        assert_eq!(resolve("EXAMPLE\\root", true), Ok(root.clone()));
        assert_eq!(resolve("root", true), Ok(root));
        assert_eq!(resolve("no-such-user-here@example.com", true), Ok(None));
    }

    #[test]
    fn the_primary_group_counts_as_membership() {
        let primary = if cfg!(target_os = "macos") {
            "wheel"
        } else {
            "root"
        };
        assert_eq!(SystemGroups.has_member(primary, "root"), Some(true));
    }

    #[test]
    fn somebody_outside_a_group_is_no_member() {
        assert_eq!(
            SystemGroups
                .has_member("nogroup", "root")
                .or(SystemGroups.has_member("nobody", "root")),
            Some(false)
        );
    }

    #[test]
    fn a_group_or_user_that_is_not_there_leaves_membership_open() {
        assert_eq!(SystemGroups.has_member("no-such-group-here", "root"), None);
        assert_eq!(SystemGroups.has_member("root", "no-such-user-here"), None);
        assert_eq!(SystemGroups.has_member("", "root"), None);
    }

    #[test]
    fn every_group_of_a_user_is_found() {
        let user = ffi::user_by_name(c"root").unwrap().unwrap();
        assert!(
            ffi::groups_of(&user.name, user.gid)
                .unwrap()
                .contains(&user.gid)
        );
    }

    #[test]
    fn the_members_of_a_group_are_read_to_the_last() {
        let text = std::fs::read_to_string("/etc/group").unwrap_or_default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<_> = line.split(':').collect();
            let [name, _, _, members] = fields.as_slice() else {
                continue;
            };
            let Some(group) = ffi::group_by_name(&CString::new(*name).unwrap()).unwrap() else {
                continue;
            };
            for member in members.split(',').filter(|member| !member.is_empty()) {
                assert!(
                    group
                        .members
                        .iter()
                        .any(|known| known.to_bytes() == member.as_bytes()),
                    "{name}: {member}"
                );
            }
        }
    }
}
