//! Messages of server and client after the hello. A frame is all a client knows of the world.
//!
//! Append-only: a new kind of message is a new variant at the end, never a changed one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::base::key::{KeyInput, MouseInput, MouseWant};
use crate::base::style::{Cursor, Style};
use crate::wire::hello::{Hello, Welcome};
use crate::wire::image::{PictureChunk, Placed};
use crate::wire::packet::{self, PacketError};
use crate::wire::scroll::{ScrollReply, ScrollRequest};
use crate::wire::span::StyledSpan;

/// From a client to the server. Messages with a number are input: numbered from 1 without gaps,
/// sent again after a reconnect unless taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToServer {
    /// The first one.
    Hello(Hello),
    /// Keys for the program in focus.
    Keys {
        /// Input number.
        number: u64,
        /// The keys, in order.
        keys: Vec<KeyInput>,
    },
    /// Pasted text for the program in focus.
    Paste {
        /// Input number.
        number: u64,
        /// The text.
        text: String,
    },
    /// A mouse event for the program of a pane.
    Mouse {
        /// Input number.
        number: u64,
        /// The pane under the mouse, or the one a drag began in.
        pane: PaneId,
        /// The event, relative to the pane.
        mouse: MouseInput,
    },
    /// A call, in order with the keys around it.
    Call {
        /// Input number.
        number: u64,
        /// A JSON-RPC 2.0 request.
        json: String,
    },
    /// The outer terminal has another size.
    Resize {
        /// The size.
        size: Size,
        /// A cell in pixels, 0 where unknown.
        cell_pixels: (u16, u16),
    },
    /// The outer terminal got or lost the focus.
    Focus(bool),
    /// The frame with this number is on the screen; the next may come.
    Shown(u64),
    /// The answer to a [`ToClient::Call`].
    Answer {
        /// The call.
        call: CallId,
        /// A JSON-RPC 2.0 response.
        json: String,
    },
    /// Colours of the outer terminal, as it reported them.
    Colours(OuterColours),
    /// A question about the rows of a pane.
    ScrollRequest(ScrollRequest),
    /// True if pictures can be shown; without this message there is no data of them.
    Pictures(bool),
    /// The number of rows of its terminal no pane can have; 2 until it says so.
    Bars(u16),
    /// The outer terminal is a pane of some abide: the identity it told (XTVERSION).
    Inside(String),
}

/// Colours of an outer terminal; none where it did not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OuterColours {
    /// Foreground (OSC 10).
    pub fg: Option<(u8, u8, u8)>,
    /// Background (OSC 11).
    pub bg: Option<(u8, u8, u8)>,
    /// Cursor (OSC 12).
    pub cursor: Option<(u8, u8, u8)>,
    /// The palette's entries that were told (OSC 4).
    pub palette: Vec<(u8, (u8, u8, u8))>,
}

/// From the server to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToClient {
    /// The first one.
    Welcome(Welcome),
    /// The changes since the last frame that was shown.
    Frame(Box<Frame>),
    /// The answer to a [`ToServer::Call`]: a JSON-RPC 2.0 response.
    Answer(String),
    /// A call for the client to carry out and answer.
    Call {
        /// The call.
        call: CallId,
        /// A JSON-RPC 2.0 request.
        json: String,
    },
    /// Something for the outer terminal.
    Outer(HostCommand),
    /// A line for the user.
    Notice(Notice),
    /// Input up to this number took effect.
    InputAck(u64),
    /// The last one; the client leaves.
    Bye(Bye),
    /// The answer to a [`ToServer::ScrollRequest`].
    ScrollReply(ScrollReply),
    /// The keys as the program in focus wants them; said again when that changes.
    Wants(Wants),
    /// A piece of a picture.
    PictureChunk(PictureChunk),
    /// The images of a pane; in force with the next frame.
    Placed(Placed),
    /// Something it saw was closed, and can be brought back for a while.
    Closed {
        /// The pane, tab or session that was closed, in words, harmless.
        what: String,
        /// For how long, in milliseconds.
        undo_ms: u64,
    },
    /// The status beside the frames, whole, whenever any of it changed.
    Status(Box<Status>),
}

/// The rows that the bars of a client take that does not tell ([`ToServer::Bars`]).
pub const BARS_USUAL: u16 = 2;

/// The contents of bars and lists that are not in the chrome.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Status {
    /// Marks of the session's tabs that have any.
    pub tabs: Vec<TabMarks>,
    /// Panes of all sessions that want attention, the most urgent first.
    pub attention: Vec<Alert>,
    /// The directory of the pane in focus; empty where unknown.
    pub cwd: String,
}

/// Marks of a tab besides bell and activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabMarks {
    /// The tab.
    pub tab: TabId,
    /// A pane of it fell silent.
    pub silence: bool,
    /// A program or a long command of it ended, with this status.
    pub ended: Option<u8>,
    /// A program of it sent a notification.
    pub notified: bool,
    /// The progress of the work in it.
    pub progress: Option<Progress>,
}

