//! `session.open`: the session of a project, made as its file says.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::Start;
use crate::action::context::Made;
use crate::action::layout::apply::arrange;
use crate::action::layout::shape::LayoutSpec;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::name::{check_label, check_name};
use crate::state::pane::NewPane;
use crate::state::session::NewSession;
use crate::state::tab::NewTab;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,

    /// Do not show it
    #[arg(short = 'd', long, visible_alias = "detached")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,

    /// What its file says. The command line fills it in.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Project>,

    /// The environment its programs get. The command line fills it in.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
}

/// A project as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Project {
    /// The name of its session; that of its directory unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its tabs; one with a shell unless given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tabs: Vec<ProjectTab>,
}

/// A tab of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectTab {
    /// Its name; it is called by its program unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is in it, as `layout save` prints it; one shell unless given. Directories are relative
    /// to that of the project.
    pub layout: LayoutSpec,
}

impl Action for SessionOpen {
    const NAME: &'static str = "session.open";
    const VERBS: &'static [&'static str] = &["open"];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
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
            None => self.make(cx, (name.clone(), dir), &project)?,
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
        let own =
            cx.caller.pane.and_then(|pane| cx.state.panes.get(&pane)).map(|pane| pane.session);
        match own.and_then(|own| cx.state.following_view(cx.caller, own)) {
            Some(client) => cx.show(client, session),
            None => Ok(()),
        }
    }

    fn make(
        &self,
        cx: &mut Cx<'_>,
        (name, dir): (String, String),
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
