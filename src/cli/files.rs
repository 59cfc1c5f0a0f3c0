//! Files that arguments name: layouts, projects, and what paste buffers are written to. The server
//! touches none of them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::action::buffer::{BufferSave, BufferShow};
use crate::action::layout::{ApplyLayout, LayoutSave};
use crate::action::session::open::{Project, SessionOpen};
use crate::action::table;
use crate::base::error::{Code, Refusal};
use crate::cli::connection::{ServerConnection, no_server};
use crate::cli::print;
use crate::config::load;
use crate::platform::paths::Paths;

/// The longest layout file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads the file that was named instead of a preset, if there is one.
pub(super) fn read_layout(apply: &mut ApplyLayout) -> Result<(), Refusal> {
    let path = &apply.preset;
    if Path::new(path).is_file() {
        let read = load::read_layout(&text(path)?).map_err(|error| wrong(path, &error))?;
        apply.layout = Some(read);
    }
    Ok(())
}

/// The name of the file that holds a project.
const PROJECT: &str = "abide.toml";

/// Finds the project that was named, or the nearest here or above, and reads it.
pub(super) fn read_project(open: &mut SessionOpen) -> Result<(), Refusal> {
    let own = std::env::current_dir().map_err(|error| {
        Refusal::new(Code::InvalidParams, format!("there is no directory here: {error}"))
    })?;
    let given = open.dir.as_ref().map(|path| own.join(path));
    let file = match &given {
        Some(path) if path.is_file() => Some(path.clone()),
        Some(path) => Some(path.join(PROJECT)).filter(|file| file.is_file()),
        None => own.ancestors().map(|folder| folder.join(PROJECT)).find(|file| file.is_file()),
    };
    let Some(file) = file.and_then(|file| file.canonicalize().ok()) else {
        let place = given.unwrap_or(own);
        let above = if open.dir.is_some() { "" } else { " or above" };
        return Err(Refusal::new(
            Code::NotFound,
            format!("there is no {PROJECT} in {}{above}", place.display()),
        )
        .hint("abide layout save prints what a tab of one has; `abide open --help`"));
    };
    let path = file.display().to_string();
    let project: Project =
        load::read_layout(&text(&path)?).map_err(|error| wrong(&path, &error))?;
    let folder = file.parent().and_then(Path::to_str);
    let folder = folder.ok_or_else(|| {
        Refusal::new(Code::InvalidParams, format!("{}: its name is no UTF-8", file.display()))
    })?;
    open.dir = Some(folder.to_owned());
    open.project = Some(project);
    Ok(())
}

/// The text of a file.
fn text(path: &str) -> Result<String, Refusal> {
    if fs::metadata(path).is_ok_and(|data| FILE_BYTES_MAX < data.len()) {
        return Err(wrong(path, "the file has more than 1 MiB"));
    }
    fs::read_to_string(path).map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(path: &str, why: &str) -> Refusal {
    Refusal::new(Code::InvalidParams, format!("{path}: {why}"))
        .hint("abide layout save prints a layout as it should be")
}

/// Writes the layout to the file that was named, or prints it.
pub(super) fn save_layout(save: &LayoutSave, reply: &Value) -> Result<(), Refusal> {
    let text = load::write_layout(reply).map_err(|error| {
        Refusal::new(Code::Internal, format!("the layout cannot be written: {error}"))
    })?;
    let Some(path) = &save.file else { return print::text(&text) };
    fs::write(path, text).map_err(|error| {
        Refusal::new(Code::Internal, format!("{path}: {error}"))
            .hint("name a file that can be written")
    })
}

/// Writes the text of a buffer to a file that only its owner can read where it is made.
///
/// # Errors
/// The server's refusal, or why the file cannot be written.
pub(super) fn save_buffer(save: &BufferSave, places: &Paths) -> Result<(), Refusal> {
    let show = BufferShow { name: save.name.clone() };
    let mut link = ServerConnection::connect(places, None)?.ok_or_else(no_server)?;
    let reply = link.call(table::entry::<BufferShow>(), &table::arguments(&show))?;
    let text = reply.get("text").and_then(Value::as_str).unwrap_or_default();
    if save.path == "-" {
        return print::text(text);
    }
    let refused = |error: std::io::Error| {
        Refusal::new(
            Code::InvalidParams,
            format!("path: {:?} cannot be written: {error}", save.path),
        )
    };
    let mut options = OpenOptions::new();
    options.create(true).write(true).append(save.append).truncate(!save.append);
    options.mode(0o600);
    options.open(&save.path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(refused)
}
