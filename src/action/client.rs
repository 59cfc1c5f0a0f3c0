//! Actions on clients. Those in rows are carried out by the caller's client.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::{ClientTarget, SessionTarget};
use crate::action::dto::ClientItem;
use crate::action::{Access, Action, Answer, Apply, Cx, DefaultKey};
use crate::base::error::{Code, Refusal};
use crate::base::id::ClientId;

actions! {
    server ClientDetach;
    server ClientLs;
}

rows! {
    client;

    /// Choose an action from a list, or type a command
    ClientPalette "client.palette" Interact keys [
        ("prefix :", ""),
        ("prefix '", "--text 'tab go '"),
        ("prefix .", "--text 'tab move '"),
        ("prefix f", "--text 'tab find '"),
    ] {
        /// The text that is typed already
        #[arg(long)]
        pub text: Option<String>,
    }

    /// Show the processes of all sessions, to sort, search, signal and stop
    ClientProcesses "client.processes" Interact keys [("prefix P", "")] {}

    /// Show the keys in a list
    ClientKeys "client.keys" Interact keys [("prefix ?", "")] {}

    /// Choose a session from a list, with a view of it
    ClientSessions "client.sessions" Interact keys [
        ("prefix s", ""),
        ("prefix Tab", ""),
        ("prefix S-Tab", ""),
    ] {}

    /// Choose a tab of any session from a list, with a view of it
    ClientTabs "client.tabs" Interact keys [("prefix w", "")] {}

    /// Type a new name for the tab, the session or the pane that is shown
    ClientRename "client.rename" Interact keys [
        ("prefix ,", "tab"),
        ("prefix $", "session"),
        ("prefix T", "pane"),
    ] {
        /// The thing that gets the name
        pub what: RenameTarget,
    }

    /// Show the latest notices again
    ClientNotices "client.notices" Interact keys [("prefix ~", "")] {}

    /// Show the panes that want attention in a list
    ClientInbox "client.inbox" Interact keys [("prefix A", "")] {}

    /// Lock the keys: all of them go to the program until the unlock key is pressed
    ///
    /// The key is `keys.unlock` of the configuration, F12 by default.
    ClientLock "client.lock" Interact keys [("prefix F12", "")] {}

    /// Show the numbers of the panes; a digit goes to one
    ClientNumbers "client.numbers" Interact keys [("prefix q", "")] {}

    /// Show a large clock until a key is pressed
    ClientClock "client.clock" Interact keys [("prefix t", "")] {}

    /// Say what a key does: press it next
    ClientDescribe "client.describe" Interact keys [("prefix /", "")] {}

    /// Say where you are: session, tab, pane, sizes
    ClientInfo "client.info" Interact keys [("prefix i", "")] {}

    /// Choose a client from a list, and send it away
    ClientChoose "client.choose" Interact keys [("prefix D", "")] {}

    /// Choose what to do with a tab or a pane from a list
    ClientMenu "client.menu" Interact keys [("prefix <", "tab"), ("prefix >", "pane")] {
        /// The thing it is about
        pub what: About,
    }

    /// Draw the terminal anew
    ClientRedraw "client.redraw" Interact keys [("prefix r", "")] {}

    /// Suspend this client; `fg` brings it back
    ClientSuspend "client.suspend" Interact keys [("prefix C-z", "")] {}

    /// Label addresses, paths, hashes and numbers to copy or open them
    ClientHints "client.hints" Interact keys [("prefix v", "")] {}

    /// Search the text of every pane
    ClientSearch "client.search" Interact keys [("prefix F", "")] {}

    /// Choose a paste buffer from a list
    ClientBuffers "client.buffers" Interact keys [("prefix =", ""), ("prefix #", "")] {}

    /// Choose from the commands that ran
    ///
    /// Enter runs the chosen one again in the shell of the pane in focus, Ctrl-y copies what it
    /// printed.
    ClientCommands "client.commands" Interact keys [("prefix H", "")] {}
}

/// The thing that gets another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "What")]
pub enum RenameTarget {
    /// The tab
    Tab,
    /// The session
    Session,
    /// The pane
    Pane,
}

/// The thing a menu is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The tab
    Tab,
    /// The pane
    Pane,
}

/// Leave a session, with everything in it running on
///
/// Without an argument it is your own client.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientDetach {
    /// The client, such as v3
    #[arg(value_name = "CLIENT", group = "which")]
    pub client: Option<ClientTarget>,

    /// All clients of the session but your own
    #[arg(long, short = 'a', group = "which")]
    pub others: bool,

    /// All clients of all sessions
    #[arg(long, group = "which")]
    pub all: bool,
}

impl Action for ClientDetach {
    const NAME: &'static str = "client.detach";
    const VERBS: &'static [&'static str] = &["detach"];
    const KEYS: &'static [DefaultKey] = &[("prefix d", "")];
    const ACCESS: Access = Access::Read;
    type Reply = Vec<ClientId>;
}

impl Apply for ClientDetach {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let clients = self.clients(cx)?;
        let own = cx.caller.client;
        if own.is_some_and(|own| cx.state.view(own).read_only)
            && clients.iter().any(|client| Some(*client) != own)
        {
            return Err(Refusal::new(
                Code::ReadOnly,
                "a client that only watches cannot send others away",
            ));
        }
        for client in &clients {
            cx.detach(*client);
        }
        Ok(Answer::Now(clients))
    }
}

impl ClientDetach {
    fn clients(&self, cx: &Cx<'_>) -> Result<Vec<ClientId>, Refusal> {
        if self.all {
            return Ok(cx.state.views.keys().copied().collect());
        }
        if let Some(client) = &self.client {
            return Ok(vec![client.find(cx)?]);
        }
        let session = cx.own_session()?;
        if self.others {
            return Ok(cx
                .state
                .clients_of(session)
                .into_iter()
                .filter(|client| Some(*client) != cx.caller.client)
                .collect());
        }
        Ok(vec![cx.view_of(session)?])
    }
}

/// List clients
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientLs {
    /// Only those of this session
    #[arg(short, long, value_name = "SESSION")]
    pub target: Option<SessionTarget>,
}

impl Action for ClientLs {
    const NAME: &'static str = "client.ls";
    const ACCESS: Access = Access::Read;
    type Reply = Vec<ClientItem>;
}

impl Apply for ClientLs {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let session = self.target.as_ref().map(|target| target.find(cx)).transpose()?;
        let views =
            cx.state.views.values().filter(|view| session.is_none() || view.at.session == session);
        Ok(Answer::Now(views.map(|view| ClientItem::of(cx.state, view)).collect()))
    }
}
