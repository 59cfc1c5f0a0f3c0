//! The commands that ran in the panes; the one that is picked runs again, Control-y copies its
//! output.

use ratatui::buffer::Buffer;
use serde_json::{Map, Value};

use super::picker::{Choice, Item, Picker};
use super::{Next, Overlay};
use crate::base::key::{Key, KeyCode, Mods, MouseInput};
use crate::base::text::sanitize;
use crate::client::calls;
use crate::client::model::{ClientEffect, Model};

/// The list, whose items are ids of commands.
#[derive(Debug)]
struct CommandList(Picker);

pub(super) fn open(model: &mut Model, _: &Map<String, Value>, out: &mut Vec<ClientEffect>) {
    model.ask_reply(&calls::commands(), out, |model, reply, _| {
        let items: Vec<Item> = reply.as_array().into_iter().flatten().filter_map(item).collect();
        if items.is_empty() {
            model.overlay = None;
            model.notify("no commands yet; does the shell tell of them (OSC 133)?", false);
        } else {
            let title = "commands: Enter runs again, C-y copies the output";
            model.open(CommandList(Picker::new(title, items)));
        }
    });
}

fn item(command: &Value) -> Option<Item> {
    let id = command.get("id")?.as_str()?;
    let text = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| command.get(name).and_then(Value::as_u64);
    let lasted = number("duration_ms")
        .map(|millis| format!(" · {}.{}s", millis / 1000, millis % 1000 / 100))
        .unwrap_or_default();
    let state = match (number("exit_code"), command.get("running")) {
        (Some(code), _) => code.to_string(),
        (None, Some(Value::Bool(true))) => "runs".into(),
        (None, _) => "?".into(),
    };
    let ids = [text("pane"), text("session")];
    let place = ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
    let line = sanitize(text("command"), 400).replace('\n', " ");
    Some(Item {
        detail: sanitize(text("cwd"), 200),
        keys: format!("{place} · {state}{lasted}"),
        ..Item::new(line, Choice::Send(calls::rerun(id)))
    })
}

impl Overlay for CommandList {
    fn key(&mut self, key: Key, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        if (key.code, key.mods) == (KeyCode::Char('y'), Mods::CTRL)
            && let Some(Choice::Send(rerun)) = self.0.selected().map(|item| &item.choice)
            && let Some(id) = rerun.params.get("id").and_then(Value::as_str)
        {
            model.ask_output(&calls::output_of(id), out);
            return Next::Close;
        }
        self.0.key(key, model, out)
    }

    fn mouse(&mut self, mouse: MouseInput, model: &mut Model, out: &mut Vec<ClientEffect>) -> Next {
        self.0.mouse(mouse, model, out)
    }

    fn paste(&mut self, line: &str) -> bool {
        self.0.paste(line)
    }

    fn draw(&self, model: &Model, buf: &mut Buffer) {
        self.0.draw(model, buf);
    }

    fn cursor(&self, model: &Model) -> Option<(u16, u16)> {
        self.0.cursor(model)
    }
}
