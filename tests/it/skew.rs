//! Peers of another version: what an older abide has said and kept, recorded under `tests/skew`, is
//! understood; what cannot be is refused at once, with both versions and the command that helps.
//! `RECORD=1` writes the records of the present version where there are none.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use abide::base::geom::Size;
use abide::base::memory::HeapMemory;
use abide::store::commands::StoredCommands;
use abide::store::double_buffer::DoubleBuffer;
use abide::store::screen::StoredScreen;
use abide::store::session_state::SessionState;
use abide::wire::frame::{self, Bye, ToClient, ToServer};
use abide::wire::hello::{Hello, VERSION, Welcome};
use abide::wire::packet::Packets;

use crate::e2e_survive::{pull_the_plug, wait_until};
use crate::harness::{Abide, World};

/// The version that is built.
const OWN: &str = env!("CARGO_PKG_VERSION");
/// How long an answer may take (F23), with room for a machine that runs all tests at once.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// The folders of the versions that are recorded.
fn recorded() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/skew");
    let own = root.join(OWN);
    if std::env::var_os("RECORD").is_some() && !own.exists() {
        record(&own);
    }
    let folders: Vec<PathBuf> = fs::read_dir(root)
        .expect("there are records")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    assert!(!folders.is_empty(), "no version is recorded");
    folders
}

/// Lets the present version say and keep something, and writes it down.
fn record(folder: &PathBuf) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("client-hello"), said(&ToServer::Hello(hello(VERSION, OWN))))
        .expect("written");
    fs::write(folder.join("server-welcome"), said(&ToClient::Welcome(welcome()))).expect("written");
    let world = Arc::new(World::new());
    world
        .cli(&[
            "new",
            "-d",
            "work",
            "--",
            "sh",
            "-c",
            "printf '\\033[31mred\\033[m 語\\n'; echo armed; exec cat",
        ])
        .ok();
    world.cli(&["wait", "-t", "work", "--text", "armed", "--timeout", "20s"]).ok();
    world.cli(&["tab", "new", "-t", "work", "--name", "second"]).ok();
    wait_until("a snapshot was written", || {
        memory(&world, "abide-p1-slots").is_some_and(|bytes| content(bytes).is_some())
    });
    for (kept, name) in
        [("abide-core", "structure"), ("abide-p1-slots", "screen"), ("abide-commands", "commands")]
    {
        if let Some(bytes) = memory(&world, kept).and_then(content) {
            fs::write(folder.join(name), bytes).expect("written");
        }
    }
    let database = world.path("state/abide/abide.db");
    wait_until("all is on disk", || {
        let open = rusqlite::Connection::open(&database);
        open.and_then(|db| {
            db.query_row("SELECT count(*) FROM text", [], |row| row.get::<_, i64>(0))
        })
        .is_ok_and(|count| count == 2)
    });
    pull_the_plug(&world);
    let db = rusqlite::Connection::open(&database).expect("it is there");
    let place = folder.join("abide.db");
    db.execute("VACUUM INTO ?1", [place.to_str().expect("a path")]).expect("written");
}

/// Memory that the keeper holds under a name.
fn memory(world: &World, name: &str) -> Option<Vec<u8>> {
    let wanted = format!("/memfd:{name} (deleted)");
    let fds = fs::read_dir(format!("/proc/{}/fd", world.keeper_pid())).ok()?;
    let is_it =
        |path: &PathBuf| fs::read_link(path).is_ok_and(|link| link.to_string_lossy() == wanted);
    fs::read(fds.filter_map(|entry| Some(entry.ok()?.path())).find(is_it)?).ok()
}

/// What is in a pair of slots.
fn content(bytes: Vec<u8>) -> Option<Vec<u8>> {
    DoubleBuffer::open(Box::new(HeapMemory(bytes)))?.read()
}

