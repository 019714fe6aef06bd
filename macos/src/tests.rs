//! The plugin as the engine sees it, and the sign-on as the person sees it.

mod abi;
mod interrupted;
mod sign_on;
mod values;
