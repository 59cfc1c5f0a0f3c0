//! A prompt for a pattern that is searched in every pane, and the list of its matches.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use super::prompt::{self, Typed};
use super::{Next, Overlay};
use crate::base::key::Key;
use crate::base::text::sanitize;
use crate::client::calls;
use crate::client::copy_mode::panes::PaneMatch;
use crate::client::model::{ClientEffect, Model};
use crate::client::text_input::TextInput;

/// A pattern that is typed.
#[derive(Debug, Default)]
struct Search(TextInput);

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, _: &mut Vec<ClientEffect>) {
    model.open(Search::default());
}

impl Overlay for Search {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        match prompt::key(&mut self.0, key) {
            Typed::Open => return Next::Stay,
            Typed::Entered if !self.0.text().is_empty() => search(model, self.0.text(), out),
            Typed::Entered | Typed::Cancelled => {}
        }
        Next::Close
    }

    fn paste(&mut self, line: &str) -> bool {
        self.0.insert(line);
        true
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        prompt::draw(model, "search every pane", &self.0, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        prompt::cursor(model, &self.0)
    }
}

fn search(model: &mut Model, pattern: &str, out: &mut Vec<ClientEffect>) {
    let call = calls::search_all(pattern);
    let pattern = pattern.to_owned();
    model.ask_reply(&call, out, move |model, reply, _| {
        let items = matches(reply, &pattern);
        if items.is_empty() {
            model.overlay = None;
            model.notify(format!("no pane shows {pattern:?}"), false);
        } else {
            model.open(Picker::new("matches", items));
        }
    });
}

/// The matches as the server lists them.
fn matches(reply: &Value, pattern: &str) -> Vec<Item> {
    let item = |hit: &Value| {
        let pane = hit.get("pane")?.as_str()?.parse().ok()?;
        let number = |name: &str| hit.get(name).and_then(Value::as_u64).unwrap_or_default();
        let text = sanitize(hit.get("text").and_then(Value::as_str).unwrap_or_default(), 400);
        let found = PaneMatch {
            pane,
            line: number("line"),
            cell: u32::try_from(number("start")).unwrap_or_default(),
            pattern: pattern.to_owned(),
        };
        let item = Item::new(text.trim(), Choice::Visit(found));
        Some(Item { keys: pane.to_string(), ..item })
    };
    let hits = reply.get("hits").unwrap_or(reply);
    hits.as_array().into_iter().flatten().filter_map(item).collect()
}
