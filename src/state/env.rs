//! The environment of sessions and of programs in panes, as (name, value) pairs sorted by name.
//! Nothing is read from our own process.

use std::collections::BTreeMap;

use crate::settings::Settings;
use crate::state::host::Host;
use crate::state::pane::Pane;
use crate::state::session::Session;

/// Variables that an outer multiplexer left behind: they would make programs talk to the wrong one.
const OUTER: [&str; 4] = ["TMUX", "ZELLIJ", "ABIDE", "TERM_PROGRAM"];

/// A caller's environment as a session keeps it: without the traces of the multiplexer and terminal
/// the caller runs in, the last of equal names, names that cannot be left out.
pub fn cleaned(env: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let kept = |(name, value): &(String, String)| {
        !name.is_empty()
            && !name.contains(['=', '\0'])
            && !value.contains('\0')
            && !OUTER.iter().any(|prefix| name.starts_with(prefix))
    };
    env.into_iter().filter(kept).collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// The environment a pane's program gets: its session's, its own, and ours.
#[must_use]
pub fn of_program(
    session: &Session,
    pane: &Pane,
    settings: &Settings,
    host: &Host,
) -> Vec<(String, String)> {
    let mut env: BTreeMap<String, String> = session.env.iter().chain(&pane.env).cloned().collect();
    let ours = [
        ("ABIDE", host.socket.clone()),
        ("ABIDE_PANE", pane.id.to_string()),
        ("ABIDE_SESSION", session.id.to_string()),
        ("TERM", settings.shell.term.clone()),
        ("COLORTERM", "truecolor".into()),
        ("TERM_PROGRAM", "abide".into()),
        ("TERM_PROGRAM_VERSION", host.version.clone()),
    ];
    env.extend(ours.map(|(name, value)| (name.to_owned(), value)));
    if !is_utf8(&env) {
        env.insert("LC_CTYPE".into(), "C.UTF-8".into());
    }
    env.into_iter().collect()
}

/// True if a command line is an interactive shell that [`integrate`] can tell to mark its prompts,
/// named by the user with no more than the options of an interactive or a login shell.
#[must_use]
pub fn is_marking_shell(argv: &[String]) -> bool {
    let Some((program, options)) = argv.split_first() else { return false };
    let allowed: &[&str] = match program.rsplit('/').next().unwrap_or_default() {
        "bash" => &["-i"],
        "zsh" | "fish" => &["-i", "-l", "-il", "-li", "--interactive", "--login"],
        _ => return false,
    };
    options.iter().all(|option| allowed.contains(&option.as_str()))
}

/// Lets a shell mark its prompts and commands: it reads our file, which reads the user's own first.
/// Shells that cannot be told so, such as a bash as a login shell, stay as they are.
pub fn integrate(argv: &mut Vec<String>, env: &mut Vec<(String, String)>, host: &Host) {
    let files = &host.shell_files;
    let name =
        argv.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default().to_owned();
    let value = |env: &[(String, String)], wanted: &str| {
        env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    };
    match name.as_str() {
        _ if files.is_empty() => {}
        // bash wants its long options before the others.
        "bash" if is_marking_shell(argv) => {
            argv.splice(1..1, ["--rcfile".to_owned(), format!("{files}/bash")]);
        }
        "zsh" => {
            if let Some(own) = value(env, "ZDOTDIR") {
                set(env, "ABIDE_ZDOTDIR", own);
            }
            set(env, "ZDOTDIR", format!("{files}/zsh"));
        }
        "fish" => {
            // The default where the variable is not set (XDG base directory specification), as fish
            // takes it.
            let own =
                value(env, "XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
            set(env, "XDG_DATA_DIRS", format!("{files}/data:{own}"));
        }
        _ => {}
    }
}

/// Sets a variable, in the order of names.
pub fn set(env: &mut Vec<(String, String)>, name: &str, value: String) {
    env.retain(|(known, _)| known != name);
    env.push((name.into(), value));
    env.sort();
}

/// The environment that a session's shell and the commands beside it get: its session's, and ours.
/// They have no terminal.
#[must_use]
pub fn of_shell(session: &Session, host: &Host) -> Vec<(String, String)> {
    let mut env: BTreeMap<String, String> = session.env.iter().cloned().collect();
    env.extend([
        ("ABIDE".to_owned(), host.socket.clone()),
        ("ABIDE_SESSION".to_owned(), session.id.to_string()),
    ]);
    if !is_utf8(&env) {
        env.insert("LC_CTYPE".into(), "C.UTF-8".into());
    }
    env.into_iter().collect()
}

/// True if the locale that decides about characters (locale(7): `LC_ALL`, else `LC_CTYPE`, else
/// `LANG`) is a UTF-8 one.
fn is_utf8(env: &BTreeMap<String, String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env.get(name))
        .find(|value| !value.is_empty());
    set.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The user's shell: `$SHELL` of the session, else the one from passwd, else `/bin/sh`; with `-l`
/// where it is to be a login shell.
#[must_use]
pub fn shell(session: &Session, settings: &Settings, host: &Host) -> Vec<String> {
    let own = session
        .env
        .iter()
        .find(|(name, value)| name == "SHELL" && value.starts_with('/'))
        .map(|(_, value)| value.clone());
    let passwd = Some(host.shell.clone()).filter(|shell| !shell.is_empty());
    let mut argv = settings.shell.argv();
    if argv.is_empty() {
        argv.push(own.or(passwd).unwrap_or_else(|| "/bin/sh".into()));
    }
    if settings.shell.login {
        argv.push("-l".into());
    }
    argv
}
