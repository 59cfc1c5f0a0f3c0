//! Running commands in a session's shell.

pub mod in_pane;
pub mod run;

use std::collections::BTreeMap;

use crate::action::Cx;
use crate::base::code::{Code, Refusal};
use crate::base::time::Span;
use crate::state::command::Order;
use crate::state::turn::Around;

/// The most bytes of a command's words.
const WORDS_BYTES_MAX: usize = 1 << 20;
/// The most variables of one command.
const VARS_MAX: usize = 1000;

/// What `exec` and `start` say alike of a command.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) words: Vec<String>,
    pub(super) cwd: Option<String>,
    /// As `NAME=VALUE`.
    pub(super) set: Vec<String>,
    pub(super) unset: Vec<String>,
    pub(super) vars: BTreeMap<String, Option<String>>,
    pub(super) limit_ms: Option<u64>,
    pub(super) grace_ms: Option<u64>,
}

impl Told {
    /// The order, checked; `what` is the action.
    pub(super) fn order(self, what: &str, cx: &Cx<'_>) -> Result<Order, Refusal> {
        let invalid = |message: &str| Err(Refusal::new(Code::InvalidParams, format!("{what}: {message}")));
        if self.words.is_empty() || self.words.iter().all(String::is_empty) {
            return invalid("the command is empty");
        }
        if WORDS_BYTES_MAX < self.words.iter().map(String::len).sum() {
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
        let mut texts = self.words.iter().chain(&self.cwd).chain(vars.iter().filter_map(|(_, value)| value.as_ref()));
        if texts.any(|text| text.contains('\0')) {
            return invalid("there is a NUL in it");
        }
        let grace = self.grace_ms.unwrap_or(cx.settings.exec.grace_ms);
        let (limit, grace) = (self.limit_ms.map(Span::millis), Span::millis(grace));
        Ok(Order { words: self.words, cwd: self.cwd.filter(|cwd| !cwd.is_empty()), vars, limit, grace, ..Order::default() })
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
    pub(super) fn around(&self) -> Around<'a> {
        Around { settings: self.settings, host: self.host, now: self.now }
    }
}
