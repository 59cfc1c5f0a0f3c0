//! Calls over the server's socket, as programs make them: one line of JSON-RPC each way, events
//! between.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::{PATIENCE, World};

/// A connection to the server of a world.
pub(crate) struct Api {
    reader: BufReader<UnixStream>,
    next: u64,
    /// Answers that came while another one was waited for.
    early: BTreeMap<u64, Value>,
    /// What came between the answers.
    pub(crate) events: Vec<Value>,
}

impl Api {
    /// Connects; the server has to run.
    #[track_caller]
    pub(crate) fn connect(world: &World) -> Self {
        let stream =
            UnixStream::connect(world.path("state/abide/run/socket")).expect("the server listens");
        stream.set_read_timeout(Some(2 * PATIENCE)).expect("it is a socket");
        Self { reader: BufReader::new(stream), next: 0, early: BTreeMap::new(), events: Vec::new() }
    }

    /// Sends a call without waiting; its number.
    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.next += 1;
        let line = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params })
            .to_string()
            + "\n";
        self.reader.get_mut().write_all(line.as_bytes()).expect("the server reads");
        self.next
    }

    /// The next line; none if the server is gone.
    pub(crate) fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let count = self.reader.read_line(&mut line).unwrap_or(0);
        if 0 < count { serde_json::from_str(&line).ok() } else { None }
    }

    /// The answer to a call that was sent.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            if let Some(line) = self.early.remove(&id) {
                return line.get("result").cloned().ok_or_else(|| line["error"].clone());
            }
            let line = self.line().unwrap_or_else(|| {
                unreachable!("call {id} was not answered; events: {:?}", self.events)
            });
            if line.get("method").is_some() {
                self.events.push(line["params"]["event"].clone());
            } else if let Some(answered) = line["id"].as_u64() {
                self.early.insert(answered, line);
            }
        }
    }

    /// Calls and waits.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        let id = self.send(method, params);
        self.answer(id)
    }

    /// Runs a script in the shell of a session.
    #[track_caller]
    pub(crate) fn exec(&mut self, session: &str, script: &str) -> Value {
        let answer = self.call("exec.run", &json!({ "target": session, "command": [script] }));
        answer.unwrap_or_else(|error| unreachable!("{script:?} was refused: {error}"))
    }

    /// The same; its standard output without the last line end.
    #[track_caller]
    pub(crate) fn text(&mut self, session: &str, script: &str) -> String {
        self.exec(session, script)["stdout"].as_str().unwrap_or_default().trim_end().to_owned()
    }

    /// Starts a command beside the shell; its id and its process.
    #[track_caller]
    pub(crate) fn start(&mut self, session: &str, words: &[&str]) -> (String, i32) {
        let reply = self
            .call("process.start", &json!({ "target": session, "command": words }))
            .expect("it starts");
        let pid = reply["pid"]
            .as_i64()
            .and_then(|pid| i32::try_from(pid).ok())
            .expect("it has a process");
        (reply["id"].as_str().expect("it has an id").to_owned(), pid)
    }

    /// The code of the refusal of a call.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, params: &Value) -> String {
        let error = self.call(method, params).expect_err("it is refused");
        error["data"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Where a command is in its life.
    #[track_caller]
    pub(crate) fn state(&mut self, id: &str) -> String {
        self.call("process.status", &json!({ "id": id })).expect("it is known")["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
