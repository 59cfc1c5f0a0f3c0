//! Sessions that are made or shown: `session.new`, `session.attach` and `session.open`.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{SessionTarget, Start, checked_size};
use crate::action::context::Made;
use crate::action::dto::SessionItem;
use crate::action::layout::{LayoutSpec, arrange};
use crate::action::{Access, Action, Answer, Apply, Cx};
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::state::pane::NewPane;
use crate::state::session::{NewSession, taken};
use crate::state::tab::NewTab;
use crate::state::target::{check_label, check_name};
use crate::state::{env, target};

/// Make a session
///
/// Without a name it is called main, or else by the smallest free number. It starts with one tab
/// and one pane. A client that asks for it shows it at once, unless --background is given.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionNew {
    /// The session's name
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long, visible_alias = "detached")]
    pub background: bool,

    /// If there is one of that name, take that instead of refusing
    #[arg(short = 'A', long)]
    pub attach: bool,

    /// Line by line, without drawing: for screen readers and simple terminals
    #[arg(long)]
    pub plain: bool,

    /// The size of its terminal while no client shows it, such as 120x40
    #[arg(long, value_name = "COLSxROWS")]
    pub size: Option<Size>,

    /// The session's name, as tmux has it
    #[arg(short = 's', hide = true, conflicts_with = "name")]
    pub tmux_name: Option<String>,

    /// The program that starts in it.
    #[command(flatten)]
    #[serde(flatten)]
    pub start: Start,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SessionNew {
    const NAME: &'static str = "session.new";
    const VERBS: &'static [&'static str] = &["new"];
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for SessionNew {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        if let Some(made) = self.existing(cx)? {
            return Ok(Answer::Now(made));
        }
        let name = self
            .name
            .or(self.tmux_name)
            .unwrap_or_else(|| cx.state.free_name(&cx.settings.session.first_name));
        check_name(&name)?;
        let limit = cx.settings.limits.sessions;
        if limit <= cx.state.sessions.len() {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("there are {limit} sessions already"),
            )
            .hint("limits.sessions in config.toml"));
        }
        let size = checked_size(self.size.unwrap_or(cx.settings.session.size.0))?;
        let mut pane = cx.new_pane(&self.start, None)?;
        let view = cx.caller.client;
        let given = cx.directory(self.start.cwd.as_deref())?;
        let cwd = given
            .or_else(|| view.map(|client| cx.state.view(client).cwd.clone()))
            .unwrap_or_default();
        let mut env = cx.session_env(self.env.map(|env| env.into_iter().collect()));
        for (name, value) in pane.env.drain(..) {
            env::set(&mut env, &name, value);
        }
        let new = NewSession { name, cwd, env, size, pane };
        let (session, _, pane) = cx.state.new_session(new, cx.now.wall);
        if let Some(client) = view.filter(|_| !self.background) {
            cx.state.show_session(client, session);
        }
        Ok(cx.made(pane))
    }
}

impl SessionNew {
    /// The session of the wanted name, shown to the caller, if there is one and that is fine.
    fn existing(&self, cx: &mut Cx<'_>) -> Result<Option<Made>, Refusal> {
        let name = self.name.as_ref().or(self.tmux_name.as_ref());
        let Some(session) = name.and_then(|name| cx.state.session_named(name)) else {
            return Ok(None);
        };
        if !self.attach {
            return Err(taken(session));
        }
        let (id, name, tab) = (session.id, session.name.clone(), session.current);
        if let Some(client) = cx.caller.client.filter(|_| !self.background) {
            cx.show(client, id)?;
        }
        Ok(Some(Made { session: id, name, tab, pane: cx.state.tab(tab).focus }))
    }
}

/// Show a session
///
/// Without a name it is the one used last; if there is none at all, one called main is made. A
/// target such as work:2 shows that tab.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionAttach {
    /// The session
    #[arg(value_name = "SESSION")]
    pub target: Option<SessionTarget>,

    /// The session, as tmux has it
    #[arg(short = 't', hide = true, conflicts_with = "target")]
    pub tmux_target: Option<SessionTarget>,

    /// Watch only: nothing you type reaches a program
    #[arg(short, long)]
    pub read_only: bool,

    /// Line by line, without drawing: for screen readers and simple terminals
    #[arg(long)]
    pub plain: bool,

    /// Send the other clients of the session away
    #[arg(long, short_alias = 'd')]
    pub detach_others: bool,

    /// The environment and directory of a session that has to be made. The command line fills it
    /// in.
    #[arg(skip)]
    pub env: Option<BTreeMap<String, String>>,
}

