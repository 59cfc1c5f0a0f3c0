//! What a person sets up once and then relies on: popups, logs of panes, a command for copied text,
//! projects, the configuration over the panes.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use crate::harness::{Abide, PATIENCE, World};

const SIZE: (u16, u16) = (100, 30);

/// A client in a session whose shell is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// Waits until a file of the environment is as `holds` says.
#[track_caller]
fn file(world: &World, name: &str, holds: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(world.path(name)).unwrap_or_default();
        if holds(&text) {
            return text;
        }
        assert!(Instant::now() < end, "{name} is {text:?}\n{}", world.logs());
    }
}

#[test]
fn a_popup_has_the_keys_of_its_tab_until_its_command_ends() {
    let client = working();
    client.press("C-b %");
    client.expect_screen("two prompts", |screen| screen.text().matches("ready$").count() == 2);
    client
        .cli(&[
            "pane",
            "popup",
            "-n",
            "pick",
            "-s",
            "40x8",
            "--",
            "sh",
            "-c",
            "echo choose; read x; echo $x > chosen",
        ])
        .ok();
    let screen = client.expect("choose");
    assert_eq!(screen.position("╭─ 3 pick "), Some((29, 10)), "{}", screen.text());
    // Neither a key nor the mouse nor hiding leads out of it.
    client.press("C-b Left C-b o C-b *");
    client.click((5, 20));
    client.type_line("second");
    assert_eq!(file(client.world(), "home/chosen", |text| !text.is_empty()), "second\n");
    client.expect_without("choose");
    client.type_line("echo back-$((1+1))");
    let screen = client.expect("back-2");
    assert!(screen.position("back-2").is_some_and(|(x, _)| 50 < x), "the focus is where it was");
    client.cli(&["display-popup", "-E", "cat"]).ok();
    client.expect("╭─ 3 cat ");
    client.press("C-b x");
    client.expect_without("╭─ 3 cat ");
    client.press("C-b Left");
    client.type_line("echo left-$((1+1))");
    client.expect_screen("the other pane", |screen| {
        screen.position("left-2").is_some_and(|(x, _)| x < 50)
    });
}

#[test]
fn what_a_pane_prints_goes_to_a_file_also_after_a_kill_of_the_server() {
    let client = working();
    let log = client.world().path("home/pane.log");
    client.cli(&["pane", "pipe", "--file", log.to_str().expect("UTF-8")]).ok();
    client.type_line("printf 'one\\033[31m%s\\033[m\\n' -red");
    file(client.world(), "home/pane.log", |text| text.contains("one\x1b[31m-red\x1b[m\r\n"));
    client.world().kill_server();
    client.type_line("echo after-$((1+1))");
    client.expect("after-2");
    file(client.world(), "home/pane.log", |text| text.matches("after-2").count() == 1);
    let pipe = || client.cli(&["pane", "ls", "--json"]).ok().json()[0]["pipe"].clone();
    assert!(pipe().as_str().is_some_and(|line| line.contains("pane.log")));
    client.cli(&["pane", "pipe"]).ok();
    assert!(pipe().is_null());
    client.type_line("echo un-$((1+1))-heard");
    client.expect("un-2-heard");
    assert!(!fs::read_to_string(&log).expect("it is there").contains("un-2-heard"));
}

#[test]
fn a_command_reads_what_a_pane_prints_and_its_end_is_told() {
    let client = working();
    client.cli(&["pane", "pipe", "--", "tr a-z A-Z > loud"]).ok();
    client.type_line("echo; seq 2 20000; echo the-$((1+1))-end");
    client.expect("the-2-end");
    client.cli(&["pipe-pane", "-o", "cat"]).ok();
    let text = file(client.world(), "home/loud", |text| text.contains("THE-2-END"));
    assert_eq!(
        text.lines().filter(|line| line.parse::<u32>().is_ok()).count(),
        19_999,
        "lines are missing"
    );
    client.cli(&["pane", "pipe", "--", "head", "-c", "1"]).ok();
    client.type_line("echo more; echo more");
    client.press("C-b ~");
    client.expect("has ended (exit status: 0): head -c 1");
    client.press("Esc");
    assert!(client.cli(&["pane", "ls", "--json"]).ok().json()[0]["pipe"].is_null());
}

#[test]
fn copied_text_goes_to_the_command_that_is_configured() {
    let world = Arc::new(World::new());
    world.configure(&format!(
        "[copy]\nkeys = \"vi\"\ncommand = \"cat > {}\"\n",
        world.path("home/copied").display()
    ));
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("clear; printf 'copy  %s\\n' me");
    client.expect("copy  me");
    client.press("C-b [");
    client.type_text("kVy");
    assert_eq!(file(&world, "home/copied", |text| !text.is_empty()).trim_end(), "copy  me");
}

const PROJECT: &str = "\
name = \"shop\"

