//! Everything the client knows: the last frame, what is typed but not decided, and what lies over
//! the panes. It is changed by `update` alone.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyInput, MouseButton, MouseInput};
use crate::base::row::Row;
use crate::base::time::{Now, Span, Tick};
use crate::client::calls::{ClientCall, Renamed};
use crate::client::caps::Caps;
use crate::client::client_config::ClientConfig;
use crate::client::copy_mode::panes::CopyModes;
use crate::client::exit_reason::ExitReason;
use crate::client::hints::HintLabels;
use crate::client::image_cache::ImageCache;
use crate::client::layout::{Border, HeldFrame, ScreenLayout, layout};
use crate::client::picker::Picker;
use crate::client::processes::{ProcessIdent, ProcessView};
use crate::client::scene::Scene;
use crate::client::text_input::TextInput;
use crate::settings::{Appearance, Preset};
use crate::wire::frame::{Notice, OuterColours, Status, ToServer};

/// How long a notice is shown.
pub const NOTICE_TIME: Span = Span::seconds(4);
/// How what tells of a closed thing begins.
pub const CLOSED: &str = "closed ";
/// How long it is said at most how what was closed comes back.
pub const UNDO_TIME: Span = Span::seconds(10);
/// How long the server may be silent before it is said what is awaited.
pub const SILENCE: Span = Span::seconds(2);
/// How long the numbers of panes are shown.
pub const NUMBERS_TIME: Span = Span::seconds(3);
/// How old a preview becomes.
pub const PREVIEW_EVERY: Span = Span::millis(500);
/// Notices shown at a time.
pub const NOTICES_MAX: usize = 4;
/// Notices that can be looked at again.
pub const LOG_MAX: usize = 100;

/// Everything the client knows.
#[derive(Debug, Clone)]
pub struct Model {
    /// What it was told at its start.
    pub config: Rc<ClientConfig>,
    /// The size of the outer terminal.
    pub size: Size,
    /// The present.
    pub now: Now,
    /// The last frame.
    pub scene: Scene,
    /// The keys of an unfinished chord.
    pub chord: Chord,
    /// What lies over the panes and takes the keys.
    pub overlay: Option<Overlay>,
    /// Notices that are shown, with the moment they go.
    pub notices: VecDeque<(Tick, Notice)>,
    /// The latest notices, the newest last.
    pub log: VecDeque<Notice>,
    /// What the mouse holds.
    pub grab: Option<Grab>,
    /// The cell of the last movement that was passed on.
    pub hover: Option<(PaneId, Point)>,
    /// How things stand with the server.
    pub link: ServerLink,
    /// What the outer terminal can do.
    pub caps: Caps,
    /// Its colours.
    pub colours: OuterColours,
    /// Images, and which keys the program in focus wants told.
    pub images: ImageCache,
    /// Hours and minutes, as they are shown.
    pub clock: String,
    /// What else it knows.
    pub more: More,
    /// What has to be painted.
    pub damage: Damage,
    /// The id of the next call.
    pub next_call: u64,
    /// Copy mode, and what was copied.
    pub copy_modes: CopyModes,
    /// What was asked of the server, and what is looked at.
    pub looking: Looking,
}

/// What was asked of the server, and what is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Looking {
    /// Calls whose answers are shown.
    pub asked: BTreeMap<u64, PendingQuery>,
    /// What is shown below a list of the thing that is selected in it.
    pub preview: Option<Preview>,
}

/// A call whose answer is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingQuery {
    /// The clients, for a list.
    Clients,
    /// The tabs of all sessions, for a list.
    Tabs,
    /// The screen of this target, for the preview.
    Screen(String),
    /// The table of processes.
    Processes,
    /// That something is done to this process.
    Act(ProcessIdent),
}

/// What something looks like that is selected in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The target.
    pub target: String,
    /// Its rows; none before the first answer.
    pub rows: Vec<Row>,
    /// When it is asked for again.
    pub again: Tick,
}

/// What a client knows besides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More {
    /// The call that this client came with; without it there is nothing to show.
    pub entry: Option<u64>,
    /// Whether every key but the unlock key goes to the program.
    pub locked: bool,
    /// What kind of terminal this is.
    pub appearance: Appearance,
    /// What the command of the status line printed.
    pub command: String,
    /// What the server tells besides frames.
    pub beside: Status,
    /// Whether the card of the first run is shown.
    pub card: Card,
    /// Whether the terminal is a pane of an abide.
    pub nested: bool,
    /// What that abide calls the pane; empty if it is not told.
    pub identity: String,
}

