//! Picks a role. Nothing else happens here.

use std::ffi::OsString;
use std::process::ExitCode;

use abide::cli::{self, Attach, Next};
use abide::client::calls::Wanted;
use abide::client::{self, CopySetup, Options, Outcome, Setup};
use abide::platform::socket;
use abide::{keeper, record, server};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let word = |at: usize| args.get(at).and_then(|word| word.to_str());
    match (word(0), word(1)) {
        (Some("keeper"), _) => return ExitCode::from(keeper::run(&args[1..])),
        (Some("server"), Some("run")) => return ExitCode::from(server::run(&args[2..])),
        _ if record::is_asked_for(&args) => return ExitCode::from(record::run(&args)),
        _ => {}
    }
    match cli::run(args) {
        Next::Exit(status) => ExitCode::from(status),
        Next::Examine { as_json, colours } => {
            let told = client::examine(colours).into_iter().map(|told| (told.what, told.is_full, told.text)).collect();
            ExitCode::from(cli::diagnose(as_json, told))
        }
        Next::Attach(attach) => ExitCode::from(show(*attach)),
    }
}

/// Shows a session until the client leaves; gives the exit status.
fn show(attach: Attach) -> u8 {
    if let Some(notice) = &attach.notice {
        cli::say(&format!("abide: {notice}"));
    }
    let outcome = attached(attach).unwrap_or_else(|error| Outcome::NoTerminal(format!("the client cannot be started: {error:#}")));
    if let Some(line) = outcome.message() {
        cli::say(&line);
    }
    outcome.status()
}

fn attached(attach: Attach) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let setup = Setup { copy: CopySetup::new(&attach.settings, &client::editor()), ..Setup::new(&attach.settings, host) };
    let options = Options {
        setup,
        hello: client::hello(attach.read_only)?,
        entry: Some(Wanted { name: attach.action, params: attach.params }),
        give_up: attach.give_up,
    };
    let connect = || async {
        let stream = tokio::net::UnixStream::connect(attach.places.socket()).await?;
        socket::check_peer(&stream)?;
        Ok(stream)
    };
    Ok(runtime.block_on(client::run(options, connect)))
}
