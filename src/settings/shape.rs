//! The options as a tree of shapes, read from their schema: what checks, the reference and the
//! default file are made from. It holds no value.

use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::base::schema;
use crate::settings::Settings;

/// An option or a group of options, with the text of its doc comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionNode {
    /// The help; Markdown, paragraphs without hard breaks.
    pub doc: String,
    /// The values it can hold.
    pub shape: OptionShape,
}

/// The values an option can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionShape {
    /// Named options, in the order of declaration.
    Table(Vec<(String, OptionNode)>),
    /// Names of the user's own choice, each with a text.
    Map,
    /// A list.
    List {
        /// The values of its members.
        of: Box<OptionShape>,
        /// The greatest length.
        max: Option<u64>,
    },
    /// A word of this list.
    Word(Vec<String>),
    /// A text of a known form: `key`, `size`, `colour`.
    Form(String),
    /// A text, with its least and greatest length in characters.
    Text {
        /// Least.
        min: u64,
        /// Greatest.
        max: Option<u64>,
    },
    /// A whole number within these bounds.
    Whole {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// True or false.
    Switch,
    /// A value of any of these shapes.
    Either(Vec<OptionShape>),
}

/// The JSON Schema of the configuration file, made from the types.
#[must_use]
pub fn schema() -> Schema {
    schema::inline_of::<Settings>()
}

/// The tree of all options.
#[must_use]
pub fn tree() -> OptionNode {
    tree_of::<Settings>()
}

/// The tree of what a file of another kind holds.
#[must_use]
pub fn tree_of<T: JsonSchema>() -> OptionNode {
    let raw = Raw::deserialize(schema::inline_of::<T>().as_value())
        .expect("a schema made from our types has the parts that are read here");
    raw.node()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    description: String,
    r#type: Option<String>,
    format: Option<String>,
    properties: Option<Ordered>,
    items: Option<Box<Raw>>,
    r#const: Option<String>,
    one_of: Option<Vec<Raw>>,
    any_of: Option<Vec<Raw>>,
    r#enum: Option<Vec<String>>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    max_items: Option<u64>,
}

impl Raw {
    fn node(self) -> OptionNode {
        OptionNode { doc: self.description.clone(), shape: self.shape() }
    }

    fn shape(self) -> OptionShape {
        if let Some(properties) = self.properties {
            return OptionShape::Table(
                properties.0.into_iter().map(|(name, raw)| (name, raw.node())).collect(),
            );
        }
        if let Some(words) = self.r#enum {
            return OptionShape::Word(words);
        }
        if let Some(words) = self.one_of {
            return OptionShape::Word(
                words
                    .into_iter()
                    .flat_map(|raw| raw.r#enum.unwrap_or_default().into_iter().chain(raw.r#const))
                    .collect(),
            );
        }
        if let Some(either) = self.any_of {
            return OptionShape::Either(either.into_iter().map(Self::shape).collect());
        }
        match self.r#type.as_deref() {
            Some("boolean") => OptionShape::Switch,
            Some("integer") => OptionShape::Whole {
                min: self.minimum.unwrap_or(i64::MIN),
                max: self.maximum.unwrap_or(i64::MAX),
            },
            Some("array") => {
                let of =
                    self.items.map_or(OptionShape::Text { min: 0, max: None }, |raw| raw.shape());
                OptionShape::List { of: Box::new(of), max: self.max_items }
            }
            Some("object") => OptionShape::Map,
            _ => self.format.map_or(
                OptionShape::Text { min: self.min_length.unwrap_or(0), max: self.max_length },
                OptionShape::Form,
            ),
        }
    }
}

/// Members of an object in the order they stand in.
struct Ordered(Vec<(String, Raw)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OrderedVisitor)
    }
}

struct OrderedVisitor;

impl<'de> Visitor<'de> for OrderedVisitor {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Ordered(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{OptionNode, OptionShape, tree};

    fn leaves(node: &OptionNode, path: &str, out: &mut Vec<(String, OptionNode)>) {
        let OptionShape::Table(members) = &node.shape else {
            out.push((path.to_owned(), node.clone()));
            return;
        };
        for (name, member) in members {
            leaves(member, &format!("{path}.{name}"), out);
        }
    }

    #[test]
    fn every_option_has_a_text_and_every_number_bounds() {
        let mut all = Vec::new();
        leaves(&tree(), "", &mut all);
        assert!(all.len() > 30, "{} options", all.len());
        for (path, node) in all {
            assert!(!node.doc.is_empty(), "{path}");
            if let OptionShape::Whole { min, max } = node.shape {
                assert!(0 <= min && max < i64::MAX, "{path}: {min} to {max}");
            }
        }
    }

    #[test]
    fn shapes_are_those_of_the_types() {
        let mut all = Vec::new();
        leaves(&tree(), "", &mut all);
        let shape = |path: &str| {
            all.iter().find(|(name, _)| name == path).map(|(_, node)| node.shape.clone())
        };
        assert_eq!(
            shape(".keys.preset"),
            Some(OptionShape::Word(
                ["tmux", "screen", "zellij", "alt", "locked"].map(str::to_owned).into()
            ))
        );
        assert_eq!(shape(".keys.bind"), Some(OptionShape::Map));
        assert_eq!(
            shape(".keys.prefix"),
            Some(OptionShape::List { of: Box::new(OptionShape::Form("key".into())), max: None })
        );
        assert_eq!(shape(".outer.mouse"), Some(OptionShape::Switch));
        assert_eq!(shape(".keys.hint_ms"), Some(OptionShape::Whole { min: 0, max: 60_000 }));
    }
}
