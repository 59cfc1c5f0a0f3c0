//! JSON-RPC 2.0 requests and responses as plain data (jsonrpc.org/specification), and the rows of
//! the one response that is read as a type. Batches are not part of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::error::{Code, Refusal};
use crate::base::id::{CommandId, PaneId, SessionId};

/// A request. Without an id it is a notification and gets no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// A string, a number or null, given back in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name of an action, such as `pane.split`.
    pub method: String,
    /// The arguments by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// The pane the caller runs in, which is what the call means where it names no target. A member
    /// of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pane: Option<PaneId>,
}

impl Request {
    /// A request with a number as its id.
    #[must_use]
    pub fn new(id: u64, method: impl Into<String>, params: Map<String, Value>) -> Self {
        Self {
            jsonrpc: "2.0".into(),
            id: Some(id.into()),
            method: method.into(),
            params,
            pane: None,
        }
    }
}

/// A response: a result or an error. Who knows what is answered reads it as that; it takes half the
/// time of reading a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response<T = Value> {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// The id of the request; null if it could not be read.
    pub id: Value,
    /// The result of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<T>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// An error: JSON-RPC's integer, and ours beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Error {
    /// −32700 to −32600 as JSON-RPC has them, else −32000.
    pub code: i64,
    /// The problem in words.
    pub message: String,
    /// Our stable code and the hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// The part of a refusal that a script looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorData {
    /// The stable code.
    pub code: Code,
    /// The next thing to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Of an interrupted call: the command that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// The cursor after the last of its output that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl<T: Default> Response<T> {
    /// The answer to the request with that id.
    #[must_use]
    pub fn new(id: Value, outcome: Result<T, Refusal>) -> Self {
        let (result, error) = match outcome {
            Ok(value) => (Some(value), None),
            Err(refusal) => (None, Some(refusal.into())),
        };
        Self { jsonrpc: "2.0".into(), id, result, error }
    }

    /// The result, or the refusal.
    ///
    /// # Errors
    /// The refusal the response carries.
    pub fn outcome(self) -> Result<T, Refusal> {
        match self.error {
            None => Ok(self.result.unwrap_or_default()),
            Some(error) => Err(error.into()),
        }
    }
}

/// The id of the request that a response answers, without reading the rest; none if it is no
/// response.
#[must_use]
pub fn answered(json: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Head {
        id: Value,
    }
    serde_json::from_str(json).ok().map(|head: Head| head.id)
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            Code::InvalidMessage => -32600,
            Code::UnknownAction => -32601,
            Code::InvalidParams => -32602,
            Code::Internal => -32603,
            _ => -32000,
        };
        Self {
            code,
            message: refusal.message,
            data: Some(ErrorData {
                code: refusal.code,
                hint: refusal.hint,
                command_id: refusal.command,
                cursor: refusal.cursor,
            }),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let refusal = Self::new(error.data.as_ref().map_or(Code::Internal, |data| data.code), "");
        let Some(ErrorData { hint, command_id, cursor, .. }) = error.data else {
            return Self { message: error.message, ..refusal };
        };
        Self { message: error.message, hint, command: command_id, cursor, ..refusal }
    }
}

/// The longest id of a request, in bytes of JSON.
const ID_BYTES_MAX: usize = 256;

