//! Files that paste buffers are written to and read from. The server touches none of them.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::Value;

use crate::action::Action;
use crate::action::buffer::save::Save;
use crate::action::buffer::show::Show;
use crate::action::table::{self, Params};
use crate::base::error::{Code, Refusal};
use crate::cli::link::{Link, no_server};
use crate::cli::print;
use crate::platform::paths::Paths;

/// Writes the text of a buffer to a file that only its owner can read where it is made.
///
/// # Errors
/// The server's refusal, or why the file cannot be written.
pub(super) fn save(save: &Save, places: &Paths) -> Result<(), Refusal> {
    let entry = table::find(Show::NAME).expect("it is in the table");
    let mut params = Params::new();
    params.extend(save.name.clone().map(|name| ("name".to_owned(), Value::from(name))));
    let mut link = Link::connect(places, None)?.ok_or_else(no_server)?;
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
