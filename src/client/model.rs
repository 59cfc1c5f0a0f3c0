//! Everything the client knows: the last frame, what is typed but not decided, and what lies over
//! the panes. It is changed by `update` alone.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use crate::base::error::Refusal;
use crate::base::geom::{Point, Size};
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyInput, MouseButton, MouseInput};
use crate::base::time::{Now, Span, Tick};
use crate::client::calls::{self, ClientCall};
use crate::client::caps::Caps;
use crate::client::client_config::ClientConfig;
use crate::client::copy_mode::Where;
use crate::client::copy_mode::panes::CopyModes;
use crate::client::exit_reason::ExitReason;
use crate::client::image_cache::ImageCache;
use crate::client::layout::{Border, HeldFrame, ScreenLayout, layout};
use crate::client::overlay::Overlay;
use crate::client::scene::Scene;
use crate::client::terminal;
use crate::settings::{Appearance, Preset};
use crate::wire::frame::{Notice, OuterColours, Status, ToServer};
use crate::wire::rpc::Response;

/// The time for which a notice is shown.
pub const NOTICE_TIME: Span = Span::seconds(4);
/// The beginning of a notice about a closed thing.
pub const CLOSED: &str = "closed ";
/// The time for which it is said at most how what was closed comes back.
pub const UNDO_TIME: Span = Span::seconds(10);
/// The time for which the server may be silent before it is said what is awaited.
pub const SILENCE: Span = Span::seconds(2);
/// Answers that are waited for at the same time; the oldest is given up first.
const ANSWERS_MAX: usize = 64;
/// Notices shown at a time.
pub const NOTICES_MAX: usize = 4;
/// Notices that can be looked at again.
pub const LOG_MAX: usize = 100;

/// Everything the client knows.
#[derive(Debug)]
pub struct Model {
    /// The configuration in force.
    pub config: Rc<ClientConfig>,
    /// The size of the outer terminal.
    pub size: Size,
    /// The present.
    pub now: Now,
    /// The last frame.
    pub scene: Scene,
    /// The keys of an unfinished chord.
    pub chord: Chord,
    /// True if every key but the unlock key goes to the program.
    pub is_locked: bool,
    /// The view that lies over the panes and takes the keys.
    pub overlay: Option<Box<dyn Overlay>>,
    /// Notices.
    pub notices: Notices,
    /// True if the card of the first run is shown, until a key is pressed.
    pub shows_card: bool,
    /// The thing that the mouse holds.
    pub grab: Option<Grab>,
    /// The cell of a pane that the mouse was over last.
    pub hover: Option<(PaneId, Point)>,
    /// The connection to the server.
    pub link: ServerLink,
    /// The abilities of the outer terminal.
    pub caps: Caps,
    /// The colours of the outer terminal.
    pub colours: OuterColours,
    /// Facts about the outer terminal besides its abilities.
    pub outer: OuterFacts,
    /// Images, and the keys that the program in focus wants.
    pub images: ImageCache,
    /// Texts of the bars that no frame has.
    pub bar: BarFacts,
    /// The parts of the screen that have to be painted.
    pub damage: Damage,
    /// Calls to the server.
    pub calls: Calls,
    /// Panes in copy mode.
    pub copy_modes: CopyModes,
}

/// Notices that are shown, and those that were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notices {
    /// Notices that are shown, with the moment they go.
    pub shown: VecDeque<(Tick, Notice)>,
    /// The latest notices, to be looked at again.
    pub log: VecDeque<Notice>,
}

/// Facts about the outer terminal besides its abilities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OuterFacts {
    /// True if it is light or dark.
    pub appearance: Appearance,
    /// True if it is a pane of an abide.
    pub is_nested: bool,
    /// The name that abide has for the pane; empty if it is not told.
    pub identity: String,
    /// True if it is in focus, false if not; none until it says so.
    pub has_focus: Option<bool>,
}

/// Texts of the bars that no frame has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BarFacts {
    /// The time as it is shown.
    pub clock: String,
    /// The line that the command of the status line printed.
    pub command: String,
    /// Facts that the server tells besides frames.
    pub status: Status,
}

/// Calls to the server.
#[derive(Debug)]
pub struct Calls {
    /// The number of the next call.
    pub next: u64,
    /// The call that this client came with; without it there is nothing to show.
    pub entry: Option<u64>,
    answers: BTreeMap<u64, OnAnswer>,
}

/// The answer of a call as JSON; gives a refusal that has to be shown.
type TakeAnswer = dyn FnOnce(&mut Model, &str, &mut Vec<ClientEffect>) -> Option<Refusal>;

/// A function that takes the answer of a call.
struct OnAnswer(Box<TakeAnswer>);

impl std::fmt::Debug for OnAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnAnswer")
    }
}

/// The keys of an unfinished chord, and when the last was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chord {
    /// The keys.
    pub keys: Vec<Key>,
    /// The time of the last key.
    pub since: Tick,
    /// The keys before the last one of a chord that may act again, and until when.
    pub again: Option<(Vec<Key>, Tick)>,
}

