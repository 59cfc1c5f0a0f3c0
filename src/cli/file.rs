//! The user's configuration file as settings. What is wrong with it is for others to tell.

use std::path::Path;

use crate::base::error::{Code, Refusal};
use crate::config::diag::Diagnostic;
use crate::config::load;
use crate::platform::config_file;
use crate::settings::Settings;

/// The settings of the user's file; the defaults if there is none.
///
/// # Errors
/// Every problem of the file.
pub(super) fn settings() -> Result<Settings, Vec<Diagnostic>> {
    read(&config_file::path()).map(Option::unwrap_or_default)
}

/// The settings of a file; none if there is no file.
///
/// # Errors
/// Every problem of the file.
pub(super) fn read(path: &Path) -> Result<Option<Settings>, Vec<Diagnostic>> {
    let name = path.display().to_string();
    match config_file::read(path) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => load::load(&name, &text).map(Some),
        Err(error) => Err(vec![Diagnostic::unreadable(&name, &error.to_string())]),
    }
}

/// The settings of the user's file, or a refusal that names the first problem.
///
/// # Errors
/// That refusal.
pub(super) fn valid_settings() -> Result<Settings, Refusal> {
    settings().map_err(|problems| {
        let first = problems.first().map(Diagnostic::headline).unwrap_or_default();
        Refusal::new(Code::InvalidConfig, first).hint("abide config check shows all problems")
    })
}
