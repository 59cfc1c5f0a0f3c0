//! `pane.capture`: copies what is on a screen and in its scrollback.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::row::Row;
use crate::state::pane::Pane;
use crate::state::{export::ansi, export::picture};
use std::ops::Range;

/// Copy what a pane shows
///
/// Its screen, with --scrollback also what left it. Rows of one line are joined in text; ansi keeps
/// colours; html and svg are for browsers; json gives rows as runs.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneCapture {
    /// With the scrollback, or so many rows of it
    #[arg(long, value_name = "ROWS", num_args = 0..=1, require_equals = true, default_missing_value = "18446744073709551615")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrollback: Option<u64>,

    /// Only these rows, such as -20..5: 0 is the top of the screen, the end is not included
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,

    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneCapture {
    const NAME: &'static str = "pane.capture";
    const VERBS: &'static [&'static str] = &["capture"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Captured;
}

impl Apply for PaneCapture {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let shown = cx.state.pane(pane);
        let rows = self.rows(shown)?;
        let screen = &shown.screen;
        let mut captured = Captured {
            pane,
            size: screen.size(),
            first: rows.start,
            cursor: Point::new(screen.cursor().x, screen.cursor().y),
            ..Captured::default()
        };
        match self.format {
            Format::Text => captured.text = Some(screen.text(rows)),
            Format::Ansi => captured.text = Some(ansi::rows(screen.rows(rows).into_iter())),
            Format::Html => captured.text = Some(picture::html(screen.rows(rows).into_iter())),
            Format::Svg => {
                captured.text =
                    Some(picture::svg(screen.rows(rows).into_iter(), screen.size().cols))
            }
            Format::Json => captured.rows = Some(screen.rows(rows)),
        }
        Ok(Answer::Now(captured))
    }
}

/// How captured rows are written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text.
    #[default]
    Text,
    /// With colours, as a terminal reads them.
    Ansi,
    /// A page for browsers.
    Html,
    /// A picture for browsers.
    Svg,
    /// Rows as runs of equally styled cells.
    Json,
}

/// What was captured.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Captured {
    /// The pane.
    pub pane: PaneId,
    /// The size of its terminal.
    pub size: Size,
    /// The first row; negative ones are scrollback.
    pub first: i64,
    /// The cursor, relative to the screen.
    pub cursor: Point,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The rows, in JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub rows: Option<Vec<Row>>,
}

impl Default for Captured {
    fn default() -> Self {
        Self {
            pane: PaneId(0),
            size: Size::default(),
            first: 0,
            cursor: Point::default(),
            text: None,
            rows: None,
        }
    }
}

/// The most rows one call gives: what a caller can still take in one message.
const ROWS_MAX: i64 = 100_000;

impl PaneCapture {
    /// The wanted rows that there are.
    fn rows(&self, shown: &Pane) -> Result<Range<i64>, Refusal> {
        let end = i64::from(shown.size.rows);
        let above =
            i64::try_from(shown.screen.history_rows()).unwrap_or(i64::MAX).min(ROWS_MAX - end);
        if let Some(text) = &self.lines {
            let refusal = || {
                Refusal::new(Code::InvalidParams, format!("lines: {text:?} is no range of rows"))
                    .hint("write A..B, such as -20..5")
            };
            let (from, to) = text.split_once("..").ok_or_else(refusal)?;
            let row = |text: &str, open: i64| {
                if text.is_empty() { Ok(open) } else { text.parse::<i64>().map_err(|_| refusal()) }
            };
            let (from, to) =
                (row(from, -above)?.clamp(-above, end), row(to, end)?.clamp(-above, end));
            return Ok(from..to.max(from));
        }
        let rows = self.scrollback.unwrap_or(0);
        Ok(-above.min(i64::try_from(rows).unwrap_or(i64::MAX))..end)
    }
}