/// The thing that the mouse holds while its button is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grab {
    /// The program of a pane has it, with the buttons that were pressed there.
    Program(PaneId, HeldButtons),
    /// Text of a pane is selected from this cell of what it shows.
    Select(PaneId, Point),
    /// A border, and the column or row of the area it was last moved to.
    Border(Border, u16),
    /// The frame of a floating pane.
    Frame(HeldFrame),
    /// Nobody: a bar took the press, and the rest of it is not for what lies below.
    Nothing,
}

/// Buttons that are held on a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldButtons {
    bits: u16,
    /// The button that was pressed last.
    pub last: MouseButton,
}

impl HeldButtons {
    /// A single button.
    #[must_use]
    pub fn one(button: MouseButton) -> Self {
        Self { bits: Self::bit(button), last: button }
    }

    /// With another button.
    #[must_use]
    pub fn with(self, button: MouseButton) -> Self {
        Self { bits: self.bits | Self::bit(button), last: button }
    }

    /// Without a button.
    #[must_use]
    pub fn without(self, button: MouseButton) -> Self {
        Self { bits: self.bits & !Self::bit(button), ..self }
    }

    /// True if a button is held.
    #[must_use]
    pub fn has(self, button: MouseButton) -> bool {
        self.bits & Self::bit(button) != 0
    }

    /// True if none is held.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The bit of a button; steps of the wheel are not held.
    fn bit(button: MouseButton) -> u16 {
        match button {
            MouseButton::Left => 1,
            MouseButton::Middle => 2,
            MouseButton::Right => 4,
            MouseButton::Extra(number) => 1_u16.checked_shl(u32::from(number)).unwrap_or(0),
            _ => 0,
        }
    }
}

/// The state of the connection to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerLink {
    /// No connection, since then.
    Down(Tick),
    /// Connected, said hello, not welcomed yet, since then.
    Greeting(Tick),
    /// Welcome.
    Up(Tick),
}

/// The parts of the screen that have to be painted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage {
    /// Everything, whatever the terminal shows.
    pub all: bool,
    /// Bars, borders, overlays.
    pub chrome: bool,
    /// The layout of the panes: every row may differ.
    pub layout: bool,
    /// Rows of the outer terminal.
    pub rows: Vec<u16>,
    /// The cursor, or the mode of the mouse.
    pub cursor: bool,
}

impl Damage {
    /// True if there is anything to paint.
    #[must_use]
    pub fn any(&self) -> bool {
        self.all || self.chrome || self.layout || self.cursor || !self.rows.is_empty()
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The events of one read of the outer terminal.
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
    /// The one argument, `$1`; it is added to the line.
    pub argument: Option<String>,
    /// The text that it reads.
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
        Self {
            is_locked: config.keys.preset == Preset::Locked,
            config,
            size,
            now,
            scene: Scene::default(),
            chord: Chord::default(),
            overlay: None,
            notices: Notices::default(),
            shows_card: false,
            grab: None,
            hover: None,
            link: ServerLink::Down(now.tick),
            caps,
            colours: OuterColours::default(),
            images: ImageCache::default(),
            outer: OuterFacts::default(),
            bar: BarFacts::default(),
            damage: Damage { all: true, ..Damage::default() },
            calls: Calls { next: 1, entry: None, answers: BTreeMap::new() },
            copy_modes: CopyModes::default(),
        }
    }

    /// The areas of the parts of the view.
    #[must_use]
    pub fn layout(&self) -> ScreenLayout {
        layout(
            self.size,
            if self.scene.number.is_none() { Size::new(0, 0) } else { self.scene.chrome.area },
            &self.config.bars,
        )
    }