fn hello(version: u32, build: &str) -> Hello {
    Hello {
        version_min: version,
        version_max: version,
        build: build.into(),
        token: 7,
        size: Size::new(80, 24),
        cell_pixels: (0, 0),
        pid: 1,
        cwd: "/".into(),
        env: Vec::new(),
        resume: false,
        read_only: false,
    }
}

fn welcome() -> Welcome {
    let client = "v1".parse().expect("an id");
    Welcome {
        version: VERSION,
        build: OWN.into(),
        client,
        lease: 1,
        input_taken: 0,
        input_in_doubt: false,
        resumed: false,
    }
}

fn said<T: serde::Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::put(&mut bytes, message).expect("it is short");
    bytes
}

/// The first message in some bytes, once it is whole.
fn first<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut packets = Packets::default();
    packets.push(bytes);
    let (kind, body) = packets.take().expect("packets")?;
    Some(frame::get(kind, body).expect("a message"))
}

/// What the server answers to somebody's first words, and how long that took.
#[track_caller]
fn answer(world: &World, words: &[u8]) -> (ToClient, Duration) {
    let mut stream = UnixStream::connect(socket(world)).expect("it listens");
    stream.set_read_timeout(Some(ANSWERED_WITHIN)).expect("a socket has a timeout");
    let begun = Instant::now();
    stream.write_all(words).expect("it is read");
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let len = stream.read(&mut buffer).expect("an answer in time");
        assert_ne!(len, 0, "it was closed without a word");
        bytes.extend_from_slice(&buffer[..len]);
        if let Some(message) = first(&bytes) {
            return (message, begun.elapsed());
        }
    }
}

fn socket(world: &World) -> String {
    world.cli(&["server", "status", "--json"]).ok().json()["socket"]
        .as_str()
        .expect("a path")
        .to_owned()
}

#[track_caller]
fn refusal((message, took): (ToClient, Duration), words: &[&str]) {
    let ToClient::Bye(Bye::Refused { message }) = message else {
        unreachable!("no refusal: {message:?}")
    };
    assert!(
        !message.contains('\n') && words.iter().all(|word| message.contains(word)),
        "{message}"
    );
    assert!(took < ANSWERED_WITHIN, "it took {took:?}");
}

#[test]
fn what_recorded_versions_have_said_and_kept_in_memory_is_understood() {
    for folder in recorded() {
        let read = |name: &str| {
            fs::read(folder.join(name))
                .unwrap_or_else(|error| unreachable!("{name} of {}: {error}", folder.display()))
        };
        let greeting = first::<ToClient>(&read("server-welcome"));
        assert!(
            matches!(&greeting, Some(ToClient::Welcome(welcome)) if welcome.version <= VERSION),
            "{greeting:?}"
        );
        let structure = SessionState::decode(&read("structure")).expect("the structure");
        assert_eq!(
            structure.sessions.iter().map(|session| session.name.as_str()).collect::<Vec<_>>(),
            ["work"]
        );
        assert_eq!((structure.tabs.len(), structure.panes.len()), (2, 2));
        let screen = StoredScreen::decode(&read("screen")).expect("the screen");
        assert_eq!(screen.encode().len(), read("screen").len(), "nothing of it was passed over");
        if let Ok(bytes) = fs::read(folder.join("commands")) {
            assert!(StoredCommands::decode(&bytes).is_some(), "the commands");
        }
    }
}

#[test]
fn what_recorded_versions_have_kept_on_disk_is_brought_back() {
    for folder in recorded() {
        let world = World::new();
        world.write(
            "state/abide/abide.db",
            fs::read(folder.join("abide.db")).expect("it is recorded"),
        );
        let sessions = world.cli(&["ls", "--json"]).ok().json();
        assert_eq!(sessions[0]["name"], "work", "{sessions}");
        world.cli(&["wait", "-t", "work:1", "--text", "armed", "--timeout", "20s"]).ok();
        let shown = world.cli(&["capture", "-t", "work:1"]).ok().stdout;
        assert!(shown.contains("red 語"), "{shown}");
    }
}

