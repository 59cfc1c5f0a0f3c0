//! Requests of callers: lines of JSON-RPC, which of them may be asked, and the bounds of all
//! connections together. What a request means is for `dispatch`.

use std::collections::BTreeSet;

use crate::base::error::{Code, Refusal};
use crate::base::time::Tick;
use crate::platform::now;
use crate::server::clients::Clients;
use crate::server::clients::connection::{Conn, FIRST_WORD_SOON, Speech};
use crate::server::event::{ConnId, Return};
use crate::wire::rpc::{self, Request, Response};

/// The most connections at once.
pub(in crate::server) const CONNS_MAX: usize = 1000;
/// The last of these are kept for clients with a terminal.
const CONNS_KEPT: usize = 8;
/// So many connections may have said nothing for the longer time.
const HALF_OPEN_MAX: usize = 16;
/// The longest line of newline-delimited JSON-RPC.
pub(in crate::server) const LINE_MAX: usize = 10_000_000;
/// The most calls of one connection that wait for their answer.
const OPEN_CALLS_MAX: usize = 100;
/// The most bytes of messages that are not whole yet, of all connections together.
const UNREAD_ALL: usize = 64 << 20;
/// A connection with less of them is not counted for.
const UNREAD_SMALL: usize = 64 << 10;

/// The bytes of JSON-RPC that were not worked on yet, and the calls that are open.
#[derive(Debug, Default)]
pub(in crate::server) struct RequestLines {
    bytes: Vec<u8>,
    /// Up to here there is no line end.
    scanned: usize,
    /// The ids of calls that wait for their answer, as JSON.
    open: BTreeSet<String>,
}

impl RequestLines {
    /// Adds what was read. Blank lines before a request are nothing.
    pub(in crate::server) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.scanned == 0 {
            let blank = self.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.bytes.drain(..blank);
        }
    }

    /// The number of bytes that wait.
    pub(in crate::server) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if nothing waits and everything is answered.
    pub(in crate::server) fn is_done(&self) -> bool {
        self.bytes.is_empty() && self.open.is_empty()
    }

    /// True if a whole line waits.
    pub(in crate::server) fn has_line(&mut self) -> bool {
        self.end().is_some()
    }

    /// The place of the first line end.
    fn end(&mut self) -> Option<usize> {
        let found = memchr::memchr(b'\n', &self.bytes[self.scanned..]);
        let end = found.map(|at| self.scanned + at);
        self.scanned = end.unwrap_or(self.bytes.len());
        end
    }

    /// Takes the next whole line that is not blank.
    pub(in crate::server) fn take(&mut self) -> Option<Vec<u8>> {
        let end = self.end()?;
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        self.scanned = 0;
        self.push(b"");
        Some(line)
    }

    /// Notes that the answer to `id` is awaited.
    ///
    /// # Errors
    /// `invalid_message` if one with that id is open already, `limit_reached` if too many are.
    pub(in crate::server) fn begin(&mut self, id: &serde_json::Value) -> Result<(), Refusal> {
        if OPEN_CALLS_MAX <= self.open.len() {
            let message = format!("{OPEN_CALLS_MAX} calls of this connection wait for an answer");
            return Err(Refusal::new(Code::LimitReached, message)
                .hint("wait for some of them, or use another connection"));
        }
        if !self.open.insert(id.to_string()) {
            let message = format!("a call with the id {id} is open on this connection");
            return Err(Refusal::new(Code::InvalidMessage, message)
                .hint("give each open call an id of its own"));
        }
        Ok(())
    }

    /// Notes that `id` is answered.
    pub(in crate::server) fn answered(&mut self, id: &serde_json::Value) {
        self.open.remove(&id.to_string());
    }
}

/// The refusal where all connections are taken, as a line of JSON-RPC.
pub(in crate::server) fn too_many() -> String {
    let message = format!("the server takes {CONNS_MAX} connections at most");
    let refusal = Refusal::new(Code::LimitReached, message)
        .hint("close clients, or programs that hold connections to its socket");
    let response: Response = Response::new(serde_json::Value::Null, Err(refusal));
    serde_json::to_string(&response).expect("plain data has a JSON form") + "\n"
}

/// The refusal of a call where only places for clients are left.
fn no_place() -> Refusal {
    let limit = CONNS_MAX - CONNS_KEPT;
    let message = format!("{limit} connections are open; the rest is kept for attaching");
    Refusal::new(Code::LimitReached, message)
        .hint("close clients, or programs that hold connections to its socket")
}

impl Clients {
    /// Says which place a new connection has: one for anybody or one for a client, and how long it
    /// may say nothing.
    pub(in crate::server) fn give_place(&self, conn: &mut Conn) {
        conn.is_kept = CONNS_MAX - CONNS_KEPT <= self.conns.len();
        let half_open = self.conns.values().filter(|conn| conn.first_word_by.is_some()).count();
        if HALF_OPEN_MAX <= half_open {
            conn.first_word_by = Some(now().tick + FIRST_WORD_SOON);
        }
    }

