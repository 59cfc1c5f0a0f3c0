//! Paste buffers: list, show, set, paste, delete and save them.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Sent;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::state::buffer::Buffer;

actions! {
    server BufferLs;
    server BufferShow;
    server BufferSet;
    server BufferPaste;
    server BufferDelete;
    cli BufferSave;
}

/// The longest sample of a buffer's text, in bytes.
const SAMPLE_MAX: usize = 80;

/// A buffer in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BufferItem {
    /// The buffer's name.
    pub name: String,
    /// The length of its text.
    pub bytes: usize,
    /// The time when it was made or changed, in milliseconds since 1970.
    pub changed_wall: u64,
    /// The beginning of its text, harmless.
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
    /// The buffer's name.
    pub name: String,
}

/// List paste buffers, the newest first
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct BufferLs {}

impl Action for BufferLs {
    const NAME: &'static str = "buffer.ls";
    const ACCESS: Access = Access::Read;
    type Reply = Vec<BufferItem>;
}

impl Apply for BufferLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(Answer::Now(cx.state.buffers.list().iter().map(BufferItem::of).collect()))
    }
}

/// Show the text of a paste buffer
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferShow {
    /// The buffer's name; else the newest
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

impl Action for BufferShow {
    const NAME: &'static str = "buffer.show";
    const ACCESS: Access = Access::Read;
    type Reply = BufferText;
}

/// A buffer with its text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BufferText {
    /// The buffer's name.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Apply for BufferShow {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let buffer = cx.state.buffers.get(self.name.as_deref())?;
        Ok(Answer::Now(BufferText { name: buffer.name.clone(), text: buffer.text.clone() }))
    }
}

/// Put text into a paste buffer
///
/// A new one is called `buffer` and a number, unless it is given a name. There are at most 50, of
/// at most 4 MiB each and 16 MiB together; the oldest go first.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferSet {
    /// The text
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: Option<String>,

    /// The text is that of a file with this path, which the command line reads; - for its input
    #[arg(short, long)]
    pub load: bool,

    /// The buffer's name
    #[arg(short = 'b', long, value_name = "NAME")]
    pub name: Option<String>,

    /// After the text that it holds; without a name, that of the newest
    #[arg(short, long)]
    pub append: bool,
}

impl Action for BufferSet {
    const NAME: &'static str = "buffer.set";
    const ACCESS: Access = Access::Interact;
    type Reply = BufferName;
}

impl Apply for BufferSet {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let text = self.text.filter(|_| !self.load).ok_or_else(|| {
            let refusal = Refusal::new(Code::InvalidParams, "buffer.set: there is no text");
            refusal
                .hint("give one; files are read by the command line: abide buffer set --load PATH")
        })?;
        let (name, wall) = (self.name.as_deref(), cx.now.wall);
        let buffers = &mut cx.state.buffers;
        let name = if self.append {
            buffers.append(name, &text, wall)?
        } else {
            buffers.set(name, text, wall)?
        };
        Ok(Answer::Now(BufferName { name }))
    }
}

/// Paste a buffer into a pane
///
/// The program gets it as a paste if it asked to have those marked, without control characters.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferPaste {
    /// The name of the buffer; else the newest
    #[arg(short = 'b', long, value_name = "NAME")]
    pub name: Option<String>,

    /// Delete the buffer
    #[arg(short, long)]
    pub delete: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for BufferPaste {
    const NAME: &'static str = "buffer.paste";
    const KEYS: &'static [DefaultKey] = &[("prefix ]", "")];
    const ACCESS: Access = Access::Interact;
    type Reply = Sent;
}

impl Apply for BufferPaste {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let buffer = cx.state.buffers.get(self.name.as_deref())?;
        let mut bytes = Vec::new();
        cx.state.pane(pane).screen.input().encode_paste(&buffer.text, &mut bytes);
        let answer = cx.type_into(pane, bytes)?;
        if self.delete {
            cx.state.buffers.delete(self.name.as_deref())?;
        }
        Ok(answer)
    }
}

/// Delete a paste buffer
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BufferDelete {
    /// The buffer's name; else the newest
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

impl Action for BufferDelete {
    const NAME: &'static str = "buffer.delete";
    const KEYS: &'static [DefaultKey] = &[("prefix -", "")];
    const ACCESS: Access = Access::Interact;
    type Reply = BufferName;
}

impl Apply for BufferDelete {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        Ok(Answer::Now(BufferName { name: cx.state.buffers.delete(self.name.as_deref())? }))
    }
}

/// Write the text of a paste buffer to a file
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct BufferSave {
    /// The file; - for the standard output
    pub path: String,

    /// The name of the buffer; else the newest
    #[arg(short = 'b', long, value_name = "NAME")]
    pub name: Option<String>,

    /// After what the file holds
    #[arg(short, long)]
    #[serde(default)]
    pub append: bool,
}

impl Action for BufferSave {
    const NAME: &'static str = "buffer.save";
    const ACCESS: Access = Access::Read;
    type Reply = ();
}
