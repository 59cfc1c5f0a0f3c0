//! Other versions of abide: whether a program can take over, and what clients of another version
//! are told. Nothing is replaced here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc::Sender;

use crate::base::error::{Code, Refusal};
use crate::base::id::CallId;
use crate::base::text::sanitize;
use crate::platform::{RUNNING, command, own_program};
use crate::server::event::{self, Event};
use crate::state::effect::Successor;
use crate::wire::hello::{Hello, VERSION, VERSION_MIN, common_version};
use crate::wire::keeper::{self, ExitStatus};

pub(in crate::server) const OWN: &str = env!("CARGO_PKG_VERSION");
/// A program may take so long to say its version.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// The longest version that is shown, in bytes.
const VERSION_LEN_MAX: usize = 40;

/// The output of `abide version --json`.
#[derive(Debug, Deserialize)]
struct VersionReply {
    version: String,
    protocol: u32,
    #[serde(default)]
    protocol_min: Option<u32>,
    #[serde(default)]
    keeper: Option<u32>,
}

/// Finds out in a task whether a program can take over; the answer comes as an event.
pub(in crate::server) fn find_successor(
    call: CallId,
    program: Option<String>,
    events: &Sender<Event>,
) {
    let events = events.clone();
    tokio::spawn(async move {
        let found = tokio::task::spawn_blocking(move || successor(program)).await;
        let found =
            found.unwrap_or_else(|error| Err(Refusal::new(Code::Internal, error.to_string())));
        event::send(&events, Event::Successor(call, found)).await;
    });
}

fn successor(program: Option<String>) -> Result<Successor, Refusal> {
    let path = program.map_or_else(own_program, PathBuf::from);
    if path == Path::new(RUNNING) {
        let refusal = Refusal::new(
            Code::NotFound,
            "the program of this server was removed, so there is nothing in its place to take over",
        );
        return Err(refusal.hint("abide server upgrade --exe PATH"));
    }
    let shown = path.display();
    let refused = |code: Code, why: String| {
        Refusal::new(code, format!("{shown} {why}; the server stays as it is"))
    };
    let found = fs::metadata(&path)
        .map_err(|error| refused(Code::NotFound, format!("cannot be found: {error}")))?;
    if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
        let hint = "name the program itself, such as /usr/bin/abide";
        return Err(
            refused(Code::InvalidParams, "is no file that can be executed".into()).hint(hint)
        );
    }
    let (text, status) = command::output(&path, &["version", "--json"], TOLD_WITHIN)
        .map_err(|error| refused(Code::SpawnFailed, format!("cannot be started: {error}")))?;
    let told = serde_json::from_str::<VersionReply>(&text).ok().filter(|_| status.success());
    let Some(told) = told else {
        let hint = format!("{shown} version --json has to say its version");
        return Err(refused(Code::InvalidParams, "is no abide".into()).hint(hint));
    };
    fits(&told).map_err(|why| {
        refused(
            Code::VersionMismatch,
            format!("is abide {}, {why}", sanitize(&told.version, VERSION_LEN_MAX)),
        )
    })?;
    let program = path
        .to_str()
        .ok_or_else(|| refused(Code::InvalidParams, "has a name that is no UTF-8 text".into()))?
        .to_owned();
    Ok(Successor { program, version: sanitize(&told.version, VERSION_LEN_MAX) })
}

/// True if clients of this version can go on with a server of that, and this keeper start it.
fn fits(told: &VersionReply) -> Result<(), String> {
    let theirs = (told.protocol_min.unwrap_or(told.protocol), told.protocol);
    if common_version(theirs).is_none() {
        return Err(format!(
            "which speaks protocol {} to {}, and the clients of abide {OWN} speak {VERSION_MIN} \
             to {VERSION}",
            theirs.0, theirs.1
        ));
    }
    let keeper = told.keeper.unwrap_or(keeper::VERSION);
    if keeper != keeper::VERSION {
        return Err(format!(
            "which speaks protocol {keeper} with its keeper, and the one of abide {OWN} speaks {}",
            keeper::VERSION
        ));
    }
    Ok(())
}

/// The numbers of a version, for comparing.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// The notice for a client of another version that this server understands.
pub(in crate::server) fn news(hello: &Hello, is_upgraded: bool) -> Option<String> {
    if hello.resume {
        return is_upgraded.then(|| format!("abide was upgraded to {OWN}"));
    }
    let theirs = sanitize(&hello.build, VERSION_LEN_MAX);
    if theirs == OWN {
        return None;
    }
    let what_to_do = if numbers(OWN) < numbers(&theirs) {
        "`abide server upgrade` replaces the server, and nothing is lost"
    } else {
        "the newer abide shows everything the server can"
    };
    Some(format!("this client is abide {theirs}, the server abide {OWN}; {what_to_do}"))
}

