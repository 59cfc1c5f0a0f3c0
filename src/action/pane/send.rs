//! Input and output of a pane's program: send, sync, pipe, wait.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, TabTarget, millis};
use crate::action::completion::{self, Sent, Waited};
use crate::action::dto::PaneItem;
use crate::action::pane::marked;
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyCode, KeyError, KeyInput};
use crate::base::program_status::WorkState;
use crate::base::time::{Span, Tick};
use crate::state::call::{Pending, pattern};
use crate::state::command::quoted;
use crate::state::effect::Effect;
use crate::state::pane::{Pane, ProgramState, no_program};

/// Type into a pane
///
/// Text, keys, or words one after the other as tmux takes them, each the name of a key or a text.
/// --submit is what an agent or a script wants that hands a prompt to a program: the text as one
/// paste, then Enter.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSend {
    /// Type this text; a line break is Enter
    #[arg(long, value_name = "TEXT", group = "what")]
    pub text: Option<String>,

    /// Paste this text and press Enter
    #[arg(long, value_name = "TEXT", group = "what")]
    pub submit: Option<String>,

    /// Press these keys, such as "C-c Up Enter"
    #[arg(long, value_name = "KEYS", group = "what")]
    pub key: Option<String>,

    /// Paste this text; the command line reads it from its input
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", group = "what")]
    pub paste: Option<String>,

    /// Words are text, even where they name a key
    #[arg(short, long)]
    pub literal: bool,

    /// Words are bytes in hexadecimal, such as 1b
    #[arg(short = 'H', long, conflicts_with = "literal")]
    pub hex: bool,

    /// All words so many times
    #[arg(short = 'N', long, value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeat: Option<u16>,

    /// Refused: a command of copy mode, as tmux has it
    #[arg(short = 'X', hide = true)]
    pub tmux_copy_command: bool,

    /// Refused: a reset of the terminal, as tmux has it
    #[arg(short = 'R', hide = true)]
    pub tmux_reset: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// Names of keys and texts
    #[arg(value_name = "WORD", conflicts_with = "what", allow_hyphen_values = true)]
    pub words: Vec<String>,
}

impl Action for PaneSend {
    const NAME: &'static str = "pane.send";
    const VERBS: &'static [&'static str] = &["send"];
    const ACCESS: Access = Access::Interact;
    type Reply = Sent;
}

impl Apply for PaneSend {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        self.check_letters()?;
        let bytes = self.bytes(cx.state.pane(pane))?;
        cx.type_into(pane, bytes)
    }
}

impl PaneSend {
    /// The bytes that a terminal would send.
    fn bytes(&self, pane: &Pane) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        match (&self.text, &self.submit, &self.key, &self.paste) {
            (Some(text), ..) => type_text(text, &mut bytes),
            (_, Some(text), ..) => {
                pane.screen.input().encode_paste(text, &mut bytes);
                pane.screen
                    .input()
                    .encode_key(&KeyInput::from(Key::plain(KeyCode::Enter)), &mut bytes);
            }
            (_, _, Some(keys), _) => {
                for name in keys.split_whitespace() {
                    press(pane, name, &mut bytes)?;
                }
            }
            (.., Some(text)) => pane.screen.input().encode_paste(text, &mut bytes),
            _ if self.words.is_empty() => {
                let refusal =
                    Refusal::new(Code::InvalidParams, "pane.send: there is nothing to send");
                return Err(refusal.hint("--text, --submit, --key or --paste"));
            }
            _ => {
                self.words(pane, &mut bytes)?;
                bytes = bytes.repeat(self.repeat.map_or(1, usize::from).clamp(1, REPEAT_MAX));
            }
        }
        Ok(bytes)
    }

    /// Refuses what tmux has under these letters and we have not.
    fn check_letters(&self) -> Result<(), Refusal> {
        let (letter, hint) = match (self.tmux_copy_command, self.tmux_reset) {
            (true, _) => ("-X", "abide pane copy-mode, then keys of it"),
            (_, true) => ("-R", "abide pane respawn, or type reset"),
            _ => return Ok(()),
        };
        let message = format!("pane.send: {letter} of tmux is not there");
        Err(Refusal::new(Code::InvalidParams, message).hint(hint))
    }

    fn words(&self, pane: &Pane, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
        for word in &self.words {
            if self.hex {
                bytes.push(u8::from_str_radix(word, 16).map_err(|_| {
                    let message = format!("pane.send: {word:?} is not a byte in hexadecimal");
                    Refusal::new(Code::InvalidParams, message).hint("two digits, such as 1b")
                })?);
                continue;
            }
            // A semicolon at the end of a word separates commands in tmux unless it is quoted.
            let quoted = word.strip_suffix("\\;").map(|rest| format!("{rest};"));
            let word = quoted.as_ref().unwrap_or(word);
            // A single character is the same typed or pressed; longer words are keys only by their
            // names.
            if self.literal || press(pane, word, bytes).is_err() {
                type_text(word, bytes);
            }
        }
        Ok(())
    }
}

