//! After a restart or an upgrade: the next server is waited for, and that it is the right one and
//! works is verified. It replaces nothing itself.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::action::Action;
use crate::action::server::ServerStatus;
use crate::action::server::{ServerUpgrade, Upgraded};
use crate::action::table::{self, ActionEntry, CallParams};
use crate::base::error::{Code, Refusal};
use crate::cli::connection::{self, ServerConnection};
use crate::platform::paths::Paths;
use crate::platform::{RUNNING, own_program};

/// How long a successor, and after it the one that it was to replace, may take: the keeper gives
/// the first 15 s.
const WITHIN: Duration = Duration::from_secs(25);
/// The first pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// The program that takes over, where none is named, is this one. A path is relative to our
/// directory.
pub(super) fn fill_in(params: &mut CallParams) {
    let named = params.get("exe").and_then(Value::as_str).map(str::to_owned);
    let path = match (named, std::env::current_dir()) {
        (Some(path), Ok(own)) => Some(own.join(path)),
        (Some(_), Err(_)) => None,
        (None, _) => Some(own_program()).filter(|path| path != Path::new(RUNNING)),
    };
    if let Some(path) = path.as_ref().and_then(|path| path.to_str()) {
        params.insert("exe".into(), path.into());
    }
}

/// Waits for the server after the one that answered with `begun`; gives what it says, or what
/// became of the upgrade.
///
/// # Errors
/// If none comes, or not the one that was meant to.
pub(super) fn await_it(
    places: &Paths,
    entry: &ActionEntry,
    begun: &Value,
) -> Result<Value, Refusal> {
    let upgraded = serde_json::from_value::<Upgraded>(begun.clone())
        .ok()
        .filter(|_| entry.name == ServerUpgrade::NAME);
    let former = upgraded
        .as_ref()
        .map_or_else(|| begun["server_pid"].as_u64(), |upgraded| Some(upgraded.from_pid.into()));
    let status = next(places, former)?;
    match upgraded {
        Some(upgraded) => verified(places, upgraded, &status),
        None => Ok(status),
    }
}

/// What the next server says of itself.
fn next(places: &Paths, former: Option<u64>) -> Result<Value, Refusal> {
    let entry = table::find(ServerStatus::NAME).expect("it is in the table");
    let end = Instant::now() + WITHIN;
    let mut span = PAUSE;
    while Instant::now() < end {
        if let Some(mut link) = ServerConnection::connect(places, None)? {
            link.give_up_after(end - Instant::now());
            match link.call(entry, &CallParams::new()) {
                Ok(status) if status["server_pid"].as_u64() != former => return Ok(status),
                _ => {}
            }
        }
        connection::pause(&mut span);
    }
    let refusal = Refusal::new(
        Code::TimedOut,
        format!("no new server answered within {} s", WITHIN.as_secs()),
    );
    Err(refusal.hint(format!("the log is {}", places.log().display())))
}

fn verified(places: &Paths, upgraded: Upgraded, status: &Value) -> Result<Value, Refusal> {
    let (version, pid) = (
        status["version"].as_str().unwrap_or_default(),
        status["server_pid"].as_u64().unwrap_or_default(),
    );
    let Upgraded { to, program, .. } = &upgraded;
    let why = match status["upgrade_failed"].as_str() {
        Some(why) => why.to_owned(),
        None if version != to => format!("it says that it is abide {version}"),
        None => {
            let pid = u32::try_from(pid).ok();
            return Ok(table::value(&Upgraded { pid, ..upgraded }));
        }
    };
    let refusal = Refusal::new(
        Code::SpawnFailed,
        format!(
            "the upgrade to abide {to} ({program}) failed: {why}; abide {version} (pid {pid}) \
             goes on, and nothing was lost"
        ),
    );
    Err(refusal.hint(format!("the log is {}", places.log().display())))
}

/// An upgrade in words.
pub(super) fn told(reply: &Value) -> String {
    let number = |name: &str| reply[name].as_u64().unwrap_or_default();
    let text = |name: &str| reply[name].as_str().unwrap_or_default();
    format!(
        "upgraded from {} (pid {}) to {} (pid {})",
        text("from"),
        number("from_pid"),
        text("to"),
        number("pid")
    )
}
