//! `pane.send`: types into a pane.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::args::PaneTarget;
use crate::action::completion::Sent;
use crate::action::{Access, Action, Answer, Apply, Cx, Role};
use crate::base::error::{Code, Refusal};
use crate::base::key::{Key, KeyCode, KeyError, KeyInput};
use crate::state::pane::Pane;

/// Type into a pane
///
/// Text, keys, or words one after the other as tmux takes them, each the name of a key or a text.
/// --submit is what an agent or a script wants that hands a prompt to a program: the text as one
/// paste, then Enter.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaneSend {
    /// Type this text; a line break is Enter
    #[arg(long, value_name = "TEXT", group = "what")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,

    /// Paste this text and press Enter
    #[arg(long, value_name = "TEXT", group = "what")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submit: Option<String>,

    /// Press these keys, such as "C-c Up Enter"
    #[arg(long, value_name = "KEYS", group = "what")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,

    /// Paste this text; the command line reads it from its input
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", group = "what")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paste: Option<String>,

    /// Words are text, even where they name a key
    #[arg(short, long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub literal: bool,

    /// The pane; else the one in focus
    #[arg(short, long, value_name = "PANE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<PaneTarget>,

    /// Names of keys and texts
    #[arg(value_name = "WORD", conflicts_with = "what", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

impl Action for PaneSend {
    const NAME: &'static str = "pane.send";
    const VERBS: &'static [&'static str] = &["send"];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Server;
    type Reply = Sent;
}

impl Apply for PaneSend {
    fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Self::Reply>, Refusal> {
        let pane = PaneTarget::or_own(self.target.as_ref(), cx)?;
        let bytes = self.bytes(cx.state.pane(pane))?;
        cx.type_into(pane, bytes)
    }
}

impl PaneSend {
    /// What a terminal would send.
    fn bytes(&self, pane: &Pane) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        match (&self.text, &self.submit, &self.key, &self.paste) {
            (Some(text), ..) => type_text(text, &mut bytes),
            (_, Some(text), ..) => {
                pane.screen.encode_paste(text, &mut bytes);
                pane.screen.encode_key(&KeyInput::from(Key::plain(KeyCode::Enter)), &mut bytes);
            }
            (_, _, Some(keys), _) => {
                for name in keys.split_whitespace() {
                    press(pane, name, &mut bytes)?;
                }
            }
            (.., Some(text)) => pane.screen.encode_paste(text, &mut bytes),
            _ if self.words.is_empty() => {
                let refusal =
                    Refusal::new(Code::InvalidParams, "pane.send: there is nothing to send");
                return Err(refusal.hint("--text, --submit, --key or --paste"));
            }
            _ => self.words(pane, &mut bytes),
        }
        Ok(bytes)
    }

    fn words(&self, pane: &Pane, bytes: &mut Vec<u8>) {
        for word in &self.words {
            // A single character is the same typed or pressed; longer words are keys only by their
            // names.
            if self.literal || press(pane, word, bytes).is_err() {
                type_text(word, bytes);
            }
        }
    }
}

fn type_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.replace("\r\n", "\r").replace('\n', "\r").bytes());
}

fn press(pane: &Pane, name: &str, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
    let key: Key = name
        .parse()
        .map_err(|error: KeyError| Refusal::new(Code::InvalidParams, format!("key: {error}")))?;
    pane.screen.encode_key(&KeyInput::from(key), bytes);
    Ok(())
}
