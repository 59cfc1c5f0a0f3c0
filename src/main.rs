//! Picks a role. Nothing else happens here.

use std::ffi::OsString;
use std::process::ExitCode;

use abide::cli::{self, Attach, Next};
use abide::client::calls::ClientCall;
use abide::client::{self, ExitReason, Options, client_config, plain};
use abide::platform::{ProgramLimits, paths::is_first_run, signals, socket};
use abide::{keeper, record, server};

pub(crate) fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let word = |at: usize| args.get(at).and_then(|word| word.to_str());
    match (word(0), word(1)) {
        (Some("keeper"), _) => return ExitCode::from(keeper::run(&args[1..])),
        (Some("server"), Some("run")) => return ExitCode::from(server::run(&args[2..])),
        _ if record::is_asked_for(&args) => return ExitCode::from(record::run(&args)),
        _ => {}
    }
    signals::outlive_file_limit();
    signals::undo_launcher();
    match cli::run(args) {
        Next::Exit(status) => ExitCode::from(status),
        Next::Examine { as_json, colours } => {
            let told = client::examine(colours).into_iter();
            let told = told.map(|told| (told.what, told.is_full, told.text)).collect();
            ExitCode::from(cli::diagnose(as_json, told))
        }
        Next::Attach(attach) => ExitCode::from(show(*attach)),
    }
}

/// Shows a session until the client leaves; gives the exit status.
fn show(attach: Attach) -> u8 {
    ProgramLimits::change();
    let outcome = attached(attach).unwrap_or_else(|error| {
        ExitReason::NoTerminal(format!("the client cannot be started: {error:#}"))
    });
    outcome.message().iter().for_each(|line| cli::say(line));
    outcome.status()
}

fn attached(attach: Attach) -> anyhow::Result<ExitReason> {
    let (config, problem) = client_config::client_config(
        &attach.settings,
        &rustix::system::uname().nodename().to_string_lossy(),
    );
    let options = Options {
        config,
        problems: attach.notice.into_iter().chain(problem).collect(),
        known: client_config::present(),
        is_first_run: is_first_run(&attach.places) && !attach.read_only,
        hello: client::hello(attach.read_only)?,
        entry: Some(ClientCall { name: attach.action, params: attach.params }),
        give_up: attach.give_up,
        reply_text: cli::reply_text,
    };
    let connect = || socket::connect_at_once(attach.places.socket());
    if attach.is_plain {
        return Ok(plain::run(options, connect(), cli::tell));
    }
    Ok(client::run(options, connect))
}
