//! Layout files on the command line: read for `layout apply`, written by `layout save`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::action::table::Params;
use crate::base::code::{Code, Refusal};
use crate::cli::print;
use crate::config::layout;

/// The longest layout file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads the file that was named instead of a preset, if there is one.
pub(super) fn fill_in(params: &mut Params) -> Result<(), Refusal> {
    let Some(path) = params.get("preset").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
    if !Path::new(&path).is_file() {
        return Ok(());
    }
    let refuse =
        |why: String| Refusal::new(Code::InvalidParams, format!("{path}: {why}")).hint("abide layout save prints one as it should be");
    let is_too_long = fs::metadata(&path).is_ok_and(|data| FILE_BYTES_MAX < data.len());
    if is_too_long {
        return Err(refuse("the file has more than 1 MiB".into()));
    }
    let text = fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
    params.insert("layout".into(), layout::read(&text).map_err(refuse)?);
    Ok(())
}

/// Writes the layout to the file that was named, or prints it.
pub(super) fn save(params: &Params, reply: &Value) -> Result<(), Refusal> {
    let text = layout::write(reply).map_err(|error| Refusal::new(Code::Internal, format!("the layout cannot be written: {error}")))?;
    let Some(path) = params.get("file").and_then(Value::as_str) else { return print::text(&text) };
    fs::write(path, text).map_err(|error| Refusal::new(Code::Internal, format!("{path}: {error}")).hint("name a file that can be written"))
}
