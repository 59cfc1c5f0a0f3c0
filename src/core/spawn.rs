//! What a pane's program is started with: arguments, environment, directories.

use crate::base::id::PaneId;
use crate::core::Core;
use crate::state::effect::{Effect, Effects, Place, Program};

/// Variables of an outer multiplexer or terminal, which would mislead programs, by their beginnings.
const FOREIGN: &[&str] = &["TMUX", "ZELLIJ", "ABIDE", "TERM_PROGRAM"];
/// Variables that say which characters programs may use, from the strongest on (locale(7)).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

impl Core {
    /// Starts the programs of panes that were made in this step.
    pub(super) fn start_programs(&mut self, fx: &mut Effects) {
        for (pane, cwd) in std::mem::take(&mut self.state.todo.start) {
            if self.state.panes.contains_key(&pane) {
                fx.push(Effect::Spawn { pane, program: self.program(pane, cwd) });
            }
        }
    }

    fn program(&self, id: PaneId, mut cwd: Vec<Place>) -> Program {
        let pane = self.state.pane(id);
        let session = self.state.session(pane.session);
        let host = &self.state.host;
        let given = if session.env.is_empty() { &host.login_env } else { &session.env };
        let env = environment(given, &pane.env);
        if !session.cwd.is_empty() {
            cwd.push(Place::Directory(session.cwd.clone()));
        }
        cwd.push(Place::Home);
        let argv = if pane.argv.is_empty() { self.shell(&env) } else { pane.argv.clone() };
        let own = [
            ("TERM", self.settings.shell.term.clone()),
            ("COLORTERM", "truecolor".into()),
            ("TERM_PROGRAM", "abide".into()),
            ("TERM_PROGRAM_VERSION", host.version.clone()),
            ("ABIDE", host.socket.clone()),
            ("ABIDE_PANE", id.to_string()),
            ("ABIDE_SESSION", session.id.to_string()),
        ];
        let env = with(env, own.map(|(name, value)| (name.to_owned(), value)));
        Program { argv, env, cwd, size: pane.size }
    }

    /// The user's shell with its arguments.
    fn shell(&self, env: &[(String, String)]) -> Vec<String> {
        let configured = self.settings.shell.argv();
        let from_env = || env.iter().find(|(name, value)| name == "SHELL" && value.starts_with('/')).map(|(_, value)| value.clone());
        let mut argv =
            if configured.is_empty() { vec![from_env().unwrap_or_else(|| self.state.host.shell.clone())] } else { configured };
        if self.settings.shell.login {
            argv.push("-l".into());
        }
        argv
    }
}

/// The environment of a session with the pane's own variables, cleaned of what an outer multiplexer set, and with a UTF-8 locale.
fn environment(session: &[(String, String)], pane: &[(String, String)]) -> Vec<(String, String)> {
    let is_foreign = |name: &str| FOREIGN.iter().any(|start| name.starts_with(start));
    let cleaned = session.iter().filter(|(name, _)| !is_foreign(name)).cloned().collect();
    let env = with(cleaned, pane.iter().cloned());
    let locale = LOCALE.iter().find_map(|name| env.iter().find(|(known, value)| known == name && !value.is_empty()));
    let is_utf8 = locale.is_some_and(|(_, value)| {
        let value = value.to_ascii_lowercase();
        value.ends_with("utf-8") || value.ends_with("utf8")
    });
    if is_utf8 {
        return env;
    }
    // LC_ALL would win over it.
    let env = env.into_iter().filter(|(name, _)| name != "LC_ALL").collect();
    with(env, [("LC_CTYPE".to_owned(), "C.UTF-8".to_owned())])
}

/// `env` with each of `more` in place of what had its name.
fn with(mut env: Vec<(String, String)>, more: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    for (name, value) in more {
        match env.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => env.push((name, value)),
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::environment;

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_an_outer_multiplexer_set_is_taken_out() {
        let session = env(&[("TMUX_PANE", "%1"), ("ABIDE", "/s"), ("TERM_PROGRAM", "x"), ("LANG", "de_DE.UTF-8"), ("A", "1")]);
        assert_eq!(environment(&session, &env(&[("A", "2")])), env(&[("LANG", "de_DE.UTF-8"), ("A", "2")]));
    }

    #[test]
    fn without_a_utf8_locale_characters_are_utf8_and_the_rest_is_left_alone() {
        assert_eq!(environment(&env(&[("LANG", "C")]), &[]), env(&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")]));
        assert_eq!(environment(&env(&[("LC_ALL", "C"), ("LANG", "C")]), &[]), env(&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")]));
        assert_eq!(environment(&env(&[("LC_ALL", "en_US.utf8")]), &[]), env(&[("LC_ALL", "en_US.utf8")]));
    }
}
