//! Running commands in a session's shell.

pub mod in_pane;
pub mod run;

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Cx;
use crate::action::args::{millis, variable};
use crate::base::error::{Code, Refusal};
use crate::base::time::Span;
use crate::state::command::ExecRequest;
use crate::state::exec_queue::ExecContext;

/// The most bytes of a command's words.
const WORDS_BYTES_MAX: usize = 1 << 20;
/// The most variables of one command.
const VARS_MAX: usize = 1000;

/// What `exec` and `start` say alike of a command.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CommandArgs {
    /// Stop it after so long, such as 30s
    #[arg(long = "timeout", value_name = "DURATION", value_parser = millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,

    /// Time it has to end by itself when its time is up, such as 2s
    #[arg(long = "grace", value_name = "DURATION", value_parser = millis)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,

    /// Where, for this command alone; else where the shell is
    #[arg(short = 'c', long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,

    /// A variable for this command alone, as NAME=VALUE
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,

    /// A variable this command does not get
    #[arg(short = 'u', long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,

    /// Variables for this command alone by name; null unsets one.
    #[arg(skip)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Option<String>>,

    /// The command
    #[arg(last = true, value_name = "CMD", required = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

impl CommandArgs {
    /// The order, checked; `what` is the action.
    pub(super) fn order(self, what: &str, cx: &Cx<'_>) -> Result<ExecRequest, Refusal> {
        let invalid =
            |message: &str| Err(Refusal::new(Code::InvalidParams, format!("{what}: {message}")));
        if self.command.is_empty() || self.command.iter().all(String::is_empty) {
            return invalid("the command is empty");
        }
        if WORDS_BYTES_MAX < self.command.iter().map(String::len).sum() {
            return invalid("the command has more than 1 MiB");
        }
        let set = self.set.iter().filter_map(|variable| variable.split_once('='));
        let set = set.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        let unset = self.unset.into_iter().map(|name| (name, None));
        let vars: Vec<(String, Option<String>)> = set.chain(unset).chain(self.vars).collect();
        if VARS_MAX < vars.len() {
            return invalid("more than 1000 variables");
        }
        if let Some((name, _)) = vars.iter().find(|(name, _)| !is_name(name)) {
            return invalid(&format!("{name:?} is no name of a variable"));
        }
        let mut texts = self
            .command
            .iter()
            .chain(&self.cwd)
            .chain(vars.iter().filter_map(|(_, value)| value.as_ref()));
        if texts.any(|text| text.contains('\0')) {
            return invalid("there is a NUL in it");
        }
        let grace = self.grace_ms.unwrap_or(cx.settings.exec.grace_ms);
        let (limit, grace) = (self.timeout_ms.map(Span::millis), Span::millis(grace));
        Ok(ExecRequest {
            words: self.command,
            cwd: self.cwd.filter(|cwd| !cwd.is_empty()),
            vars,
            limit,
            grace,
            ..ExecRequest::default()
        })
    }
}

/// Whether a shell takes it for a variable (POSIX.1-2024 XBD 3.216).
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl<'a> Cx<'a> {
    /// What a turn depends on beside the state.
    pub(super) fn around(&self) -> ExecContext<'a> {
        ExecContext { settings: self.settings, host: self.host, now: self.now }
    }
}
