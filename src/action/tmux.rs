//! tmux's commands in our words, where they mean the same. A table; nothing is run here.

/// A command of tmux.
#[derive(Debug)]
struct TmuxCommand {
    /// The name and the short name.
    names: &'static [&'static str],
    /// Our words.
    words: &'static [&'static str],
    /// The flags.
    flags: &'static [(char, Flag)],
    /// True if words that are no flags are a program to start.
    program: bool,
}

/// A flag of tmux in our words.
#[derive(Debug, Clone, Copy)]
enum Flag {
    /// This, without a value.
    Is(&'static str),
    /// This, with the value that follows.
    Takes(&'static str),
    /// The value that follows, as a word of its own.
    Word,
    /// Nothing: it is so anyway, or cannot be had.
    Nothing,
    /// Nothing, and the value that follows neither.
    NothingTakes,
    /// Lines of scrollback: `-` for all of it, a negative number for so many.
    Start,
}

use Flag::{Is, Nothing, NothingTakes, Start, Takes, Word};

const COMMANDS: &[TmuxCommand] = &[
    TmuxCommand {
        names: &["new-session"],
        words: &["new"],
        flags: &[
            ('s', Word),
            ('d', Is("--background")),
            ('A', Is("--attach")),
            ('c', Takes("--cwd")),
            ('e', Takes("--env")),
            ('P', Nothing),
        ],
        program: true,
    },
    TmuxCommand {
        names: &["attach-session"],
        words: &["attach"],
        flags: &[('t', Word), ('d', Is("--detach-others")), ('r', Is("--read-only"))],
        program: false,
    },
    TmuxCommand {
        names: &["kill-session"],
        words: &["kill"],
        flags: &[('t', Word)],
        program: false,
    },
    TmuxCommand { names: &["kill-server"], words: &["server", "stop"], flags: &[], program: false },
    TmuxCommand { names: &["list-sessions"], words: &["ls"], flags: &[], program: false },
    TmuxCommand {
        names: &["has-session", "has"],
        words: &["session", "has"],
        flags: &[('t', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["rename-session"],
        words: &["rename"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["switch-client", "switchc"],
        words: &["attach"],
        flags: &[('t', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["detach-client"],
        words: &["detach"],
        flags: &[('a', Is("--others")), ('t', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["list-clients", "lsc"],
        words: &["client", "ls"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["new-window", "neww"],
        words: &["tab", "new"],
        flags: &[
            ('n', Takes("--name")),
            ('t', Takes("--target")),
            ('c', Takes("--cwd")),
            ('e', Takes("--env")),
            ('d', Is("--background")),
        ],
        program: true,
    },
    TmuxCommand {
        names: &["kill-window", "killw"],
        words: &["tab", "close", "--now"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["rename-window", "renamew"],
        words: &["tab", "rename"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["select-window", "selectw"],
        words: &["tab", "go"],
        flags: &[('t', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["next-window", "next"],
        words: &["tab", "next"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["previous-window", "prev"],
        words: &["tab", "prev"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["last-window"],
        words: &["tab", "last"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["list-windows", "lsw"],
        words: &["tab", "ls"],
        flags: &[('t', Takes("--target")), ('a', Is("--all"))],
        program: false,
    },
    TmuxCommand {
        names: &["split-window", "splitw"],
        words: &["pane", "split"],
        flags: &[
            ('h', Is("--right")),
            ('v', Is("--down")),
            ('b', Is("--before")),
            ('t', Takes("--target")),
            ('c', Takes("--cwd")),
            ('e', Takes("--env")),
            ('l', Takes("--size")),
            ('d', Is("--background")),
        ],
        program: true,
    },
    TmuxCommand {
        names: &["kill-pane", "killp"],
        words: &["pane", "close", "--now"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["select-pane", "selectp"],
        words: &["pane", "focus"],
        flags: &[
            ('t', Word),
            ('L', Is("--left")),
            ('R', Is("--right")),
            ('U', Is("--up")),
            ('D', Is("--down")),
            ('l', Is("--last")),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["resize-pane", "resizep"],
        words: &["pane", "resize"],
        flags: &[
            ('t', Takes("--target")),
            ('L', Is("--left")),
            ('R', Is("--right")),
            ('U', Is("--up")),
            ('D', Is("--down")),
            ('Z', Is("--zoom")),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["swap-pane", "swapp"],
        words: &["pane", "swap"],
        flags: &[('t', Word), ('s', Takes("--target")), ('D', Is("--next")), ('U', Is("--prev"))],
        program: false,
    },
    TmuxCommand {
        names: &["break-pane", "breakp"],
        words: &["pane", "break"],
        flags: &[('s', Takes("--target")), ('d', Is("--background"))],
        program: false,
    },
    TmuxCommand {
        names: &["list-panes", "lsp"],
        words: &["pane", "ls"],
        flags: &[('t', Takes("--target")), ('a', Is("--all")), ('s', Is("--session"))],
        program: false,
    },
    TmuxCommand {
        names: &["respawn-pane", "respawnp"],
        words: &["pane", "respawn"],
        flags: &[
            ('t', Takes("--target")),
            ('k', Is("--kill")),
            ('c', Takes("--cwd")),
            ('e', Takes("--env")),
        ],
        program: true,
    },
    TmuxCommand {
        names: &["join-pane", "joinp", "move-pane", "movep"],
        words: &["pane", "join"],
        flags: &[
            ('s', Takes("--target")),
            ('t', Word),
            ('h', Is("--right")),
            ('v', Nothing),
            ('l', Takes("--size")),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["select-layout", "selectl"],
        words: &["layout", "apply"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["next-layout", "nextl"],
        words: &["layout", "next"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["send-keys"],
        words: &["send"],
        flags: &[
            ('t', Takes("--target")),
            ('l', Is("--literal")),
            ('H', Is("--hex")),
            ('N', Takes("--repeat")),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["capture-pane", "capturep"],
        words: &["capture"],
        flags: &[
            ('t', Takes("--target")),
            ('p', Nothing),
            ('J', Nothing),
            ('e', Is("--format=ansi")),
            ('S', Start),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["pipe-pane", "pipep"],
        words: &["pane", "pipe"],
        flags: &[('t', Takes("--target")), ('o', Is("--toggle")), ('O', Nothing)],
        program: true,
    },
    TmuxCommand {
        names: &["display-popup", "popup"],
        words: &["pane", "popup"],
        flags: &[
            ('t', Takes("--target")),
            ('T', Takes("--name")),
            ('d', Takes("--cwd")),
            ('e', Takes("--env")),
            ('E', Nothing),
            ('w', NothingTakes),
            ('h', NothingTakes),
            ('x', NothingTakes),
            ('y', NothingTakes),
        ],
        program: true,
    },
    TmuxCommand {
        names: &["customize-mode"],
        words: &["config", "customise"],
        flags: &[('t', Takes("--target"))],
        program: false,
    },
    TmuxCommand {
        names: &["copy-mode"],
        words: &["pane", "copy-mode"],
        flags: &[('u', Is("--page-up")), ('e', Nothing)],
        program: false,
    },
    TmuxCommand {
        names: &["list-buffers", "lsb"],
        words: &["buffer", "ls"],
        flags: &[],
        program: false,
    },
    TmuxCommand {
        names: &["show-buffer", "showb"],
        words: &["buffer", "show"],
        flags: &[('b', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["set-buffer", "setb"],
        words: &["buffer", "set"],
        flags: &[('b', Takes("--name")), ('a', Is("--append"))],
        program: false,
    },
    TmuxCommand {
        names: &["delete-buffer", "deleteb"],
        words: &["buffer", "delete"],
        flags: &[('b', Word)],
        program: false,
    },
    TmuxCommand {
        names: &["paste-buffer", "pasteb"],
        words: &["buffer", "paste"],
        flags: &[
            ('b', Takes("--name")),
            ('d', Is("--delete")),
            ('t', Takes("--target")),
            ('p', Nothing),
        ],
        program: false,
    },
    TmuxCommand {
        names: &["save-buffer", "saveb"],
        words: &["buffer", "save"],
        flags: &[('b', Takes("--name")), ('a', Is("--append"))],
        program: false,
    },
    TmuxCommand {
        names: &["load-buffer", "loadb"],
        words: &["buffer", "set", "--load"],
        flags: &[('b', Takes("--name"))],
        program: false,
    },
    TmuxCommand {
        names: &["display-panes", "displayp"],
        words: &["client", "numbers"],
        flags: &[('b', Nothing), ('N', Nothing), ('d', NothingTakes)],
        program: false,
    },
    TmuxCommand { names: &["clock-mode"], words: &["client", "clock"], flags: &[], program: false },
    TmuxCommand {
        names: &["last-pane", "lastp"],
        words: &["pane", "focus", "--last"],
        flags: &[],
        program: false,
    },
    TmuxCommand {
        names: &["rotate-window", "rotatew"],
        words: &["layout", "rotate"],
        flags: &[('t', Takes("--target")), ('D', Is("--back")), ('U', Nothing)],
        program: false,
    },
    TmuxCommand {
        names: &["swap-window", "swapw"],
        words: &["tab", "swap"],
        flags: &[('t', Word), ('s', Takes("--target")), ('d', Nothing)],
        program: false,
    },
    TmuxCommand {
        names: &["choose-buffer"],
        words: &["client", "buffers"],
        flags: &[],
        program: false,
    },
];

/// Words that are a command of tmux in ours; all others as they are.
#[must_use]
pub fn translate(words: Vec<String>) -> Vec<String> {
    let Some(command) = words
        .first()
        .and_then(|first| COMMANDS.iter().find(|command| command.names.contains(&first.as_str())))
    else {
        return words;
    };
    let mut ours: Vec<String> = command.words.iter().map(|word| (*word).into()).collect();
    // At the end of a word a semicolon ends the command in tmux, and one behind a backslash is one.
    let plain = |word: String| match word.strip_suffix("\\;") {
        Some(start) => format!("{start};"),
        None => word,
    };
    let mut rest = words.into_iter().skip(1).map(plain).peekable();
    while let Some(flags) = rest.next_if(|word| {
        word.len() > 1 && word.starts_with('-') && word != "--" && !word.starts_with("--")
    }) {
        command.flags_into(&flags[1..], &mut rest, &mut ours);
    }
    command.rest_into(rest.collect(), &mut ours);
    ours
}

/// Every name of tmux that is understood, with our words.
pub fn names() -> impl Iterator<Item = (&'static str, String)> {
    COMMANDS
        .iter()
        .flat_map(|command| command.names.iter().map(|name| (*name, command.words.join(" "))))
}

impl TmuxCommand {
    /// Translates a cluster of flags such as `dt`; one that takes a value takes the rest of the
    /// word or the next one.
    fn flags_into(
        &self,
        cluster: &str,
        rest: &mut impl Iterator<Item = String>,
        ours: &mut Vec<String>,
    ) {
        for (at, letter) in cluster.char_indices() {
            let attached = &cluster[at + letter.len_utf8()..];
            let mut value = || {
                if attached.is_empty() {
                    rest.next().unwrap_or_default()
                } else {
                    attached.to_owned()
                }
            };
            match self.flags.iter().find(|(own, _)| *own == letter).map(|(_, flag)| *flag) {
                Some(Is(flag)) => ours.push(flag.into()),
                Some(Nothing) => (),
                Some(Takes(flag)) => return ours.push(format!("{flag}={}", value())),
                Some(Word) => return ours.push(value()),
                Some(NothingTakes) => {
                    value();
                    return;
                }
                Some(Start) => {
                    let start = value();
                    let lines = start.strip_prefix('-').unwrap_or("");
                    return ours.push(if lines.is_empty() {
                        "--scrollback".into()
                    } else {
                        format!("--scrollback={lines}")
                    });
                }
                // Passed on, so that the refusal names it.
                None => ours.push(format!("-{letter}")),
            }
        }
    }

    /// Words that are no flags: a program (one word is a line for the shell) or plain words.
    fn rest_into(&self, rest: Vec<String>, ours: &mut Vec<String>) {
        if !self.program || rest.is_empty() || rest.first().is_some_and(|word| word == "--") {
            return ours.extend(rest);
        }
        ours.push("--".into());
        match rest.as_slice() {
            [line] if line.contains(' ') => {
                ours.extend(["/bin/sh".into(), "-c".into(), line.clone()]);
            }
            _ => ours.extend(rest),
        }
    }
}
