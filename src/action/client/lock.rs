//! `client.lock`: hands every key to the program, or takes the bound ones again.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action, DefaultKey, Role};

/// Lock the keys: all of them go to the program until the unlock key is pressed
///
/// The key is `keys.unlock` of the configuration, F12 by default.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
pub struct ClientLock {}

impl Action for ClientLock {
    const NAME: &'static str = "client.lock";
    const KEYS: &'static [DefaultKey] = &[("prefix F12", "")];
    const ACCESS: Access = Access::Interact;
    const ROLE: Role = Role::Client;
    type Reply = ();
}