/// Whether the card of the first run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Card {
    /// It is not.
    #[default]
    Gone,
    /// It is, until a key is pressed.
    Shown,
}

/// The keys of an unfinished chord, and when the last was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chord {
    /// The keys.
    pub keys: Vec<Key>,
    /// When the last came.
    pub since: Tick,
    /// The keys before the last one of a chord that may act again, and until when.
    pub again: Option<(Vec<Key>, Tick)>,
}

/// What lies over the panes and takes the keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// A list.
    Picker(Picker),
    /// A new name is typed.
    Rename(Renamed, TextInput),
    /// Whether this call is meant, yes or no.
    Confirm(ClientCall),
    /// A pattern is typed that is searched in every pane.
    Search(TextInput),
    /// Labels over a pane.
    Hints(HintLabels),
    /// Whether this text of several lines is to be pasted, yes or no.
    Paste(String),
    /// The numbers of the panes, until then.
    Numbers(Tick),
    /// A clock.
    Clock,
    /// The keys so far of the chord that is to be described.
    Describe(Vec<Key>),
    /// The processes of all sessions.
    Processes(Box<ProcessView>),
}

/// What the mouse holds while its button is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grab {
    /// The program of a pane has it.
    Program(PaneId, MouseButton),
    /// Text of a pane is selected from this cell of what it shows.
    Select(PaneId, Point),
    /// A border, and the column or row of the area it was last moved to.
    Border(Border, u16),
    /// The frame of a floating pane.
    Frame(HeldFrame),
}

/// How things stand with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerLink {
    /// No connection, since then.
    Down(Tick),
    /// Connected, said hello, not welcomed yet, since then.
    Greeting(Tick),
    /// Welcome.
    Up(Tick),
}

/// What has to be painted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage {
    /// Everything, whatever the terminal shows.
    pub all: bool,
    /// Bars, borders, overlays.
    pub chrome: bool,
    /// Which pane is where: every row may differ.
    pub layout: bool,
    /// Rows of the outer terminal.
    pub rows: Vec<u16>,
    /// Where the cursor is, or the mode of the mouse.
    pub cursor: bool,
}

impl Damage {
    /// Whether there is anything to paint.
    #[must_use]
    pub fn any(&self) -> bool {
        self.all || self.chrome || self.layout || self.cursor || !self.rows.is_empty()
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// What one read of the outer terminal gave.
    Tty(Vec<crate::client::input::TtyEvent>),
    /// The outer terminal has another size.
    Resized(Size, (u16, u16)),
    /// There is a connection and the hello is on its way.
    Connected,
    /// The server says something.
    Server(crate::wire::frame::ToClient),
    /// The connection is gone.
    Lost,
    /// The clock shows something else.
    Clock(String),
    /// The command of the status line printed this line.
    Command(String),
    /// The configuration was saved and is in order.
    Configured(Box<ClientConfig>),
    /// The configuration was saved and has this problem: nothing changes.
    Misconfigured(String),
    /// A deadline has passed.
    Wake,
    /// The client was suspended and goes on.
    Continued,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEffect {
    /// Send this as the next numbered input.
    Input(ClientInput),
    /// Send this.
    Send(ToServer),
    /// Everything up to this number took effect.
    Taken(u64),
    /// The server greets: send again what is above this number.
    Welcomed(u64),
    /// Write this to the outer terminal.
    Write(Vec<u8>),
    /// Connect anew.
    Reconnect,
    /// Suspend this process.
    Suspend,
    /// The card of the first run was seen: never show it again.
    CardSeen,
    /// Leave.
    Leave(ExitReason),
    /// Run a command of the user.
    Run(ShellCommand),
}

/// A command of the user, as a line for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellCommand {
    /// The line.
    pub line: String,
    /// Its one argument, `$1`; it is added to the line.
    pub argument: Option<String>,
    /// What it reads.
    pub input: String,
}

/// Input that is numbered when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientInput {
    /// Keys for the program in focus.
    Keys(Vec<KeyInput>),
    /// Pasted text for it.
    Paste(String),
    /// A mouse event for a pane's program.
    Mouse(PaneId, MouseInput),
    /// A JSON-RPC request.
    Call(String),
}

