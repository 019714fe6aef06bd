//! The view: what stands on the pane at the Mac's login window, and where.

#[cfg(test)]
mod layout;
mod nowhere;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod wrap;

pub(crate) use nowhere::{language, open};
