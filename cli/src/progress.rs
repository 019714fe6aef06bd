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
    /// A bar for so many tokens, more or less.
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

    /// So many are done.
    pub(crate) fn at(&mut self, done: u64) {
        if self.due.is_some_and(|due| Instant::now() >= due) {
            self.due = Some(Instant::now() + PERIOD);
            self.drawn = true;
            let text = bar(done, self.total, self.begun.elapsed());
            let _ = write!(io::stderr(), "\r{text}\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn bar(done: u64, total: u64, elapsed: Duration) -> String {
    // The total is an estimate.
    let total = total.max(done).max(1);
    let done = done.max(1);
    let filled = done * WIDTH / total;
    let milliseconds = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    let left = milliseconds.saturating_mul(total - done) / done / 1000;
    format!(
        "[{:<width$}] {:3} %  {done} tokens, {} a second, {}:{:02} left",
        "#".repeat(usize::try_from(filled).unwrap_or(0)),
        done * 100 / total,
        done.saturating_mul(1000) / milliseconds,
        left / 60,
        left % 60,
        width = usize::try_from(WIDTH).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_rate_and_time_left() {
        assert_eq!(
            bar(3000, 6000, Duration::from_secs(90)),
            "[###############               ]  50 %  3000 tokens, 33 a second, 1:30 left"
        );
        assert!(bar(0, 0, Duration::ZERO).contains("100 %"));
    }
}
