//! The lines of a PAM file (pam.conf(5)), as far as they are about `auth`.

/// Every answer that a control field may name; one that libpam does not know makes all answers bad.
const ANSWERS: [&str; 33] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_recovery_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

/// What a line of a service's file says, with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Which line of the file this is among those that say something, from 0.
    pub(super) number: usize,
    /// Where the next line begins, in bytes.
    pub(super) end: usize,
    /// What it says about `auth`.
    pub(super) says: Says,
    /// Its text, in one line.
    pub(super) text: String,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// Call a module.
    Module { control: Control, module: String },
    /// Go on with the lines of another file.
    Include(String),
    /// The lines of another file decide among themselves.
    Substack(String),
    /// Something about another type than `auth`, or nothing.
    Else,
    /// Something that libpam and this may read differently: nothing can be said of the file.
    Unreadable,
}

/// What is done with a module's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    /// Skip so many modules.
    Jump(usize),
}

/// The control field: an action for each answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) named: Vec<(String, Action)>,
    pub(super) default: Action,
}

impl Control {
    /// The action for an answer.
    pub(super) fn action(&self, answer: &str) -> Action {
        // Of two actions for one answer libpam takes the last.
        let found = self.named.iter().rfind(|(name, _)| name == answer);
        found.map_or(self.default, |(_, action)| *action)
    }

    /// Every number of modules that it may skip.
    pub(super) fn jumps(&self) -> impl Iterator<Item = usize> {
        let actions = self.named.iter().map(|(_, action)| *action);
        actions
            .chain([self.default])
            .filter_map(|action| match action {
                Action::Jump(count) => Some(count),
                _ => None,
            })
    }

    /// One of pam.conf(5)'s four words.
    pub(super) fn word(word: &str) -> Option<Self> {
        let (success, ignore, default) = match word {
            "required" => (Action::Ok, Action::Ignore, Action::Bad),
            "requisite" => (Action::Ok, Action::Ignore, Action::Die),
            "sufficient" => (Action::Done, Action::Ignore, Action::Ignore),
            "optional" => (Action::Ok, Action::Ignore, Action::Ignore),
            _ => return None,
        };
        let named = [
            ("success", success),
            ("new_authtok_reqd", success),
            ("ignore", ignore),
        ];
        Some(Self {
            named: named.map(|(name, action)| (name.to_owned(), action)).into(),
            default,
        })
    }

    /// `[value=action …]`, without the brackets. An answer that it does not name is bad.
    fn table(text: &str) -> Option<Self> {
        let (mut named, mut default) = (Vec::new(), None);
        // libpam takes blanks around the equals sign.
        let parts: Vec<_> = text.split('=').map(str::trim).collect();
        let text = parts.join("=");
        for pair in text.split_whitespace() {
            let (answer, action) = pair.split_once('=')?;
            let action = match action {
                "ignore" => Action::Ignore,
                "ok" => Action::Ok,
                "done" => Action::Done,
                "bad" => Action::Bad,
                "die" => Action::Die,
                "reset" => Action::Reset,
                number => Action::Jump(jump(number)?),
            };
            // Where "default" stands twice, the first fills what is open.
            match answer {
                "default" => _ = default.get_or_insert(action),
                _ if ANSWERS.contains(&answer) => named.push((answer.to_owned(), action)),
                _ => return None,
            }
        }
        Some(Self {
            named,
            default: default.unwrap_or(Action::Bad),
        })
    }
}

/// How many modules a number skips. To libpam 0 is a mistake, and so is a sign.
fn jump(number: &str) -> Option<usize> {
    let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
    let count = number.parse().ok().filter(|_| is_number)?;
    (count > 0).then_some(count)
}

impl Line {
    /// Whether otpair's line may stand behind it: it is about `auth`, as a whole or in part.
    pub(super) fn is_auth(&self) -> bool {
        !matches!(self.says, Says::Else | Says::Unreadable)
    }
}

/// The lines of a file. One that goes on in the next (`\`) is not followed: libpam has rules of its own for what may stand
/// between.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let (mut read, mut end) = (Vec::new(), 0);
    for physical in text.split_inclusive('\n') {
        end += physical.len();
        let said = physical.trim_end_matches(['\n', '\r']);
        read.push(line(read.len(), end, said));
    }
    read
}

fn line(number: usize, end: usize, said: &str) -> Line {
    Line {
        number,
        end,
        says: says(said),
        text: said.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn says(said: &str) -> Says {
    let without_comment = said.split('#').next().unwrap_or_default();
    let is_comment = without_comment.trim().is_empty();
    // A comment that ends in one ends there; anywhere else a backslash makes two lines one.
    if !is_comment && without_comment.contains('\\') {
        return Says::Unreadable;
    }
    let Some((kind, rest)) = word(without_comment) else {
        return Says::Else;
    };
    let bare = kind.trim_matches(['-', '[', ']']).to_ascii_lowercase();
    match bare.as_str() {
        "@include" | "auth" => understood(kind, rest).unwrap_or(Says::Unreadable),
        _ => Says::Else,
    }
}

/// What a line says that is about `auth`; nothing where it is not written plainly.
fn understood(kind: &str, rest: &str) -> Option<Says> {
    if kind == "@include" {
        return Some(Says::Include(plain(rest)?.to_owned()));
    }
    if kind.contains(['[', ']', '@']) || kind.starts_with("--") {
        return None;
    }
    if let Some(table) = rest.trim_start().strip_prefix('[') {
        let (table, rest) = table.split_once(']')?;
        return module(Control::table(table)?, rest);
    }
    let (control, rest) = word(rest)?;
    match control.to_ascii_lowercase().as_str() {
        "include" => Some(Says::Include(plain(rest)?.to_owned())),
        "substack" => Some(Says::Substack(plain(rest)?.to_owned())),
        control => module(Control::word(control)?, rest),
    }
}

/// The one name that a text begins with, without brackets.
fn plain(text: &str) -> Option<&str> {
    let (name, _) = word(text)?;
    (!name.contains(['[', ']'])).then_some(name)
}

fn module(control: Control, rest: &str) -> Option<Says> {
    let module = rest.trim().to_owned();
    plain(&module)?;
    Some(module).map(|module| Says::Module { control, module })
}

/// The first word of a text, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
