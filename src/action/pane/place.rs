//! `pane.place`: where a floating pane is.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::dto::PaneItem;
use crate::action::pane::tab_of;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::{Code, Refusal};
use crate::base::geom::{Rect, Size};

/// Move a floating pane
///
/// To a part of the tab, by some cells, or to a place and a size. One that does not float yet does
/// then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePlace {
    /// A part of the tab
    #[arg(value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<TabPart>,

    /// So many columns to the right; negative ones to the left
    #[arg(long, value_name = "CELLS", allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<i32>,

    /// So many rows down; negative ones up
    #[arg(long, value_name = "CELLS", allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<i32>,

    /// Its first column, from 0; its frame is before it
    #[arg(short, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<u16>,

    /// Its first row, from 0; its frame is above it
    #[arg(short, value_name = "ROW")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<u16>,

    /// Its size, without the frame, such as 60x20
    #[arg(short, long, value_name = "COLSxROWS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

/// A part of a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Part")]
pub enum TabPart {
    /// The left half.
    Left,
    /// The right half.
    Right,
    /// The upper half.
    Top,
    /// The lower half.
    Bottom,
    /// The upper left quarter.
    TopLeft,
    /// The upper right quarter.
    TopRight,
    /// The lower left quarter.
    BottomLeft,
    /// The lower right quarter.
    BottomRight,
    /// The middle.
    Middle,
    /// All of it.
    Full,
}

impl Action for PanePlace {
    const NAME: &'static str = "pane.place";
    const KEYS: &'static [DefaultKey] = &[
        ("prefix g Left", "left"),
        ("prefix g Right", "right"),
        ("prefix g Up", "top"),
        ("prefix g Down", "bottom"),
        ("prefix g 1", "top-left"),
        ("prefix g 2", "top-right"),
        ("prefix g 3", "bottom-left"),
        ("prefix g 4", "bottom-right"),
        ("prefix g 5", "middle"),
        ("prefix g f", "full"),
        ("prefix S-Left", "--right=-2"),
        ("prefix S-Right", "--right=2"),
        ("prefix S-Up", "--down=-1"),
        ("prefix S-Down", "--down=1"),
    ];
    const REPEATS: bool = true;
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = PaneItem;
}

impl Apply for PanePlace {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let tab = tab_of(cx, pane)?;
        if self == (Self { target: self.target.clone(), ..Self::default() }) {
            return Err(Refusal::new(Code::InvalidParams, "pane.place: say where")
                .hint("such as left, top-right, or --right 5"));
        }
        cx.state.set_floating(pane, true)?;
        let area = cx.state.tab(tab).area;
        let own = cx.state.tab(tab).float(pane).unwrap_or_default();
        let base = self.part.map_or(own, |part| part.rect(area));
        let moved = |at: u16, by: Option<i32>| {
            u16::try_from((i32::from(at) + by.unwrap_or(0)).max(1)).unwrap_or(u16::MAX)
        };
        let size = self.size.unwrap_or(base.size());
        let (x, y) = (
            moved(self.x.unwrap_or(base.x), self.right),
            moved(self.y.unwrap_or(base.y), self.down),
        );
        cx.state.place_float(pane, Rect::new(x, y, size))?;
        let client = cx.state.following_view(cx.caller, cx.state.tab(tab).session);
        cx.state.focus_pane(client, pane);
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

impl TabPart {
    /// Where a pane and the frame around it fill this part of an area.
    fn rect(self, area: Size) -> Rect {
        let (half_cols, half_rows) = (area.cols / 2, area.rows / 2);
        let (left, right) = ((0, half_cols), (half_cols, area.cols - half_cols));
        let (top, bottom) = ((0, half_rows), (half_rows, area.rows - half_rows));
        let (all_cols, all_rows) = ((0, area.cols), (0, area.rows));
        let ((x, cols), (y, rows)) = match self {
            Self::Left => (left, all_rows),
            Self::Right => (right, all_rows),
            Self::Top => (all_cols, top),
            Self::Bottom => (all_cols, bottom),
            Self::TopLeft => (left, top),
            Self::TopRight => (right, top),
            Self::BottomLeft => (left, bottom),
            Self::BottomRight => (right, bottom),
            Self::Middle => {
                ((area.cols / 5, area.cols * 3 / 5), (area.rows / 5, area.rows * 3 / 5))
            }
            Self::Full => (all_cols, all_rows),
        };
        Rect { x: x + 1, y: y + 1, cols: cols.saturating_sub(2), rows: rows.saturating_sub(2) }
    }
}