    /// The time at which something is to be shown or to vanish without anything else happening;
    /// none if nothing is.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let notice = self.notices.shown.iter().map(|(until, _)| *until).min();
        let overlay = self.overlay.as_ref().and_then(|overlay| overlay.deadline());
        [notice, self.hint_at(), self.silence_at(), overlay]
            .into_iter()
            .flatten()
            .filter(|at| self.now.tick < *at)
            .min()
    }

    /// True if something is to be shown or to vanish by `now` that was not when the model was last
    /// told the time.
    #[must_use]
    pub fn next_deadline_passed(&self, now: Tick) -> bool {
        self.next_deadline().is_some_and(|at| at <= now)
    }

    /// The time at which the list of keys after a prefix appears.
    fn hint_at(&self) -> Option<Tick> {
        let hint_ms = self.config.keys.hint_ms;
        (!self.chord.keys.is_empty() && hint_ms != 0)
            .then(|| self.chord.since + Span::millis(u64::from(hint_ms)))
    }

    /// True if that list is shown.
    #[must_use]
    pub fn shows_hint(&self) -> bool {
        self.hint_at().is_some_and(|at| at <= self.now.tick)
    }

    /// The time at which a slow server is mentioned.
    fn silence_at(&self) -> Option<Tick> {
        match self.link {
            ServerLink::Down(since) | ServerLink::Greeting(since) => Some(since + SILENCE),
            ServerLink::Up(since) => (self.scene.number.is_none()).then(|| since + SILENCE),
        }
    }

    /// The event that the client waits for, once that has taken long.
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

    /// The key that unlocks the keys, as people read it: one that locks them by itself does so too.
    #[must_use]
    pub fn unlock_key(&self) -> String {
        let listed = self.config.keymap.listing();
        let locks = listed.into_iter().filter(|listed| listed.name == calls::LOCK);
        let single = locks.map(|listed| listed.keys).find(|keys| !keys.contains(' '));
        single.unwrap_or_else(|| self.config.keys.unlock.to_string())
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
        while NOTICES_MAX <= self.notices.shown.len() {
            self.notices.shown.pop_front();
        }
        while LOG_MAX <= self.notices.log.len() {
            self.notices.log.pop_front();
        }
        self.notices.shown.push_back((self.now.tick + time, notice.clone()));
        self.notices.log.push_back(notice);
        self.damage.chrome = true;
    }

    /// Opens an overlay, in place of the one that is open.
    pub fn open(&mut self, overlay: impl Overlay) {
        self.overlay = Some(Box::new(overlay));
        self.damage.chrome = true;
    }

    /// The overlay that is open, if it is of that type.
    pub fn opened<T: Overlay>(&mut self) -> Option<&mut T> {
        let overlay: &mut dyn Any = self.overlay.as_deref_mut()?;
        overlay.downcast_mut()
    }

    /// Sends a call to the server, with the next number.
    pub fn send(&mut self, call: &ClientCall, out: &mut Vec<ClientEffect>) {
        if call.name == calls::UNDO {
            self.notices.shown.retain(|(_, notice)| !notice.text.starts_with(CLOSED));
        }
        let id = self.calls.next;
        self.calls.next += 1;
        out.push(ClientEffect::Input(ClientInput::Call(call.request(id))));
    }

    /// Sends a call. Its answer as JSON goes to `take`, which gives a refusal that has to be shown.
    pub fn ask(
        &mut self,
        call: &ClientCall,
        out: &mut Vec<ClientEffect>,
        take: impl FnOnce(&mut Self, &str, &mut Vec<ClientEffect>) -> Option<Refusal> + 'static,
    ) {
        while ANSWERS_MAX <= self.calls.answers.len() {
            self.calls.answers.pop_first();
        }
        self.calls.answers.insert(self.calls.next, OnAnswer(Box::new(take)));
        self.send(call, out);
    }

    /// Sends a call whose reply goes to `take`; a refusal is shown.
    pub fn ask_reply(
        &mut self,
        call: &ClientCall,
        out: &mut Vec<ClientEffect>,
        take: impl FnOnce(&mut Self, &Value, &mut Vec<ClientEffect>) + 'static,
    ) {
        self.ask(call, out, move |model, json, out| match reply_of(json)? {
            Ok(reply) => {
                take(model, &reply, out);
                model.damage.chrome = true;
                None
            }
            Err(refusal) => Some(refusal),
        });
    }

    /// Gives an answer to the function that waits for it. The refusal has to be shown.
    pub fn answered(
        &mut self,
        id: Option<u64>,
        json: &str,
        out: &mut Vec<ClientEffect>,
    ) -> Option<Refusal> {
        match id.and_then(|id| self.calls.answers.remove(&id)) {
            Some(OnAnswer(take)) => take(self, json, out),
            None => reply_of(json)?.err(),
        }
    }

    /// Asks for the output of a command, which is copied.
    pub fn ask_output(&mut self, call: &ClientCall, out: &mut Vec<ClientEffect>) {
        self.ask_reply(call, out, |model, reply, out| {
            match reply.get("text").and_then(Value::as_str) {
                Some(text) => model.copied(text, Where::New, out),
                None => model.notify("that command printed nothing", false),
            }
        });
    }

    /// Copied text goes into a buffer of the server, to the outer terminal's clipboard, and to a
    /// command.
    pub fn copied(&mut self, text: &str, to: Where, out: &mut Vec<ClientEffect>) {
        if text.is_empty() {
            return;
        }
        let lines = text.lines().count();
        let what = if 1 < lines {
            format!("{lines} lines")
        } else {
            format!("{} characters", text.chars().count())
        };
        self.notify(format!("copied {what}"), false);
        let config = Rc::clone(&self.config);
        if config.copy.clipboard && self.caps.modern && to == Where::New {
            out.push(ClientEffect::Write(terminal::clipboard(text)));
        }
        if !config.copy.command.is_empty() {
            out.push(ClientEffect::Run(ShellCommand {
                line: config.copy.command.clone(),
                argument: None,
                input: text.to_owned(),
            }));
        }
        if !self.scene.chrome.read_only {
            self.send(&calls::set_buffer(text, to == Where::Append), out);
        }
    }
}

/// The reply or the refusal in an answer; none if it cannot be read.
#[must_use]
pub fn reply_of(json: &str) -> Option<Result<Value, Refusal>> {
    serde_json::from_str::<Response>(json).ok().map(Response::outcome)
}
