//! Names that sessions, tabs and panes can have, and targets: how people and scripts say which one
//! they mean. What a target means depends on who says it; nothing is changed here.

use std::str::FromStr;

use crate::base::error::{Code, Refusal};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::text::{is_harmful, nearest, sanitize};
use crate::state::State;
use crate::state::call::Caller;

/// The session a text names: a name, an id (`s3`, tmux's `$3`), `@focused`, `@last`, empty for the
/// caller's own; of a tab or pane target the session it is in.
///
/// # Errors
/// `not_found` with the nearest names.
pub fn session(state: &State, caller: Caller, text: &str) -> Result<SessionId, Refusal> {
    let text = &spelled(text);
    let own = |id| state.sessions.contains_key(&id).then_some(id);
    let by_id = id_in(text, own, || no_session(state, text))
        .or_else(|| {
            id_in(text, |id| state.tabs.get(&id).map(|tab| tab.session), || gone("tab", text))
        })
        .or_else(|| {
            id_in(
                text,
                |id| state.panes.get(&id).and_then(|pane| own(pane.session)),
                || gone("pane", text),
            )
        });
    if let Some(found) = by_id {
        return found;
    }
    let name = text.split(':').next().unwrap_or_default();
    match name {
        "" | "@focused" | "." => own_session(state, caller),
        "@last" | "!" | "{last}" => last_session(state, caller),
        _ => session_named(state, name),
    }
}

/// The tab a text names: `work:2`, `work:build`, `:2`, a number or name in the caller's session, a
/// session for the tab it shows, an id (`t12`, tmux's `@12`), `@focused`, `@last`, and tmux's `:+`,
/// `:-`, `:!`, `:^`, `:$`.
///
/// # Errors
/// `not_found` with the nearest names.
pub fn tab(state: &State, caller: Caller, text: &str) -> Result<TabId, Refusal> {
    let text = &spelled(text);
    let by_id = id_in(text, |id| state.tabs.contains_key(&id).then_some(id), || gone("tab", text))
        .or_else(|| {
            id_in(text, |id| state.panes.get(&id).and_then(|pane| pane.tab), || gone("pane", text))
        });
    if let Some(found) = by_id {
        return found;
    }
    if let Some((session_text, tab_text)) = text.split_once(':') {
        let session = session(state, caller, session_text)?;
        return tab_in(state, caller, session, tab_text);
    }
    let own = own_session(state, caller);
    match (&own, text.as_str()) {
        (Ok(own), "" | "@focused" | "." | "@last") => tab_in(state, caller, *own, text),
        (Ok(own), _) if tab_in(state, caller, *own, text).is_ok() => {
            tab_in(state, caller, *own, text)
        }
        _ => match session(state, caller, text) {
            Ok(session) => tab_in(state, caller, session, ""),
            Err(refusal) => {
                Err(own.and_then(|own| tab_in(state, caller, own, text)).err().unwrap_or(refusal))
            }
        },
    }
}

/// A pane named by the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relative {
    /// The pane in focus.
    Focused,
    /// The pane that had the focus before.
    Last,
}

impl Relative {
    fn of(text: &str) -> Option<Self> {
        match text {
            "" | "@focused" | "." => Some(Self::Focused),
            "@last" | "!" | "{last}" => Some(Self::Last),
            _ => None,
        }
    }
}

/// The pane a text names: `work:2.1`, `:2.1`, `.1`, a number or name in the caller's tab, a tab or
/// session for the pane in focus there, an id (`p41`, tmux's `%41`), `@focused`, `@last`.
///
/// # Errors
/// `not_found` with the nearest names.
pub fn pane(state: &State, caller: Caller, text: &str) -> Result<PaneId, Refusal> {
    let text = &spelled(text);
    if let Some(found) =
        id_in(text, |id| state.panes.contains_key(&id).then_some(id), || gone("pane", text))
    {
        return found;
    }
    if let Some(relative) = Relative::of(text) {
        if let (Some(pane), Relative::Focused) = (caller_pane(state, caller), relative) {
            return Ok(pane);
        }
        let own = tab(state, caller, "")?;
        return pane_in(state, caller, own, text);
    }
    let is_plain = !text.contains([':', '.']);
    if let (true, Ok(own)) = (is_plain, tab(state, caller, ""))
        && let Ok(pane) = pane_in(state, caller, own, text)
    {
        return Ok(pane);
    }
    match (tab(state, caller, text), text.rsplit_once('.')) {
        (Ok(tab), _) => pane_in(state, caller, tab, ""),
        (Err(_), Some((tab_text, pane_text))) => {
            let tab = tab(state, caller, tab_text)?;
            pane_in(state, caller, tab, pane_text)
        }
        (Err(refusal), None) => Err(refusal),
    }
}

