//! The packages for Linux: what is in them, read by Debian's own tools, and that they are the same whoever makes them. What
//! happens when one is installed is tested in a clean root.

mod completions;
mod contents;
mod programs;
mod same_again;
mod scripts;
mod unpacked;
