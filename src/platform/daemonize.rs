//! Starting the keeper: a process that is nobody's child, in a session of its own. Whether one
//! should be started is not known here.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::origin_mark::OriginMark;
use super::{own_program, sys};

/// The start of a keeper.
#[derive(Debug)]
pub struct KeeperStart<'a> {
    /// The program; `abide` itself.
    pub exe: &'a Path,
    /// The words that follow `keeper` on its command line.
    pub args: Vec<OsString>,
    /// The variables set in its environment beside those this process has.
    pub env: Vec<(OsString, OsString)>,
    /// The standard input: with `--adopt` the socket to the server.
    pub input: Option<OwnedFd>,
    /// The standard error of it and of its servers, see [`super::last_words`].
    pub errors: Option<OwnedFd>,
}

/// The meaning of such arguments: the program that is started as `server run --lease N`
/// (`--server-exe PATH`, else this one), and whether a server is there that hands over on standard
/// input (`--adopt`).
///
/// # Errors
/// What is wrong with them, in words.
pub fn keeper_options(args: &[OsString]) -> Result<(PathBuf, bool), String> {
    let (mut exe, mut is_adopting) = (own_program(), false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--adopt") => is_adopting = true,
            Some("--server-exe") => exe = args.next().ok_or("--server-exe needs a path")?.into(),
            _ => {
                return Err(format!(
                    "unknown argument {}; the keeper is started by abide itself",
                    arg.display()
                ));
            }
        }
    }
    Ok((exe, is_adopting))
}

/// Starts a keeper by setsid, a second fork and one exec; its working directory is `/`. Returns
/// when it has been executed.
///
/// # Errors
/// If it cannot be; nothing is left behind.
pub fn start_keeper(start: KeeperStart<'_>) -> io::Result<()> {
    let mut command = Command::new(start.exe);
    // Started from a pane of another server, it is not a part of that pane.
    OriginMark::shed();
    command.arg("keeper").args(start.args).env_remove("ABIDE_JOB").envs(start.env).current_dir("/");
    command.stdin(start.input.map_or_else(Stdio::null, Stdio::from));
    command.stdout(Stdio::null());
    command.stderr(start.errors.map_or_else(Stdio::null, Stdio::from));
    sys::detach(&mut command);
    // The first fork ends at once; its child is the keeper.
    command.spawn()?.wait()?;
    Ok(())
}
