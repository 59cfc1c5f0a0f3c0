//! The configuration of a client: keys, actions, options and the machine it runs on; read at the
//! start, and again whenever it is saved. A broken one gives none.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::action::table::{self, ActionEntry};
use crate::base::time::Span;
use crate::client::copy_mode::CopyOptions;
use crate::client::copy_mode::keys::{CopyKeys, KeyTable};
use crate::client::editor;
use crate::config::diag::Diagnostic;
use crate::config::keymap::{Bound, Keymap, bound};
use crate::config::load;
use crate::config::theme::{Chosen, Themes, gather};
use crate::platform::config_file;
use crate::settings::{Appearance, Bars, CopyTable, KeyOptions, OuterOptions, Palette, Settings};

/// An action in the palette.
#[derive(Debug, Clone, Copy)]
pub struct ActionItem {
    /// The name, such as `pane.split`.
    pub name: &'static str,
    entry: &'static ActionEntry,
}

impl ActionItem {
    /// The words in the action language, such as `pane split`.
    #[must_use]
    pub fn words(&self) -> String {
        self.entry.words()[0].join(" ")
    }

    /// A summary in one line; this is put together when it is asked for.
    #[must_use]
    pub fn summary(&self) -> String {
        self.entry.summary()
    }
}

/// Reads a line of the action language, such as `pane split --right`.
pub type Parse = fn(&str) -> Result<Bound, String>;

/// The configuration of a client.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The bindings in force.
    pub keymap: Keymap,
    /// Every action that can be called from here.
    pub actions: Vec<ActionItem>,
    /// Reads a typed command.
    pub parse: Parse,
    /// The options of keys; the bindings among them are in `keymap`.
    pub keys: KeyOptions,
    /// The colours in force.
    pub theme: Palette,
    /// The colours for either kind of terminal.
    pub themes: Chosen,
    /// Tab bar and status line.
    pub bars: Bars,
    /// Options of the outer terminal.
    pub outer: OuterOptions,
    /// Copy mode, and where copied text goes.
    pub copy: CopyConfig,
    /// The time for which a process that is told to end has for it.
    pub grace: Span,
    /// The name of the machine.
    pub host: String,
}

/// Copy mode, and where copied text goes.
#[derive(Debug, Clone)]
pub struct CopyConfig {
    /// Keys and words.
    pub options: Rc<CopyOptions>,
    /// True if what is copied goes to the outer terminal's clipboard.
    pub clipboard: bool,
    /// A line for the shell that reads what is copied; empty for none.
    pub command: String,
    /// A line for the shell that opens what is given to it.
    pub open: String,
    /// True if letting the mouse go copies what it selected.
    pub on_release: bool,
    /// Rows that a step of the wheel scrolls.
    pub wheel_rows: u16,
}

impl CopyConfig {
    /// The configuration that the options give. `editor` is the user's, whose keys copy mode has
    /// where they do not say.
    #[must_use]
    pub fn new(settings: &Settings, editor: &str) -> Self {
        let copy = &settings.copy;
        let name = editor
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let table = match copy.keys {
            CopyTable::Vi => KeyTable::Vi,
            CopyTable::Auto if name.contains("vi") => KeyTable::Vi,
            CopyTable::Auto | CopyTable::Emacs => KeyTable::Emacs,
        };
        Self {
            options: Rc::new(CopyOptions {
                keys: CopyKeys::new(table),
                separators: copy.word_separators.clone(),
            }),
            clipboard: copy.clipboard,
            command: copy.command.clone(),
            open: settings.hints.open.clone(),
            on_release: copy.on_release,
            wheel_rows: copy.wheel_rows,
        }
    }
}

impl ClientConfig {
    /// The configuration that the settings of this machine give, on a machine of that name.
    #[must_use]
    pub fn new(settings: &Settings, host: impl Into<String>) -> Self {
        let here = table::all().filter(|entry| !entry.is_command_line_only());
        let item = |entry: &'static ActionEntry| ActionItem { name: entry.name, entry };
        let chosen = Themes::default().choose(&settings.theme).unwrap_or_default();
        Self {
            keymap: Keymap::new(&settings.keys),
            actions: here.map(item).collect(),
            parse: bound,
            keys: settings.keys.clone(),
            theme: chosen.of(Appearance::Dark),
            themes: chosen,
            bars: settings.bars.clone(),
            outer: settings.outer.clone(),
            copy: CopyConfig::new(settings, ""),
            grace: settings.pane.grace(),
            host: host.into(),
        }
    }

    /// The same with these colours.
    #[must_use]
    pub fn coloured(self, chosen: Chosen) -> Self {
        Self { theme: chosen.of(Appearance::Dark), themes: chosen, ..self }
    }

    /// The same for such a terminal.
    #[must_use]
    pub fn on(self, appearance: Appearance) -> Self {
        Self { theme: self.themes.of(appearance), ..self }
    }
}

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
