//! The kinds of arguments that several actions take. Targets stay text until an action looks them
//! up.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Cx;
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::Span;
use crate::state::{Direction, target};

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident $id:ident $find:path, $examples:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("examples" = $examples))]
        pub struct $name(pub String);

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.into()))
            }
        }

        impl $name {
            /// The id of the target, as the caller sees the world.
            ///
            /// # Errors
            /// `not_found` with the nearest names.
            pub fn find(&self, cx: &Cx<'_>) -> Result<$id, Refusal> {
                if self.0.is_empty() {
                    return Err(no_target());
                }
                $find(cx.state, cx.caller, &self.0)
            }

            /// The id of the target; where none is given, of what the caller looks at.
            ///
            /// # Errors
            /// `not_found` with the nearest names.
            pub fn or_own(target: Option<&Self>, cx: &Cx<'_>) -> Result<$id, Refusal> {
                target.map_or_else(|| $find(cx.state, cx.caller, ""), |target| target.find(cx))
            }
        }
    )*};
}

targets! {
    /// A session: its name, its id (`s3`), `@focused` or `@last`.
    SessionTarget SessionId target::session, ["work", "s3", "@last"];
    /// A tab: `work:2`, `work:build`, `:2`, its id (`t12`), `@focused` or `@last`.
    TabTarget TabId target::tab, ["work:2", "work:build", "t12"];
    /// A pane: `work:2.1`, `:2.1`, `.1`, its id (`p41`), `@focused` or `@last`.
    PaneTarget PaneId target::pane, ["work:2.1", "p41", "@focused"];
    /// A client: its id (`v3`), or nothing for the caller's own.
    ClientTarget ClientId target::client, ["v3"];
}

/// An empty target is most often an unset variable of a script: it names nothing, least of all the
/// caller's own.
fn no_target() -> Refusal {
    Refusal::new(Code::InvalidParams, "the target is empty")
        .hint("leave it out for your own, or name one as `abide ls` shows it")
}

/// The program that starts in a new pane, and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Start {
    /// The directory it starts in; else that of the focused pane
    #[arg(short = 'c', long, value_name = "DIR")]
    pub cwd: Option<String>,
    /// A variable of its environment, as NAME=VALUE
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub set: Vec<String>,
    /// The program and its arguments; else the shell
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// A direction, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DirectionArgs {
    /// To the left
    #[arg(id = "left", short = 'L', long, conflicts_with_all = ["right", "up", "down"])]
    pub left: bool,
    /// To the right
    #[arg(id = "right", short = 'R', long, conflicts_with_all = ["up", "down"])]
    pub right: bool,
    /// Up
    #[arg(id = "up", short = 'U', long, conflicts_with = "down")]
    pub up: bool,
    /// Down
    #[arg(id = "down", short = 'D', long)]
    pub down: bool,
}

impl DirectionArgs {
    /// The direction, if one was given.
    #[must_use]
    pub const fn direction(self) -> Option<Direction> {
        match (self.left, self.right, self.up, self.down) {
            (true, ..) => Some(Direction::Left),
            (_, true, ..) => Some(Direction::Right),
            (_, _, true, _) => Some(Direction::Up),
            (.., true) => Some(Direction::Down),
            _ => None,
        }
    }
}

/// The way something is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Closing {
    /// End the programs at once; nothing can be brought back
    #[arg(long)]
    pub now: bool,
    /// At once, with so much time to end by themselves, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = millis)]
    pub grace_ms: Option<u64>,
    /// For how long `abide undo` can bring it back, such as 10m
    #[arg(
        long = "undo",
        value_name = "DURATION",
        value_parser = millis,
        conflicts_with_all = ["now", "grace_ms"],
    )]
    pub undo_ms: Option<u64>,
}

/// Reads `NAME=VALUE`.
///
/// # Errors
/// What is wrong with it.
pub fn variable(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() && !text.contains('\0') => Ok(text.into()),
        _ => Err("write NAME=VALUE".into()),
    }
}

/// Variables as names and values.
///
/// # Errors
/// `invalid_params` for what is not NAME=VALUE.
pub(super) fn variables(texts: &[String]) -> Result<Vec<(String, String)>, Refusal> {
    let split = |text: &String| {
        let known = variable(text).ok();
        known.as_deref().and_then(|text| text.split_once('=')).map_or_else(
            || {
                Err(Refusal::new(Code::InvalidParams, format!("{text:?} is not NAME=VALUE"))
                    .hint("write NAME=VALUE"))
            },
            |(name, value)| Ok((name.to_owned(), value.to_owned())),
        )
    };
    texts.iter().map(split).collect()
}

/// Reads a duration (`500ms`, `2s`) as milliseconds.
///
/// # Errors
/// What is wrong with it.
pub fn millis(text: &str) -> Result<u64, String> {
    text.parse::<Span>().map(Span::as_millis).map_err(|error| error.to_string())
}

/// A size within bounds.
///
/// # Errors
/// `invalid_params`.
pub fn checked_size(size: Size) -> Result<Size, Refusal> {
    if size == size.clamped() {
        return Ok(size);
    }
    Err(Refusal::new(
        Code::InvalidParams,
        format!("size: {size} is out of range; a pane has 1x1 to {} cells", Size::MAX),
    ))
}

#[cfg(test)]
mod tests {
    use super::{millis, variable};

    #[test]
    fn variables_and_durations_say_how_they_are_written() {
        assert_eq!(variable("A=b=c"), Ok("A=b=c".into()));
        for text in ["A", "=b", "A=\0"] {
            assert_eq!(variable(text), Err("write NAME=VALUE".into()));
        }
        assert_eq!(millis("1.5s"), Ok(1500));
        let message =
            "\"5\" is not a duration; write a number and ms, s, m, h or d, such as 500ms or 2s";
        assert_eq!(millis("5"), Err(message.into()));
    }
}