/// The progress of some work (OSC 9;4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// The percentage done.
    Percent(u8),
    /// The work failed at this many percent.
    Failed(u8),
    /// The work goes on without a measure.
    Running,
    /// The work is paused at this many percent.
    Paused(u8),
}

/// A pane that wants attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The pane.
    pub pane: PaneId,
    /// The place where it is, as a target: `work:2.1`.
    pub place: String,
    /// The name in its border, harmless.
    pub label: String,
    /// Why, in some words, harmless.
    pub why: String,
}

/// The keys as the program in focus wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wants {
    /// The flags of kitty's protocol.
    pub kitty: u8,
    /// xterm's modifyOtherKeys: 0, 1 or 2.
    pub other_keys: u8,
}

/// Something for the outer terminal that is not a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostCommand {
    /// A bell.
    Bell,
    /// Text for the clipboard (OSC 52).
    Clipboard(String),
    /// A desktop notification.
    Notify {
        /// The title of the notification.
        title: String,
        /// The text of the notification.
        body: String,
    },
}

/// A line shown to the user for some seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The text, harmless, without line breaks.
    pub text: String,
    /// True if something went wrong.
    pub warning: bool,
}

/// Why a client is sent away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bye {
    /// The client detached.
    Detached {
        /// From which session.
        session: String,
    },
    /// The session ended, and there is no other to go to.
    Ended {
        /// The session.
        session: String,
        /// The exit status of its last program, 128+n for a signal.
        status: u8,
    },
    /// The server stops.
    Stopped,
    /// The server restarts: come back.
    Restart,
    /// Refused: no common version, read-only, nested.
    Refused {
        /// The problem and what to do about it.
        message: String,
    },
    /// The session was closed and can be brought back, and there is no other to go to.
    Closed {
        /// The session.
        session: String,
    },
}

/// The changes since the last frame that was shown. Applied to that, they give the whole view.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frame {
    /// Grows by one with each frame to this client.
    pub number: u64,
    /// Everything but cells, if any of it changed.
    pub chrome: Option<Chrome>,
    /// Styles that rows refer to by index.
    pub styles: Vec<Style>,
    /// Panes with changed rows.
    pub panes: Vec<PaneRows>,
    /// The cursor of the pane in focus, relative to the view's area; none if hidden or out of
    /// sight.
    pub cursor: Option<Cursor>,
}

/// Changed rows of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaneRows {
    /// The pane.
    pub pane: PaneId,
    /// The rows by their number in the pane's screen, from 0 at the top.
    pub rows: Vec<(u16, Vec<StyledSpan>)>,
    /// Targets of link numbers that occur in these rows for the first time.
    pub links: Vec<(u32, String)>,
}

/// Everything a client shows besides cells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chrome {
    /// The session, if the view shows one.
    pub session: Option<SessionItem>,
    /// All sessions, in order of creation.
    pub sessions: Vec<SessionItem>,
    /// Tabs of the session, in order.
    pub tabs: Vec<TabItem>,
    /// Panes of the tab, in reading order; those of the layout first, floating ones last from the
    /// lowest to the highest.
    pub panes: Vec<PaneItem>,
    /// The pane in focus.
    pub focus: Option<PaneId>,
    /// True if the focus fills the tab.
    pub zoomed: bool,
    /// The area that panes share, relative to which all rectangles are given.
    pub area: Size,
    /// True if the view is read-only.
    pub read_only: bool,
    /// Number of clients on this session.
    pub clients: u16,
    /// The client that is told.
    pub client: Option<ClientId>,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionItem {
    /// The session id.
    pub id: SessionId,
    /// The name, harmless.
    pub name: String,
}

/// A tab in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabItem {
    /// The tab id.
    pub id: TabId,
    /// The number as people see and type it.
    pub index: u16,
    /// The name, harmless: given, or that of its program.
    pub name: String,
    /// True if the view shows it.
    pub current: bool,
    /// True if it was current before.
    pub last: bool,
    /// A bell rang since it was last shown.
    pub bell: bool,
    /// True if it printed something since it was last shown.
    pub activity: bool,
}

/// A pane in the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaneItem {
    /// The pane id.
    pub id: PaneId,
    /// The number in the tab as people see and type it.
    pub index: u16,
    /// The place where its screen is shown. Borders are the cells of the area that no pane has.
    pub rect: Rect,
    /// The size of its screen: larger or smaller than `rect` when another client drives it.
    pub size: Size,
    /// The cell of its screen in the top left corner of `rect`.
    pub origin: Point,
    /// The title, harmless.
    pub title: String,
    /// The mouse events its program wants.
    pub mouse: MouseWant,
    /// The end of its program, if it ended: exit status, 128+n for a signal.
    pub ended: Option<u8>,
    /// True if its program runs on the alternate screen.
    pub alternate: bool,
    /// True if pasted text is bracketed.
    pub bracketed_paste: bool,
}