#[test]
fn a_newer_format_is_an_error_that_names_both_versions() {
    let newer = |bytes: Vec<u8>| [&99_u32.to_le_bytes(), &bytes[4..]].concat();
    for folder in recorded() {
        let read = |name: &str| newer(fs::read(folder.join(name)).expect("it is recorded"));
        let structure =
            SessionState::decode(&read("structure")).expect_err("the structure").to_string();
        assert!(
            structure.starts_with("the structure has version 99, this binary reads "),
            "{structure}"
        );
        let screen = StoredScreen::decode(&read("screen")).expect_err("the screen").to_string();
        assert!(screen.starts_with("the screen has version 99, this binary reads "), "{screen}");
    }
}

#[test]
fn recorded_clients_are_welcome_and_those_of_no_common_version_are_told_at_once() {
    let world = World::new();
    world.cli(&["new", "-d", "work"]).ok();
    for folder in recorded() {
        let (message, took) =
            answer(&world, &fs::read(folder.join("client-hello")).expect("it is recorded"));
        assert!(
            matches!(&message, ToClient::Welcome(welcome) if welcome.version == VERSION),
            "{message:?}"
        );
        assert!(took < ANSWERED_WITHIN);
    }
    let own = format!("(abide {OWN}) {VERSION} to {VERSION}");
    refusal(
        answer(&world, &said(&ToServer::Hello(hello(99, "9.9.9")))),
        &["(abide 9.9.9) speaks protocol 99 to 99", &own, "`abide server upgrade`"],
    );
    refusal(
        answer(&world, &said(&ToServer::Hello(hello(0, "0.0.1")))),
        &["(abide 0.0.1) speaks protocol 0 to 0", &own, "`abide server upgrade`"],
    );
    // A hello of the future may have more in it, or be one that nobody here can read.
    let mut longer = said(&ToServer::Hello(hello(99, "9.9.9")));
    let len = u32::from_be_bytes(*longer.first_chunk().expect("a length"));
    longer[..4].copy_from_slice(&(len + 3).to_be_bytes());
    longer.extend([1, 2, 3]);
    refusal(answer(&world, &longer), &["(abide 9.9.9) speaks protocol 99 to 99"]);
    let (mut unknown, kind) = (said(&ToServer::Focus(true)), 4);
    unknown[kind] = 0x7f;
    refusal(answer(&world, &unknown), &[OWN, "`abide server upgrade`"]);
}

/// A server that greets with some bytes, for a client to attach to.
fn server(world: &World, greeting: Vec<u8>) -> (PathBuf, thread::JoinHandle<()>) {
    let folder = world.path("data/run");
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .expect("it is ours");
    let place = folder.join("socket");
    let listener = UnixListener::bind(&place).expect("nobody is there");
    let server = thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("somebody connects");
            let mut words = [0; 4096];
            let len = stream.read(&mut words).unwrap_or(0);
            if words[..len].first() == Some(&b'{') {
                drop(stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"));
                continue;
            }
            drop(stream.write_all(&greeting));
            // It stays open until the client leaves.
            drop(stream.read(&mut words));
            return;
        }
    });
    (place, server)
}

#[test]
fn a_client_that_a_server_of_another_version_sends_away_says_why_and_ends() {
    let message = "this client speaks another protocol; run `abide server upgrade`".to_owned();
    let greetings = [
        (said(&ToClient::Bye(Bye::Refused { message })), "run `abide server upgrade`", 1),
        (b"\0\0\0\x02\x7f\0".to_vec(), "by `abide server upgrade`", 255),
    ];
    for (greeting, told, status) in greetings {
        let world = Arc::new(World::new());
        let (place, server) = server(&world, greeting);
        let client = Abide::spawn(
            &world,
            "env",
            &[&format!("ABIDE_SOCKET={}", place.display()), env!("CARGO_BIN_EXE_abide"), "attach"],
            (120, 24),
        );
        client.expect(told);
        assert_eq!(client.expect_exit(), status);
        server.join().expect("it has ended");
    }
}
