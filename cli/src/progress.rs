//! A progress bar on stderr, for work that takes long, where stderr is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const QUIET: Duration = Duration::from_secs(1);
/// How often the bar is drawn anew.
const PERIOD: Duration = Duration::from_millis(200);
const WIDTH: u64 = 30;

/// A progress bar.
pub(crate) struct Progress {
    total: u64,
    begun: Instant,
    /// When it is drawn next; never where stderr is no terminal.
    due: Option<Instant>,
    drawn: bool,
}

impl Progress {
    /// A bar for a file of so many bytes.
    pub(crate) fn new(total: u64) -> Self {
        let begun = Instant::now();
        let due = io::stderr().is_terminal().then(|| begun + QUIET);
        Self {
            total,
            begun,
            due,
            drawn: false,
        }
    }

    /// So many tokens are done, and so many bytes.
    pub(crate) fn at(&mut self, tokens: u64, bytes: u64) {
        if self.due.is_some_and(|due| Instant::now() >= due) {
            self.due = Some(Instant::now() + PERIOD);
            self.drawn = true;
            let text = bar(tokens, bytes, self.total, self.begun.elapsed());
            let text = cut(&text, columns());
            let _ = write!(io::stderr(), "\r{text}\x1b[K");
        }
    }

    /// Makes room for a line of text.
    pub(crate) fn hide(&mut self) {
        if self.drawn {
            self.drawn = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hide();
    }
}

fn bar(tokens: u64, bytes: u64, total: u64, elapsed: Duration) -> String {
    let total = total.max(bytes).max(1);
    let bytes = bytes.max(1);
    let filled = bytes.saturating_mul(WIDTH) / total;
    let milliseconds = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    let left = milliseconds.saturating_mul(total - bytes) / bytes / 1000;
    format!(
        "[{:<width$}] {:3} %  {tokens} tokens, {} a second, {}:{:02} left",
        "#".repeat(usize::try_from(filled).unwrap_or(0)),
        bytes.saturating_mul(100) / total,
        tokens.saturating_mul(1000) / milliseconds,
        left / 60,
        left % 60,
        width = usize::try_from(WIDTH).unwrap_or(0),
    )
}

/// How wide the terminal is; one that does not say is taken for a usual one.
fn columns() -> usize {
    rustix::termios::tcgetwinsize(io::stderr())
        .map(|size| usize::from(size.ws_col))
        .ok()
        .filter(|columns| *columns > 0)
        .unwrap_or(80)
}

/// A bar that fills a line, or more, would leave that behind: the last column stays free.
fn cut(bar: &str, columns: usize) -> &str {
    // It is ASCII.
    bar.get(..columns.saturating_sub(1)).unwrap_or(bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_rate_and_time_left() {
        assert_eq!(
            bar(3000, 600_000, 1_200_000, Duration::from_secs(90)),
            "[###############               ]  50 %  3000 tokens, 33 a second, 1:30 left"
        );
        assert!(bar(0, 0, 0, Duration::ZERO).contains("100 %"));
    }

    #[test]
    fn the_bar_stays_on_its_line_however_narrow_the_terminal() {
        let long = bar(3_000_000, 1, 1_000_000, Duration::from_secs(90));
        assert_eq!(cut(&long, 80).len(), 79);
        assert_eq!(cut("[#]", 80), "[#]");
        assert_eq!(cut("[#]", 1), "");
    }
}
