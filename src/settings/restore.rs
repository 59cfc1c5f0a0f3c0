//! The choice of commands that are run again when panes come back whose programs are gone.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The commands that are run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Restore {
    /// All alike.
    All(RerunPolicy),
    /// Only commands of these programs; a person is asked about the others.
    Programs(Vec<String>),
}

/// The fate of a command when its pane comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RerunPolicy {
    /// A person is asked.
    #[default]
    Ask,
    /// The command is run again.
    Always,
    /// A shell is started.
    Never,
}

impl Default for Restore {
    fn default() -> Self {
        Self::All(RerunPolicy::Ask)
    }
}

impl Restore {
    /// The policy for this command.
    #[must_use]
    pub fn of(&self, argv: &[String]) -> RerunPolicy {
        match self {
            Self::All(rerun) => *rerun,
            Self::Programs(programs) => {
                let name =
                    argv.first().map(|program| program.rsplit('/').next().unwrap_or(program));
                let is_safe =
                    name.is_some_and(|name| programs.iter().any(|program| program == name));
                if is_safe { RerunPolicy::Always } else { RerunPolicy::Ask }
            }
        }
    }
}

impl JsonSchema for Restore {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Restore".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "enum": ["ask", "always", "never"] },
                {
                    "type": "array",
                    "items": { "type": "string", "format": "program" },
                    "maxItems": 256,
                },
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{RerunPolicy, Restore};

    #[test]
    fn a_listed_program_is_known_by_its_name_wherever_it_is() {
        let list = Restore::Programs(vec!["vim".into(), "less".into()]);
        let rerun = |program: &str| list.of(&[program.to_owned(), "x".to_owned()]);
        assert_eq!(["vim", "/usr/bin/less", "./vim"].map(rerun), [RerunPolicy::Always; 3]);
        assert_eq!(["vi", "vim2", "/vim/rm", ""].map(rerun), [RerunPolicy::Ask; 4]);
        assert_eq!(list.of(&[]), RerunPolicy::Ask);
        assert_eq!(Restore::default().of(&["vim".into()]), RerunPolicy::Ask);
    }
}