/// Reads one message of newline-delimited JSON-RPC. Parameters may be left out, as null or an empty
/// list too.
///
/// # Errors
/// The response to send instead, with the id if that could be read: −32700 for bad JSON, −32600 for
/// what is no request or a batch.
pub fn read(line: &str) -> Result<Request, Box<Response>> {
    let mut value: Value = serde_json::from_str(line)
        .map_err(|error| refuse(Value::Null, -32700, format!("not JSON: {error}")))?;
    if value.is_array() {
        return Err(refuse(Value::Null, -32600, "batches are not supported".into()));
    }
    let id = match value.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => Some(id.clone()),
        Some(Value::Null) => Some(Value::Null),
        Some(_) => {
            let message = "an id is a string or a number".to_owned();
            return Err(refuse(Value::Null, -32600, message));
        }
        None => None,
    };
    let len = id.as_ref().map_or(0, |id| id.to_string().len());
    if ID_BYTES_MAX < len {
        let message = format!("an id of {len} bytes; at most {ID_BYTES_MAX} are allowed");
        return Err(refuse(Value::Null, -32600, message));
    }
    let known = id.clone().unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        let is_empty = |params: &Value| {
            params.is_null() || params.as_array().is_some_and(std::vec::Vec::is_empty)
        };
        if object.get("params").is_some_and(is_empty) {
            object.shift_remove("params");
        }
    }
    let request: Request = serde_json::from_value(value)
        .map_err(|error| refuse(known.clone(), -32600, format!("not a request: {error}")))?;
    if request.jsonrpc != "2.0" {
        let message = format!("jsonrpc is {:?} and has to be \"2.0\"", request.jsonrpc);
        return Err(refuse(known, -32600, message));
    }
    Ok(Request { id, ..request })
}

/// The response to what is no request.
fn refuse(id: Value, code: i64, message: String) -> Box<Response> {
    let data = Some(ErrorData {
        code: Code::InvalidMessage,
        hint: "send one JSON-RPC 2.0 request a line".into(),
        command_id: None,
        cursor: None,
    });
    let error = Some(Error { code, message, data });
    Box::new(Response { jsonrpc: "2.0".into(), id, result: None, error })
}

/// A process as the server lists it; the action documents the fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ProcessRow {
    /// The process id; 0 for a command that has ended.
    pub pid: i32,
    /// The moment when it started, in clock ticks since boot.
    pub start_time: u64,
    /// The distance below a leader.
    pub depth: usize,
    /// The session it runs in.
    pub session: Option<SessionId>,
    /// The pane it runs in.
    pub pane: Option<PaneId>,
    /// The command it is part of.
    pub command: Option<CommandId>,
    /// The state, as a word.
    pub state: String,
    /// The share of one processor, in hundredths.
    pub cpu: f64,
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The time it has been running, in milliseconds.
    pub age_ms: u64,
    /// The program and its arguments.
    pub command_line: String,
}

#[cfg(test)]
mod tests {
    use super::{Response, read};
    use crate::base::error::{Code, Refusal};

    #[test]
    fn bad_messages_get_the_answers_of_the_specification() {
        let code = |line: &str| read(line).expect_err("refused").error.expect("an error").code;
        assert_eq!(code("{"), -32700);
        assert_eq!(code("[]"), -32600);
        assert_eq!(code("{\"jsonrpc\":\"1.0\",\"method\":\"x\"}"), -32600);
        assert_eq!(code("{\"jsonrpc\":\"2.0\"}"), -32600);
        assert!(read("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}").is_ok());
    }

    #[test]
    fn an_id_that_can_be_read_is_in_the_answer_and_null_is_one() {
        let id = |line: &str| read(line).expect_err("refused").id;
        for line in [
            "{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"x\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":7}",
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"x\",\"params\":[1]}",
        ] {
            assert_eq!(id(line), 7, "{line}");
        }
        let long =
            format!("{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"x\"}}", "x".repeat(255));
        assert!(id(&long).is_null());
        assert!(id("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}").is_null());
        let request = |rest: &str| {
            read(&format!("{{\"jsonrpc\":\"2.0\",\"method\":\"x\"{rest}}}")).expect("a request")
        };
        assert_eq!(request(",\"id\":null").id, Some(serde_json::Value::Null));
        assert_eq!(request("").id, None);
        assert!(request(",\"params\":null").params.is_empty());
        assert!(request(",\"params\":[]").params.is_empty());
    }

    #[test]
    fn a_refusal_survives_the_wire() {
        let refusal = Refusal::new(Code::NotFound, "no pane p9").hint("abide pane ls");
        assert_eq!(<Response>::new(1.into(), Err(refusal.clone())).outcome(), Err(refusal));
    }
}
