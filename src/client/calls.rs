//! The one file of the client that names actions: the calls it makes by itself, and the actions it
//! carries out.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::base::error::{Code, Refusal};
use crate::base::geom::Rect;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::key::Key;
use crate::base::time::Span;
use crate::client::layout::Border;
use crate::client::overlay::processes::{LINE_MAX, ProcessIdent};
use crate::client::overlay::{self, Open};
use crate::config::keymap::Bound;
use crate::wire::rpc::Request;

/// The action that lists the keys.
pub const HELP: &str = "client.keys";
/// The action that locks the keys.
pub const LOCK: &str = "client.lock";
/// The one that lists every command.
pub const PALETTE: &str = "client.palette";
/// The actions for somebody who is new here: a tab, a split, leaving.
pub const FIRST_STEPS: [&str; 3] = ["tab.new", "pane.split", "client.detach"];

/// The action that brings back what was closed.
pub const UNDO: &str = "session.undo";

/// Method and arguments of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCall {
    /// The name of the action.
    pub name: &'static str,
    /// The arguments.
    pub params: Map<String, Value>,
}

impl ClientCall {
    fn new(name: &'static str, params: Value) -> Self {
        let Value::Object(params) = params else { unreachable!("arguments are an object") };
        Self { name, params }
    }

    /// The request with this id.
    #[must_use]
    pub fn request(&self, id: u64) -> String {
        let request = Request::new(id, self.name, self.params.clone());
        serde_json::to_string(&request).expect("plain data into memory")
    }
}

impl From<&Bound> for ClientCall {
    fn from(bound: &Bound) -> Self {
        Self { name: bound.name, params: bound.params.clone() }
    }
}

/// Focus a pane.
#[must_use]
pub fn focus(pane: PaneId) -> ClientCall {
    ClientCall::new("pane.focus", json!({ "target": pane }))
}

/// Move a border from a column or row to another; none if it is there.
#[must_use]
pub fn move_border(border: Border, from: u16, to: u16) -> Option<ClientCall> {
    let (pane, way) = match (border.is_upright, to.cmp(&from)) {
        (_, Ordering::Equal) => return None,
        (true, Ordering::Greater) => (border.before, "right"),
        (true, Ordering::Less) => (border.after, "left"),
        (false, Ordering::Greater) => (border.before, "down"),
        (false, Ordering::Less) => (border.after, "up"),
    };
    Some(ClientCall::new(
        "pane.resize",
        json!({ "target": pane, "cells": to.abs_diff(from), way: true }),
    ))
}

/// Leave.
#[must_use]
pub fn leave() -> ClientCall {
    ClientCall::new(FIRST_STEPS[2], json!({}))
}

/// Show a tab.
#[must_use]
pub fn go(tab: TabId) -> ClientCall {
    ClientCall::new("tab.go", json!({ "target": tab }))
}

/// Show a session.
#[must_use]
pub fn show(session: SessionId) -> ClientCall {
    ClientCall::new("session.attach", json!({ "target": session }))
}

/// An action that the client carries out itself.
#[derive(Debug, Clone)]
pub enum ClientAction {
    /// Open an overlay, with the arguments of the action.
    Open(Open, Map<String, Value>),
    /// Paint everything anew.
    Redraw,
    /// Stop this process until it is continued.
    Suspend,
    /// Send every key to the program.
    Lock,
    /// Enter copy mode; a page up at once, and left at the bottom.
    CopyMode(bool),
    /// Copy the output of the last command.
    CopyOutput,
    /// Say where this view is.
    Info,
}

/// The thing that gets another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    /// The tab.
    Tab,
    /// The session.
    Session,
    /// The pane.
    Pane,
}

impl Renamed {
    /// The thing that the arguments of the action name, else the tab.
    #[must_use]
    pub fn of(params: &Map<String, Value>) -> Self {
        match params.get("what").and_then(Value::as_str) {
            Some("session") => Self::Session,
            Some("pane") => Self::Pane,
            _ => Self::Tab,
        }
    }
}

/// The action of a call that the client carries out itself; none if it is the server's.
#[must_use]
pub fn client_action(name: &str, params: &Map<String, Value>) -> Option<ClientAction> {
    if let Some(open) = overlay::opener(name) {
        return Some(ClientAction::Open(open, params.clone()));
    }
    Some(match name {
        "client.redraw" => ClientAction::Redraw,
        "client.suspend" => ClientAction::Suspend,
        LOCK => ClientAction::Lock,
        "client.info" => ClientAction::Info,
        "pane.copy_mode" => {
            ClientAction::CopyMode(params.get("page_up").is_some_and(|up| *up == Value::Bool(true)))
        }
        "pane.copy_output" => ClientAction::CopyOutput,
        _ => return None,
    })
}

/// The clients there are.
#[must_use]
pub fn clients() -> ClientCall {
    ClientCall::new("client.ls", json!({}))
}

/// The processes of all sessions, with the part of their command lines that is shown.
#[must_use]
pub fn processes() -> ClientCall {
    ClientCall::new("process.ps", json!({ "line_max": LINE_MAX }))
}

/// Tells a process to end, with what it started or alone, and kills it after the grace. No error if
/// it has ended.
#[must_use]
pub fn stop(ProcessIdent { pid, start_time }: ProcessIdent, tree: bool, grace: Span) -> ClientCall {
    let params = json!({
        "target": pid.to_string(),
        "start_time": start_time,
        "tree": tree,
        "grace_ms": grace.as_millis(),
        "if_running": true,
    });
    ClientCall::new("process.stop", params)
}

