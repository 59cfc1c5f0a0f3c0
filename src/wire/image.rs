//! Images on their way to a client: their data once, in pieces, and where they are placed, with
//! each frame that changes it.

use serde::{Deserialize, Serialize};

use crate::base::id::PaneId;

/// The most bytes of a picture, as it was sent by its program.
pub const PICTURE_BYTES_MAX: usize = 64 << 20;
/// The most bytes in one piece.
pub const CHUNK_BYTES_MAX: usize = 256 << 10;

/// The form of a picture's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The payload of a sixel DCS, without its header.
    Sixel,
    /// 24 bits a pixel.
    Rgb,
    /// 32 bits a pixel.
    Rgba,
    /// A file: PNG, or something else.
    File,
}

/// A picture without its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The form of the data.
    pub format: Format,
    /// True if the data is compressed with zlib.
    pub compressed: bool,
    /// Width and height in pixels, at most 4096; 0 where only the data tells.
    pub pixels: (u32, u32),
    /// Bytes of data, at most [`PICTURE_BYTES_MAX`].
    pub len: u32,
}

/// The next piece of a picture. Pieces of one picture come in order, nothing of another between
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureChunk {
    /// The pane it is shown in.
    pub pane: PaneId,
    /// The number of the picture within the pane.
    pub picture: u32,
    /// The head of the picture, with the first piece.
    pub head: Option<Head>,
    /// At most [`CHUNK_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
}

/// The images of a pane, all of them: in force with the next frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The pane.
    pub pane: PaneId,
    /// The images, the lowest first.
    pub images: Vec<Placement>,
}

/// The place where a picture is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The number of the picture within the pane. Its data may come later, or never.
    pub picture: u32,
    /// The name of the picture, harmless; empty if it has none.
    pub name: String,
    /// Width and height of the picture in pixels; 0 if not known.
    pub pixels: (u32, u32),
    /// The row of its first cell in the pane's screen; negative above it.
    pub row: i32,
    /// The column of its first cell.
    pub col: u16,
    /// Columns and rows.
    pub cells: (u16, u16),
    /// The part of the picture that is shown: left, top, width, height in pixels. All of it if
    /// width or height is 0.
    pub source: [u32; 4],
    /// Pixels that would fill the cells; what the part lacks to that stays clear. The part is
    /// scaled to the cells if 0.
    pub canvas: (u32, u32),
    /// Images of a negative depth lie under the text.
    pub z: i32,
    /// The layer among the text.
    pub layer: Layer,
}

/// The place of an image among the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layer {
    /// In the cells: it is seen in those of [`crate::base::row::RunKind::Under`] only.
    Cells,
    /// Over the cells, or under their text.
    Over,
    /// The place where kitty's placeholder stands in the colour of this number (24 bits).
    Placeholder(u32),
}