    /// Closes connections that asked nothing in time. True if there were some.
    pub(in crate::server) fn end_half_open(&mut self, now: Tick) -> bool {
        let is_late = |conn: &Conn| conn.first_word_by.is_some_and(|by| by <= now);
        let open = self.conns.iter().filter(|(_, conn)| !conn.closing);
        let late: Vec<ConnId> = open.filter(|(_, conn)| is_late(conn)).map(|(id, _)| *id).collect();
        for id in &late {
            let refusal = Refusal::new(Code::TimedOut, "nothing was asked in time")
                .hint("send one JSON-RPC 2.0 request a line");
            self.refuse_connection(*id, refusal);
        }
        !late.is_empty()
    }

    /// Answers with a refusal that is about no request, and closes.
    pub(in crate::server) fn refuse_connection(&mut self, id: ConnId, refusal: Refusal) {
        let to = Return::Rpc { conn: id, id: serde_json::Value::Null };
        self.answer(to, Err(refusal));
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.closing = true;
        }
    }

    /// All connections together may have sent so much that is not whole yet; the one with the most
    /// of it is refused. Gives one that cannot be told and is to be closed.
    pub(in crate::server) fn bound_unread(&mut self, last: ConnId) -> Option<ConnId> {
        if self.conns.get(&last)?.unread_len() < UNREAD_SMALL
            || self.conns.values().map(Conn::unread_len).sum::<usize>() <= UNREAD_ALL
        {
            return None;
        }
        let most = self.conns.iter().max_by_key(|(_, conn)| conn.unread_len())?;
        let most = *most.0;
        tracing::warn!("a connection is closed: more than {UNREAD_ALL} bytes are unfinished");
        if self.conns.get_mut(&most)?.lines().is_none() {
            return Some(most);
        }
        let message = format!("unfinished messages have more than {UNREAD_ALL} bytes together");
        let refusal = Refusal::new(Code::LimitReached, message).hint("try again in a moment");
        self.refuse_connection(most, refusal);
        // The bytes take no room while the refusal leaves.
        self.conns.get_mut(&most)?.speech = Speech::Rpc(RequestLines::default());
        None
    }

    /// The next request of a connection, if its answers are read.
    pub(in crate::server) fn next_line(&mut self, id: ConnId) -> Option<Vec<u8>> {
        let conn = self.conns.get_mut(&id).filter(|conn| conn.may_ask())?;
        conn.lines()?.take()
    }

    /// A connection had its turn.
    pub(in crate::server) fn asked(&mut self, id: ConnId) {
        if !self.conns.get_mut(&id).is_some_and(Conn::has_request) {
            self.asking.remove(&id);
        }
    }

    /// True if a request can be worked on now.
    pub(in crate::server) fn has_requests(&self) -> bool {
        self.asking.iter().any(|id| self.conns.get(id).is_some_and(Conn::may_ask))
    }

    /// The request in a line, and the place where its answer goes; one that cannot be taken is
    /// answered here.
    pub(in crate::server) fn request(
        &mut self,
        id: ConnId,
        line: &[u8],
    ) -> Option<(Request, Return)> {
        let read = rpc::read(&String::from_utf8_lossy(line));
        let conn = self.conns.get_mut(&id)?;
        let is_first = conn.first_word_by.take().is_some();
        if std::mem::take(&mut conn.is_kept) {
            self.refuse_connection(id, no_place());
            return None;
        }
        let refused = match read {
            Ok(request) => {
                let opened = request.id.as_ref().zip(conn.lines());
                match opened.map_or(Ok(()), |(id, lines)| lines.begin(id)) {
                    Ok(()) => {
                        let to = |call| Return::Rpc { conn: id, id: call };
                        let to = request.id.clone().map_or(Return::Nobody, to);
                        return Some((request, to));
                    }
                    Err(refusal) => {
                        Box::new(Response::new(request.id.unwrap_or_default(), Err(refusal)))
                    }
                }
            }
            Err(response) => {
                // A peer that begins with what is no request means another protocol.
                conn.closing |= is_first;
                response
            }
        };
        let json = serde_json::to_string::<Response>(&refused).expect("plain data has a JSON form");
        conn.put(|out| {
            out.extend_from_slice(json.as_bytes());
            out.push(b'\n');
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{OPEN_CALLS_MAX, RequestLines};
    use crate::base::error::Code;

    #[test]
    fn requests_come_out_one_by_one_however_they_are_cut_and_blanks_are_nothing() {
        let text = b"\n  {1}\r\n\n \n{2}\n{3";
        for cut in 0..=text.len() {
            let mut lines = RequestLines::default();
            let mut seen = Vec::new();
            for part in [&text[..cut], &text[cut..]] {
                lines.push(part);
                while let Some(line) = lines.take() {
                    seen.push(String::from_utf8_lossy(&line).trim().to_owned());
                }
            }
            assert_eq!(seen, ["{1}", "{2}"], "cut at {cut}");
            lines.push(b"}\n");
            assert!(lines.take().is_some() && lines.take().is_none());
        }
    }

    #[test]
    fn an_id_is_open_once_and_only_so_many_are() {
        let mut lines = RequestLines::default();
        for id in 0..OPEN_CALLS_MAX {
            lines.begin(&id.into()).expect("there is room");
        }
        let refused =
            |lines: &mut RequestLines, id: u64| lines.begin(&id.into()).expect_err("refused").code;
        assert_eq!(refused(&mut lines, 1000), Code::LimitReached);
        lines.answered(&7.into());
        assert_eq!(refused(&mut lines, 8), Code::InvalidMessage);
        lines.begin(&7.into()).expect("it was answered");
    }
}
