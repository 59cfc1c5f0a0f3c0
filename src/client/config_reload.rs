//! The configuration for a client: read at the start, and again whenever it is saved.
//! A broken one gives none.

use std::io;
use std::path::{Path, PathBuf};

use crate::client::client_config::ClientConfig;
use crate::client::{CopyConfig, editor};
use crate::config::diag::Diagnostic;
use crate::config::load;
use crate::config::theme::{Themes, gather};
use crate::platform::config_file;
use crate::settings::Settings;

/// The themes there are, and what is wrong with those of the user.
#[must_use]
pub fn themes() -> (Themes, Vec<Diagnostic>) {
    let files = config_file::themes(&config_file::path());
    gather(
        files.into_iter().map(|(path, text)| {
            (path.display().to_string(), text.map_err(|error| error.to_string()))
        }),
    )
}

/// These settings for a client with the themes of this machine, and what is wrong with them: then
/// the built-in colours are taken.
#[must_use]
pub fn client_config(settings: &Settings, host: &str) -> (ClientConfig, Option<String>) {
    let (themes, problems) = themes();
    let config = ClientConfig {
        copy: CopyConfig::new(settings, &editor()),
        ..ClientConfig::new(settings, host)
    };
    match themes.choose(&settings.theme) {
        Ok(chosen) => (config.coloured(chosen), problems.first().map(Diagnostic::headline)),
        Err(problem) => (config, Some(format!("[theme]: {problem}"))),
    }
}

/// The configuration as it is now. None if its text is that of `known`, which is replaced.
///
/// # Errors
/// The first problem as a line, and how many more there are.
pub fn again(host: &str, known: &mut Option<String>) -> Result<Option<ClientConfig>, String> {
    let path = config_file::path();
    // Toasts are short: which file it is is known.
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = config_file::read(&path)
        .map_err(|error| format!("{name}: cannot be read: {error}"))?
        .unwrap_or_default();
    let all = with_themes(&path, &text);
    if known.as_ref() == Some(&all) {
        return Ok(None);
    }
    *known = Some(all);
    let told = |problems: Vec<Diagnostic>| {
        let more = problems.len().saturating_sub(1);
        let first = problems.first().map(Diagnostic::headline).unwrap_or_default();
        if more == 0 {
            first
        } else {
            format!("{first} (and {more} more; abide config check shows all)")
        }
    };
    let settings = load::load(&name, &text).map_err(told)?;
    match client_config(&settings, host) {
        (config, None) => Ok(Some(config)),
        (_, Some(problem)) => Err(problem),
    }
}

/// The text of the configuration and of the user's themes, as it is now: what [`again`] compares
/// with.
#[must_use]
pub fn present() -> Option<String> {
    let path = config_file::path();
    let text = config_file::read(&path).ok()?.unwrap_or_default();
    Some(with_themes(&path, &text))
}

fn with_themes(path: &Path, text: &str) -> String {
    let part = |(path, text): (PathBuf, io::Result<String>)| {
        format!("\0{}\0{}", path.display(), text.unwrap_or_default())
    };
    config_file::themes(path).into_iter().map(part).fold(text.to_owned(), |all, part| all + &part)
}
