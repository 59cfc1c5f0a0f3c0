//! Callers that are careless or hostile on the socket: each hears what is wrong, and nobody else
//! waits for them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Api, PATIENCE, World, status_field};

/// The bytes that the server has in memory.
fn memory(world: &World) -> usize {
    let field = status_field(world.server_pid(), "VmRSS").expect("it runs");
    let kib: usize = field.trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

fn world() -> World {
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "cat"]).ok();
    world
}

fn connect(world: &World) -> UnixStream {
    let stream =
        UnixStream::connect(world.path("state/abide/run/socket")).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is a socket");
    stream
}

/// Everything that comes until the server closes.
fn rest(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it is closed in time");
    text
}

fn answers(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_caller_that_ends_its_side_gets_its_answers_then_the_end() {
    let world = world();
    let line = |id: u64, method: &str, params: &Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
    };
    let run = json!({"target": "w", "command": ["sleep 0.3; echo done"]});
    for (request, check) in [
        (line(1, "session.ls", &json!({})), "/result/0/name"),
        (line(2, "exec.run", &run), "/result/stdout"),
    ] {
        for end in ["\n", ""] {
            let mut stream = connect(&world);
            stream.write_all(format!("{request}{end}").as_bytes()).expect("it is read");
            stream.shutdown(Shutdown::Write).expect("it is a socket");
            let answers = answers(&rest(&mut stream));
            assert!(answers[0].pointer(check).is_some(), "{request}: {answers:?}");
        }
    }
    let marker = world.path("marker");
    let script = format!("sleep 1000; touch {}", marker.display());
    let run = json!({"target": "w", "command": [script]});
    let mut stream = connect(&world);
    stream.write_all((line(3, "exec.run", &run) + "\n").as_bytes()).expect("it is read");
    drop(stream);
    world.cli(&["exec", "-t", "w", "--", "true"]).ok();
}

#[test]
fn a_first_line_that_is_no_request_is_answered_and_closed_and_blanks_before_one_are_nothing() {
    let world = world();
    let ls = "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"session.ls\"}\n";
    for (first, code) in [
        ("not json\n", -32700),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.ls\"}]\n", -32600),
        ("\"x\"\n", -32600),
        ("GET / HTTP/1.1\r\n\r\n", -32700),
        ("{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"session.ls\"}\n", -32600),
    ] {
        let mut stream = connect(&world);
        stream.write_all(first.as_bytes()).expect("it is read");
        let answers = answers(&rest(&mut stream));
        assert_eq!(
            (answers.len(), answers[0]["error"]["code"].as_i64()),
            (1, Some(code)),
            "{first}"
        );
        let id = if first.contains("1.0\",") { json!(7) } else { Value::Null };
        assert_eq!(answers[0]["id"], id, "{first}");
    }
    for blank in ["\n", "  ", "\r\n \n\t"] {
        let mut stream = connect(&world);
        stream.write_all(format!("{blank}{ls}not json\n{ls}").as_bytes()).expect("it is read");
        stream.shutdown(Shutdown::Write).expect("it is a socket");
        let ids: Vec<Value> =
            answers(&rest(&mut stream)).iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(ids, [json!(9), Value::Null, json!(9)], "after {blank:?}");
    }
}

#[test]
fn an_id_in_use_a_long_one_and_too_many_waits_are_refused() {
    let world = world();
    let mut api = Api::connect(&world);
    for _ in 0..100 {
        api.send("pane.wait", &json!({"target": "w", "text": "never"}));
    }
    assert_eq!(api.refused("pane.wait", &json!({"target": "w", "text": "no"})), "limit_reached");
    let mut stream = connect(&world);
    let wait = json!({"target": "w", "text": "never"});
    let request =
        |id: &Value| json!({"jsonrpc": "2.0", "id": id, "method": "pane.wait", "params": wait});
    let long = "x".repeat(1 << 20);
    let lines: String =
        [json!(1), json!(1), json!(long)].map(|id| request(&id).to_string() + "\n").concat();
    stream.write_all(lines.as_bytes()).expect("it is read");
    let mut lines = BufReader::new(stream).lines();
    let mut next = || -> Value {
        serde_json::from_str(&lines.next().expect("a line").expect("it is read")).expect("JSON")
    };
    let (twice, long) = (next(), next());
    assert_eq!(
        (&twice["id"], &twice["error"]["data"]["code"]),
        (&json!(1), &json!("invalid_message"))
    );
    assert_eq!((&long["id"], &long["error"]["code"]), (&Value::Null, &json!(-32600)));
}

