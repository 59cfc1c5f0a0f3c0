//! Files that paste buffers are written to and read from. The server touches none of them.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::Value;

use crate::action::Action;
use crate::action::buffer::BufferSave;
use crate::action::buffer::BufferShow;
use crate::action::table::{self, CallParams};
use crate::base::error::{Code, Refusal};
use crate::cli::connection::{ServerConnection, no_server};
use crate::cli::print;
use crate::platform::paths::Paths;

/// Writes the text of a buffer to a file that only its owner can read where it is made.
///
/// # Errors
/// The server's refusal, or why the file cannot be written.
pub(super) fn save(save: &BufferSave, places: &Paths) -> Result<(), Refusal> {
    let entry = table::find(BufferShow::NAME).expect("it is in the table");
    let mut params = CallParams::new();
    params.extend(save.name.clone().map(|name| ("name".to_owned(), Value::from(name))));
    let mut link = ServerConnection::connect(places, None)?.ok_or_else(no_server)?;
    let reply = link.call(entry, &params)?;
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
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&save.path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(refused)
}
