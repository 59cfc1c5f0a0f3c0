//! Actions on paste buffers, one per file.

pub mod delete;
pub mod ls;
pub mod paste;
pub mod save;
pub mod set;
pub mod show;

use schemars::JsonSchema;
use serde::Serialize;

use crate::state::buffer::Buffer;

/// The longest sample of a buffer's text, in bytes.
const SAMPLE_MAX: usize = 80;

/// A buffer in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BufferItem {
    /// Its name.
    pub name: String,
    /// How long its text is.
    pub bytes: usize,
    /// When it was made or changed, in milliseconds since 1970.
    pub changed_wall: u64,
    /// How its text begins, harmless.
    pub sample: String,
}

impl BufferItem {
    fn of(buffer: &Buffer) -> Self {
        // A line end is shown as such: a sample is one line.
        let start: String =
            buffer.text.chars().take(SAMPLE_MAX).map(|c| if c == '\n' { '⏎' } else { c }).collect();
        Self {
            name: buffer.name.clone(),
            bytes: buffer.text.len(),
            changed_wall: buffer.changed_wall,
            sample: crate::base::text::sanitize(&start, 4 * SAMPLE_MAX),
        }
    }
}

/// A buffer that was changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BufferName {
    /// Its name.
    pub name: String,
}
