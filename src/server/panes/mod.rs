//! Panes outside of the core: the handles of a program on a terminal, the command that reads its
//! output, and the name of its foreground program.

pub(in crate::server) mod foreground;
pub(in crate::server) mod pane;
pub(in crate::server) mod pipe;
pub(in crate::server) mod pipe_feed;