/// A body that is not what the protocol allows; the connection is closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a message that cannot be read: {0}")]
pub struct MessageError(String);

/// The kind byte of packets with a postcard body of [`ToServer`] or [`ToClient`].
pub const KIND_MESSAGE: u8 = 1;

/// Appends `message` to `out` as a packet.
///
/// # Errors
/// [`PacketError`] if it is longer than a packet can be; nothing is appended then. Who makes
/// messages bounds what programs and callers chose, and drops what is too long all the same.
pub fn put<T: Serialize>(out: &mut Vec<u8>, message: &T) -> Result<(), PacketError> {
    packet::put(out, KIND_MESSAGE, |out| {
        let body = std::mem::take(out);
        *out = postcard::to_extend(message, body).expect("plain data into memory");
    })
}

/// Reads the body of a packet of [`KIND_MESSAGE`].
///
/// # Errors
/// [`MessageError`] for another kind, a damaged body or bytes left over.
pub fn get<T: DeserializeOwned>(kind: u8, body: &[u8]) -> Result<T, MessageError> {
    if kind != KIND_MESSAGE {
        return Err(MessageError(format!("kind {kind} is not known")));
    }
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(MessageError(format!("{} bytes left over", rest.len()))),
        Err(error) => Err(MessageError(error.to_string())),
    }
}

/// The hello at the start of a body that [`get`] cannot read, since a later version has added to
/// it.
#[must_use]
pub fn longer_hello(body: &[u8]) -> Option<Hello> {
    match postcard::take_from_bytes(body) {
        Ok((ToServer::Hello(hello), _)) => Some(hello),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ToClient, ToServer, get, put};
    use crate::base::id::PaneId;
    use crate::wire::packet::Packets;
    use crate::wire::scroll::{
        Answer, RowMark, ScrollMatch, ScrollMatches, ScrollPoint, ScrollQuery, ScrollReply,
        ScrollRequest,
    };

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let message = ToServer::Paste { number: 7, text: "é".into() };
        let mut bytes = Vec::new();
        put(&mut bytes, &message).expect("it is short");
        let mut packets = Packets::default();
        packets.push(&bytes);
        let (kind, body) = packets.take().expect("well formed").expect("whole");
        assert_eq!(get(kind, body), Ok(message));
    }

    #[test]
    fn questions_about_rows_keep_their_bytes() {
        let ask =
            |what| ToServer::ScrollRequest(ScrollRequest { number: 7, pane: PaneId(2), what });
        let told =
            |answer| ToClient::ScrollReply(ScrollReply { number: 7, pane: PaneId(2), answer });
        let cell = ScrollPoint { row: 300, col: 4 };
        let asks = [
            (ask(ScrollQuery::Screen { above: 9 }), "0a07020009"),
            (ask(ScrollQuery::Rows { from: 300, count: 9 }), "0a070201ac0209"),
            (ask(ScrollQuery::Around { line: 1, cell: 2, reach: 3 }), "0a070202010203"),
            (
                ask(ScrollQuery::Mark { mark: RowMark::Output, from: 1, forward: true }),
                "0a070203010101",
            ),
            (ask(ScrollQuery::Output { at: 1 }), "0a07020401"),
            (
                ask(ScrollQuery::Search { pattern: "a".into(), from: cell, forward: false }),
                "0a0702050161ac020400",
            ),
            (ask(ScrollQuery::Cancel), "0a070206"),
        ];
        let hits = ScrollMatches {
            nearest: Some(ScrollMatch { start: cell, last: cell }),
            total: 3,
            done: true,
            ..ScrollMatches::default()
        };
        let answers = [
            (told(Answer::Gone), "08070200"),
            (told(Answer::Row(Some(1))), "080702020101"),
            (told(Answer::Range(None)), "0807020300"),
            (told(Answer::Hits(hits)), "0807020401ac0204ac02040000030001"),
            (told(Answer::Wrong("x".into())), "080702050178"),
        ];
        for (message, golden) in asks {
            assert_eq!(hex(&message), golden, "{message:?}");
        }
        for (message, golden) in answers {
            assert_eq!(hex(&message), golden, "{message:?}");
        }
    }

    fn hex<T: serde::Serialize>(message: &T) -> String {
        let mut bytes = Vec::new();
        put(&mut bytes, message).expect("it is short");
        bytes[5..]
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
            .collect()
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic() {
        assert!(get::<ToClient>(1, &[0xff; 40]).is_err());
        assert!(get::<ToClient>(2, &[]).is_err());
        assert!(get::<ToServer>(1, &[6, 1, 0]).is_err(), "bytes left over");
    }
}