/// The answer to a client that shares no version of the protocol with this server.
pub(in crate::server) fn refusal(hello: &Hello) -> String {
    let theirs = sanitize(&hello.build, VERSION_LEN_MAX);
    let what_to_do = if VERSION < hello.version_min {
        "run `abide server upgrade`: programs stay".to_owned()
    } else {
        format!(
            "attach with abide {OWN}, or run `abide server upgrade` with this one: programs stay"
        )
    };
    format!(
        "this client (abide {theirs}) speaks protocol {} to {}, the server (abide {OWN}) \
         {VERSION_MIN} to {VERSION}; {what_to_do}",
        hello.version_min, hello.version_max
    )
}

/// The answer to a client whose first bytes belong to no known protocol.
pub(in crate::server) fn stranger() -> String {
    format!(
        "what this client says is in no protocol that the server (abide {OWN}, protocol \
         {VERSION_MIN} to {VERSION}) knows; run `abide server upgrade` with the abide of the client"
    )
}

/// Why a successor did not take over.
pub(in crate::server) fn failure(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("it ended with status {code} before it had taken over"),
        ExitStatus::Signal(signal) => {
            format!("it did not take over in time, or was ended by signal {signal} before")
        }
        ExitStatus::Lost => "it could not be started".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN, VersionReply, failure, fits, news, refusal, stranger};
    use crate::base::geom::Size;
    use crate::wire::hello::{Hello, VERSION};
    use crate::wire::keeper::ExitStatus;

    fn hello(build: &str, versions: (u32, u32), resume: bool) -> Hello {
        Hello {
            version_min: versions.0,
            version_max: versions.1,
            build: build.into(),
            token: 1,
            size: Size::new(80, 24),
            cell_pixels: (0, 0),
            pid: 1,
            cwd: String::new(),
            env: Vec::new(),
            resume,
            read_only: false,
        }
    }

    #[test]
    fn who_has_another_version_is_told_what_replaces_which() {
        let told = |build| news(&hello(build, (VERSION, VERSION), false), true);
        assert_eq!(told(OWN), None);
        let newer = told("99.0.0").unwrap();
        assert!(
            newer.starts_with("this client is abide 99.0.0, the server abide ")
                && newer.contains("`abide server upgrade`"),
            "{newer}"
        );
        assert!(told("0.0.1").unwrap().contains("the newer abide"), "the server is the newer one");
        let back = |is_upgraded| news(&hello("0.0.1", (VERSION, VERSION), true), is_upgraded);
        assert_eq!(back(true), Some(format!("abide was upgraded to {OWN}")));
        assert_eq!(back(false), None, "a restart is no news");
    }

    #[test]
    fn who_cannot_be_understood_is_told_both_versions_and_the_command() {
        let newer = refusal(&hello("99.0.0\u{1b}[2J", (VERSION + 1, VERSION + 2), false));
        let older = refusal(&hello("0.0.1", (0, 0), false));
        for text in [&newer, &older] {
            assert!(
                text.contains(OWN)
                    && text.contains("`abide server upgrade`")
                    && !text.contains('\u{1b}'),
                "{text}"
            );
        }
        assert!(
            newer.contains("abide 99.0.0")
                && older.contains("abide 0.0.1")
                && older.contains(&format!("attach with abide {OWN}"))
        );
        assert!(stranger().contains(OWN) && stranger().contains("`abide server upgrade`"));
    }

    #[test]
    fn a_program_fits_if_clients_and_keeper_can_speak_with_it() {
        let told = |protocol, protocol_min, keeper| {
            fits(&VersionReply { version: "9.9.9".into(), protocol, protocol_min, keeper })
        };
        assert_eq!(told(VERSION, None, None), Ok(()));
        assert_eq!(told(VERSION + 1, Some(VERSION), Some(1)), Ok(()));
        assert!(
            told(VERSION + 1, None, None)
                .unwrap_err()
                .starts_with("which speaks protocol 2 to 2, and the clients of abide")
        );
        assert!(
            told(VERSION, None, Some(2))
                .unwrap_err()
                .starts_with("which speaks protocol 2 with its keeper")
        );
    }

    #[test]
    fn a_failure_says_how_it_ended() {
        assert_eq!(
            failure(ExitStatus::Code(70)),
            "it ended with status 70 before it had taken over"
        );
        assert!(failure(ExitStatus::Signal(9)).starts_with("it did not take over in time"));
        assert_eq!(failure(ExitStatus::Lost), "it could not be started");
    }
}
