//! The Debian package on a clean Debian server: what an admin does with it, through that server's own apt, dpkg, sshd and
//! sudo. It is installed nowhere else.

mod in_between;
mod profile;
mod quick_start;
mod removal;
mod server;
mod signing_on;
mod upgrade;
