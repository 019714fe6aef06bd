//! The person at the terminal: prompts, hidden answers, and answers from a pipe.

use otpair_host::session::{Conversation, Prompt, Unreachable};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use zeroize::Zeroizing;

/// The longest answer that is kept, in bytes; no answer that counts is anywhere near it.
const LONGEST: usize = 4096;

/// Where a person, or a script, is asked.
pub(crate) enum Terminal {
    /// A terminal.
    Tty(File),
    /// No terminal: prompts go to stdout, answers come from stdin, one a line.
    Lines,
}

impl Terminal {
    /// The terminal of this process if stdin is one, else stdin and stdout.
    pub(crate) fn open() -> Self {
        let tty = || File::options().read(true).write(true).open("/dev/tty");
        if io::stdin().is_terminal() {
            tty().map_or(Self::Lines, Self::Tty)
        } else {
            Self::Lines
        }
    }

    /// The terminal of this process, whatever stdin and stdout are.
    pub(crate) fn of_this_process() -> Option<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty");
        tty.ok().map(Self::Tty)
    }

    /// Shows a text, or prints it where there is no terminal.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Tty(tty) => tty.write_all(text.as_bytes()),
            Self::Lines => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()
            }
        }
    }

    /// Puts a question and returns what was typed, or nothing at the end of what there is.
    pub(crate) fn question(
        &mut self,
        text: &str,
        echo: bool,
    ) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let Self::Tty(tty) = self else {
            self.say(text)?;
            let answer = read_line(io::stdin().as_fd());
            self.say("\n")?;
            return answer;
        };
        if echo {
            self.say(text)?;
            let Self::Tty(tty) = self else {
                return Ok(None);
            };
            return read_line(tty.as_fd());
        }
        let tty = tty.try_clone()?;
        let hidden = Hidden::begin(&tty)?;
        self.say(text)?;
        let answer = hidden.answer();
        drop(hidden);
        self.say("\n")?;
        answer
    }
}

impl Conversation for Terminal {
    fn ask(&mut self, prompt: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        match self.question(&prompt.text, prompt.echo) {
            Ok(Some(answer)) => Ok(Some(answer)),
            Ok(None) | Err(_) => Err(Unreachable),
        }
    }

    fn tell(&mut self, text: &str, _is_refusal: bool) {
        // Who can't be told goes on all the same.
        let _ = self.say(&format!("{text}\n"));
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
///
/// Ctrl-C and Ctrl-\ must not end the process while it is so, or the terminal would stay silent. So they send no signal;
/// they end the line, and the answer is then that the person went away.
struct Hidden<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn begin(tty: &'a File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ICANON);
        silent.special_codes[SpecialCodeIndex::VEOL] =
            before.special_codes[SpecialCodeIndex::VINTR];
        silent.special_codes[SpecialCodeIndex::VEOL2] =
            before.special_codes[SpecialCodeIndex::VQUIT];
        // Flush: what was typed before the prompt was there is no answer to it.
        tcsetattr(tty, OptionalActions::Flush, &silent)?;
        Ok(Self { tty, before })
    }

    fn answer(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let codes = &self.before.special_codes;
        let gone = [
            codes[SpecialCodeIndex::VINTR],
            codes[SpecialCodeIndex::VQUIT],
        ];
        read_until(self.tty.as_fd(), |byte| byte != 0 && gone.contains(&byte))
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

/// Reads one line, without its end; nothing at the end of the input. What is beyond [`LONGEST`] bytes is dropped.
pub(crate) fn read_line(input: BorrowedFd<'_>) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    read_until(input, |_| false)
}

/// Reads byte by byte: a buffer would keep a copy of the secret, and take what belongs to the next reader.
fn read_until(
    input: BorrowedFd<'_>,
    gone: impl Fn(u8) -> bool,
) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut any = false;
    loop {
        let mut byte = [0];
        let read = rustix::io::retry_on_intr(|| rustix::io::read(input, &mut byte))?;
        let [byte] = byte;
        match (read, byte) {
            (0, _) => break,
            (_, b'\n') => {
                any = true;
                break;
            }
            (_, byte) if gone(byte) => return Ok(None),
            (_, byte) if line.len() < LONGEST => line.push(byte),
            _ => {}
        }
        any = true;
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any.then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn lines_are_read_one_by_one_without_their_ends() {
        let file = file(b"123456\r\n\nlast");
        let next = || read_line(file.as_fd()).unwrap().map(|line| line.to_vec());
        assert_eq!(next().as_deref(), Some(&b"123456"[..]));
        assert_eq!(next().as_deref(), Some(&b""[..]));
        assert_eq!(next().as_deref(), Some(&b"last"[..]));
        assert_eq!(next(), None);
    }

    #[test]
    fn an_answer_that_is_far_too_long_is_cut_and_its_rest_is_no_further_answer() {
        let file = file(&[vec![b'1'; 100_000], b"\nnext\n".to_vec()].concat());
        assert_eq!(read_line(file.as_fd()).unwrap().unwrap().len(), LONGEST);
        assert_eq!(&**read_line(file.as_fd()).unwrap().unwrap(), b"next");
    }
}
