//! `pane.edit`: opens the scrollback of a pane in the user's editor.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{PaneTarget, Start};
use crate::action::context::Made;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey, Role};
use crate::base::error::Refusal;
use crate::state::tab::NewTab;

/// Writes the scrollback to a file that nobody else can read, opens the editor at its end, and
/// removes the file.
const SCRIPT: &str = r#"umask 077
file=$(mktemp "$3/scrollback.XXXXXX") || exit 1
trap 'rm -f "$file"; exit' EXIT HUP INT TERM
"$1" capture --scrollback -t "$2" >"$file" || exit 1
editor=${VISUAL:-${EDITOR:-}}
for known in vi nano less more; do
    test -n "$editor" || editor=$(command -v "$known")
done
set -- $editor
case ${1##*/} in
vi | vim | nvim | view | less | more) "$@" + "$file" ;;
*) "$@" "$file" ;;
esac
"#;

/// Open the scrollback of a pane in your editor
///
/// In a tab of its own, with $VISUAL or $EDITOR. The text is in a file that is removed when the
/// editor ends.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneEdit {
    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,
}

impl Action for PaneEdit {
    const NAME: &'static str = "pane.edit";
    const KEYS: &'static [DefaultKey] = &[("prefix e", "")];
    const ACCESS: Access = Access::Admin;
    const ROLE: Role = Role::Server;
    type Reply = Made;
}

impl Apply for PaneEdit {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let from = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let session = cx.state.pane(from).session;
        let folder = cx.host.socket.rsplit_once('/').map_or("/tmp", |(folder, _)| folder);
        let words =
            ["/bin/sh", "-c", SCRIPT, "scrollback", &cx.host.program, &from.to_string(), folder];
        // The editor is the one that the pane knows.
        let set =
            cx.state.pane(from).env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let start = Start { command: words.map(str::to_owned).into(), set, ..Start::default() };
        let pane = cx.new_pane(&start, Some(from))?;
        let at = cx.state.session(session).tabs.len();
        let (tab, pane) = cx.state.new_tab(
            session,
            NewTab { name: Some("scrollback".into()), at, pane },
            cx.now.wall,
        );
        if let Some(client) = cx.state.following_view(cx.caller, session) {
            cx.state.show_tab(client, tab);
        }
        Ok(cx.made(pane))
    }
}
