//! The bodies of the fuzz targets of what crosses a process boundary or outlives a process: each
//! takes any bytes and must neither panic nor break its property. Also run on the seeds by
//! `cargo test`.

use abide::base::memory::{HeapMemory, SharedBytes};
use abide::config::diag::Diagnostic;
use abide::config::{keymap, load, theme, tmux, words};
use abide::store::buffers::StoredBuffers;
use abide::store::commands::StoredCommands;
use abide::store::double_buffer::DoubleBuffer;
use abide::store::input::InputQueue;
use abide::store::log::{Log, LogStream};
use abide::store::ring;
use abide::store::screen::StoredScreen;
use abide::store::session_state::SessionState;
use abide::store::snapshot::SnapshotFile;
use abide::wire::frame::{self, ToClient, ToServer};
use abide::wire::keeper::{Decoder, FromKeeper, HandoffTable, KeeperMessage, ToKeeper, encode};
use abide::wire::packet::Packets;
use abide::wire::rpc;

/// The most memory that bytes become: a length is chosen by whoever made them.
const MEMORY_MAX: usize = 1 << 20;

fn frames<T: serde::Serialize + serde::de::DeserializeOwned>(data: &[u8]) {
    let mut packets = Packets::default();
    for part in data.chunks(usize::from(data.first().copied().unwrap_or(0)) + 1) {
        packets.push(part);
        while let Ok(Some((kind, body))) = packets.take() {
            let Ok(message) = frame::get::<T>(kind, body) else {
                let _hello = frame::longer_hello(body);
                continue;
            };
            let mut again = Vec::new();
            frame::put(&mut again, &message).expect("it came in a packet");
            let mut packets = Packets::default();
            packets.push(&again);
            let (kind, body) = packets.take().expect("it is one").expect("it is whole");
            assert!(frame::get::<T>(kind, body).is_ok(), "what is read can be said again");
        }
    }
}

/// A client's stream as the server reads it.
pub(crate) fn client_frames(data: &[u8]) {
    frames::<ToServer>(data);
}

/// A server's stream as the client reads it.
pub(crate) fn server_frames(data: &[u8]) {
    frames::<ToClient>(data);
}

fn records<M: KeeperMessage + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let mut decoder = Decoder::<()>::default();
    decoder.push(data, vec![(); data.len().min(64)]);
    while let Ok(Some(record)) = decoder.next::<M>() {
        let bytes = encode(record.lease, record.call, &record.message, record.fds.len());
        let mut again = Decoder::<()>::default();
        again.push(&bytes, vec![(); record.fds.len()]);
        assert_eq!(again.next::<M>().expect("it is one"), Some(record));
    }
}

/// Records between keeper and server, read as either side does.
pub(crate) fn keeper_records(data: &[u8]) {
    records::<ToKeeper>(data);
    records::<FromKeeper>(data);
}

/// The table that a keeper hands to the program it becomes.
pub(crate) fn handoff_table(data: &[u8]) {
    if let Ok(table) = HandoffTable::decode(data) {
        assert_eq!(HandoffTable::decode(&table.encode()), Ok(table));
    }
}

/// Lines of JSON-RPC: a line is a request or has an answer that says why not.
pub(crate) fn rpc_lines(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines() {
        let said = match rpc::read(line) {
            Ok(request) => serde_json::to_string(&request),
            Err(response) => serde_json::to_string(&*response),
        };
        assert!(said.is_ok_and(|said| !said.contains('\n')), "it is one line: {line:?}");
        let _id = rpc::answered(line);
    }
}

/// A configuration file, a theme and a layout.
pub(crate) fn config_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(problems) = load::load("config.toml", &text) {
        assert!(!problems.is_empty(), "a refusal has a reason");
        assert!(problems.iter().all(|problem| !problem.headline().is_empty()));
    }
    drop(theme::load("theme.toml", &text));
    drop(load::read_layout::<serde_json::Value>(&text));
    let _line = load::line_of(&text, &["keys", "bind"]);
}

/// A binding: a chord, a line break, and the words of its action.
pub(crate) fn key_bindings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (chord, line) = text.split_once('\n').unwrap_or((&text, ""));
    drop(keymap::faults(chord, line));
    let _collides = keymap::collide(chord, line);
    drop(keymap::hook_fault(line));
    if let Ok(all) = words::split(line) {
        let quoted: Vec<String> = all.iter().map(|word| words::quote(word)).collect();
        assert_eq!(words::split(&quoted.join(" ")), Ok(all), "words can be quoted");
    }
}