impl Action for SessionAttach {
    const NAME: &'static str = "session.attach";
    const VERBS: &'static [&'static str] = &["attach", "a"];
    const ACCESS: Access = Access::Read;
    type Reply = SessionItem;
}

impl Apply for SessionAttach {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let around = self.moves_a_client().then(|| cx.client_around()).flatten();
        let Some(client) = cx.caller.client.or(around) else {
            return Err(Refusal::new(
                Code::NoTerminal,
                "only a client with a terminal can show a session",
            )
            .hint("abide attach in a terminal"));
        };
        let text = self.target.or(self.tmux_target).map(|target| target.0).unwrap_or_default();
        if cx.state.sessions.is_empty() && text.is_empty() {
            return Self::first(cx, client, self.env);
        }
        let session = Self::wanted(cx, client, &text)?;
        let others: Vec<ClientId> =
            cx.state.clients_of(session).into_iter().filter(|other| *other != client).collect();
        if self.detach_others && cx.state.view(client).read_only {
            return Err(Refusal::new(
                Code::ReadOnly,
                "a client that only watches cannot send others away",
            ));
        }
        let names_tab = text.contains(':') || text.parse::<TabId>().is_ok();
        let tab = names_tab.then(|| target::tab(cx.state, cx.caller, &text)).transpose()?;
        cx.show(client, session)?;
        if let Some(tab) = tab {
            cx.state.show_tab(client, tab);
        }
        if self.read_only {
            cx.state.watch_only(client);
        }
        for other in others.into_iter().filter(|_| self.detach_others) {
            cx.detach(other);
        }
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

impl SessionAttach {
    /// True if it names a session and no way of its own to show it: called in a pane, the client
    /// that shows that pane goes there.
    #[must_use]
    pub fn moves_a_client(&self) -> bool {
        let names_one = self.target.is_some() || self.tmux_target.is_some();
        names_one && !self.plain && !self.read_only
    }

    /// The session to show: where none is named, the one the client was on before, else the one
    /// used last.
    fn wanted(cx: &Cx<'_>, client: ClientId, text: &str) -> Result<SessionId, Refusal> {
        let former = cx.state.view(client).at.history.last().copied();
        match former.filter(|_| text.is_empty() && cx.state.view(client).at.session.is_none()) {
            Some(former) => Ok(former),
            None => target::session(cx.state, cx.caller, text),
        }
    }

    /// Makes and shows the first session.
    fn first(
        cx: &mut Cx<'_>,
        client: ClientId,
        env: Option<BTreeMap<String, String>>,
    ) -> Result<Answer<SessionItem>, Refusal> {
        if cx.state.view(client).read_only {
            return Err(Refusal::new(Code::NotFound, "there is no session to watch")
                .hint("abide new makes one"));
        }
        let pane = cx.new_pane(&Start::default(), None)?;
        let name = cx.state.free_name(&cx.settings.session.first_name);
        let cwd = cx.state.view(client).cwd.clone();
        let env = cx.session_env(env.map(|env| env.into_iter().collect()));
        let new = NewSession { name, cwd, env, size: cx.settings.session.size.0, pane };
        let (session, _, _) = cx.state.new_session(new, cx.now.wall);
        cx.state.show_session(client, session);
        Ok(Answer::Now(SessionItem::of(cx.state, session)))
    }
}

/// The most tabs a project has.
const TABS_MAX: usize = 100;

/// Show the session of a project
///
/// It is the one whose directory holds abide.toml: that of the nearest such file here or above. If
/// there is no such session yet, it is made with the tabs, panes and commands that the file says.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionOpen {
    /// The directory, or the file; else where you are
    #[arg(value_name = "DIR|FILE")]
    pub dir: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long, visible_alias = "detached")]
    pub background: bool,

    /// The project that its file describes. The command line fills it in.
    #[arg(skip)]
    pub project: Option<Project>,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    pub env: Option<BTreeMap<String, String>>,
}

/// A project as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Project {
    /// The name of its session; that of its directory unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The tabs; one with a shell unless given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tabs: Vec<ProjectTab>,
}

/// A tab of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectTab {
    /// The tab's name; that of its program unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The panes in it, as `layout save` prints it; one shell unless given. Directories are
    /// relative to that of the project.
    pub layout: LayoutSpec,
}

impl Action for SessionOpen {
    const NAME: &'static str = "session.open";
    const VERBS: &'static [&'static str] = &["open"];
    const ACCESS: Access = Access::Admin;
    type Reply = Made;
}

