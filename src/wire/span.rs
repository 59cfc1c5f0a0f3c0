//! Runs of cells as they are sent, in frames and in answers about scrollback.

use serde::{Deserialize, Serialize};

use crate::base::row::RunKind;

/// A run of a row; its style by its index in the table sent with it. See [`crate::base::row::Run`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StyledSpan {
    /// Index into the styles sent with it.
    pub style: u16,
    /// Link number, 0 for none.
    pub link: u32,
    /// The way text maps to cells.
    pub kind: RunKind,
    /// The text.
    pub text: String,
}
