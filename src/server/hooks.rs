//! Hooks, and variables that follow the client on disk: links that lead where the variables point,
//! and a file with them for shells. All of it is written by threads, never by the loop.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::config::keymap::{COMMAND_MARK, bound};
use crate::platform::{command, plain_file};
use crate::wire::rpc::Request;

/// The command of a hook may take so long.
const HOOK_WITHIN: Duration = Duration::from_mins(1);
/// Folders of variables that may wait to be written.
const FOLLOW_WAITING_MAX: usize = 1024;
/// The end of a server waits so long for these folders.
const FINISH_WITHIN: Duration = Duration::from_secs(1);
/// Commands of hooks at a time; more are dropped.
const HOOKS_MAX: usize = 8;

/// A folder of links and variables that is to be written.
struct FollowJob {
    folder: String,
    links: Vec<(String, String)>,
    env: Vec<(String, String)>,
}

/// The thread that writes these folders, one after the other; none until there is something to do.
#[derive(Default)]
pub(super) struct Hooks(Option<(SyncSender<FollowJob>, Receiver<()>)>);

impl Hooks {
    /// Hands a folder to the thread. One that does not fit into the queue is left out: the disk is
    /// slower than clients come and go.
    pub(super) fn follow(
        &mut self,
        folder: String,
        links: Vec<(String, String)>,
        env: Vec<(String, String)>,
    ) {
        let (jobs, _) = self.0.get_or_insert_with(|| {
            let (sender, jobs) = sync_channel::<FollowJob>(FOLLOW_WAITING_MAX);
            let (end, is_over) = sync_channel(1);
            tokio::task::spawn_blocking(move || {
                for job in jobs {
                    follow(&job.folder, &job.links, &job.env);
                }
                drop::<SyncSender<()>>(end);
            });
            (sender, is_over)
        });
        if let Err(error) = jobs.try_send(FollowJob { folder, links, env }) {
            tracing::warn!(%error, "variables do not follow the client");
        }
    }

    /// Waits until all folders are written, but not for ever for a disk that hangs.
    pub(super) fn finish(&mut self) {
        let Some((jobs, end)) = self.0.take() else { return };
        drop(jobs);
        if end.recv_timeout(FINISH_WITHIN) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("not all variables follow the client: the disk takes too long");
        }
    }
}

/// Lets links in a folder lead to these targets, and writes the file `env` with these variables for
/// shells. Without either, the folder goes.
fn follow(folder: &str, links: &[(String, String)], env: &[(String, String)]) {
    let folder = Path::new(folder);
    let done = if links.is_empty() && env.is_empty() {
        fs::remove_dir_all(folder)
    } else {
        write(folder, links, env)
    };
    if let Err(error) = done
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
    {
        tracing::warn!(folder = %folder.display(), %error, "variables do not follow the client");
    }
}

fn write(folder: &Path, links: &[(String, String)], env: &[(String, String)]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for (name, target) in links {
        let fresh = folder.join(format!(".{name}"));
        fs::remove_file(&fresh).or_else(|error| {
            if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
        })?;
        symlink(target, &fresh)?;
        // Renaming is one step: at no moment does the path lead nowhere.
        fs::rename(&fresh, folder.join(name))?;
    }
    let line = |(name, value): &(String, String)| {
        format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
    };
    plain_file::replace(&folder.join("env"), env.iter().map(line).collect::<String>().as_bytes())
}

/// Runs the command of a hook, or gives the call that its action is. What that causes calls no hook
/// again.
pub(super) fn run(text: &str, env: Vec<(String, String)>) -> Option<Request> {
    if let Some(command) = text.strip_prefix(COMMAND_MARK) {
        run_command(command.trim().to_owned(), env);
        return None;
    }
    match bound(text) {
        Ok(bound) => Some(Request::new(0, bound.name, bound.params)),
        Err(error) => {
            tracing::warn!(%text, %error, "a hook does nothing");
            None
        }
    }
}

/// Runs a command in a thread of its own.
fn run_command(command: String, env: Vec<(String, String)>) {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    if HOOKS_MAX <= RUNNING.fetch_add(1, Ordering::AcqRel) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        tracing::warn!(%command, "a hook is left out: {HOOKS_MAX} of them run");
        return;
    }
    tokio::task::spawn_blocking(move || {
        if let Err(error) = command::run(&command, env, HOOK_WITHIN) {
            tracing::warn!(%command, %error, "a hook failed");
        }
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    });
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::follow;

    #[test]
    fn a_path_stays_the_same_and_leads_elsewhere() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("env/s1");
        let (one, two) = (home.path().join("one"), home.path().join("two"));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        let shown = folder.display().to_string();
        for (target, text) in [(&one, "1"), (&two, "2")] {
            let links = [("SSH_AUTH_SOCK".to_owned(), target.display().to_string())];
            follow(&shown, &links, &[("DISPLAY".to_owned(), "it's :0".to_owned())]);
            assert_eq!(fs::read_to_string(folder.join("SSH_AUTH_SOCK")).unwrap(), text);
        }
        assert_eq!(
            fs::read_to_string(folder.join("env")).unwrap(),
            "export DISPLAY='it'\\''s :0'\n"
        );
        follow(&shown, &[], &[]);
        assert!(!folder.exists());
    }
}
