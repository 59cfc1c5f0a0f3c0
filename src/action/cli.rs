//! Actions of the process that reads the command line. They are here for docs, completions and the
//! one list; `cli` does the work.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{Access, Action};

rows! {
    cli;

    /// Check a configuration file
    ///
    /// Every problem is told at once, each with its place, its line and the nearest valid name. The
    /// exit status is 3 if there are any.
    ConfigCheck "config.check" Read {
        /// The file; else the one that is in use
        pub file: Option<String>,
    }

    /// Show the options in force
    ///
    /// They are the defaults with your file laid over them; with --json as JSON.
    ConfigShow "config.show" Read {
        /// Show this section only
        pub section: Option<String>,
    }

    /// Tell what an option is for, what it is set to, and where that comes from
    ///
    /// Values come from the configuration file (with its line), from the environment, or are the
    /// defaults.
    ConfigExplain "config.explain" Read {
        /// The option, such as `keys.hint_ms`, or a section
        pub option: String,
    }

    /// Print where the configuration file is or would be
    ConfigPath "config.path" Read {}

    /// Print the default configuration: every option with its text
    ConfigPrintDefault "config.default" Read {}

    /// Edit the configuration file, and check it afterwards
    ///
    /// The editor is $VISUAL, else $EDITOR, else vi. A file that is not there yet is made.
    ConfigEdit "config.edit" Admin {}

    /// Print a configuration made from one of tmux, and say what was taken
    ///
    /// The configuration goes to standard output, the report to standard error: line by line what
    /// was taken, what is so already, and what there is no like of.
    ConfigImport "config.import" Read {
        /// The file; else ~/.tmux.conf, else ~/.config/tmux/tmux.conf
        pub file: Option<String>,

        /// Write it as the configuration file, if there is none yet
        #[arg(long)]
        #[serde(default)]
        pub write: bool,
    }

    /// List the themes, built in and your own
    CliThemes "cli.themes" Read verbs ["themes"] {}

    /// List the keys in force
    ///
    /// With a word, those whose keys, action or help have it.
    CliKeys "cli.keys" Read verbs ["keys"] {
        /// Show only what has this word
        pub word: Option<String>,
    }

    /// List the actions, or show one with its arguments and its reply
    ///
    /// Every action is a method of the JSON-RPC interface under the same name.
    CliActions "cli.actions" Read verbs ["actions"] {
        /// The action, such as pane.split
        pub name: Option<String>,
    }

    /// Look for what could keep abide from working well here
    ///
    /// It looks at the terminal, the configuration, the places of state and socket, and the server.
    /// The exit status is 1 if something fails.
    CliDoctor "cli.doctor" Read verbs ["doctor"] {}

    /// Print completions for a shell
    ///
    /// For bash: `abide completions bash > ~/.local/share/bash-completion/completions/abide`.
    CliCompletions "cli.completions" Read verbs ["completions"] {
        /// The shell
        #[arg(value_enum)]
        pub shell: CompletionShell,
    }

    /// Print the manual page
    ///
    /// `abide man | man -l -` shows it.
    CliMan "cli.man" Read verbs ["man"] {}

    /// Print the version
    ///
    /// With --json, the protocols that this program speaks and what it was built with too.
    CliVersion "cli.version" Read verbs ["version"] {
        /// Say what it was built with, and the protocols it speaks
        #[arg(short, long)]
        #[serde(default)]
        pub verbose: bool,
    }
}

/// A shell that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Shell")]
pub enum CompletionShell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}
