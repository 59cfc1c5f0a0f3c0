//! The reference is what the tables give, every action is whole, and the guide names only commands
//! there are.

use std::fs;
use std::path::PathBuf;

use abide::action::Role;
use abide::action::table::{self, ActionEntry};
use abide::cli::docs;
use abide::config::keymap::{Fault, collide, default_bindings, faults};
use abide::settings::Preset;
use serde_json::{Map, Value, json};

use crate::config::generated;

#[test]
fn the_reference_is_what_the_tables_give() {
    for (path, text) in docs::pages() {
        generated(path, &text);
    }
}

#[test]
fn every_action_has_help_schemas_and_words_of_its_own() {
    let mut seen = Vec::new();
    for entry in table::all() {
        let name = entry.name;
        assert!(
            name.split('.').count() == 2
                && name.bytes().all(|b| b.is_ascii_lowercase() || b"._".contains(&b)),
            "{name}"
        );
        let summary = entry.summary();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{name}: {summary:?}");
        assert_eq!(entry.params().as_value()["type"], "object", "{name}");
        seen.push(name.to_owned());
        seen.extend(entry.words().iter().map(|words| words.join(" ")));
    }
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len(), "two actions share a name or words");
}

#[test]
fn every_argument_has_help() {
    for entry in table::all() {
        for argument in entry.command().get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{}: {} has no help",
                entry.name,
                argument.get_id()
            );
        }
    }
}

/// The least arguments that the schema of an action allows.
fn least(entry: &ActionEntry) -> Map<String, Value> {
    let schema = entry.params();
    let schema = schema.as_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let names = required.iter().filter_map(Value::as_str);
    names.map(|name| (name.to_owned(), example(schema, &schema["properties"][name]))).collect()
}

fn example(root: &Value, schema: &Value) -> Value {
    if let Some(path) = schema["$ref"].as_str() {
        return example(
            root,
            root.pointer(path.trim_start_matches('#')).expect("a reference leads somewhere"),
        );
    }
    for name in ["examples", "enum"] {
        if let Some(first) = schema[name].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
    }
    if let Some(first) =
        schema["oneOf"].as_array().or(schema["anyOf"].as_array()).and_then(|kinds| kinds.first())
    {
        return first.get("const").cloned().unwrap_or_else(|| example(root, first));
    }
    match schema["type"].as_str().unwrap_or_default() {
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "array" => json!([]),
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            required
                .iter()
                .filter_map(Value::as_str)
                .map(|name| (name.to_owned(), example(root, &schema["properties"][name])))
                .collect()
        }
        _ => json!("x"),
    }
}

#[test]
fn every_action_reads_its_least_arguments_and_refuses_a_stray_one() {
    for entry in table::all() {
        let mut params = least(entry);
        let call =
            entry.call(&params).unwrap_or_else(|refusal| panic!("{}: {refusal}", entry.name));
        assert_eq!((call.name(), call.role()), (entry.name, entry.role));
        params.insert("no_such_argument".into(), json!(1));
        let refusal = entry.call(&params).expect_err("nothing is called like that");
        assert!(refusal.message.contains("no_such_argument"), "{}: {refusal}", entry.name);
    }
}

#[test]
fn default_keys_are_keys_and_do_not_collide() {
    for preset in [Preset::Tmux, Preset::Screen, Preset::Zellij, Preset::Alt, Preset::Locked] {
        let bindings = default_bindings(preset);
        for (at, (chord, words)) in bindings.iter().enumerate() {
            let wrong: Vec<Fault> = faults(chord, words);
            assert_eq!(wrong, [], "{preset:?} {chord} = {words}");
            for (other, others) in &bindings[at + 1..] {
                assert!(
                    !collide(chord, other),
                    "{preset:?}: {chord} = {words} and {other} = {others}"
                );
            }
        }
    }
}

#[test]
fn keys_do_not_call_what_only_the_command_line_can() {
    for entry in table::all().filter(|entry| entry.role == Role::Cli) {
        assert!(entry.keys.is_empty(), "{}", entry.name);
    }
}

/// The lines of fenced code in a guide that call `abide`.
fn guide_calls() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut calls = Vec::new();
    for file in fs::read_dir(folder).expect("there is a guide") {
        let file = file.expect("it can be read").path();
        let text = fs::read_to_string(&file).expect("it is UTF-8");
        let mut in_code = false;
        for line in text.lines() {
            if line.starts_with("```") {
                in_code = !in_code;
            } else if let (true, Some(call)) =
                (in_code, line.trim_start_matches("$ ").strip_prefix("abide"))
            {
                calls.push((file.display().to_string(), call.trim().to_owned()));
            }
        }
    }
    calls
}

#[test]
fn the_guide_lists_each_page_once() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let list = fs::read_to_string(folder.join("README.md")).expect("it is there");
    for file in fs::read_dir(folder).expect("there is a guide") {
        let name = file.expect("it can be read").file_name().into_string().expect("it is UTF-8");
        let count = list.matches(&format!("]({name})")).count();
        assert_eq!(count, usize::from(name != "README.md"), "{name} in the guide's list");
    }
}

#[test]
fn the_guide_names_only_commands_there_are() {
    let calls = guide_calls();
    assert!(calls.len() > 20, "{} calls in the guide", calls.len());
    for (file, call) in calls {
        let call = call
            .split(" #")
            .next()
            .unwrap_or_default()
            .split(" > ")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let words = abide::config::words::split(&call)
            .unwrap_or_else(|fault| panic!("{file}: {call}: {fault}"));
        if words.is_empty() {
            continue;
        }
        let words = abide::action::tmux::translate(words);
        let fault = abide::cli::fault(&words);
        assert_eq!(fault, None, "{file}: abide {call}");
        assert!(
            table::find_words(&words).is_some() || words[0].starts_with('-'),
            "{file}: abide {call}"
        );
    }
}

#[test]
fn pictures_are_small_are_shown_and_tell_of_no_machine() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = std::fs::read_to_string(root.join("README.md")).expect("it is there");
    for page in std::fs::read_dir(root.join("docs/guide")).expect("it is there") {
        texts +=
            &std::fs::read_to_string(page.expect("it can be read").path()).expect("it is UTF-8");
    }
    let mut count = 0;
    for file in std::fs::read_dir(root.join("docs/assets")).expect("it is there") {
        let path = file.expect("it can be read").path();
        let name = path.file_name().and_then(std::ffi::OsStr::to_str).expect("it is UTF-8");
        let text = std::fs::read_to_string(&path).expect("it is UTF-8");
        assert!(text.len() < 200_000, "{name} has {} bytes", text.len());
        assert!(texts.contains(&format!("assets/{name}")), "no page shows {name}");
        for word in ["/tmp/", "/home/", "/root/", "@vm"] {
            assert!(!text.contains(word), "{name} tells {word:?}");
        }
        count += 1;
    }
    assert!(5 < count, "{count} pictures");
}
