//! The text of panes: capture, search, the output of a command, copy mode, and the text in an
//! editor.

use std::collections::BTreeMap;
use std::ops::Range;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::completion::Searched;
use crate::action::context::Made;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::geom::{Point, Size};
use crate::base::id::{CommandId, PaneId};
use crate::base::row::Row;
use crate::state::call::Pending;
use crate::state::command::no_command;
use crate::state::export::{self, CaptureSpan};
use crate::state::pane::{Pane, no_place};
use crate::state::search::{PaneSearch as Walk, SearchQuery};
use crate::state::tab::NewTab;

/// Copy what a pane shows
///
/// Its screen, with --scrollback also what left it. Rows of one line are joined in text; ansi keeps
/// colours and links; html, with links, and svg are for browsers; json gives rows as runs.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneCapture {
    /// With the scrollback, or so many rows of it
    #[arg(
        long,
        value_name = "ROWS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "18446744073709551615",
    )]
    pub scrollback: Option<u64>,

    /// Only these rows, such as -20..5: 0 is the top of the screen, the end is not included
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    pub lines: Option<String>,

    /// The form of the text
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// A part at a time, as long captures need it: the answer says in `next` where to go on
    #[arg(skip)]
    pub page: bool,

    /// The part that begins where `next` of the answer before says
    #[arg(skip)]
    pub from: Option<String>,
}

impl Action for PaneCapture {
    const NAME: &'static str = "pane.capture";
    const VERBS: &'static [&'static str] = &["capture"];
    const ACCESS: Access = Access::Read;
    type Reply = Captured;
}

impl Apply for PaneCapture {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let shown = cx.state.pane(pane);
        let screen = &shown.screen;
        let mut span = match &self.from {
            Some(text) => CaptureSpan::parse(text, shown)?,
            None => CaptureSpan::of(self.rows(shown)?, shown),
        };
        let mut captured = Captured {
            pane,
            size: screen.size(),
            first: span.first(shown),
            cursor: Point::new(screen.cursor().x, screen.cursor().y),
            ..Captured::default()
        };
        loop {
            self.add_page(&mut captured, &mut span, shown);
            if span.is_over() {
                return Ok(Answer::Now(captured));
            }
            if self.page || self.from.is_some() {
                captured.next = Some(span.to_string());
                return Ok(Answer::Now(captured));
            }
            if ANSWER_BYTES_MAX < captured.len() {
                let message = format!("pane {pane}: more than {ANSWER_BYTES_MAX} bytes at once");
                return Err(Refusal::new(Code::LimitReached, message).hint(
                    "ask for pages (`page`, then `from` with what `next` said), or for fewer rows \
                     (`lines`, `scrollback`)",
                ));
            }
        }
    }
}

/// The most bytes of text that one answer gives.
const ANSWER_BYTES_MAX: usize = 8 << 20;
impl PaneCapture {
    /// Adds the next rows of a span.
    fn add_page(&self, captured: &mut Captured, span: &mut CaptureSpan, shown: &Pane) {
        let screen = &shown.screen;
        let (rows, part) = span.next_page(shown);
        if self.format == Format::Json {
            let rows = screen.rows(rows);
            let runs = rows.iter().flat_map(|row| &row.runs);
            captured
                .links
                .extend(runs.filter_map(|run| Some((run.link, screen.link(run.link)?.to_owned()))));
            captured.rows.get_or_insert_default().extend(rows);
            return;
        }
        let text = match self.format {
            Format::Text | Format::Json => screen.text(rows),
            Format::Ansi => export::ansi(screen.rows(rows).into_iter(), screen),
            Format::Html => export::html_part(screen.rows(rows).into_iter(), screen, part),
            Format::Svg => export::svg_part(&screen.rows(rows), screen.size().cols, part),
        };
        captured.text.get_or_insert_default().push_str(&text);
    }
}

/// The form of captured rows.
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

/// The rows that were captured.
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
    /// The addresses of the links in these rows, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<u32, String>,
    /// The `from` of the next page, where there are more rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Captured {
    /// The bytes of the rows so far, about.
    fn len(&self) -> usize {
        let runs = self.rows.iter().flatten().flat_map(|row| &row.runs);
        self.text.as_ref().map_or(0, String::len)
            + runs.map(|run| run.text.len() + RUN_BYTES).sum::<usize>()
    }
}

/// The size of a run in JSON besides its text, about.
const RUN_BYTES: usize = 200;

impl Default for Captured {
    fn default() -> Self {
        Self {
            pane: PaneId(0),
            size: Size::default(),
            first: 0,
            cursor: Point::default(),
            text: None,
            rows: None,
            links: BTreeMap::new(),
            next: None,
        }
    }
}

