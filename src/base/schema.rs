//! JSON Schema with the paragraphs of doc comments as one line each; not the schemas of single
//! types.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The schema of `T` as JSON Schema 2020-12, whose descriptions do not depend on where the lines of
/// a doc comment break.
#[must_use]
pub fn of<T: JsonSchema>() -> Schema {
    from(SchemaSettings::draft2020_12()).into_root_schema_for::<T>()
}

/// The schema of `T` as [`of`] gives it, without references: each type stands where it is used.
#[must_use]
pub fn inline_of<T: JsonSchema>() -> Schema {
    let inline = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    from(inline).into_root_schema_for::<T>()
}

fn from(mut settings: SchemaSettings) -> SchemaGenerator {
    settings.transforms.push(Box::new(RecursiveTransform(join_description)));
    settings.into_generator()
}

/// Joins the lines of each paragraph of the description; blank lines and list items stay.
fn join_description(schema: &mut Schema) {
    let Some(text) = schema.get("description").and_then(|text| text.as_str()) else { return };
    let joined = join_lines(text);
    schema.insert("description".to_owned(), joined.into());
}

fn join_lines(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines() {
        let begins_item = line.starts_with("- ") || line.starts_with('|');
        let follows_text = !joined.is_empty() && !joined.ends_with('\n');
        match (line.is_empty(), follows_text && !begins_item) {
            (true, _) => joined.push_str(if follows_text { "\n\n" } else { "" }),
            (false, true) => joined.extend([" ", line]),
            (false, false) => joined.extend([if follows_text { "\n" } else { "" }, line]),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_one_line_and_items_stay() {
        let check = |text: &str, joined: &str| assert_eq!(join_lines(text), joined);
        check("one\ntwo", "one two");
        check("one\n\ntwo\nthree", "one\n\ntwo three");
        check("list:\n- one\n- two\nmore", "list:\n- one\n- two more");
        check("", "");
    }
}
