//! Ids of the nouns: stable for life, never reused, written with their letter (`s3`, `t12`, `p41`,
//! `c907`). They carry no meaning beyond identity.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {noun} id; they look like {letter}7")]
pub struct IdError {
    /// The text that was given.
    pub text: String,
    /// The noun that was wanted.
    pub noun: &'static str,
    /// The letter its ids start with.
    pub letter: char,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $letter:literal $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($letter)
                    .filter(|digits| !digits.is_empty())
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.into(), noun: $noun, letter: $letter })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    return Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom);
                }
                u64::deserialize(deserializer).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": concat!("^", $letter, "[0-9]+$") })
            }
        }
    )*};
}

ids! {
    /// A session: tabs, an environment and a working directory.
    SessionId 's' "session";
    /// A tab of a session.
    TabId 't' "tab";
    /// A pane: one program on one PTY.
    PaneId 'p' "pane";
    /// Something started by `exec` or `start`, with a record.
    CommandId 'c' "command";
    /// An attached client.
    ClientId 'v' "client";
    /// A call of an action that has been admitted.
    CallId 'q' "call";
}

#[cfg(test)]
mod tests {
    use super::{PaneId, SessionId};

    #[test]
    fn an_id_is_its_letter_and_its_number() {
        assert_eq!(PaneId(41).to_string(), "p41");
        assert_eq!("p41".parse(), Ok(PaneId(41)));
        assert_eq!(serde_json::to_string(&SessionId(3)).ok().as_deref(), Some("\"s3\""));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["", "p", "41", "s41", "p4x", "p-4", "p+4", "p99999999999999999999"] {
            let error = text.parse::<PaneId>().expect_err("not an id");
            assert!(error.to_string().ends_with("they look like p7"), "{error}");
        }
    }
}