impl Model {
    /// A client that has no connection yet.
    #[must_use]
    pub fn new(config: Rc<ClientConfig>, size: Size, caps: Caps, now: Now) -> Self {
        let setup_locked = config.keys.preset == Preset::Locked;
        Self {
            config,
            size,
            now,
            scene: Scene::default(),
            chord: Chord::default(),
            overlay: None,
            notices: VecDeque::new(),
            log: VecDeque::new(),
            grab: None,
            hover: None,
            link: ServerLink::Down(now.tick),
            caps,
            colours: OuterColours::default(),
            images: ImageCache::default(),
            clock: String::new(),
            more: More { locked: setup_locked, card: Card::default(), ..More::default() },
            damage: Damage { all: true, ..Damage::default() },
            next_call: 1,
            copy_modes: CopyModes::default(),
            looking: Looking::default(),
        }
    }

    /// Where the parts of the view are.
    #[must_use]
    pub fn layout(&self) -> ScreenLayout {
        layout(
            self.size,
            if self.scene.number.is_none() { Size::new(0, 0) } else { self.scene.chrome.area },
            &self.config.bars,
        )
    }

    /// When something is to be shown or to vanish without anything else happening; none if nothing
    /// is.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let notice = self.notices.iter().map(|(until, _)| *until).min();
        let numbers =
            if let Some(Overlay::Numbers(until)) = self.overlay { Some(until) } else { None };
        let preview = self.looking.preview.as_ref().map(|preview| preview.again);
        let table = if let Some(Overlay::Processes(view)) = &self.overlay {
            Some(view.again)
        } else {
            None
        };
        [notice, self.hint_at(), self.silence_at(), numbers, preview, table]
            .into_iter()
            .flatten()
            .filter(|at| self.now.tick < *at)
            .min()
    }

    /// Whether something is to be shown or to vanish by `now` that was not when the model was last
    /// told the time.
    #[must_use]
    pub fn next_deadline_passed(&self, now: Tick) -> bool {
        self.next_deadline().is_some_and(|at| at <= now)
    }

    /// When the list of what can follow a prefix appears.
    fn hint_at(&self) -> Option<Tick> {
        let hint_ms = self.config.keys.hint_ms;
        (!self.chord.keys.is_empty() && hint_ms != 0)
            .then(|| self.chord.since + Span::millis(u64::from(hint_ms)))
    }

    /// Whether that list is shown.
    #[must_use]
    pub fn shows_hint(&self) -> bool {
        self.hint_at().is_some_and(|at| at <= self.now.tick)
    }

    /// When it is said what is awaited.
    fn silence_at(&self) -> Option<Tick> {
        match self.link {
            ServerLink::Down(since) | ServerLink::Greeting(since) => Some(since + SILENCE),
            ServerLink::Up(since) => (self.scene.number.is_none()).then(|| since + SILENCE),
        }
    }

    /// What the client waits for, once that has taken long.
    #[must_use]
    pub fn awaited(&self) -> Option<&'static str> {
        if self.now.tick < self.silence_at()? {
            return None;
        }
        Some(match self.link {
            ServerLink::Down(_) => "waiting for the server to start; nothing you run is lost",
            ServerLink::Greeting(_) => "connected; waiting for the server to answer",
            ServerLink::Up(_) => "welcome; waiting for the first picture of the session",
        })
    }

    /// Forgets the keys of an unfinished chord.
    pub fn end_chord(&mut self) {
        if !self.chord.keys.is_empty() {
            self.chord.keys.clear();
            self.damage.chrome = true;
        }
    }

    /// Shows a notice.
    pub fn notify(&mut self, text: impl Into<String>, warning: bool) {
        self.notice(Notice { text: text.into(), warning }, NOTICE_TIME);
    }

    /// Shows a notice for another time than usual.
    pub fn notify_for(&mut self, text: impl Into<String>, time: Span) {
        self.notice(Notice { text: text.into(), warning: false }, time);
    }

    fn notice(&mut self, notice: Notice, time: Span) {
        while NOTICES_MAX <= self.notices.len() {
            self.notices.pop_front();
        }
        while LOG_MAX <= self.log.len() {
            self.log.pop_front();
        }
        self.notices.push_back((self.now.tick + time, notice.clone()));
        self.log.push_back(notice);
        self.damage.chrome = true;
    }
}
