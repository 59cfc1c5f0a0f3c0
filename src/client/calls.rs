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
use crate::client::processes::{LINE_MAX, ProcessIdent};
use crate::config::keymap::Bound;
use crate::wire::rpc::Request;

/// The action that lists the keys.
pub const HELP: &str = "client.keys";
/// The one that lists every command.
pub const PALETTE: &str = "client.palette";
/// What somebody who is new here does first: a tab, a split, leaving.
pub const FIRST_STEPS: [&str; 3] = ["tab.new", "pane.split", "client.detach"];

/// The action that brings back what was closed.
pub const UNDO: &str = "session.undo";

/// Method and arguments of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCall {
    /// The name of the action.
    pub name: &'static str,
    /// Its arguments.
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

/// Something the client does itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAction {
    /// Open the palette with this text typed.
    Palette(String),
    /// List the keys.
    Keys,
    /// List the sessions.
    Sessions,
    /// List the tabs.
    Tabs,
    /// List the notices of before.
    Notices,
    /// Show the processes.
    Processes,
    /// Draw everything anew.
    Redraw,
    /// Suspend this client.
    Suspend,
    /// List the panes that want attention.
    Inbox,
    /// Take no key but the one that unlocks, or take them again.
    Lock,
    /// Ask for the new name of something.
    Rename(Renamed),
    /// Enter copy mode, and scroll a page.
    CopyMode(bool),
    /// List the buffers.
    Buffers,
    /// List the commands that ran.
    Commands,
    /// Copy what the last command printed.
    CopyOutput,
    /// Label what is worth copying.
    Hints,
    /// Search every pane.
    Search,
    /// Show the numbers of the panes.
    Numbers,
    /// Show a clock.
    Clock,
    /// Say what the next key does.
    Describe,
    /// Say where one is.
    Info,
    /// List the clients.
    Clients,
    /// List what can be done with something.
    Menu(Menu),
}

/// What a menu is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    /// The tab.
    Tab,
    /// The pane.
    Pane,
}

/// What gets another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    /// The tab.
    Tab,
    /// The session.
    Session,
    /// The pane.
    Pane,
}

/// What the client does itself for a call; none if it is the server's.
#[must_use]
pub fn client_action(name: &str, params: &Map<String, Value>) -> Option<ClientAction> {
    let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(match name {
        PALETTE => ClientAction::Palette(text("text")),
        HELP => ClientAction::Keys,
        "client.sessions" => ClientAction::Sessions,
        "client.tabs" => ClientAction::Tabs,
        "client.notices" => ClientAction::Notices,
        "client.processes" => ClientAction::Processes,
        "client.redraw" => ClientAction::Redraw,
        "client.suspend" => ClientAction::Suspend,
        "client.inbox" => ClientAction::Inbox,
        "client.lock" => ClientAction::Lock,
        "client.rename" if text("what") == "session" => ClientAction::Rename(Renamed::Session),
        "client.rename" if text("what") == "pane" => ClientAction::Rename(Renamed::Pane),
        "client.rename" => ClientAction::Rename(Renamed::Tab),
        "client.buffers" => ClientAction::Buffers,
        "client.commands" => ClientAction::Commands,
        "client.hints" => ClientAction::Hints,
        "client.search" => ClientAction::Search,
        "pane.copy_mode" => {
            ClientAction::CopyMode(params.get("page_up").is_some_and(|up| *up == Value::Bool(true)))
        }
        "pane.copy_output" => ClientAction::CopyOutput,
        "client.numbers" => ClientAction::Numbers,
        "client.clock" => ClientAction::Clock,
        "client.describe" => ClientAction::Describe,
        "client.info" => ClientAction::Info,
        "client.choose" => ClientAction::Clients,
        "client.menu" if text("what") == "pane" => ClientAction::Menu(Menu::Pane),
        "client.menu" => ClientAction::Menu(Menu::Tab),
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
    let params = json!({ "target": pid.to_string(), "start_time": start_time, "tree": tree, "grace_ms": grace.as_millis(), "if_running": true });
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

/// The tabs of all sessions.
#[must_use]
pub fn all_tabs() -> ClientCall {
    ClientCall::new("tab.ls", json!({ "all": true }))
}

/// What the pane in focus of a target shows, as rows.
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

/// What can be done with something, in the action language.
#[must_use]
pub const fn menu(about: Menu) -> &'static [&'static str] {
    match about {
        Menu::Tab => &[
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
        ],
        Menu::Pane => &[
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
        ],
    }
}

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

/// What the last command of the pane in focus printed.
#[must_use]
pub fn output() -> ClientCall {
    ClientCall::new("pane.output", json!({}))
}

/// What a command printed that was typed at a prompt.
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

/// Whether it is asked once more before a call is made.
#[must_use]
pub fn needs_consent(wanted: &ClientCall) -> bool {
    wanted.name == "session.kill"
}

/// What the call that is asked about names; none if it means what is shown.
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
