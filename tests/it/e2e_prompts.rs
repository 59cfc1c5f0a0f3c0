//! The marks of shells whose users have hooks, themes and options of their own: each command is
//! answered with its output and status, and the shell stays as it is without abide.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::harness::{Output, World, missing_tool};

/// A shell of a session `p` with this file of the user's.
fn shell(program: &str, file: &str, text: &str) -> Arc<World> {
    let world = Arc::new(World::new());
    world.write(file, text);
    let variable = format!("SHELL={program}");
    let words = [&*variable, env!("CARGO_BIN_EXE_abide"), "new", "-d", "p"];
    world.run("/usr/bin/env", &words, b"").ok();
    world
}

fn exec(world: &World, line: &str) -> Output {
    world.cli(&["exec", "--in", "p", "--timeout", "20s", "--", line])
}

/// Each line in turn is answered with what it prints and its status, in less time than the longest
/// wait for a shell that says nothing; after each the prompt is awaited, too.
#[track_caller]
fn answers(world: &World, lines: &[(&str, &str, i32)]) {
    world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
    for (line, printed, status) in lines {
        let asked = Instant::now();
        let output = exec(world, line);
        assert_eq!((&*output.stdout, output.code), (*printed, *status), "{line}: {output:?}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{line} took {:?}", asked.elapsed());
        world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
    }
}

const LINES: [(&str, &str, i32); 6] = [
    ("echo out", "out\n", 0),
    ("printf 12", "12", 0),
    ("! true", "", 1),
    ("(exit 3) || true", "", 0),
    ("PS1='new> '", "", 0),
    ("echo again", "again\n", 0),
];

/// Hooks of the kinds that bash users have.
const BASH_FILES: [(&str, &str); 6] = [
    ("a hook that sets the prompt", "PROMPT_COMMAND='PS1=\"hook> \"'\n"),
    (
        "a theme that keeps the former hooks in itself, and reads the status first",
        "theme() { seen=$?; eval \"$former\"; PS1=\"[$seen] > \"; }\n\
         former=$PROMPT_COMMAND; PROMPT_COMMAND=theme\n",
    ),
    ("two hooks", "one() { :; }; two() { PS1='two> '; }; PROMPT_COMMAND=(one two)\n"),
    ("set -e", "set -e; PS1='e> '\n"),
    ("set -u", "set -u; PS1='u> '; unset PS0\n"),
    ("a trap for errors", "PS1='t> '; trap 'echo trapped' ERR\n"),
];

#[test]
fn bash_answers_each_command_whatever_hooks_the_user_has() {
    for (what, text) in BASH_FILES {
        let world = shell("/bin/bash", "home/.bashrc", text);
        if what == "a trap for errors" {
            // The trap runs once for the user's own command, as without abide.
            answers(&world, &[("false", "trapped\n", 1), ("echo out", "out\n", 0)]);
            continue;
        }
        answers(&world, &LINES);
        // Who empties the hooks loses ours with them until the next of ours puts them back.
        answers(&world, &[("PROMPT_COMMAND=", "", 0), ("echo still", "still\n", 0)]);
    }
}

/// Hooks and themes of the kinds that zsh users have.
const ZSH_FILES: [(&str, &str); 6] = [
    ("a hook that sets the prompt", "precmd() { PROMPT='hook> '; }\n"),
    (
        "a theme whose hook keeps itself the last",
        "theme() { PROMPT=\"[$?] > \"; [[ $precmd_functions[-1] == theme ]] || \
         precmd_functions=(${precmd_functions:#theme} theme) }\nprecmd_functions+=(theme)\n",
    ),
    (
        "a line editor hook of the user's, and a prompt with a command in it",
        "setopt prompt_subst; PROMPT='$(print -n sub)> '\n\
         function zle-line-init() { : }; zle -N zle-line-init\n",
    ),
    ("errors end functions", "setopt err_return no_unset; PS1='e> '\n"),
    ("no mark for a line without an end", "PROMPT_EOL_MARK=''; PS1='m> '\n"),
    ("no such marks at all", "unsetopt prompt_sp prompt_cr; PS1='n> '\n"),
];

#[test]
fn zsh_answers_each_command_whatever_hooks_the_user_has() {
    if missing_tool("zsh") {
        return;
    }
    for (_, text) in ZSH_FILES {
        let world = shell("/usr/bin/zsh", "home/.zshrc", text);
        answers(&world, &LINES);
    }
}

#[test]
fn fish_answers_each_command_also_after_a_new_prompt_was_defined() {
    if missing_tool("fish") {
        return;
    }
    let text = "function fish_prompt; printf 'first> '; end\nset -g fish_greeting\n";
    let world = shell("/usr/bin/fish", "config/fish/config.fish", text);
    answers(
        &world,
        &[
            ("echo out", "out\n", 0),
            ("printf 12", "12", 0),
            ("false", "", 1),
            ("function fish_prompt; printf 'second> '; end", "", 0),
            ("echo again", "again\n", 0),
        ],
    );
}