/// Requests in one write, whose answers nobody reads: the others are served, and nothing grows.
#[test]
fn a_caller_that_asks_much_and_reads_nothing_holds_up_nobody() {
    let world = world();
    let fill = "i=0; while [ $i -lt 3000 ]; do printf '%0200d\\n' $i; i=$((i+1)); done; cat";
    world.cli(&["new", "-d", "full", "--", "sh", "-c", fill]).ok();
    world.cli(&["wait", "-t", "full", "--text", "2999"]).ok();
    let (server, before) = (world.server_pid(), memory(&world));
    let mut stream = connect(&world);
    let ask = json!({"jsonrpc": "2.0", "id": null, "method": "pane.capture",
        "params": {"target": "full", "scrollback": 3000}});
    let mut asks = Vec::new();
    for id in 1..=90 {
        let mut ask = ask.clone();
        ask["id"] = json!(id);
        asks.extend(ask.to_string().into_bytes());
        asks.push(b'\n');
    }
    stream.write_all(&asks).expect("it fits into the socket");
    let begin = Instant::now();
    world.cli(&["ls"]).ok();
    assert!(begin.elapsed().as_secs() < 5, "others waited {:?}", begin.elapsed());
    let grown = memory(&world).saturating_sub(before);
    assert!(grown < 16 << 20, "the server grew by {grown} bytes");
    stream.shutdown(Shutdown::Write).expect("it is a socket");
    assert_eq!(rest(&mut stream).lines().count(), 90, "all are answered once they are read");
    assert_eq!(world.server_pid(), server, "it is the same server");
}

#[test]
fn unfinished_messages_have_one_budget_and_silent_connections_an_end() {
    let world = world();
    let before = memory(&world);
    let mut held: Vec<UnixStream> = Vec::new();
    let part = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"".to_owned() + &"x".repeat(9_000_000);
    let silent: Vec<UnixStream> = (0..40).map(|_| connect(&world)).collect();
    for _ in 0..12 {
        let mut stream = connect(&world);
        // A server that has closed it takes nothing more.
        if stream.write_all(part.as_bytes()).is_ok() {
            held.push(stream);
        }
        world.cli(&["ls"]).ok();
    }
    let grown = memory(&world).saturating_sub(before);
    assert!(grown < 160 << 20, "the server grew by {grown} bytes");
    let refused = held.iter().filter(|stream| {
        stream.set_nonblocking(true).expect("it is a socket");
        let (mut reader, mut text) = (*stream, [0; 4096]);
        let len = reader.read(&mut text).unwrap_or(0);
        String::from_utf8_lossy(&text[..len]).contains("limit_reached")
    });
    assert!(3 <= refused.count() + 12 - held.len(), "those beyond the budget were refused");
    for mut stream in silent {
        let text = rest(&mut stream);
        assert!(text.contains("timed_out"), "{text:?}");
    }
}

#[test]
fn the_limit_of_connections_is_told_and_some_are_kept_for_clients() {
    let world = world();
    let mut held = Vec::new();
    let ls = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.ls\"}\n";
    for _ in 0..1000 {
        let mut stream = connect(&world);
        stream.write_all(ls.as_bytes()).expect("it is read");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("it is answered");
        held.push(stream);
        if line.contains("limit_reached") {
            assert!(line.contains("992 connections are open"), "{line}");
            break;
        }
    }
    assert_eq!(held.len(), 993);
    world.cli(&["ls"]).refused(1, &["992 connections"]);
    let stranger: Vec<UnixStream> = (0..8).map(|_| connect(&world)).collect();
    world.cli(&["ls"]).refused(1, &["connections"]);
    drop((stranger, held));
    world.cli(&["ls"]).ok();
}

#[test]
fn a_capture_longer_than_a_message_comes_whole_by_the_command_line() {
    let world = World::new();
    let line = "i=0; s=; while [ $i -lt 50 ]; do s=\"$s\\033[1mx\\033[my\"; i=$((i+1)); done; i=0; \
        while [ $i -lt 850 ]; do printf \"$s\\n\"; i=$((i+1)); done; echo last; exec cat";
    world.cli(&["new", "-d", "w", "--size", "100x20", "--", "sh", "-c", line]).ok();
    world.cli(&["wait", "-t", "w", "--text", "last"]).ok();
    let server = world.server_pid();
    let before = memory(&world);
    let svg = world.cli(&["capture", "-t", "w", "--scrollback", "--format", "svg"]).ok().stdout;
    assert!(10_000_000 < svg.len(), "{} bytes are no long capture", svg.len());
    assert_eq!(svg.matches("<text ").count(), 850 * 100 + 1);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    let text = world.cli(&["capture", "-t", "w", "--scrollback"]).ok().stdout;
    assert_eq!(text.lines().filter(|line| line.len() == 100).count(), 850);
    let json = world.cli(&["capture", "-t", "w", "--scrollback", "--format", "json"]).json();
    let rows = json["rows"].as_array().map_or(0, Vec::len);
    assert!(851 <= rows && json["next"].is_null(), "{rows} rows");
    let grown = memory(&world).saturating_sub(before);
    assert!(grown < 16 << 20, "the server grew by {grown} bytes");
    assert_eq!(world.server_pid(), server, "it is the same server");
}
