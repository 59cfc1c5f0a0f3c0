//! The one integration binary: checks of the tree, and the real binary driven from outside.

mod config;
// What drives processes from outside reads /proc and waits on pidfds.
#[cfg(target_os = "linux")]
mod e2e_attach;
#[cfg(target_os = "linux")]
mod e2e_cli;
#[cfg(target_os = "linux")]
mod e2e_hostile;
#[cfg(target_os = "linux")]
mod e2e_programs;
#[cfg(target_os = "linux")]
mod e2e_survive;
#[cfg(target_os = "linux")]
mod harness;
mod keeper;
mod term_refs;
mod tidy;
