//! The command line as clap sees it, made from the action table: nouns with verbs, and the bare
//! verbs. It parses and runs nothing.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::action::table::{self, ActionEntry};

/// The help of the nouns.
const NOUNS: &[(&str, &str)] = &[
    ("session", "Sessions: tabs, an environment and a working directory"),
    ("tab", "Tabs of a session"),
    ("pane", "Panes: one program on one terminal each"),
    ("buffer", "What was copied, to be pasted"),
    ("layout", "How the panes of a tab share its area"),
    ("view", "What one client looks at"),
    ("client", "Attached clients"),
    ("shell", "What shells are told to mark their prompts and commands"),
    ("snapshot", "States of sessions that are kept as files, to be restored"),
    ("process", "Processes of the panes"),
    ("task", "Supervised programs of a project"),
    ("server", "The server that keeps the sessions"),
    ("config", "The configuration file"),
    ("cli", "What the command line does by itself"),
];

/// The text below the list of commands.
pub(super) const AFTER_HELP: &str = "\
Without a command: attach to the session used last, or make one and attach.
Targets: work (a session), work:2 or work:build (a tab), work:2.1 (a pane), an id (s3, t12, p41), \
@focused, @last.
Exit status: 0 done, 1 refused or failed, 2 usage, 3 configuration, 4 no such target or no server,
5 a wait's program ended first, 124 timed out, 70 a bug in abide.
Keys: prefix C-b, then ? lists all. tmux's commands are understood where they mean the same.";

/// The switch that every command has.
pub(super) const JSON: &str = "json";

/// True if words that clap refuses ask for JSON. clap gives no matches then.
#[must_use]
pub(super) fn asks_for_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

/// The whole command line.
#[must_use]
pub(super) fn command() -> Command {
    command_for(&[])
}

/// As much of it as matters for these words: of what they cannot mean only the names, since the
/// arguments are most of the work. All of it if they name nothing.
#[must_use]
pub(super) fn command_for(words: &[OsString]) -> Command {
    let first = words.iter().find(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let is_meant = |child: &CommandNode| {
        first.is_some_and(|first| {
            child.word == first || child.aliases.iter().any(|alias| alias == first)
        })
    };
    let children = children();
    let is_whole = !children.iter().any(is_meant);
    let part = |child: CommandNode| {
        if is_whole || is_meant(&child) { child.command(&[]) } else { Command::new(child.word) }
    };
    children.into_iter().map(part).fold(root(), Command::subcommand)
}

fn root() -> Command {
    let json = Arg::new(JSON)
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Print JSON instead of text");
    Command::new("abide")
        .bin_name("abide")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Keep terminal sessions: programs outlive their terminal, their client and the server",
        )
        .after_help(AFTER_HELP)
        .subcommand_value_name("COMMAND")
        .arg(json)
}

/// The words that can follow `abide`.
fn children() -> Vec<CommandNode> {
    let mut root = CommandNode::default();
    for entry in table::all() {
        let words = entry.words();
        root.insert(&words[0], entry);
        for other in &words[1..] {
            match (other.split_last(), words[0].split_last()) {
                (Some((alias, path)), Some((word, own))) if path == own => {
                    root.alias(path, word, alias);
                }
                _ => root.insert(other, entry),
            }
        }
    }
    root.children
}

/// The entry of the words that were matched, the arguments of its command, and the words.
#[must_use]
pub(super) fn chosen(matches: &ArgMatches) -> Option<(&'static ActionEntry, &ArgMatches)> {
    let mut words: Vec<String> = Vec::new();
    let mut at = matches;
    while let Some((word, inner)) = at.subcommand() {
        words.push(word.into());
        at = inner;
    }
    let entry = table::all().find(|entry| entry.words().iter().any(|own| *own == words))?;
    Some((entry, at))
}

/// A word of the command line: an entry, or the words that can follow.
#[derive(Default)]
struct CommandNode {
    word: &'static str,
    entry: Option<&'static ActionEntry>,
    aliases: Vec<&'static str>,
    children: Vec<CommandNode>,
}

impl CommandNode {
    fn insert(&mut self, words: &[&'static str], entry: &'static ActionEntry) {
        let [first, rest @ ..] = words else {
            self.entry = Some(entry);
            return;
        };
        let idx =
            self.children.iter().position(|child| child.word == *first).unwrap_or_else(|| {
                self.children.push(CommandNode { word: first, ..CommandNode::default() });
                self.children.len() - 1
            });
        self.children[idx].insert(rest, entry);
    }

    /// Another word for an entry below the same noun.
    fn alias(&mut self, path: &[&'static str], word: &'static str, alias: &'static str) {
        let mut words = path.iter().chain([&word]);
        let node = words.try_fold(self, |node, word| {
            node.children.iter_mut().find(|child| child.word == *word)
        });
        node.expect("the word was inserted before its aliases").aliases.push(alias);
    }

    fn command(self, path: &[&str]) -> Command {
        let path = [path, &[self.word]].concat();
        let bin = format!("abide {}", path.join(" "));
        let Some(entry) = self.entry else {
            let about =
                NOUNS.iter().find(|(noun, _)| *noun == self.word).map_or("", |(_, about)| about);
            let group = Command::new(self.word)
                .about(about)
                .bin_name(bin)
                .subcommand_required(true)
                .arg_required_else_help(true);
            // Nouns come after the bare verbs.
            let group = group.display_order(NOUN_ORDER).subcommand_value_name("VERB");
            return self
                .children
                .into_iter()
                .fold(group, |group, child| group.subcommand(child.command(&path)));
        };
        entry.command().name(self.word).bin_name(bin).visible_aliases(self.aliases)
    }
}

const NOUN_ORDER: usize = 900;

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{CommandNode, NOUNS, command, command_for};
    use crate::action::table;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn a_part_of_it_says_the_same_as_all_of_it() {
        let lines = [
            "ls",
            "--json ls",
            "a work",
            "new -x",
            "pane",
            "pane split --nothing",
            "pane --help",
            "nothing",
            "--help",
            "-V",
            "help pane",
            "help",
            "send -t w",
        ];
        for line in lines {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let said = |command: clap::Command| match command
                .no_binary_name(true)
                .try_get_matches_from(words.clone())
            {
                Ok(matches) => format!("{:?}", matches.subcommand()),
                Err(error) => error.to_string(),
            };
            assert_eq!(said(command_for(&words)), said(command()), "{line}");
        }
    }

    #[test]
    fn no_words_name_both_an_action_and_a_noun() {
        let mut root = CommandNode::default();
        for entry in table::all() {
            entry.words().iter().for_each(|words| root.insert(words, entry));
        }
        let mut at = vec![&root];
        while let Some(node) = at.pop() {
            assert!(node.entry.is_none() || node.children.is_empty(), "{}", node.word);
            at.extend(&node.children);
        }
        for node in root.children.iter().filter(|node| node.entry.is_none()) {
            assert!(
                NOUNS.iter().any(|(noun, _)| *noun == node.word),
                "no sentence for the noun {}",
                node.word
            );
        }
    }
}