[[tabs]]
name = \"code\"
[tabs.layout]
split = \"columns\"
[[tabs.layout.parts]]
size = 60
command = [\"sh\", \"-c\", \"echo editing in $PWD; exec cat\"]
[[tabs.layout.parts]]
size = 40
focus = true

[[tabs]]
name = \"run\"
layout = { command = [\"sh\", \"-c\", \"echo running in $PWD; exec cat\"], cwd = \"web\", name = \
    \"server\" }
";

#[test]
fn a_project_opens_with_its_tabs_panes_and_commands() {
    let world = Arc::new(World::new());
    world.write("home/src/shop/abide.toml", PROJECT);
    world.write("home/src/shop/web/inner/README", "");
    let shell = Abide::spawn(&world, "/bin/bash", &["-i"], SIZE);
    shell.expect("ready$");
    shell.type_line(&format!("cd src/shop/web/inner; {} open", env!("CARGO_BIN_EXE_abide")));
    let screen = shell.expect("editing in ");
    let home = world.home().display().to_string();
    assert!(
        screen.text().replace('\n', "").contains(&format!("editing in {home}/src/shop")),
        "{}",
        screen.text()
    );
    shell.expect_screen("its tabs", |screen| {
        screen.shows(" 1 code") && screen.shows("2 run") && screen.shows(" shop ")
    });
    shell.type_line("pwd");
    shell.expect_screen("a shell in its folder, in focus", |screen| {
        screen.rows().iter().any(|row| row.ends_with("src/shop"))
    });
    shell.press("C-b 2");
    shell.expect(&format!("running in {home}/src/shop/web"));
    shell.press("C-b d");
    shell.expect("[detached from shop]");
    // It is made once, from wherever it is opened.
    shell.type_line(&format!("cd; {} open src/shop", env!("CARGO_BIN_EXE_abide")));
    shell.expect("running in ");
    assert_eq!(world.cli(&["ls", "--json"]).ok().json().as_array().map(Vec::len), Some(1));
    world.cli(&["new", "other", "-d"]).ok();
    shell.press("C-b )");
    shell.expect_screen("the other session", |screen| {
        screen.shows(" other ") && screen.shows("ready$")
    });
    // In a pane the client goes there.
    shell.type_line(&format!("{} open src/shop", env!("CARGO_BIN_EXE_abide")));
    shell.expect("running in ");
}

#[test]
fn attach_in_a_pane_switches_the_client_that_shows_it() {
    let world = Arc::new(World::new());
    for name in ["one", "two", "three"] {
        world.cli(&["new", name, "-d"]).ok();
    }
    let client = Abide::start_in(&world, &["attach", "one"], SIZE);
    client.expect_screen("one", |screen| screen.shows(" one ") && screen.shows("ready$"));
    let abide = env!("CARGO_BIN_EXE_abide");
    client.type_line(&format!("{abide} attach two"));
    client.expect_screen("two", |screen| screen.shows(" two ") && screen.shows("ready$"));
    client.type_line(&format!("{abide} switch-client -t three"));
    client.expect_screen("three", |screen| screen.shows(" three ") && screen.shows("ready$"));
    client.type_line(&format!("{abide} attach three && echo there$((1+1))"));
    client.expect("there2");
    client.type_line(&format!("{abide} attach nowhere"));
    client.expect("no session \"nowhere\"");
    client.type_line(&format!("{abide} attach; echo $((40+2))"));
    client.expect("this runs inside abide already");
}

#[test]
fn a_broken_project_is_told_with_its_place_and_makes_nothing() {
    let world = World::new();
    world.cli(&["open", "-d"]).refused(4, &["no abide.toml", "or above"]);
    world.write("home/abide.toml", "name = \"x\"\nlayuot = 3\n");
    world.cli(&["open", "-d"]).refused(2, &["abide.toml", "layuot"]);
    world.write("home/abide.toml", "[[tabs]]\nlayout = { split = \"rows\" }\n");
    world.cli(&["open", "-d"]).refused(2, &["a split has no parts"]);
    world.write("home/abide.toml", "tabs = [\n");
    world.cli(&["open", "-d", "abide.toml"]).refused(2, &["line 1"]);
    assert_eq!(world.cli(&["ls", "--json"]).ok().json(), serde_json::json!([]));
    world.write("home/abide.toml", "");
    world.cli(&["open", "-d"]).ok();
    let sessions = world.cli(&["ls", "--json"]).ok().json();
    assert_eq!(sessions[0]["name"], "home");
}

#[test]
fn the_configuration_is_edited_over_the_panes_and_in_force_when_saved() {
    let world = Arc::new(World::new());
    world.write("home/.bashrc", "PS1='ready$ '\nexport EDITOR=~/ed.sh\n");
    world.write(
        "home/ed.sh",
        "#!/bin/sh\ngrep -c '^#preset = \"tmux\"' \"$1\"\nread x\nprintf \
        '[bars]\\nposition = \"top\"\\nleft = [\"clock\"]\\nclock = \"NOON\"\\n' > \"$1\"\nread \
        x\n",
    );
    world.run("/bin/chmod", &["+x", world.path("home/ed.sh").to_str().expect("UTF-8")], b"").ok();
    let client = Abide::start_in(
        &world,
        &["new", "work", "-e", &format!("EDITOR={}", world.path("home/ed.sh").display())],
        SIZE,
    );
    client.expect("ready$");
    client.press("C-b C");
    client.expect("╭─ 2 configuration ");
    client.expect_screen("a commented default", |screen| {
        screen.rows().iter().any(|row| row.contains("│1 "))
    });
    client.press("Enter");
    client.expect("NOON");
    client.press("Enter");
    client.expect_without("╭─ 2 configuration ");
}
