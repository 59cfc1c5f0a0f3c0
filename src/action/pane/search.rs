//! `pane.search`: finds text on a screen and in its scrollback.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Searched;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::state::call::Pending;
use crate::state::search::{PaneSearch as Walk, SearchQuery};

/// Find text in panes
///
/// On the screen and in the scrollback, the newest first. A line that goes over several rows is one
/// line; ^ and $ are its ends. Small letters find large ones too, unless the pattern has a large
/// one.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneSearch {
    /// A regular expression
    #[arg(value_name = "REGEX")]
    pub pattern: String,

    /// In every pane of every session
    #[arg(short, long, conflicts_with = "target")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,

    /// The pattern as it is, not as a regular expression
    #[arg(short, long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub literal: bool,

    /// Whether small letters find large ones
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub case: SearchCase,

    /// The oldest first
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newer: bool,

    /// From this line on, by its number as a hit has it
    #[arg(long, value_name = "LINE", conflicts_with = "all")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_line: Option<u64>,

    /// From this column of that line on; going to older ones, what starts before it
    #[arg(long, value_name = "COLUMN", requires = "from_line")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_cell: Option<u32>,

    /// The most hits, up to 10000; else 1000
    #[arg(short = 'n', long, value_name = "COUNT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

/// Whether `a` finds `A`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SearchCase {
    /// Only if the pattern has no large letter.
    #[default]
    Smart,
    /// It does not.
    Sensitive,
    /// It does.
    Insensitive,
}

/// Hits where nobody says how many.
const LIMIT_DEFAULT: usize = 1000;
/// The most hits of one call.
const LIMIT_MAX: usize = 10_000;

impl Action for PaneSearch {
    const NAME: &'static str = "pane.search";
    const VERBS: &'static [&'static str] = &["search"];
    const ACCESS: Access = Access::Read;
    const ROLE: Role = Role::Server;
    type Reply = Searched;
}

impl Apply for PaneSearch {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let panes: Vec<PaneId> = if self.all {
            cx.state.panes.keys().copied().collect()
        } else {
            vec![PaneTarget::or_own(self.target.as_ref(), cx)?]
        };
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("limit: {limit} is out of range; a search gives 1 to {LIMIT_MAX} hits"),
            ));
        }
        let start = if self.newer { 0 } else { u32::MAX };
        let wanted = SearchQuery {
            case_sensitive: match self.case {
                SearchCase::Smart => None,
                SearchCase::Sensitive => Some(true),
                SearchCase::Insensitive => Some(false),
            },
            pattern: self.pattern,
            literal: self.literal,
            newer: self.newer,
            from: self.from_line.map(|line| (line, self.from_cell.unwrap_or(start))),
            limit,
        };
        let mut walk = Walk::new(&wanted, panes)?;
        // Most searches end with the first step.
        if let Some(searched) = walk.step(&cx.state.panes) {
            return Ok(Answer::Now(searched.into()));
        }
        Ok(Answer::later(Pending::Search(Box::new(walk))))
    }
}