#[test]
fn set_x_shows_the_lines_of_the_user_and_none_of_the_integration() {
    for (program, file, text) in [
        ("/bin/bash", "home/.bashrc", "PS1='x> '; set -x\n"),
        ("/usr/bin/zsh", "home/.zshrc", "PS1='x> '; setopt xtrace\n"),
    ] {
        if program.ends_with("zsh") && missing_tool("zsh") {
            continue;
        }
        let world = shell(program, file, text);
        world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
        for _ in 0..3 {
            let output = exec(&world, "echo out").ok();
            let lines: Vec<&str> = output.stdout.lines().collect();
            assert!(
                matches!(lines[..], [traced, "out"] if traced.ends_with("echo out")),
                "{program}: {lines:?}"
            );
        }
        let seen = world.cli(&["capture", "-t", "p", "--scrollback"]).ok().stdout;
        assert!(!seen.contains("__abide"), "{program} shows ours:\n{seen}");
    }
}

/// Lines that a shell reads and does not run: refused, and the prompt is clean for the next.
fn refuses(world: &World, lines: &[(&str, &str)]) {
    world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
    for (line, reason) in lines {
        exec(world, line).refused(1, &[reason, "capture -t p"]);
        world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
    }
    assert_eq!(exec(world, "echo next").ok().stdout, "next\n");
}

#[test]
fn a_line_that_becomes_no_command_is_refused_and_the_next_one_runs() {
    let bash = shell("/bin/bash", "home/.bashrc", "PS1='b> '\n");
    refuses(&bash, &[("echo \"hi!there\"", "ran nothing"), ("echo \"open", "waits for the rest")]);
    if !missing_tool("fish") {
        let text = "function fish_prompt; printf 'f> '; end\nset -g fish_greeting\n";
        let fish = shell("/usr/bin/fish", "config/fish/config.fish", text);
        refuses(&fish, &[("end", "ran nothing")]);
    }
}

#[test]
fn an_unfinished_line_is_refused_as_soon_as_the_shell_asks_for_the_rest() {
    // Where nothing is told of that the shell is given so long.
    let at_once = std::time::Duration::from_secs(5);
    let unfinished = ["echo \"open", "if true; then", "cat <<EOF", "echo a \\", "(echo b"];
    for (path, file, text) in [
        ("/bin/bash", "home/.bashrc", "PS1='b> '\n"),
        ("/bin/bash", "home/.bashrc", "PS1='b> '\nbind 'set enable-bracketed-paste off'\n"),
        ("/bin/zsh", "home/.zshrc", "PS1='z> '\n"),
    ] {
        if missing_tool(path) {
            continue;
        }
        let world = shell(path, file, text);
        for line in unfinished {
            let began = std::time::Instant::now();
            refuses(&world, &[(line, "waits for the rest")]);
            assert!(began.elapsed() < at_once, "{path}: {line}");
        }
    }
}

#[test]
fn shell_integrate_types_nothing_into_a_line_that_is_half_typed() {
    let world = shell("/bin/bash", "home/.bashrc", "PS1='b> '\n");
    world.cli(&["wait", "-t", "p", "--prompt", "--timeout", "20s"]).ok();
    world.cli(&["send", "-t", "p", "--text", "a text"]).ok();
    world.cli(&["wait", "-t", "p", "--text", "a text", "--timeout", "20s"]).ok();
    world
        .cli(&["shell", "integrate", "-t", "p"])
        .refused(1, &["something is typed at the prompt", "C-u"]);
    assert_eq!(world.cli(&["capture", "-t", "p"]).ok().stdout.trim(), "b> a text");
}

#[test]
fn a_shell_that_the_user_named_marks_its_prompts_as_the_usual_one_does() {
    for words in [&["bash"][..], &["/bin/bash", "-i"], &["zsh", "-l"], &["fish"]] {
        if !words[0].ends_with("bash") && missing_tool(words[0]) {
            continue;
        }
        let world = World::new();
        world.write("home/.zshrc", "PS1='z> '\n");
        world.cli(&[&["new", "-d", "p", "--"], words].concat()).ok();
        answers(&world, &[("echo out", "out\n", 0), ("false", "", 1)]);
    }
    // A script is no shell that anybody types into.
    let world = World::new();
    world.cli(&["new", "-d", "p", "--", "bash", "-c", "echo $0 $#; sleep 1000"]).ok();
    world.cli(&["wait", "-t", "p", "--text", "bash 0", "--timeout", "20s"]).ok();
}
