//! Layout files on the command line: read for `layout apply`, written by `layout save`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::action::layout::shape::LayoutSpec;
use crate::action::session::open::Project;
use crate::action::table::CallParams;
use crate::base::error::{Code, Refusal};
use crate::cli::print;
use crate::config::layout;

/// The longest layout file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads the file that was named instead of a preset, if there is one.
pub(super) fn fill_in(params: &mut CallParams) -> Result<(), Refusal> {
    let Some(path) = params.get("preset").and_then(Value::as_str).map(str::to_owned) else {
        return Ok(());
    };
    if !Path::new(&path).is_file() {
        return Ok(());
    }
    let layout: LayoutSpec = layout::read(&text(&path)?).map_err(|error| wrong(&path, &error))?;
    params.insert("layout".into(), value(&path, serde_json::to_value(layout))?);
    Ok(())
}

/// The name of the file that holds a project.
const PROJECT: &str = "abide.toml";

/// Finds the project that was named, or the nearest here or above, and reads it.
pub(super) fn project(params: &mut CallParams) -> Result<(), Refusal> {
    let own = std::env::current_dir().map_err(|error| {
        Refusal::new(Code::InvalidParams, format!("there is no directory here: {error}"))
    })?;
    let given = params.get("dir").and_then(Value::as_str).map(|path| own.join(path));
    let file = match &given {
        Some(path) if path.is_file() => Some(path.clone()),
        Some(path) => Some(path.join(PROJECT)).filter(|file| file.is_file()),
        None => own.ancestors().map(|folder| folder.join(PROJECT)).find(|file| file.is_file()),
    };
    let Some(file) = file.and_then(|file| file.canonicalize().ok()) else {
        let place = given.unwrap_or(own);
        let above = if params.contains_key("dir") { "" } else { " or above" };
        return Err(Refusal::new(
            Code::NotFound,
            format!("there is no {PROJECT} in {}{above}", place.display()),
        )
        .hint("abide layout save prints what a tab of one has; `abide open --help`"));
    };
    let path = file.display().to_string();
    let project: Project = layout::read(&text(&path)?).map_err(|error| wrong(&path, &error))?;
    let folder = file.parent().and_then(Path::to_str);
    let folder = folder.ok_or_else(|| {
        Refusal::new(Code::InvalidParams, format!("{}: its name is no UTF-8", file.display()))
    })?;
    params.insert("dir".into(), folder.into());
    params.insert("project".into(), value(&path, serde_json::to_value(project))?);
    Ok(())
}

/// The text of a file.
fn text(path: &str) -> Result<String, Refusal> {
    if fs::metadata(path).is_ok_and(|data| FILE_BYTES_MAX < data.len()) {
        return Err(wrong(path, "the file has more than 1 MiB"));
    }
    fs::read_to_string(path).map_err(|error| wrong(path, &error.to_string()))
}

/// What a file holds, as data.
fn value(path: &str, made: serde_json::Result<Value>) -> Result<Value, Refusal> {
    made.map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(path: &str, why: &str) -> Refusal {
    Refusal::new(Code::InvalidParams, format!("{path}: {why}"))
        .hint("abide layout save prints a layout as it should be")
}

/// Writes the layout to the file that was named, or prints it.
pub(super) fn save(params: &CallParams, reply: &Value) -> Result<(), Refusal> {
    let text = layout::write(reply).map_err(|error| {
        Refusal::new(Code::Internal, format!("the layout cannot be written: {error}"))
    })?;
    let Some(path) = params.get("file").and_then(Value::as_str) else { return print::text(&text) };
    fs::write(path, text).map_err(|error| {
        Refusal::new(Code::Internal, format!("{path}: {error}"))
            .hint("name a file that can be written")
    })
}
