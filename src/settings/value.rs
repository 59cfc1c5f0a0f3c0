//! Values that are written as text in a configuration file: keys, sizes and colours.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::geom::{Size, SizeError};
use crate::base::key::{Key, KeyError};
use crate::base::style::Colour;
use crate::base::text::nearest;

/// A key as it is written: `C-b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyText(pub Key);

impl FromStr for KeyText {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A size as it is written: `80x24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeText(pub Size);

impl FromStr for SizeText {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for SizeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A colour as it is written: `default`, `red`, `bright-black`, `244`, `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThemeColour(pub Colour);

impl ThemeColour {
    /// An entry of the 256-colour palette.
    #[must_use]
    pub const fn indexed(index: u8) -> Self {
        Self(Colour::Indexed(index))
    }
}

/// A colour of one's own, or `theme` for that of the theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThemeChoice(pub Option<ThemeColour>);

impl FromStr for ThemeChoice {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "theme" { Ok(Self(None)) } else { text.parse().map(|colour| Self(Some(colour))) }
    }
}

impl fmt::Display for ThemeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("theme"),
            Some(colour) => colour.fmt(f),
        }
    }
}

/// A text that is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a colour; write {hint}")]
pub struct ValueError {
    /// The text that was given.
    pub text: String,
    /// The nearest name, or the general form.
    pub hint: String,
}

const NAMES: &[&str] = &[
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl FromStr for ThemeColour {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let colour = if text == "default" {
            Some(Colour::Default)
        } else if let Some(hex) = text.strip_prefix('#') {
            hex_colour(hex)
        } else if text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok().map(Colour::Indexed)
        } else {
            (0..)
                .zip(NAMES)
                .find(|(_, name)| **name == text)
                .map(|(index, _)| Colour::Indexed(index))
        };
        let hint = || {
            nearest(text, NAMES.iter().copied().chain(["default"])).map_or_else(
                || "default, a name such as blue, a number from 0 to 255, or #rrggbb".into(),
                str::to_owned,
            )
        };
        colour.map(Self).ok_or_else(|| ValueError { text: text.into(), hint: hint() })
    }
}

fn hex_colour(hex: &str) -> Option<Colour> {
    let part = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(Colour::Rgb(part(0)?, part(2)?, part(4)?))
}

impl fmt::Display for ThemeColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Colour::Default => f.write_str("default"),
            Colour::Indexed(index) => match NAMES.get(usize::from(index)) {
                Some(name) => f.write_str(name),
                None => write!(f, "{index}"),
            },
            Colour::Rgb(r, g, b) => write!(f, "#{r:02x}{g:02x}{b:02x}"),
        }
    }
}

macro_rules! as_text {
    ($($name:ident $format:literal $pattern:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format, "pattern": $pattern })
            }
        }
    )*};
}

as_text! {
    KeyText "key" r"^.+$";
    SizeText "size" r"^[0-9]+x[0-9]+$";
    ThemeColour "colour" r"^([a-z-]+|[0-9]{1,3}|#[0-9a-fA-F]{6})$";
    ThemeChoice "colour" r"^([a-z-]+|[0-9]{1,3}|#[0-9a-fA-F]{6})$";
}

#[cfg(test)]
mod tests {
    use super::ThemeColour;

    #[test]
    fn colours_read_what_they_write() {
        for text in ["default", "black", "bright-white", "16", "255", "#00ff7f"] {
            assert_eq!(
                text.parse::<ThemeColour>().map(|colour| colour.to_string()).as_deref(),
                Ok(text)
            );
        }
        assert_eq!("4".parse::<ThemeColour>(), "blue".parse());
    }

    #[test]
    fn anything_else_is_refused_with_the_nearest() {
        for text in ["", "256", "#fff", "#gg0000", "#é1234", "-1"] {
            assert!(text.parse::<ThemeColour>().is_err(), "{text}");
        }
        let error = "bleu".parse::<ThemeColour>().expect_err("no such colour");
        assert_eq!(error.to_string(), "\"bleu\" is not a colour; write blue");
    }
}
