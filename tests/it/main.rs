//! The one integration binary: checks of the tree, and the real binary driven from outside.

mod cli;
mod client_view;
mod config;
mod core_model;
mod docs;
mod e2e_attach;
mod e2e_cli;
mod e2e_copy;
mod e2e_hostile;
mod e2e_images;
mod e2e_programs;
mod e2e_search;
mod e2e_survive;
mod exec_session;
mod harness;
mod keeper;
mod layout_model;
mod outer;
mod procs_life;
mod recordings;
mod screen_text;
mod term_pack;
mod term_refs;
mod term_search;
mod tidy;
mod vttest;