/// A configuration of tmux: what is made of it is one that abide takes.
pub(crate) fn tmux_import(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let imported = tmux::import("tmux.conf", &text, &|_, name| {
        if name.len() % 2 == 0 {
            Ok((name.into(), "set -g mouse on".into()))
        } else {
            Err("no".into())
        }
    });
    let made = imported.toml();
    let problems = load::load("made.toml", &made).err().unwrap_or_default();
    let told: Vec<String> = problems.iter().map(Diagnostic::headline).collect();
    assert!(told.is_empty(), "{told:?}\n{made}");
}

/// The structure as it lies in shared memory and in the database, and the records beside it.
pub(crate) fn session_state(data: &[u8]) {
    if let Ok(state) = SessionState::decode(data) {
        assert_eq!(SessionState::decode(&state.encode()), Ok(state));
    }
    if let Some(commands) = StoredCommands::decode(data) {
        assert_eq!(StoredCommands::decode(&commands.encode()), Some(commands));
    }
    if let Some(buffers) = StoredBuffers::decode(data) {
        assert_eq!(StoredBuffers::decode(&buffers.encode()), Some(buffers));
    }
}

/// A screen as it is kept, and a file of a snapshot.
pub(crate) fn stored_screen(data: &[u8]) {
    if let Ok(screen) = StoredScreen::decode(data) {
        assert_eq!(StoredScreen::decode(&screen.encode()), Ok(screen));
    }
    if let Ok(file) = SnapshotFile::decode(data) {
        assert_eq!(SnapshotFile::decode(&file.encode()), Ok(file));
    }
}

/// Memory with these bytes; the first two say how much longer it is.
fn memory(data: &[u8]) -> HeapMemory {
    let (more, bytes) = data.split_at(data.len().min(2));
    let more = more.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte)) * 32;
    let mut memory = HeapMemory::default();
    let len = (bytes.len() + more).min(MEMORY_MAX);
    SharedBytes::grow(&mut memory, len).expect("there is room");
    let len = bytes.len().min(len);
    SharedBytes::write(&mut memory, 0, &bytes[..len]);
    memory
}

/// The ring of a keeper that died at any moment.
pub(crate) fn ring_recovery(data: &[u8]) {
    let mut copy = memory(data);
    if let Ok(found) = ring::recover(&mut copy) {
        assert!(found <= ring::WINDOW_LEN_MAX);
        assert_eq!(ring::recover(&mut copy), Ok(0), "a second look finds nothing more");
    }
    if let Ok(mut consumer) = ring::Consumer::attach(memory(data)) {
        let mut bytes = Vec::new();
        let (tail, head) = (consumer.tail(), consumer.head().unwrap_or(0));
        for position in [tail, head, head.wrapping_sub(1)] {
            assert!(consumer.read(position, 4096, &mut bytes).is_err() || bytes.len() <= 4096);
        }
    }
    if let Ok(mut producer) = ring::Producer::attach(memory(data))
        && let Some(window) = producer.window()
    {
        producer.advance(window.len().min(7));
    }
}

/// The input of a pane as a server left it that died at any moment.
pub(crate) fn input_recovery(data: &[u8]) {
    let mut long = memory(data);
    SharedBytes::grow(&mut long, 4096 + MEMORY_MAX).expect("there is room");
    if let Some(mut input) = InputQueue::open(Box::new(long)) {
        let before = input.waiting();
        let taken = input.begin().len();
        input.finish(taken.min(3));
        assert!(input.waiting() <= before);
        if input.accept(b"typed", Some((7, 9))).is_ok() {
            assert_eq!(input.number_of(7), Some(9));
        }
    }
}

/// Logs of commands and double buffers as a server left them that died at any moment.
pub(crate) fn log_recovery(data: &[u8]) {
    if let Some(mut log) = Log::open(memory(data)) {
        for stream in LogStream::ALL {
            let (text, _) = log.text(stream, 4096);
            assert!(text.len() <= 4096);
        }
        let _is_one = log.is_boundary(log.head());
        log.append(LogStream::Output, 1, b"more");
    }
    if let Some(buffer) = DoubleBuffer::open(Box::new(memory(data))) {
        drop(buffer.read());
    }
}
