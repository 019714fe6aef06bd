//! A service's `auth` stack as libpam sees it: one list of modules, with what is included in its place.

use super::Reader;
use super::parse::{self, Control, Line, Says};

/// How deep files may include each other; libpam has a limit too.
const MAX_DEPTH: usize = 16;

/// How many lines a stack may come to. Two lines that include their own file would make 65536 of 16 depths.
const MOST_LINES: usize = 1024;

/// Modules that check who somebody is. Whatever else a stack has in front of otpair proves nothing.
const FIRST_FACTORS: [&str; 33] = [
    "pam_unix",
    "pam_unix2",
    "pam_sss",
    "pam_sss_gss",
    "pam_krb5",
    "pam_winbind",
    "pam_ldap",
    "pam_ldapd",
    "pam_systemd_home",
    "pam_extrausers",
    "pam_tcb",
    "pam_userdb",
    "pam_pwdfile",
    "pam_mysql",
    "pam_pgsql",
    "pam_radius_auth",
    "pam_pkcs11",
    "pam_p11",
    "pam_fprintd",
    "pam_u2f",
    "pam_kanidm",
    "pam_himmelblau",
    "pam_aad",
    "pam_authd",
    "pam_authd_exec",
    "pam_centrifydc",
    "pam_cockpit_cert",
    "pam_howdy",
    "pam_lsass",
    "pam_oslogin_login",
    "pam_rssh",
    "pam_ssh_agent_auth",
    "pam_vas3",
];

/// What a module means to otpair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It checks the password, or what takes its place.
    FirstFactor,
    /// It is otpair, where it decides.
    Otpair,
    /// It always refuses.
    Deny,
    /// It always agrees.
    Permit,
    /// It may answer anything, and proves nothing.
    Other,
    /// It begins a substack.
    Substack,
}

/// One module of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handler {
    pub(super) role: Role,
    /// Whether it may say of a first factor that it is not its business.
    pub(super) may_ignore: bool,
    pub(super) control: Control,
    /// How many substacks it is in.
    pub(super) level: usize,
    /// The line of the service's own file that it comes from.
    pub(super) own_line: usize,
    /// The included file that it stands in; nothing in the service's own.
    pub(super) file: Option<String>,
    /// The line as it is written.
    pub(super) text: String,
}

impl Handler {
    pub(super) fn is_first_factor(&self) -> bool {
        self.role == Role::FirstFactor
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stack {
    pub(super) handlers: Vec<Handler>,
    /// The lines that it was made of, those of included files as often as they are included.
    lines: usize,
}

impl Stack {
    /// The list that these lines come to.
    pub(super) fn of(lines: &[Line], reader: Reader<'_>) -> Self {
        let mut stack = Self {
            handlers: Vec::new(),
            lines: 0,
        };
        for line in lines {
            stack.add(line, line.number, None, 0, reader, 0);
        }
        stack
    }

    fn add(
        &mut self,
        line: &Line,
        own: usize,
        file: Option<&str>,
        level: usize,
        reader: Reader<'_>,
        depth: usize,
    ) {
        self.lines += 1;
        if !self.is_whole() {
            return;
        }
        let handler = |role, control| Handler {
            role,
            may_ignore: !may_not_ignore(&line.says),
            control,
            level,
            own_line: own,
            file: file.map(str::to_owned),
            text: line.text.clone(),
        };
        let (name, inner) = match &line.says {
            Says::Module { control, module } => {
                let handler = handler(role(module), control.clone());
                return self.handlers.push(handler);
            }
            Says::Include(name) => (name, level),
            Says::Substack(name) => {
                self.handlers.extend(
                    Control::word("optional").map(|control| handler(Role::Substack, control)),
                );
                (name, level + 1)
            }
            Says::Else | Says::Unreadable => return,
        };
        match reader(name).filter(|_| depth < MAX_DEPTH) {
            Some(text) => {
                for line in &parse::lines(&text) {
                    self.add(line, own, Some(name), inner, reader, depth + 1);
                    if !self.is_whole() {
                        return;
                    }
                }
            }
            // libpam refuses everybody then.
            None => self
                .handlers
                .extend(Control::word("required").map(|control| handler(Role::Deny, control))),
        }
    }

    /// Whether it has every line: not if there are too many.
    pub(super) fn is_whole(&self) -> bool {
        self.lines <= MOST_LINES
    }

    /// Whether a module of this role is in it.
    pub(super) fn has(&self, role: Role) -> bool {
        self.count(role) > 0
    }

    /// How many modules of this role are in it.
    pub(super) fn count(&self, role: Role) -> usize {
        self.handlers
            .iter()
            .filter(|handler| handler.role == role)
            .count()
    }

    /// Where the modules end that come from the own file's lines up to this one.
    pub(super) fn end_of(&self, own_line: usize) -> usize {
        self.handlers
            .iter()
            .take_while(|handler| handler.own_line <= own_line)
            .count()
    }

    /// Where a jump leads: the module that comes next, or nothing if there are not so many.
    pub(super) fn landing(&self, from: usize, count: usize) -> Option<usize> {
        let level = self.handlers.get(from)?.level;
        let level_at = |at: usize| self.handlers.get(at).map(|handler| handler.level);
        let mut at = from;
        for _ in 0..count {
            if level_at(at + 1)? < level {
                return None;
            }
            at += 1;
            while level_at(at + 1).is_some_and(|next| next > level) {
                at += 1;
            }
        }
        Some(at + 1)
    }

    /// A module that jumps over a place: a line there would make it land elsewhere.
    pub(super) fn jump_over(&self, place: usize) -> Option<&Handler> {
        let before = self.handlers.iter().enumerate().take(place);
        before
            .filter(|(from, handler)| {
                let mut jumps = handler.control.jumps();
                jumps.any(|count| self.landing(*from, count).is_none_or(|to| to > place))
            })
            .map(|(_, handler)| handler)
            .next()
    }

    /// The list with otpair's line in this place.
    pub(super) fn with_otpair(&self, place: usize) -> Self {
        let mut handlers = self.handlers.clone();
        handlers.splice(
            place..place,
            Control::word("required").map(|control| Handler {
                role: Role::Otpair,
                may_ignore: true,
                control,
                level: 0,
                own_line: usize::MAX,
                file: None,
                text: "auth required pam_otpair.so".to_owned(),
            }),
        );
        let lines = self.lines;
        Self { handlers, lines }
    }
}

/// Whether a module always says yes or no. One that is told to ignore some users
/// may not, nor one for Kerberos, nor one for RADIUS that is told what to say when its server is down.
fn may_not_ignore(says: &Says) -> bool {
    let Says::Module { module, .. } = says else {
        return false;
    };
    !["ignore", "pam_krb5", "localifdown"]
        .iter()
        .any(|word| module.contains(word))
}

/// A module's role, from its path and arguments.
fn role(module: &str) -> Role {
    let mut words = module.split_whitespace();
    let path = words.next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.strip_suffix(".so").unwrap_or(name) {
        // It only takes apart what was typed.
        "pam_otpair" if words.any(|word| word == "passcode=split") => Role::Other,
        // Users without a key, or with a wrong one, are let through.
        "pam_u2f" if words.any(|word| word == "nouserok" || word == "alwaysok") => Role::Other,
        "pam_otpair" => Role::Otpair,
        "pam_deny" => Role::Deny,
        "pam_permit" => Role::Permit,
        name if FIRST_FACTORS.contains(&name) => Role::FirstFactor,
        _ => Role::Other,
    }
}