/// The client a text names: its id (`v3`), `@focused` or empty for the caller's own.
///
/// # Errors
/// `not_found` with those there are.
pub fn client(state: &State, caller: Caller, text: &str) -> Result<ClientId, Refusal> {
    let named =
        text.parse().ok().or_else(|| caller.client.filter(|_| matches!(text, "" | "@focused")));
    named.filter(|client| state.views.contains_key(client)).ok_or_else(|| {
        let there: Vec<String> = state.views.keys().map(ToString::to_string).collect();
        let there = if there.is_empty() {
            "there is none".into()
        } else {
            format!("there are {}", listed(&there))
        };
        Refusal::new(Code::NotFound, format!("no client {text:?}; {there}")).hint("abide client ls")
    })
}

/// tmux's ids and exact marks in our spelling: `$3` is `s3`, `@4` is `t4`, `%5` is `p5`, `=work` is
/// `work`.
fn spelled(text: &str) -> String {
    let Some(first) = text.chars().next() else { return String::new() };
    let rest = &text[first.len_utf8()..];
    let is_number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    match first {
        '$' if is_number => format!("s{rest}"),
        '@' if is_number => format!("t{rest}"),
        '%' if is_number => format!("p{rest}"),
        '=' => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// The thing that an id means; none if the text is no id of the kind.
fn id_in<I: FromStr, T>(
    text: &str,
    find: impl FnOnce(I) -> Option<T>,
    refuse: impl FnOnce() -> Refusal,
) -> Option<Result<T, Refusal>> {
    text.parse().ok().map(|id| find(id).ok_or_else(refuse))
}

fn own_session(state: &State, caller: Caller) -> Result<SessionId, Refusal> {
    let viewed = caller.client.and_then(|client| state.views.get(&client)?.at.session);
    let within = caller_pane(state, caller).map(|pane| state.panes[&pane].session);
    let latest =
        || state.sessions.values().max_by_key(|session| session.used).map(|session| session.id);
    viewed.or(within).or_else(latest).ok_or_else(|| {
        Refusal::new(Code::NotFound, "there is no session").hint("abide new makes one")
    })
}

/// The pane the caller runs in, if it is still somewhere.
fn caller_pane(state: &State, caller: Caller) -> Option<PaneId> {
    caller.pane.filter(|id| {
        caller.client.is_none() && state.panes.get(id).is_some_and(|pane| pane.tab.is_some())
    })
}

fn last_session(state: &State, caller: Caller) -> Result<SessionId, Refusal> {
    let own = own_session(state, caller)?;
    let history = caller
        .client
        .and_then(|client| state.views.get(&client))
        .map(|view| view.at.history.as_slice());
    let seen = history
        .unwrap_or_default()
        .iter()
        .rev()
        .copied()
        .find(|id| *id != own && state.sessions.contains_key(id));
    let used = || {
        state
            .sessions
            .values()
            .filter(|session| session.id != own)
            .max_by_key(|session| session.used)
            .map(|session| session.id)
    };
    seen.or_else(used).ok_or_else(|| {
        let name = &state.sessions[&own].name;
        Refusal::new(Code::NotFound, format!("no session but {name:?}")).hint("abide new makes one")
    })
}

fn session_named(state: &State, name: &str) -> Result<SessionId, Refusal> {
    state.session_named(name).map(|session| session.id).ok_or_else(|| no_session(state, name))
}

fn tab_in(state: &State, caller: Caller, session: SessionId, text: &str) -> Result<TabId, Refusal> {
    let session = &state.sessions[&session];
    let choice = caller
        .client
        .and_then(|client| state.views.get(&client)?.at.tabs.get(&session.id).copied());
    let pane_tab = caller_pane(state, caller)
        .and_then(|pane| state.panes[&pane].tab)
        .filter(|tab| session.tabs.contains(tab));
    let current = choice.map(|choice| choice.current).or(pane_tab).unwrap_or(session.current);
    let at = session.tabs.iter().position(|tab| *tab == current).unwrap_or(0);
    let len = session.tabs.len();
    let found = match text {
        "" | "@focused" | "." => Some(current),
        "@last" | "!" | "{last}" => choice.and_then(|choice| choice.last),
        "+" | "{next}" => Some(session.tabs[(at + 1) % len]),
        "-" | "{previous}" => Some(session.tabs[(at + len - 1) % len]),
        "^" | "{start}" => session.tabs.first().copied(),
        "$" | "{end}" => session.tabs.last().copied(),
        _ => numbered(&session.tabs, text).or_else(|| {
            session.tabs.iter().copied().find(|tab| state.tabs[tab].name.as_deref() == Some(text))
        }),
    };
    found.ok_or_else(|| no_tab(state, session.id, text))
}

fn pane_in(state: &State, caller: Caller, tab: TabId, text: &str) -> Result<PaneId, Refusal> {
    let tab = &state.tabs[&tab];
    let panes = tab.panes();
    let choice =
        caller.client.and_then(|client| state.views.get(&client)?.at.panes.get(&tab.id).copied());
    let found = match text {
        "" | "@focused" | "." => Some(choice.map_or(tab.focus, |choice| choice.focus)),
        "@last" | "!" | "{last}" => choice.and_then(|choice| choice.last),
        _ => numbered(&panes, text).or_else(|| {
            panes.iter().copied().find(|pane| state.panes[pane].name.as_deref() == Some(text))
        }),
    };
    found.ok_or_else(|| no_pane(state, tab.id, text))
}

/// The thing that has this number; people count from 1.
fn numbered<T: Copy>(things: &[T], text: &str) -> Option<T> {
    text.parse::<usize>().ok()?.checked_sub(1).and_then(|at| things.get(at).copied())
}

fn gone(noun: &str, text: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("no {noun} {text}")).hint(format!("abide {noun} ls --all"))
}

fn no_session(state: &State, name: &str) -> Refusal {
    let names: Vec<&str> = state.sessions.values().map(|session| session.name.as_str()).collect();
    let there = if names.is_empty() {
        "there is none".into()
    } else {
        format!("there are {}", listed(&names))
    };
    let refusal = Refusal::new(Code::NotFound, format!("no session {name:?}; {there}"));
    match nearest(name, names) {
        Some(near) => refusal.hint(format!("did you mean {near:?}?")),
        None => refusal.hint("abide ls"),
    }
}

fn no_tab(state: &State, session: SessionId, text: &str) -> Refusal {
    let session = &state.sessions[&session];
    if matches!(text, "@last" | "!" | "{last}") {
        return Refusal::new(
            Code::NotFound,
            format!("no tab of session {:?} was shown before", session.name),
        )
        .hint("abide tab ls");
    }
    let numbers: Vec<String> = session
        .tabs
        .iter()
        .enumerate()
        .map(|(at, tab)| {
            state.tabs[tab]
                .name
                .as_ref()
                .map_or_else(|| (at + 1).to_string(), |name| format!("{} {name}", at + 1))
        })
        .collect();
    let names = session.tabs.iter().filter_map(|tab| state.tabs[tab].name.as_deref());
    let refusal = Refusal::new(
        Code::NotFound,
        format!("no tab {text:?} in session {:?}; tabs are {}", session.name, listed(&numbers)),
    );
    match nearest(text, names) {
        Some(near) => refusal.hint(format!("did you mean {near:?}?")),
        None => refusal.hint("abide tab ls"),
    }
}

fn no_pane(state: &State, tab: TabId, text: &str) -> Refusal {
    let tab = &state.tabs[&tab];
    let name = state.tab_label(tab.id);
    if matches!(text, "@last" | "!" | "{last}") {
        return Refusal::new(
            Code::NotFound,
            format!("no pane of tab {name:?} had the focus before"),
        )
        .hint("abide pane ls");
    }
    let numbers: Vec<String> = (1..=tab.panes().len()).map(|number| number.to_string()).collect();
    Refusal::new(
        Code::NotFound,
        format!("no pane {text:?} in tab {name:?}; panes are {}", listed(&numbers)),
    )
    .hint("abide pane ls")
}

/// The first few of a list.
fn listed<T: AsRef<str>>(items: &[T]) -> String {
    const SHOWN_MAX: usize = 12;
    let mut text = items.iter().take(SHOWN_MAX).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if items.len() > SHOWN_MAX {
        let more = items.len() - SHOWN_MAX;
        text = format!("{text} and {more} more");
    }
    text
}

/// The longest name of a session, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest name of a tab or a pane, in bytes.
pub const LABEL_MAX: usize = 128;

/// True if a session can be called so: what a target could take for something else cannot be a
/// name.
///
/// # Errors
/// `invalid_params` with what is wrong.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(Code::InvalidParams, format!("name: {name:?} {why}"))
            .hint("letters, digits, - and _ always do"))
    };
    if name.is_empty() || NAME_MAX < name.len() {
        return refuse("has to have 1 to 64 bytes");
    }
    if name.chars().any(is_harmful) {
        return refuse("has characters that do not show");
    }
    if name.contains([':', '.', '/']) || name.starts_with(['@', '=', '$', '%', '-', '+', '!', '{'])
    {
        return refuse("would read as another target");
    }
    if name.parse::<SessionId>().is_ok()
        || name.parse::<TabId>().is_ok()
        || name.parse::<PaneId>().is_ok()
    {
        return refuse("would read as an id");
    }
    Ok(())
}

/// True if a tab or a pane can be called so.
///
/// # Errors
/// `invalid_params` with what is wrong.
pub fn check_label(name: &str) -> Result<(), Refusal> {
    let refuse =
        |why: &str| Err(Refusal::new(Code::InvalidParams, format!("name: {name:?} {why}")));
    if name.is_empty() || LABEL_MAX < name.len() {
        return refuse("has to have 1 to 128 bytes");
    }
    if sanitize(name, LABEL_MAX) != name {
        return refuse("has characters that do not show");
    }
    Ok(())
}
