//! What is installed: paths with their modes and contents, read from a folder, in the order of the archives.

use crate::fault::Fault;
use crate::manifest::{Kind, Rule};
use std::fs;
use std::path::{Path, PathBuf};

/// Everything is root's, and its group's: 0, wheel.
pub const OWNER: u32 = 0;

/// One path of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Relative to where it is installed, without a leading `./`; empty for the root.
    pub path: String,
    /// The permissions, 12 bits.
    pub permissions: u16,
    /// What is there.
    pub content: Content,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A folder.
    Folder,
    /// A file with its bytes.
    File(Vec<u8>),
    /// A symbolic link with its target.
    Link(String),
}

impl Node {
    /// The mode with the kind's bits, as stat(2) has it.
    #[must_use]
    pub fn mode(&self) -> u16 {
        let kind = match self.content {
            Content::Folder => 0o040_000,
            Content::File(_) => 0o100_000,
            Content::Link(_) => 0o120_000,
        };
        kind | self.permissions
    }

    /// The bytes that an archive holds for it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Folder => &[],
            Content::File(bytes) => bytes,
            Content::Link(target) => target.as_bytes(),
        }
    }

    /// The path as archives and Boms write it.
    #[must_use]
    pub fn archived_path(&self) -> String {
        match self.path.as_str() {
            "" => ".".to_owned(),
            path => format!("./{path}"),
        }
    }
}

/// Reads a folder by the rules: each path gets its rule's permissions, whatever they are on this disk. Parents come
/// before what is in them, siblings in the order of their bytes.
///
/// # Errors
/// A path without a rule, a rule without a path, another kind than the rule's, or what can't be read.
pub fn read(root: &Path, rules: &[Rule]) -> Result<Vec<Node>, Fault> {
    let mut nodes = Vec::new();
    collect(root, "", rules, &mut nodes)?;
    for rule in rules {
        if !nodes.iter().any(|node| rule.names(&node.path)) {
            return Err(Fault::new(format!("{} is not there", rule.path)));
        }
    }
    Ok(nodes)
}

fn collect(root: &Path, path: &str, rules: &[Rule], nodes: &mut Vec<Node>) -> Result<(), Fault> {
    let here = root.join(path);
    let rule = rules.iter().find(|rule| rule.names(path));
    let rule = rule.ok_or_else(|| Fault::at(&here, &"no rule of the manifest names it"))?;
    let content = content(&here, &rule.kind)?;
    let is_folder = content == Content::Folder;
    nodes.push(Node {
        path: path.to_owned(),
        permissions: rule.permissions,
        content,
    });
    if is_folder {
        for name in names(&here)? {
            let below = match path {
                "" => name,
                path => format!("{path}/{name}"),
            };
            collect(root, &below, rules, nodes)?;
        }
    }
    Ok(())
}

fn content(here: &PathBuf, kind: &Kind) -> Result<Content, Fault> {
    let found = fs::symlink_metadata(here).map_err(|e| Fault::at(here, &e))?;
    match kind {
        Kind::Folder if found.is_dir() => Ok(Content::Folder),
        Kind::File if found.is_file() => fs::read(here)
            .map(Content::File)
            .map_err(|e| Fault::at(here, &e)),
        Kind::Link(target) if found.is_symlink() => {
            let there = fs::read_link(here).map_err(|e| Fault::at(here, &e))?;
            if there == Path::new(target) {
                Ok(Content::Link((*target).to_owned()))
            } else {
                Err(Fault::at(here, &format!("it leads to {}", there.display())))
            }
        }
        _ => Err(Fault::at(here, &"it is not what the manifest says")),
    }
}

fn names(folder: &PathBuf) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| Fault::at(folder, &e))? {
        let name = entry.map_err(|e| Fault::at(folder, &e))?.file_name();
        let name = name.into_string();
        names.push(name.map_err(|_| Fault::at(folder, &"a name in it is not UTF-8"))?);
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const RULES: [Rule; 4] = [
        Rule::new("", Kind::Folder, 0o755),
        Rule::new("b", Kind::Folder, 0o1755),
        Rule::new("b/*.txt", Kind::File, 0o644),
        Rule::new("a", Kind::Link("b/x.txt"), 0o755),
    ];

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/x.txt"), "x").unwrap();
        symlink("b/x.txt", folder.path().join("a")).unwrap();
        folder
    }

    #[test]
    fn permissions_are_the_manifests_and_not_the_disks() {
        let folder = folder();
        let file = folder.path().join("b/x.txt");
        fs::set_permissions(file, fs::Permissions::from_mode(0o777)).unwrap();
        let nodes = read(folder.path(), &RULES).unwrap();
        let seen: Vec<_> = nodes
            .iter()
            .map(|node| (node.archived_path(), node.mode()))
            .collect();
        let expected = [
            (".".to_owned(), 0o040_755),
            ("./a".to_owned(), 0o120_755),
            ("./b".to_owned(), 0o041_755),
            ("./b/x.txt".to_owned(), 0o100_644),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_file_too_many_one_too_few_and_a_link_elsewhere_are_faults() {
        let many = folder();
        fs::write(many.path().join("b/stray"), "").unwrap();
        let few = folder();
        fs::remove_file(few.path().join("b/x.txt")).unwrap();
        let elsewhere = folder();
        fs::remove_file(elsewhere.path().join("a")).unwrap();
        symlink("/etc/passwd", elsewhere.path().join("a")).unwrap();
        let faults = [many, few, elsewhere]
            .map(|folder| read(folder.path(), &RULES).unwrap_err().to_string());
        assert!(faults[0].ends_with("b/stray: no rule of the manifest names it"));
        assert_eq!(faults[1], "b/*.txt is not there");
        assert!(faults[2].ends_with("a: it leads to /etc/passwd"));
    }
}
