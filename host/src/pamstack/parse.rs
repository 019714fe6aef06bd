//! The lines of a PAM file (pam.conf(5)), as far as they are about `auth`.

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
    /// Something about another type than `auth`, or nothing that can be read.
    Else,
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
        let found = self.named.iter().find(|(name, _)| name == answer);
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
        let mut control = Self {
            named: Vec::new(),
            default: Action::Bad,
        };
        for pair in text.split_whitespace() {
            let (answer, action) = pair.split_once('=')?;
            let action = match action {
                "ignore" => Action::Ignore,
                "ok" => Action::Ok,
                "done" => Action::Done,
                "bad" => Action::Bad,
                "die" => Action::Die,
                "reset" => Action::Reset,
                number => Action::Jump(number.parse().ok()?),
            };
            match answer {
                "default" => control.default = action,
                _ => control.named.push((answer.to_owned(), action)),
            }
        }
        Some(control)
    }
}

impl Line {
    /// Whether otpair's line may stand behind it: it is about `auth`, as a whole or in part.
    pub(super) fn is_auth(&self) -> bool {
        self.says != Says::Else
    }
}

/// The lines of a file. A line that ends in `\` goes on in the next one.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let (mut read, mut end, mut held) = (Vec::new(), 0, String::new());
    for physical in text.split_inclusive('\n') {
        end += physical.len();
        let part = physical.trim_end_matches(['\n', '\r']);
        let part = part.split('#').next().unwrap_or_default();
        if let Some(begun) = part.trim_end().strip_suffix('\\') {
            held.push_str(begun);
            held.push(' ');
            continue;
        }
        held.push_str(part);
        let said = std::mem::take(&mut held);
        read.push(line(read.len(), end, &said));
    }
    if !held.is_empty() {
        read.push(line(read.len(), end, &held));
    }
    read
}

fn line(number: usize, end: usize, said: &str) -> Line {
    Line {
        number,
        end,
        says: says(said).unwrap_or(Says::Else),
        text: said.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn says(said: &str) -> Option<Says> {
    let (kind, rest) = word(said)?;
    if kind == "@include" {
        return Some(Says::Include(word(rest)?.0.to_owned()));
    }
    if !kind.trim_start_matches('-').eq_ignore_ascii_case("auth") {
        return None;
    }
    if let Some(table) = rest.trim_start().strip_prefix('[') {
        let (table, rest) = table.split_once(']')?;
        return module(Control::table(table)?, rest);
    }
    let (control, rest) = word(rest)?;
    match control.to_ascii_lowercase().as_str() {
        "include" => Some(Says::Include(word(rest)?.0.to_owned())),
        "substack" => Some(Says::Substack(word(rest)?.0.to_owned())),
        control => module(Control::word(control)?, rest),
    }
}

fn module(control: Control, rest: &str) -> Option<Says> {
    let module = rest.trim().to_owned();
    (!module.is_empty()).then_some(Says::Module { control, module })
}

/// The first word of a text, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
