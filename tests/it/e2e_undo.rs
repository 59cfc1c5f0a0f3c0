//! What is closed comes back with the very same program, also after the server was killed; what
//! runs again; what is typed into several panes.

use std::sync::Arc;

use crate::harness::{Abide, PATIENCE, World, gone_within, is_alive};

const SIZE: (u16, u16) = (100, 30);

/// The pid of what runs in a pane.
fn pid(client: &Abide, pane: &str) -> i32 {
    let panes = client.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let found = panes
        .as_array()
        .into_iter()
        .flatten()
        .find(|item| item["id"] == pane)
        .and_then(|item| item["pid"].as_i64());
    i32::try_from(found.unwrap_or_default()).expect("a pid")
}

#[test]
fn a_pane_closed_by_key_comes_back_with_its_program_after_a_kill_of_the_server() {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client.press("C-b %");
    client.expect_screen("a second prompt", |screen| screen.text().matches("ready$").count() >= 2);
    client.type_line("x=kept$((1+1)); cat");
    let shell = pid(&client, "p2");
    client.press("C-b x");
    client.expect("undo: C-b u");
    assert!(is_alive(shell), "the program was ended with its pane");
    client.world().kill_server();
    client.expect_screen("the client again", |screen| screen.shows("ready$"));
    client.press("C-b u");
    client.expect("cat");
    assert_eq!(pid(&client, "p2"), shell);
    client.press("C-d");
    client.type_line("echo got-$x");
    client.expect("got-kept2");
}

#[test]
fn a_closed_session_says_how_it_comes_back_and_does() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("y=there$((3+4))");
    let shell = pid(&client, "p1");
    client.press("C-b x");
    assert_eq!(client.expect_exit(), 0);
    client.expect("session work closed; `abide undo` brings it back");
    assert!(is_alive(shell));
    assert_eq!(world.cli(&["undo", "--json"]).ok().json()["what"], "session");
    let again = Abide::start_in(&world, &["attach", "work"], SIZE);
    again.type_line("echo $y");
    again.expect("there7");
}

#[test]
fn what_nobody_wants_back_is_ended_and_so_is_what_is_closed_now() {
    let world = Arc::new(World::new());
    world.configure("[pane]\nundo_ms = 300\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    world.cli(&["pane", "split"]).ok();
    world.cli(&["pane", "split"]).ok();
    let (second, third) = (pid(&client, "p2"), pid(&client, "p3"));
    world.cli(&["pane", "close", "-t", "p3", "--now"]).ok();
    assert!(!is_alive(third), "it answers when the program is gone");
    world.cli(&["pane", "close", "-t", "p2"]).ok();
    assert!(gone_within(second, PATIENCE), "it lives on for ever");
    world.cli(&["undo", "--json"]).ok();
    assert_ne!(pid(&client, "p4"), second, "the shell that was ended is another one");
    world.cli(&["undo"]).refused(
        4,
        &["nothing was closed that can be brought back", "persist.closed and persist.days"],
    );
}

#[test]
fn a_pane_that_stays_outlives_the_server_and_runs_again_on_enter() {
    let world = Arc::new(World::new());
    world.configure("[pane]\nremain_on_exit = \"failed\"\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("echo before; exit 3");
    client.expect("exit 3: Enter or R runs it again");
    world.kill_server();
    client.expect("reconnecting");
    client.expect_without("reconnecting");
    let screen = client.expect("exit 3: Enter or R runs it again");
    assert!(
        screen.shows("before") && screen.text().matches("runs it again").count() == 1,
        "{}",
        screen.text()
    );
    client.press("Enter");
    client.expect_without("runs it again");
    client.expect("ready$");
    client.type_line("echo again$((1+1))");
    client.expect("again2");
}

#[test]
fn a_command_is_run_again_by_key_and_typing_goes_to_all_synchronized_panes() {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client.cli(&["pane", "split", "--", "sh", "-c", "echo run-$$; exec cat"]).ok();
    client.expect("run-");
    let first = pid(&client, "p2");
    client.press("C-b R");
    client.expect_screen("another run", |screen| {
        screen.shows("run-") && !screen.shows(&format!("run-{first}"))
    });
    assert!(!is_alive(first));
    client.cli(&["pane", "sync"]).ok();
    client.expect("[synced]");
    client.type_line("echo both$((1+1))");
    client.expect_screen("both panes", |screen| {
        screen.shows("both2") && screen.text().matches("echo both").count() >= 2
    });
}

#[test]
fn two_clients_of_two_sizes_have_their_own_zoom_and_a_size_can_be_fixed() {
    let large = Abide::start(&["new", "work"], SIZE);
    large.expect("ready$");
    large.press("C-b %");
    large.expect_screen("two prompts", |screen| screen.text().matches("ready$").count() >= 2);
    let small = large.another(&["attach", "work"], (60, 15));
    small.expect("ready$");
    small.press("C-b z");
    small.expect("zoomed");
    assert!(!large.screen().shows("zoomed"), "the other client was zoomed too");
    large.cli(&["session", "resize", "50x10"]).ok();
    large.type_line("stty size");
    large.expect("10 ");
    small.resize((120, 40));
    // The size follows who typed last, a moment later.
    small.type_line("until stty size | grep \"10 5\"0; do sleep 0.1; done");
    small.expect("10 50");
}

#[test]
fn a_client_without_bars_gives_every_row_to_its_panes() {
    let world = Arc::new(World::new());
    world.configure("[bars]\nposition = \"off\"\ntabs = \"off\"\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("stty size");
    client.expect("30 100");
}

#[test]
fn a_layout_goes_to_a_file_and_comes_back_from_it() {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client.cli(&["pane", "split", "--right", "-n", "--", "cat"]).refused(2, &[]);
    client.cli(&["pane", "split", "--right", "--", "cat"]).ok();
    let file = client.world().path("dev.toml");
    let file = file.to_str().expect("UTF-8");
    client.cli(&["layout", "save", file]).ok();
    client.cli(&["tab", "new"]).ok();
    client.cli(&["layout", "apply", file]).ok();
    let panes = client.cli(&["pane", "ls", "--json"]).ok().json();
    let commands: Vec<_> =
        panes.as_array().into_iter().flatten().map(|pane| pane["command"].clone()).collect();
    assert_eq!(commands, [serde_json::json!([]), serde_json::json!(["cat"])]);
    client.world().write("broken.toml", "split = ");
    let broken = client.world().path("broken.toml");
    client.cli(&["layout", "apply", broken.to_str().expect("UTF-8")]).refused(2, &["line 1"]);
    client.cli(&["layout", "apply", "nothing.toml"]).refused(2, &["no preset"]);
}