impl PaneCapture {
    /// The wanted rows that there are.
    fn rows(&self, shown: &Pane) -> Result<Range<i64>, Refusal> {
        let end = i64::from(shown.size.rows);
        let above = i64::try_from(shown.screen.history_rows()).unwrap_or(i64::MAX);
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
    #[serde(default)]
    pub all: bool,

    /// The pattern as it is, not as a regular expression
    #[arg(short, long)]
    #[serde(default)]
    pub literal: bool,

    /// The way small letters and large ones are told apart
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub case: SearchCase,

    /// The oldest first
    #[arg(long)]
    #[serde(default)]
    pub newer: bool,

    /// From this line on, by its number as a hit has it
    #[arg(long, value_name = "LINE", conflicts_with = "all")]
    pub from_line: Option<u64>,

    /// From this column of that line on; going to older ones, what starts before it
    #[arg(long, value_name = "COLUMN", requires = "from_line")]
    pub from_cell: Option<u32>,

    /// The most hits, up to 10000; else 1000
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub limit: Option<usize>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

/// The way a search tells small letters from large ones.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SearchCase {
    /// Only if the pattern has no large letter.
    #[default]
    Smart,
    /// Small letters do not find large ones.
    Sensitive,
    /// Small letters find large ones.
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

/// The most bytes of output that are given.
const OUTPUT_MAX: usize = 1 << 20;

/// Show what the last command of a pane printed
///
/// The shell has to tell where output begins and ends (OSC 133).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneOutput {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The output of this command instead, typed at a prompt and listed by `abide commands`
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    pub of: Option<String>,
}

impl Action for PaneOutput {
    const NAME: &'static str = "pane.output";
    const ACCESS: Access = Access::Read;
    type Reply = Printed;
}

/// The output of a command.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Printed {
    /// The pane.
    pub pane: PaneId,
    /// The text.
    pub text: String,
}

impl Apply for PaneOutput {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(id) = &self.of {
            return of(cx, id).map(Answer::Now);
        }
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let screen = &cx.state.pane(pane).screen;
        let rows = screen.last_output().ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("the shell of pane {pane} marks no output"))
                .hint("its prompt has to send OSC 133; see docs/guide/copy-mode.md")
        })?;
        Ok(Answer::Now(Printed { pane, text: screen.text_at(rows) }))
    }
}

/// The output of a command that was typed at a prompt, as far as it is still there.
fn of(cx: &Cx<'_>, text: &str) -> Result<Printed, Refusal> {
    let id: CommandId = text.parse().map_err(|_| no_command(text))?;
    let Some(past) = cx.state.shell_history.get(id) else {
        cx.state.commands.get(id)?;
        return Err(Refusal::new(Code::NotFound, format!("command {id} was not typed in a pane"))
            .hint(format!("abide logs {id}")));
    };
    let gone = || {
        Refusal::new(Code::NotFound, format!("the output of command {id} is not there any more"))
            .hint("abide commands")
    };
    let screen = &cx.state.panes.get(&past.pane).ok_or_else(gone)?.screen;
    let to = past.end.map_or_else(|| screen.cursor_anchor(), |end| end.to);
    let (from, to) = past.from.zip(to).ok_or_else(gone)?;
    Ok(Printed { pane: past.pane, text: screen.text_between(from, to, OUTPUT_MAX).0 })
}

/// Copy what the last command of the pane in focus printed
///
/// Into a paste buffer and to the clipboard. The shell has to tell where output begins and ends
/// (OSC 133).
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct PaneCopyOutput {}

impl Action for PaneCopyOutput {
    const NAME: &'static str = "pane.copy_output";
    const VERBS: &'static [&'static str] = &["pane copy-output"];
    const KEYS: &'static [DefaultKey] = &[("prefix y", "")];
    const ACCESS: Access = Access::Interact;
    type Reply = ();
}

/// Look back, search and copy in the pane in focus
///
/// Output goes on meanwhile, and other clients see nothing of it. The keys are those of vi or
/// emacs, as copy.keys says.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneCopyMode {
    /// Scroll a page back; it ends at the bottom then
    #[arg(short = 'u', long)]
    pub page_up: bool,
}

impl Action for PaneCopyMode {
    const NAME: &'static str = "pane.copy_mode";
    const VERBS: &'static [&'static str] = &["pane copy-mode"];
    const KEYS: &'static [DefaultKey] = &[("prefix [", ""), ("prefix PageUp", "--page-up")];
    const ACCESS: Access = Access::Interact;
    type Reply = ();
}

/// Writes the scrollback to a file that nobody else can read, opens the editor at its end, and
/// removes the file.
const SCRIPT: &str = r#"umask 077
file=$(mktemp "$3/scrollback.XXXXXX") || exit 1
trap 'rm -f "$file"; exit' EXIT HUP INT TERM
"$1" capture --scrollback -t "$2" >"$file" || exit 1
editor=${VISUAL:-${EDITOR:-}}
for known in vi nano less more; do
    test -n "$editor" || editor=$(command -v "$known")
done
set -- $editor
case ${1##*/} in
vi | vim | nvim | view | less | more) "$@" + "$file" ;;
*) "$@" "$file" ;;
esac
"#;

/// Open the scrollback of a pane in your editor
///
/// In a tab of its own, with $VISUAL or $EDITOR. The text is in a file that is removed when the
/// editor ends.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneEdit {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneEdit {
    const NAME: &'static str = "pane.edit";
    const KEYS: &'static [DefaultKey] = &[("prefix e", "")];
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for PaneEdit {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let entry = cx.state.pane(from);
        let session = entry.tab.map(|_| entry.session).ok_or_else(|| no_place(cx.state, from))?;
        let folder = cx.host.socket.rsplit_once('/').map_or("/tmp", |(folder, _)| folder);
        let words =
            ["/bin/sh", "-c", SCRIPT, "scrollback", &cx.host.program, &from.to_string(), folder];
        // The editor is the one that the pane knows.
        let set =
            cx.state.pane(from).env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let start = Start { command: words.map(str::to_owned).into(), set, ..Start::default() };
        let pane = cx.new_pane(&start, Some(from))?;
        let at = cx.state.session(session).tabs.len();
        let (tab, pane) = cx.state.new_tab(
            session,
            NewTab { name: Some("scrollback".into()), at, pane },
            cx.now.wall,
        );
        if let Some(client) = cx.state.following_view(cx.caller, session) {
            cx.state.show_tab(client, tab);
        }
        Ok(cx.made(pane))
    }
}
