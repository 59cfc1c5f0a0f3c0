//! zsh and fish beside bash: a session's shell that is zsh, and the commands that live zsh and fish
//! shells tell of.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::harness::{Abide, Api, World, missing_tool};

const SIZE: (u16, u16) = (100, 30);

/// An environment whose user has this shell, with a session `w`.
fn world_of(shell: &str) -> (Arc<World>, Api) {
    let world = Arc::new(World::new());
    // Without it zsh asks a newcomer what to put there.
    world.write("home/.zshrc", "PS1='ready$ '\n");
    world.write(
        "config/fish/config.fish",
        "function fish_prompt; printf 'ready$ '; end\nset -g fish_greeting\n",
    );
    world
        .run(
            "/usr/bin/env",
            &[&format!("SHELL={shell}"), env!("CARGO_BIN_EXE_abide"), "new", "-d", "w"],
            b"",
        )
        .ok();
    let api = Api::connect(&world);
    (world, api)
}

fn run(api: &mut Api, command: &str, more: &Value) -> Value {
    let mut params = json!({ "target": "w", "command": [command] });
    let given = more.as_object().cloned().unwrap_or_default();
    params.as_object_mut().expect("it is one").extend(given);
    api.call("exec.run", &params).expect("it runs")
}

#[test]
fn s1_s10_s13_s36_s37_s38_hold_in_a_session_whose_shell_is_zsh() {
    if missing_tool("zsh") {
        return;
    }
    let (_world, mut api) = world_of("/usr/bin/zsh");
    assert_eq!(api.text("w", "print -r -- ${ZSH_VERSION:+zsh}"), "zsh");
    api.exec(
        "w",
        "cd /usr; export KEPT=1; own=2; hello() { print hello $1 }; alias hi='print \
        hi'; setopt no_nomatch",
    );
    assert_eq!(api.text("w", "print $PWD $KEPT $own; hello you; hi"), "/usr 1 2\nhello you\nhi");
    let ran = run(&mut api, "print out; print err >&2; (exit 3)", &json!({}));
    assert_eq!(
        (&ran["stdout"], &ran["stderr"], &ran["exit_code"]),
        (&"out\n".into(), &"err\n".into(), &3.into()),
        "{ran}"
    );
    assert_eq!(run(&mut api, "no-such-command-here", &json!({}))["exit_code"], 127);
    assert_eq!(
        run(&mut api, "cat; read x", &json!({}))["exit_code"],
        1,
        "there is nothing to read"
    );
    assert_eq!(
        run(&mut api, "wc -c", &json!({ "stdin": "abc" }))["stdout"].as_str().map(str::trim),
        Some("3")
    );
    let ran = run(
        &mut api,
        "print \"$A|${KEPT-unset}\"; pwd",
        &json!({ "cwd": "/", "vars": { "A": "new", "KEPT": null } }),
    );
    assert_eq!(ran["stdout"], "new|unset\n/\n", "{ran}");
    assert_eq!(api.text("w", "print \"${A-unset} $KEPT $PWD\""), "unset 1 /usr");
    api.exec("w", "cd");
    for command in [
        "touch a && sleep 120 && touch b; touch c",
        "while [ -e $LEASH ]; do sleep 0.05; done; touch d",
    ] {
        let ran = run(&mut api, command, &json!({ "timeout_ms": 400, "grace_ms": 20_000 }));
        assert_eq!(
            (ran["timed_out"].as_bool(), ran.get("state_lost")),
            (Some(true), None),
            "{ran}"
        );
    }
    assert_eq!(api.text("w", "print -l [abcd](N); print $own; hello again"), "a\n2\nhello again");
    let ran = run(
        &mut api,
        "trap '' INT TERM; while [ -e $LEASH ]; do :; done",
        &json!({ "timeout_ms": 200, "grace_ms": 100 }),
    );
    assert!(ran["timed_out"] == true && ran["state_lost"].is_string(), "{ran}");
    assert_eq!(api.text("w", "print \"${KEPT}-${own}\"; hello there"), "1-\nhello there");
}

/// Commands typed at a live shell are listed with what was typed and how they ended.
fn tells_of_commands(world: &Arc<World>) {
    let client = Abide::start_in(world, &["attach", "w"], SIZE);
    client.expect("ready");
    client.cli(&["wait", "-t", "w", "--prompt", "--timeout", "20s"]).ok();
    client.type_line("echo 'one;  two%' three; sh -c 'exit 3'");
    let last = || {
        serde_json::from_str::<Value>(&client.cli(&["--json", "commands"]).stdout)
            .unwrap_or_default()[0]
            .clone()
    };
    client.expect_screen("it is listed with its end", |_| last()["exit_code"] == 3);
    let last = last();
    assert_eq!(last["command"], "echo 'one;  two%' three; sh -c 'exit 3'", "{last}");
    let id = last["id"].as_str().expect("it has an id");
    assert_eq!(client.cli(&["pane", "output", "--of", id]).ok().stdout, "one;  two% three\n");
}

#[test]
fn a_live_zsh_tells_what_was_typed() {
    if !missing_tool("zsh") {
        tells_of_commands(&world_of("/usr/bin/zsh").0);
    }
}

#[test]
fn a_live_fish_tells_what_was_typed() {
    if !missing_tool("fish") {
        tells_of_commands(&world_of("/usr/bin/fish").0);
    }
}

/// The same where the integration was typed.
fn tells_of_commands_once_told_to(shell: &str, kind: &[&str]) {
    let world = Arc::new(World::new());
    world.configure("[shell]\nintegration = false\n");
    world.write("home/.zshrc", "PS1='ready$ '\n");
    world.write(
        "config/fish/config.fish",
        "function fish_prompt; printf 'ready$ '; end\nset -g fish_greeting\n",
    );
    world
        .run(
            "/usr/bin/env",
            &[&format!("SHELL={shell}"), env!("CARGO_BIN_EXE_abide"), "new", "-d", "w"],
            b"",
        )
        .ok();
    world.cli(&["wait", "-t", "w", "--text", "ready", "--timeout", "20s"]).ok();
    let typed: Vec<&str> =
        ["shell", "integrate", "-t", "w"].into_iter().chain(kind.iter().copied()).collect();
    world.cli(&typed).ok();
    tells_of_commands(&world);
}

#[test]
fn a_bash_that_was_told_to_tells_what_was_typed() {
    tells_of_commands_once_told_to("/bin/bash", &[]);
}

#[test]
fn a_zsh_that_was_told_to_tells_what_was_typed() {
    if !missing_tool("zsh") {
        tells_of_commands_once_told_to("/usr/bin/zsh", &[]);
    }
}

#[test]
fn a_fish_that_was_told_to_tells_what_was_typed() {
    if !missing_tool("fish") {
        tells_of_commands_once_told_to("/usr/bin/fish", &["--shell", "fish"]);
    }
}