/// Sends a process one signal.
#[must_use]
pub fn signal(ProcessIdent { pid, start_time }: ProcessIdent, signal: &str) -> ClientCall {
    ClientCall::new(
        "process.signal",
        json!({ "target": pid.to_string(), "start_time": start_time, "signal": signal }),
    )
}

/// All sessions.
#[must_use]
pub fn sessions() -> ClientCall {
    ClientCall::new("session.ls", json!({}))
}

/// The tabs of all sessions.
#[must_use]
pub fn all_tabs() -> ClientCall {
    ClientCall::new("tab.ls", json!({ "all": true }))
}

/// The screen of the pane in focus of a target, as rows.
#[must_use]
pub fn capture(target: &str) -> ClientCall {
    ClientCall::new("pane.capture", json!({ "target": target, "format": "json" }))
}

/// Puts a floating pane elsewhere.
#[must_use]
pub fn place(pane: PaneId, rect: Rect) -> ClientCall {
    let size = json!({ "cols": rect.cols, "rows": rect.rows });
    ClientCall::new("pane.place", json!({ "target": pane, "x": rect.x, "y": rect.y, "size": size }))
}

/// The commands of the menu of a tab, in the action language.
pub const TAB_MENU: &[&str] = &[
    "tab new",
    "client rename tab",
    "tab next",
    "tab prev",
    "tab last",
    "layout next",
    "layout equalise",
    "pane sync",
    "tab close",
    "undo",
];
/// The commands of the menu of a pane.
pub const PANE_MENU: &[&str] = &[
    "pane split --right",
    "pane split --down",
    "pane zoom",
    "pane float",
    "pane stack --toggle",
    "pane swap --next",
    "pane swap --prev",
    "pane break",
    "pane mark",
    "client rename pane",
    "pane respawn --kill",
    "pane close",
    "undo",
];

/// Gives something another name.
#[must_use]
pub fn rename(what: Renamed, name: &str) -> ClientCall {
    let action = match what {
        Renamed::Tab => "tab.rename",
        Renamed::Session => "session.rename",
        Renamed::Pane => "pane.rename",
    };
    ClientCall::new(action, json!({ "name": name }))
}

/// Puts text into a buffer: a new one, or after what the newest holds.
#[must_use]
pub fn set_buffer(text: &str, append: bool) -> ClientCall {
    ClientCall::new("buffer.set", json!({ "text": text, "append": append }))
}

/// Pastes a buffer into a pane: the newest, into the one in focus, where none is named.
#[must_use]
pub fn paste_buffer(name: Option<&str>, pane: Option<PaneId>) -> ClientCall {
    let mut params = Map::new();
    params.extend(name.map(|name| ("name".to_owned(), json!(name))));
    params.extend(pane.map(|pane| ("target".to_owned(), json!(pane))));
    ClientCall { name: "buffer.paste", params }
}

/// The buffers.
#[must_use]
pub fn buffers() -> ClientCall {
    ClientCall::new("buffer.ls", json!({}))
}

/// The output of the last command of the pane in focus.
#[must_use]
pub fn output() -> ClientCall {
    ClientCall::new("pane.output", json!({}))
}

/// The output of a command that was typed at a prompt.
#[must_use]
pub fn output_of(command: &str) -> ClientCall {
    ClientCall::new("pane.output", json!({ "of": command }))
}

/// The commands that ran.
#[must_use]
pub fn commands() -> ClientCall {
    ClientCall::new("process.commands", json!({ "limit": 1000 }))
}

/// Runs a former command again in the shell of the pane in focus.
#[must_use]
pub fn rerun(command: &str) -> ClientCall {
    ClientCall::new("shell.rerun", json!({ "id": command }))
}

/// A pattern in every pane.
#[must_use]
pub fn search_all(pattern: &str) -> ClientCall {
    ClientCall::new("pane.search", json!({ "pattern": pattern, "all": true }))
}

/// The keys that a call types into the pane in focus, such as the prefix pressed twice.
#[must_use]
pub fn typed_keys(wanted: &ClientCall) -> Option<Vec<Key>> {
    let keys = wanted
        .params
        .get("key")
        .filter(|_| wanted.name == "pane.send" && wanted.params.len() == 1)?;
    keys.as_str()?.split_whitespace().map(|key| key.parse().ok()).collect()
}

/// True if it is asked once more before a call is made.
#[must_use]
pub fn needs_consent(wanted: &ClientCall) -> bool {
    wanted.name == "session.kill"
}

/// The targets of the call that is asked about; none if it means what is shown.
#[must_use]
pub fn targets_of(wanted: &ClientCall) -> Option<String> {
    if wanted.params.get("all").is_some_and(|all| *all == Value::Bool(true)) {
        return Some("every session".into());
    }
    let targets = wanted.params.get("targets")?.as_array()?;
    let names: Vec<&str> = targets.iter().filter_map(Value::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The refusal of a call that is not the client's.
#[must_use]
pub fn unknown(name: &str) -> Refusal {
    Refusal::new(Code::UnknownAction, format!("{name} is nothing a client does"))
        .hint("abide actions")
}