/// The most times that words are typed.
const REPEAT_MAX: usize = 1000;

fn type_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.replace("\r\n", "\r").replace('\n', "\r").bytes());
}

fn press(pane: &Pane, name: &str, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
    // tmux's name for it.
    let name = if name == "BTab" { "S-Tab" } else { name };
    let key: Key = name
        .parse()
        .map_err(|error: KeyError| Refusal::new(Code::InvalidParams, format!("key: {error}")))?;
    pane.screen.input().encode_key(&KeyInput::from(key), bytes);
    Ok(())
}

/// Type into all panes of a tab at once, or into the marked ones
///
/// What is typed or pasted into one of them is typed into the others of the same tab too; their
/// borders say so. Without a flag it is switched.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSync {
    /// The tab; else the one you are in
    #[arg(short, long, value_name = "TAB")]
    pub target: Option<TabTarget>,

    /// From now on
    #[arg(long, group = "state")]
    pub on: bool,

    /// No longer
    #[arg(long, group = "state")]
    pub off: bool,

    /// Only the marked panes
    #[arg(long, conflicts_with = "off")]
    pub marked: bool,
}

impl Action for PaneSync {
    const NAME: &'static str = "pane.sync";
    const ACCESS: Access = Access::Admin;
    type Reply = Vec<PaneId>;
}

impl Apply for PaneSync {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let tab = TabTarget::or_own(self.target.as_ref(), cx)?;
        let all = cx.state.tab(tab).panes();
        let is_on = all.iter().any(|pane| cx.state.pane(*pane).is_synced);
        let chosen = marked(cx);
        let wanted: Vec<PaneId> =
            all.iter().copied().filter(|pane| !self.marked || chosen.contains(pane)).collect();
        if self.marked && wanted.len() < 2 {
            return Err(Refusal::new(
                Code::InvalidParams,
                "pane.sync: fewer than two panes of the tab are marked",
            )
            .hint("prefix m marks one"));
        }
        let wanted =
            if self.on || self.marked || (!self.off && !is_on) { wanted } else { Vec::new() };
        cx.state.synchronize(tab, &wanted);
        Ok(Answer::Now(wanted))
    }
}

/// Write what a pane prints to a file, or give it to a command
///
/// From now on, byte by byte as the program prints it, control sequences included; what is there
/// already is for `capture`. A file is appended to. A command reads it on its standard input; one
/// word is a line for the shell. Without either it ends. It goes on after a restart of the server.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PanePipe {
    /// The file
    #[arg(long = "file", value_name = "FILE", conflicts_with = "command")]
    pub to_file: Option<String>,

    /// End it if there is one, instead of putting another in its place
    #[arg(long)]
    pub toggle: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,

    /// The command and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

impl Action for PanePipe {
    const NAME: &'static str = "pane.pipe";
    const ACCESS: Access = Access::Admin;
    type Reply = PaneItem;
}

impl Apply for PanePipe {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        if !cx.state.pane(pane).life.is_live() {
            return Err(no_program(cx.state, pane).hint("abide pane respawn"));
        }
        let is_on = cx.state.pane(pane).pipe.is_some();
        let line = if self.toggle && is_on { None } else { self.line(cx, pane)? };
        cx.state.set_pipe(pane, line);
        cx.fx.push(Effect::Pipe { pane });
        Ok(Answer::Now(PaneItem::of(cx.state, pane)))
    }
}

