//! Who a seed file may say has a token: the rule, on facts that whoever opened it gives.
//!
//! Who owns a file says something only where its file system tells the truth of it. One on a stick or in an image carries
//! whatever owners its maker wrote, and an ordinary person may mount it. So a file names people only where it lies on a
//! disk that this machine stands on.

/// What is known of an open file.
#[derive(Debug, Clone, Copy)]
pub struct Provenance {
    /// Who owns it.
    pub uid: u32,
    /// Who reads it.
    pub caller: u32,
    /// Who may do what with it, as stat(2) has it.
    pub mode: u32,
    /// It is a file, no pipe or device.
    pub is_plain: bool,
    /// Its name was a link.
    pub is_link: bool,
    /// What it says of its owner is what one of its users says.
    pub on_fuse: bool,
    /// Where it lies.
    pub disk: Disk,
    /// The folder that it was found in; none for stdin: whoever opened that said what they wanted.
    pub folder: Option<Folder>,
}

/// The file system that a file lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// One that this machine stands on.
    Machines,
    /// The one of its owner's home.
    Home,
    /// Any other.
    Other,
}

/// The folder that a file was found in.
#[derive(Debug, Clone, Copy)]
pub struct Folder {
    /// Who owns it.
    pub uid: u32,
    /// Who may do what with it, as stat(2) has it.
    pub mode: u32,
}

const MAY_WRITE: u32 = 0o022;
const MAY_READ: u32 = 0o044;

impl Folder {
    /// Whether nobody but root and the caller can change what is in it.
    #[must_use]
    pub fn is_ours(&self, caller: u32) -> bool {
        [0, caller].contains(&self.uid) && self.mode & MAY_WRITE == 0
    }
}

impl Provenance {
    /// Whether others than its owner may read it, though it is full of seeds.
    #[must_use]
    pub fn others_may_read(&self) -> bool {
        self.is_plain && self.mode & MAY_READ != 0
    }

    /// Whether root, or the caller, owns it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        [0, self.caller].contains(&self.uid)
    }

    fn others_may_write(&self) -> bool {
        self.is_plain && self.mode & MAY_WRITE != 0
    }

    fn is_in_our_folder(&self) -> bool {
        self.folder.is_none_or(|folder| folder.is_ours(self.caller))
    }

    /// Whether the file may say of anybody which token they have: only root, or the caller, can have written it.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn may_name_anybody(&self) -> Result<(), &'static str> {
        if self.is_link {
            return Err(LINK);
        }
        if !self.is_ours() || self.others_may_write() || !self.is_in_our_folder() {
            return Err(OTHERS);
        }
        let is_foreign = self.is_plain && self.disk != Disk::Machines;
        if self.on_fuse || is_foreign {
            return Err(FOREIGN_USERS);
        }
        Ok(())
    }

    /// Whether it may say of one person which token they have: of its owner, or, where the admin `said` whose it is, of
    /// them.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn may_name_its_owner(&self, said: bool) -> Result<(), &'static str> {
        if self.is_link {
            return Err(LINK);
        }
        if self.others_may_write() {
            return Err("others than its owner may write it: chmod 600");
        }
        if self.on_fuse || (!said && self.is_plain && self.disk == Disk::Other) {
            return Err(FOREIGN);
        }
        let strange = |folder: Folder| folder.uid != self.uid;
        if !self.is_in_our_folder() && self.folder.is_some_and(strange) {
            return Err("it lies in the folder of somebody who is not its owner");
        }
        if !said && self.uid == 0 {
            return Err("it is root's, so it may be anybody's: give --user NAME");
        }
        Ok(())
    }
}

const LINK: &str =
    "it says who has which token, and its name is a link: give the file that it leads to";
const OTHERS: &str = "it says who has which token, and others could have written that: look it through, and copy it to a \
    folder that root alone can write (chown root, chmod 600)";
const FOREIGN_USERS: &str = "it says who has which token, and lies on a file system that may lie about its owner, such as a \
    stick: look it through, and copy it to a folder of root's, such as /root";
const FOREIGN: &str = "it lies on a file system that may lie about its owner, such as a stick or FUSE: copy it to a folder of \
    root's, such as /root, and give --user NAME";

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Option<Folder> = Some(folder(0, 0o755));
    const FILE: Provenance = Provenance {
        uid: 0,
        caller: 0,
        mode: 0o100_600,
        is_plain: true,
        is_link: false,
        on_fuse: false,
        disk: Disk::Machines,
        folder: OURS,
    };

    const fn folder(uid: u32, mode: u32) -> Folder {
        Folder { uid, mode }
    }

    #[test]
    fn a_file_names_anybody_only_where_nobody_else_could_have_written_it() {
        let pipe = Provenance {
            is_plain: false,
            disk: Disk::Other,
            folder: None,
            ..FILE
        };
        #[rustfmt::skip]
        let table = [
            (FILE, Ok(())),
            (Provenance { uid: 7, caller: 7, folder: Some(folder(7, 0o700)), ..FILE }, Ok(())),
            (Provenance { folder: None, ..FILE }, Ok(())),
            (pipe, Ok(())),
            (Provenance { uid: 7, ..pipe }, Err(OTHERS)),
            (Provenance { uid: 7, ..FILE }, Err(OTHERS)),
            (Provenance { mode: 0o100_620, ..FILE }, Err(OTHERS)),
            (Provenance { mode: 0o100_602, ..FILE }, Err(OTHERS)),
            (Provenance { folder: Some(folder(7, 0o755)), ..FILE }, Err(OTHERS)),
            (Provenance { folder: Some(folder(0, 0o1777)), ..FILE }, Err(OTHERS)),
            (Provenance { is_link: true, ..FILE }, Err(LINK)),
            (Provenance { on_fuse: true, ..FILE }, Err(FOREIGN_USERS)),
            (Provenance { disk: Disk::Home, ..FILE }, Err(FOREIGN_USERS)),
            (Provenance { disk: Disk::Other, ..FILE }, Err(FOREIGN_USERS)),
            (Provenance { disk: Disk::Other, folder: None, ..FILE }, Err(FOREIGN_USERS)),
        ];
        for (file, expected) in table {
            assert_eq!(file.may_name_anybody(), expected, "{file:?}");
        }
    }

    #[test]
    fn a_file_names_its_owner_only_where_its_owner_wrote_it() {
        let theirs = Provenance {
            uid: 7,
            disk: Disk::Home,
            folder: Some(folder(7, 0o755)),
            ..FILE
        };
        #[rustfmt::skip]
        let table = [
            (theirs, false, true),
            (Provenance { disk: Disk::Machines, ..theirs }, false, true),
            (Provenance { disk: Disk::Other, ..theirs }, false, false),
            (Provenance { disk: Disk::Other, ..theirs }, true, true),
            (Provenance { on_fuse: true, ..theirs }, true, false),
            (Provenance { is_link: true, ..theirs }, true, false),
            (Provenance { mode: 0o100_602, ..theirs }, true, false),
            (Provenance { folder: Some(folder(8, 0o700)), ..theirs }, true, false),
            (Provenance { folder: Some(folder(0, 0o1777)), ..theirs }, true, false),
            (Provenance { folder: Some(folder(0, 0o755)), ..theirs }, false, true),
            (FILE, false, false),
            (FILE, true, true),
        ];
        for (file, said, expected) in table {
            assert_eq!(file.may_name_its_owner(said).is_ok(), expected, "{file:?}");
        }
    }
}
