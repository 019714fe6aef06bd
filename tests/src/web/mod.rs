//! Web consoles and websites: a real browser, and the servers that it visits.

pub mod browser;
pub mod cockpit;
pub mod nginx;