impl PanePipe {
    /// The line for the shell; none to end what there is.
    fn line(&self, cx: &Cx<'_>, pane: PaneId) -> Result<Option<String>, Refusal> {
        if let Some(word) =
            self.command.iter().chain(&self.to_file).find(|word| word.contains('\0'))
        {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("pane.pipe: {word:?} has a NUL in it"),
            ));
        }
        match (&self.to_file, self.command.as_slice()) {
            (Some(file), _) if file.starts_with('/') => {
                Ok(Some(format!("exec cat >> {}", quoted(file))))
            }
            (Some(file), _) => {
                let pane = cx.state.pane(pane);
                let said = pane.screen.cwd().unwrap_or(&pane.cwd);
                let base = Some(said).filter(|cwd| cwd.starts_with('/')).ok_or_else(|| {
                    Refusal::new(Code::InvalidParams, format!("file: {file:?} is not absolute"))
                        .hint("begin it with /")
                })?;
                Ok(Some(format!(
                    "exec cat >> {}",
                    quoted(&format!("{}/{file}", base.trim_end_matches('/')))
                )))
            }
            (None, []) => Ok(None),
            (None, [line]) => Ok(Some(line.clone())),
            (None, words) => {
                Ok(Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")))
            }
        }
    }
}

/// Wait for something in a pane
///
/// For a text on its screen, for quiet, for a prompt, or for the end of its program. If the program
/// ends first, the exit status is 5; if the time is up, 124.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneWait {
    /// Until its screen shows, or its output passes, a line that this regular expression matches
    #[arg(long, value_name = "REGEX", group = "until")]
    pub text: Option<String>,

    /// Until it has printed nothing for so long, such as 500ms
    #[arg(long = "idle", value_name = "DURATION", value_parser = millis, group = "until")]
    pub idle_ms: Option<u64>,

    /// Until its shell shows a prompt; it has to send prompt marks
    #[arg(long, group = "until")]
    pub prompt: bool,

    /// Until its program reports this of its work: idle, working, blocked, done or error (OSC 7501)
    #[arg(long, value_name = "STATE", value_parser = work_state, group = "until")]
    pub status: Option<WorkState>,

    /// Until its program ends
    #[arg(long, group = "until")]
    pub exit: bool,

    /// At most so long
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    pub timeout_ms: Option<u64>,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneWait {
    const NAME: &'static str = "pane.wait";
    const VERBS: &'static [&'static str] = &["wait"];
    const ACCESS: Access = Access::Read;
    type Reply = Waited;
}

impl Apply for PaneWait {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let pending = self.pending(pane, cx.now.tick)?;
        if let Some(waited) = completion::seen(cx.state, &pending, 0) {
            return Ok(Answer::Now(waited));
        }
        match cx.state.pane(pane).life {
            ProgramState::Ended { status } if self.exit => {
                return Ok(Answer::Now(Waited::exit(status)));
            }
            ProgramState::Ended { status } => return Err(completion::ended_first(pane, status)),
            _ => (),
        }
        let deadline = self.timeout_ms.map(|timeout| cx.now.tick + Span::millis(timeout));
        Ok(Answer::Later { pending, deadline })
    }
}

fn work_state(word: &str) -> Result<WorkState, String> {
    let known = WorkState::ALL.map(WorkState::name).join(", ");
    WorkState::of(word).ok_or_else(|| format!("a program reports one of {known}"))
}

impl PaneWait {
    fn pending(&self, pane: PaneId, since: Tick) -> Result<Pending, Refusal> {
        if let Some(text) = &self.text {
            return Ok(Pending::Text { pane, pattern: pattern(text)? });
        }
        if let Some(idle) = self.idle_ms {
            return Ok(Pending::Idle { pane, quiet: Span::millis(idle), since });
        }
        if let Some(state) = self.status {
            return Ok(Pending::Status { pane, state });
        }
        match (self.prompt, self.exit) {
            (true, _) => Ok(Pending::Prompt { pane }),
            (_, true) => Ok(Pending::Exit { pane }),
            _ => Err(Refusal::new(Code::InvalidParams, "pane.wait: say for what")
                .hint("--text, --idle, --prompt, --status or --exit")),
        }
    }
}
