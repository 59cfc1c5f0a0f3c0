//! Clients: their connections, the frames and images they are sent, and their reading of
//! scrollback.
//!
//! A client gets the rows that are newer than what it has, 8 ms after the frame before, or at once
//! if its own key caused them. One that does not read costs one frame, and catches up in one.
//!
//! `dispatch` and `event_loop` call it; it reads the core and changes nothing there. Tests: beside
//! the code; `tests/it/e2e_*.rs` prove the wiring.

pub(in crate::server) mod connection;
pub(in crate::server) mod frame;
pub(in crate::server) mod images;
pub(in crate::server) mod requests;
pub(in crate::server) mod scroll;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::error::Refusal;
use crate::base::id::{CallId, ClientId};
use crate::base::path_trace;
use crate::base::text::sanitize;
use crate::server::clients::connection::Conn;
use crate::server::event::{ConnId, Return};
use crate::state::effect::ClientMessage;
use crate::wire::frame::{Bye, HostCommand, Notice, ToClient};
use crate::wire::rpc::Response;

/// The longest name of a closed item, in bytes.
const CLOSED_MAX: usize = 256;

/// Connections, the clients on them, and the calls that wait for an answer.
#[derive(Debug, Default)]
pub(in crate::server) struct Clients {
    pub(in crate::server) conns: BTreeMap<ConnId, Conn>,
    pub(in crate::server) by_client: BTreeMap<ClientId, ConnId>,
    pub(in crate::server) calls: BTreeMap<CallId, Return>,
    /// Connections with requests that wait for their turn.
    pub(in crate::server) asking: BTreeSet<ConnId>,
}

impl Clients {
    /// Answers a call where it came from.
    pub(in crate::server) fn answer(
        &mut self,
        to: Return,
        outcome: Result<serde_json::Value, Refusal>,
    ) {
        let json = |id| {
            serde_json::to_string(&Response::new(id, outcome)).expect("a response is plain data")
        };
        self.answer_with(to, json);
    }

    /// The same with a result that is JSON already.
    pub(in crate::server) fn answer_text(&mut self, to: Return, result: &str) {
        self.answer_with(to, |id| {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
        });
    }

    fn answer_with(&mut self, to: Return, json: impl FnOnce(serde_json::Value) -> String) {
        match to {
            Return::Rpc { conn, id } => {
                path_trace::note("exec");
                let open = id.clone();
                let json = json(id);
                if let Some(conn) = self.conns.get_mut(&conn) {
                    if let Some(lines) = conn.lines() {
                        lines.answered(&open);
                    }
                    conn.put(|out| {
                        out.extend_from_slice(json.as_bytes());
                        out.push(b'\n');
                    });
                }
            }
            Return::Client { client, id } => {
                let json = json(id);
                self.send(client, &ToClient::Answer(json));
            }
            Return::Nobody => {}
        }
    }

    pub(in crate::server) fn tell(&mut self, client: ClientId, message: ClientMessage) {
        let message = match message {
            ClientMessage::Bell => ToClient::Outer(HostCommand::Bell),
            ClientMessage::Clipboard(text) => ToClient::Outer(HostCommand::Clipboard(text)),
            ClientMessage::Notify { title, body } => {
                ToClient::Outer(HostCommand::Notify { title, body })
            }
            ClientMessage::Notice { text, warning } => ToClient::Notice(Notice { text, warning }),
            ClientMessage::Closed { what, undo_ms } => {
                ToClient::Closed { what: sanitize(&what, CLOSED_MAX), undo_ms }
            }
            ClientMessage::Shut(session) => ToClient::Bye(Bye::Closed { session }),
            ClientMessage::Detached(session) => ToClient::Bye(Bye::Detached { session }),
            ClientMessage::Ended { session, status } => {
                ToClient::Bye(Bye::Ended { session, status })
            }
            ClientMessage::Stopped => ToClient::Bye(Bye::Stopped),
        };
        let is_last = matches!(message, ToClient::Bye(_));
        self.send(client, &message);
        if is_last && let Some(conn) = self.conn_of(client) {
            conn.closing = true;
        }
    }

    /// The connection of a client.
    pub(in crate::server) fn conn_of(&mut self, client: ClientId) -> Option<&mut Conn> {
        self.conns.get_mut(self.by_client.get(&client)?)
    }

    /// Sends a message to a client.
    pub(in crate::server) fn send(&mut self, client: ClientId, message: &ToClient) {
        if let Some(conn) = self.conn_of(client) {
            conn.tell(message);
        }
    }

    /// The bytes that the caller of a call has not read yet; 0 for a caller that is gone.
    pub(in crate::server) fn unsent_len(&self, call: CallId) -> usize {
        let Some(Return::Rpc { conn, .. }) = self.calls.get(&call) else { return 0 };
        self.conns.get(conn).map_or(0, Conn::unsent_len)
    }

    /// Sends an event of an open call to its caller, as a notification of JSON-RPC.
    pub(in crate::server) fn notify(
        &mut self,
        call: CallId,
        method: &str,
        event: &serde_json::Value,
    ) {
        let Some(Return::Rpc { conn, id }) = self.calls.get(&call) else { return };
        let params = serde_json::json!({ "call": id, "event": event });
        let line = serde_json::json!({ "jsonrpc": "2.0", "method": method, "params": params });
        if let Some(conn) = self.conns.get_mut(conn) {
            conn.put(|out| {
                serde_json::to_writer(&mut *out, &line).expect("plain data into memory");
                out.push(b'\n');
            });
        }
    }
}
