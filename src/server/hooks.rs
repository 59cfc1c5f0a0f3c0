//! What follows the client, on disk: links that lead where its variables point, and a file with
//! them for shells. And what hooks do.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::base::id::PaneId;
use crate::config::keymap::{COMMAND_MARK, bound};
use crate::platform::command;
use crate::server::edge::Server;
use crate::server::event::{Origin, Return};
use crate::state::call::Caller;
use crate::wire::rpc::Request;

/// How long the command of a hook may take.
const HOOK_WITHIN: Duration = Duration::from_mins(1);
/// Commands of hooks at a time; more are dropped.
const HOOKS_MAX: usize = 8;

/// Lets links in a folder lead to these targets, and writes the file `env` with these variables for
/// shells. Without either, the folder goes.
pub(super) fn follow(folder: &str, links: &[(String, String)], env: &[(String, String)]) {
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
    let fresh = folder.join(".env");
    fs::write(&fresh, env.iter().map(line).collect::<String>())?;
    fs::rename(&fresh, folder.join("env"))
}

impl Server {
    /// Does what a hook says. What an action of it causes calls no hook again.
    pub(super) fn hook(&mut self, text: &str, pane: Option<PaneId>, env: Vec<(String, String)>) {
        if let Some(command) = text.strip_prefix(COMMAND_MARK) {
            return run(command.trim().to_owned(), env);
        }
        match bound(text) {
            Ok(bound) => {
                let request = Request::new(0, bound.name, bound.params);
                self.call(&request, Caller { client: None, pane }, Return::Nobody, Origin::Hook);
            }
            Err(error) => tracing::warn!(%text, %error, "a hook does nothing"),
        }
    }
}

/// Runs a command aside.
fn run(command: String, env: Vec<(String, String)>) {
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
