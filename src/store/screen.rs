//! A screen as it is kept in a snapshot slot: everything a terminal is, and the position of the
//! ring it belongs to. Nested tuples, in the order of the engine's snapshot.
//!
//! Version 4: with images and icon names. A reader of another version refuses it: the screen is
//! then drawn anew from what the ring still holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The version this binary writes.
pub const VERSION: u32 = 4;

/// A colour.
pub type StoredRgb = (u8, u8, u8);
/// Column and row, pending wrap, look, protection, zone, sets in G0 to G3, sets in force and single
/// shift.
pub type StoredCursor = ((u16, u16), bool, [u64; 2], bool, u8, [u8; 4], [u8; 2]);
/// Cursor, origin mode, whether anything was saved.
pub type StoredSavedCursor = (StoredCursor, bool, bool);
/// Further colours, and what was put aside of looks and colours, as the engine's words.
pub type Words = (Vec<u64>, Vec<u64>);
/// Foreground, background and cursor of the outer terminal, and its 16 named colours.
pub type StoredHostColours =
    (Option<StoredRgb>, Option<StoredRgb>, Option<StoredRgb>, Option<[StoredRgb; 16]>);

/// Redefined palette entries, special colours, the outer terminal's, and further words.
pub type Colours = (Vec<(u8, StoredRgb)>, [Option<StoredRgb>; 3], StoredHostColours, Words);

/// Flags and stack of kitty's protocol on the screen shown and on the other one, and
/// modifyOtherKeys.
pub type Keyboard = ((u8, Vec<u8>), (u8, Vec<u8>), u8);
/// Line, segment, offset, looks, open cells and gap, open segment.
pub type HistoryEnd = (u64, u64, u32, u16, u32, bool, u64);

/// A screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredScreen {
    /// The position of the ring up to which it is drawn.
    pub position: u64,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The screen shown.
    pub shown: Cells,
    /// The other one.
    pub other: Option<Cells>,
    /// True if `shown` is the alternate screen.
    pub alternate: bool,
    /// The cursor.
    pub cursor: StoredCursor,
    /// The cursors DECSC saved on the main and on the alternate screen.
    pub saved: [StoredSavedCursor; 2],
    /// Margins, modes, tab stops.
    pub shape: ([u16; 4], [u64; 3], Vec<u64>),
    /// Looks, clusters, links and which link is given up next.
    pub tables: (Vec<[u64; 2]>, Vec<String>, Vec<String>, u32),
    /// The end of the scrollback.
    pub history: HistoryEnd,
    /// Title and icon name, and the stack of them.
    pub titles: ((String, String), Vec<(String, String)>),
    /// Redefined palette entries, special colours, the outer terminal's; further colours, and what
    /// was put aside, as words.
    pub colours: Colours,
    /// The keyboard protocols.
    pub keyboard: Keyboard,
    /// Working directory, at a prompt, prompt is redrawn.
    pub shell: (String, bool, bool),
    /// Cluster state, character to repeat, cursor shape.
    pub printing: ([u8; 2], u32, u8),
    /// The parser.
    pub parser: Parser,
    /// The tick of the last change.
    pub tick: u64,
    /// Images.
    pub images: Images,
}

/// Images of a screen. Pictures are named by their place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Images {
    /// Everything that is placed or stored.
    pub pictures: Vec<StoredPicture>,
    /// On the screen shown and on the other one.
    pub placed: [Vec<Placement>; 2],
    /// Stored under the program's number and the other number it gave, with the picture.
    pub stored: Vec<(u32, u32, u32)>,
    /// The command of an image that comes in pieces, and its data so far.
    pub transfer: (Vec<u32>, Bytes),
    /// The serial given last.
    pub serial: u32,
}

/// Serial, format (0 sixel, 1 RGB, 2 RGBA, 3 file), whether it is compressed, width and height,
/// name, data.
pub type StoredPicture = (u32, u8, bool, (u32, u32), String, Shared);
/// Number and placement number, picture, row and column, columns and rows, part shown, canvas,
/// depth, whether it is cut by text and whether it is virtual.
pub type Placement =
    ((u32, u32), u32, (i64, u16), (u16, u16), [u32; 4], (u32, u32), i32, (bool, bool));

/// Cells of a screen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cells {
    /// Little-endian words, row by row.
    pub words: Bytes,
    /// Flags, mark and used columns of each row.
    pub lines: Vec<(u8, u8, u16)>,
}

/// The parser between two bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parser {
    /// Number of the state.
    pub state: u8,
    /// Numbers read, which of them are sub-parameters, and the one being read.
    pub params: (Vec<u16>, u32, (u16, bool)),
    /// Markers and intermediates, their count, and the final byte.
    pub marks: ([u8; 2], u8, u8),
    /// True for a sequence, and for a string, that is ignored.
    pub ignored: (bool, bool),
    /// The string being read, and the bytes of an unfinished character.
    pub rest: (Bytes, Bytes),
}

/// Bytes that are copied in one piece.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Bytes that are written from where they lie, as [`Bytes`] are: an image is not copied for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared(pub Arc<Vec<u8>>);

impl Serialize for Shared {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(|Bytes(bytes)| Self(Arc::new(bytes)))
    }
}

/// A screen that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScreenError {
    /// The screen was written by another version.
    #[error("the screen has version {0}, this binary reads {VERSION}")]
    Version(u32),
    /// The screen is damaged.
    #[error("the screen is damaged: {0}")]
    Damaged(String),
}

impl StoredScreen {
    /// As bytes, the version first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.shown.words.0.len() + 4096);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        postcard::to_extend(self, bytes).expect("plain data into memory")
    }

    /// Reads what [`StoredScreen::encode`] wrote.
    ///
    /// # Errors
    /// [`ScreenError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ScreenError> {
        let (version, body) =
            bytes.split_first_chunk().ok_or_else(|| ScreenError::Damaged("too short".into()))?;
        match u32::from_le_bytes(*version) {
            VERSION => {
                postcard::from_bytes(body).map_err(|error| ScreenError::Damaged(error.to_string()))
            }
            version => Err(ScreenError::Version(version)),
        }
    }
}
