//! The default file and the reference of all options, as text made from the types. It writes no
//! file.

use crate::base::text::append;
use crate::settings::Settings;
use crate::settings::shape::{OptionNode, OptionShape, tree};

const WRAP_COLS: usize = 100;

/// The default configuration as a file: every option with its text and its default.
#[must_use]
pub fn default_toml() -> String {
    let mut out = String::from(
        "# Every option of abide with its default. Copy what you want to change; what is not \
         there keeps its default.\n\
         # `abide config check` says what is wrong with a file, `abide config path` where it \
         belongs.\n",
    );
    for (section, node, options) in sections() {
        out.push('\n');
        comment(&mut out, &node.doc);
        append(&mut out, format_args!("[{section}]\n"));
        for (name, option, default) in options {
            if matches!(option.shape, OptionShape::Map) {
                out.push('\n');
                comment(&mut out, &option.doc);
                append(&mut out, format_args!("[{section}.{name}]\n"));
            } else {
                comment(&mut out, &option.doc);
                append(&mut out, format_args!("{name} = {default}\n"));
            }
        }
    }
    out
}

/// Settings as a configuration file, or one section of them.
#[must_use]
pub fn toml(settings: &Settings, section: Option<&str>) -> String {
    let mut table =
        toml::Table::try_from(settings).expect("the settings are tables of plain values");
    if let Some(section) = section {
        table.retain(|name, _| name == section);
    }
    table.to_string()
}

/// The reference of all options, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Configuration\n\n\
         The file is `$XDG_CONFIG_HOME/abide/config.toml`, or `~/.config/abide/config.toml`; \
         `abide config path` says which.\n\
         A client reads it when it starts, the server when it starts and on SIGHUP; a file with a \
         problem is reported, and what was in force stays.\n\
         Unknown options are refused. All of this is made from the types that hold the options.\n",
    );
    for (section, node, options) in sections() {
        append(
            &mut out,
            format_args!(
                "\n## `[{section}]`\n\n{}\n\n| option | default | value | |\n|---|---|---|---|\n",
                node.doc
            ),
        );
        for (name, option, default) in options {
            let default = if matches!(option.shape, OptionShape::Map) {
                "none".to_owned()
            } else {
                format!("`{default}`")
            };
            append(
                &mut out,
                format_args!(
                    "| `{name}` | {default} | {} | {} |\n",
                    value_form(&option.shape),
                    option.doc.replace('\n', " ").replace('|', "\\|")
                ),
            );
        }
    }
    out
}

/// A name, what it is, and for an option its default as TOML.
type OptionLine = (String, OptionNode, String);

/// The sections with their options.
fn sections() -> Vec<(String, OptionNode, Vec<OptionLine>)> {
    let defaults = toml::Table::try_from(Settings::default())
        .expect("the settings are tables of plain values");
    let OptionShape::Table(sections) = tree().shape else { return Vec::new() };
    let options = |section: &str, node: &OptionNode| {
        let OptionShape::Table(members) = &node.shape else { return Vec::new() };
        let default = |name: &str| {
            defaults
                .get(section)
                .and_then(|table| table.get(name))
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        members.iter().map(|(name, option)| (name.clone(), option.clone(), default(name))).collect()
    };
    sections
        .into_iter()
        .map(|(section, node)| (section.clone(), node.clone(), options(&section, &node)))
        .collect()
}

fn value_form(shape: &OptionShape) -> String {
    match shape {
        OptionShape::Switch => "`true`, `false`".into(),
        OptionShape::Whole { min, max } => format!("{min} to {max}"),
        OptionShape::Word(words) => {
            words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ")
        }
        OptionShape::List { of, .. } => format!("list of {}", value_form(of)),
        OptionShape::Form(form) => form.clone(),
        OptionShape::Text { .. } => "text".into(),
        OptionShape::Map => "keys = action".into(),
        OptionShape::Table(_) => "section".into(),
        OptionShape::Either(shapes) => {
            shapes.iter().map(value_form).collect::<Vec<_>>().join(", or ")
        }
    }
}

/// A comment of whole words, wrapped.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() >= WRAP_COLS {
            append(out, format_args!("{line}\n"));
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    append(out, format_args!("{line}\n"));
}
