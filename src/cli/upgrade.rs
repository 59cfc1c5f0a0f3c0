//! After a restart or an upgrade: the next server is waited for, and that it is the right one and
//! works is verified. It replaces nothing itself.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::action::server::{ServerStatus, Upgraded};
use crate::action::table::{self, CallParams};
use crate::base::error::{Code, Refusal};
use crate::cli::connection::{self, ServerConnection};
use crate::cli::table_output;
use crate::platform::paths::Paths;
use crate::platform::{RUNNING, own_program};

/// The longest time for a successor, and after it for the one that it was to replace: the keeper
/// gives the first 15 s.
const WITHIN: Duration = Duration::from_secs(25);
/// The first pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// The program that takes over; this one where none is named. A path is relative to our directory.
pub(super) fn program(named: Option<String>) -> Option<String> {
    let path = match (&named, std::env::current_dir()) {
        (Some(path), Ok(own)) => Some(own.join(path)),
        (Some(_), Err(_)) => None,
        (None, _) => Some(own_program()).filter(|path| path != Path::new(RUNNING)),
    };
    path.and_then(|path| path.into_os_string().into_string().ok()).or(named)
}

/// The members of the status of a server that are read here. It may be of another version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    server_pid: Option<u64>,
    version: String,
    upgrade_failed: Option<String>,
}

impl Status {
    fn of(reply: &Value) -> Self {
        Self::deserialize(reply).unwrap_or_default()
    }
}

/// Waits for the server after the one that answered a restart with `begun`; gives its status.
///
/// # Errors
/// If none comes.
pub(super) fn restarted(places: &Paths, begun: &Value) -> Result<Value, Refusal> {
    next(places, Status::of(begun).server_pid)
}

/// Waits for the server after the one that answered an upgrade with `begun`; gives the upgrade with
/// the next server's process.
///
/// # Errors
/// If none comes, or not the one that was meant to.
pub(super) fn upgraded(places: &Paths, begun: &Value) -> Result<Value, Refusal> {
    let Ok(upgraded) = Upgraded::deserialize(begun) else { return restarted(places, begun) };
    let status = next(places, Some(upgraded.from_pid.into()))?;
    verified(places, upgraded, &Status::of(&status))
}

/// The status of the next server, which is not of the process `former`.
fn next(places: &Paths, former: Option<u64>) -> Result<Value, Refusal> {
    let entry = table::entry::<ServerStatus>();
    let end = Instant::now() + WITHIN;
    let mut span = PAUSE;
    while Instant::now() < end {
        if let Some(mut link) = ServerConnection::connect(places, None)? {
            link.give_up_after(end - Instant::now());
            match link.call(entry, &CallParams::new()) {
                Ok(status) if Status::of(&status).server_pid != former => return Ok(status),
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

fn verified(places: &Paths, upgraded: Upgraded, status: &Status) -> Result<Value, Refusal> {
    let (version, pid) = (&status.version, status.server_pid.unwrap_or_default());
    let Upgraded { to, program, .. } = &upgraded;
    let why = match &status.upgrade_failed {
        Some(why) => why.clone(),
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
    let Ok(Upgraded { from, from_pid, to, pid, .. }) = Upgraded::deserialize(reply) else {
        return table_output::json(reply);
    };
    format!("upgraded from {from} (pid {from_pid}) to {to} (pid {})", pid.unwrap_or_default())
}
