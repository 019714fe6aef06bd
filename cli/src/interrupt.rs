//! Ctrl-C, for work that stops at a good place.

use crate::failure::Failure;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody pressed Ctrl-C since this was made. Whoever presses it twice will not wait: that ends the process.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first Ctrl-C only asks.
    pub(crate) fn expect() -> Result<Self, Failure> {
        let pressed = Arc::new(AtomicBool::new(false));
        flag::register_conditional_default(SIGINT, Arc::clone(&pressed))
            .and_then(|_| flag::register(SIGINT, Arc::clone(&pressed)))
            .map_err(|error| Failure::new(format!("can't wait for Ctrl-C: {error}")))?;
        Ok(Self(pressed))
    }

    /// Whether the work is to stop.
    pub(crate) fn pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
