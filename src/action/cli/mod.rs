//! Actions that the process carries out that reads the command line, one per file. They are here
//! for docs, completions and the one list; the role does the work.

pub mod actions;
pub mod completions;
pub mod config_check;
pub mod config_default;
pub mod config_edit;
pub mod config_explain;
pub mod config_import;
pub mod config_path;
pub mod config_show;
pub mod doctor;
pub mod keys;
pub mod man;
pub mod themes;
pub mod version;