impl Apply for SessionOpen {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let dir = cx
            .directory(self.dir.as_deref())?
            .ok_or_else(|| Refusal::new(Code::InvalidParams, "dir: say which directory"))?;
        let dir = if dir == "/" { dir } else { dir.trim_end_matches('/').to_owned() };
        let project = self.project.clone().unwrap_or_default();
        let folder = dir.rsplit('/').next().unwrap_or_default();
        let name =
            project.name.clone().unwrap_or_else(|| folder.replace([':', '.', '@', ' '], "-"));
        let there = cx.state.session_named(&name).map(|session| (session.id, session.cwd.clone()));
        let session = match there {
            Some((session, cwd)) if cwd == dir => session,
            Some((_, cwd)) => {
                let refusal = Refusal::new(
                    Code::AlreadyExists,
                    format!("there is a session {name:?} already, in {cwd}"),
                );
                return Err(
                    refusal.hint("give the project another name = \"...\" in its abide.toml")
                );
            }
            None => self.make(cx, name.clone(), dir, &project)?,
        };
        if !self.background {
            match cx.state.following_view(cx.caller, session).or(cx.caller.client) {
                Some(client) => cx.show(client, session)?,
                None => Self::show_beside(cx, session)?,
            }
        }
        let tab = cx.state.session(session).current;
        Ok(Answer::Now(Made { session, name, tab, pane: cx.state.tab(tab).focus }))
    }
}

impl SessionOpen {
    /// Called in a pane: the client that shows it goes to the project.
    fn show_beside(cx: &mut Cx<'_>, session: SessionId) -> Result<(), Refusal> {
        match cx.client_around() {
            Some(client) => cx.show(client, session),
            None => Ok(()),
        }
    }

    fn make(
        &self,
        cx: &mut Cx<'_>,
        name: String,
        dir: String,
        project: &Project,
    ) -> Result<SessionId, Refusal> {
        check_name(&name)?;
        let limit = cx.settings.limits.sessions;
        if limit <= cx.state.sessions.len() {
            return Err(Refusal::new(
                Code::LimitReached,
                format!("there are {limit} sessions already"),
            )
            .hint("limits.sessions in config.toml"));
        }
        let tabs = if project.tabs.is_empty() {
            vec![ProjectTab::default()]
        } else {
            project.tabs.clone()
        };
        let wanted: usize = tabs.iter().map(|tab| tab.layout.pane_count()).sum();
        let room = cx.settings.limits.panes.saturating_sub(cx.state.panes.len());
        if TABS_MAX < tabs.len() || room < wanted {
            return Err(Refusal::new(
                Code::LimitReached,
                format!(
                    "the project has {} tabs and {wanted} panes; there is room for {TABS_MAX} \
                     tabs and {room} panes",
                    tabs.len()
                ),
            ));
        }
        let tabs: Vec<ProjectTab> = tabs
            .into_iter()
            .map(|tab| ProjectTab { layout: tab.layout.within(&dir), ..tab })
            .collect();
        for tab in &tabs {
            tab.layout.check()?;
            tab.name.as_deref().map_or(Ok(()), check_label)?;
        }
        let env = cx.session_env(self.env.clone().map(|env| env.into_iter().collect()));
        let pane = first_pane(cx, &tabs[0].layout)?;
        let size = cx.settings.session.size.0;
        let (session, first, _) =
            cx.state.new_session(NewSession { name, cwd: dir, env, size, pane }, cx.now.wall);
        cx.state.rename_tab(first, tabs[0].name.clone())?;
        lay_out(cx, first, &tabs[0].layout)?;
        for (at, tab) in tabs.iter().enumerate().skip(1) {
            let pane = first_pane(cx, &tab.layout)?;
            let (id, _) =
                cx.state.new_tab(session, NewTab { name: tab.name.clone(), at, pane }, cx.now.wall);
            lay_out(cx, id, &tab.layout)?;
        }
        Ok(session)
    }
}

/// The pane that a tab begins with: the first of its layout.
fn first_pane(cx: &Cx<'_>, layout: &LayoutSpec) -> Result<NewPane, Refusal> {
    let first = layout.first();
    let start =
        Start { cwd: first.cwd.clone(), command: first.command.clone(), ..Start::default() };
    Ok(NewPane { name: first.name.clone(), ..cx.new_pane(&start, None)? })
}

/// Gives a tab its layout; nobody sees it yet.
fn lay_out(cx: &mut Cx<'_>, tab: TabId, layout: &LayoutSpec) -> Result<(), Refusal> {
    let focus: Option<PaneId> = arrange(cx, tab, layout)?;
    if let Some(pane) = focus.or_else(|| cx.state.tab(tab).panes().first().copied()) {
        cx.state.focus_pane(None, pane);
    }
    Ok(())
}
