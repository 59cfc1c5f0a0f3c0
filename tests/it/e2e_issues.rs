//! What once went wrong for somebody at the keyboard, one test for each.

use crate::harness::Abide;

const SIZE: (u16, u16) = (100, 30);

/// A client in a session whose shell is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// abide without a trace of the abide it runs in, as over ssh.
fn far_away(verb: &str) -> String {
    format!("env -u ABIDE -u ABIDE_PANE -u ABIDE_SESSION {} {verb}", env!("CARGO_BIN_EXE_abide"))
}

#[test]
fn issue_a_client_that_is_refused_at_once_leaves_no_answers_of_the_terminal_to_the_shell() {
    let client = working();
    for turn in 0..4 {
        client.type_line("clear");
        client.expect_without("no session");
        client.type_line(&far_away("attach nosuch"));
        client.expect_screen("the refusal and a clean prompt", |screen| {
            let rows = screen.rows();
            let last = rows[..rows.len() - 1].iter().rev().find(|row| !row.is_empty());
            rows.iter().any(|row| row.contains("no session"))
                && last.is_some_and(|row| row == "ready$")
        });
        client.type_line(&format!("echo clean-$(({turn}+10))"));
        client.expect_screen("a line as it was typed", |screen| {
            screen.rows().iter().any(|row| row == &format!("ready$ echo clean-$(({turn}+10))"))
                && screen.shows(&format!("clean-{}", turn + 10))
        });
    }
}

#[test]
fn issue_a_stack_is_made_with_the_pane_before_as_its_help_says() {
    let client = working();
    client.cli(&["pane", "split", "--right"]).ok();
    client.cli(&["pane", "split"]).ok();
    let sizes = || {
        let panes = client.cli(&["pane", "ls", "--json"]).ok().json();
        let size = |pane: &serde_json::Value| {
            (pane["size"]["cols"].as_u64(), pane["size"]["rows"].as_u64())
        };
        panes.as_array().into_iter().flatten().map(size).collect::<Vec<_>>()
    };
    client.press("C-b g s");
    client.expect_screen("a stack on the right", |screen| screen.rows()[2].contains("3 bash"));
    assert!(
        matches!(sizes()[..], [(Some(50), Some(28)), _, (Some(49), Some(26..))]),
        "{:?}",
        sizes()
    );
    client.press("C-b g s");
    client.expect_screen("no stack", |screen| screen.rows()[14].contains("3 bash"));
    assert_eq!(sizes(), [(Some(50), Some(28)), (Some(49), Some(13)), (Some(49), Some(14))]);
}

#[test]
fn issue_the_hint_of_a_swap_of_tabs_names_what_there_is() {
    let client = working();
    client.cli(&["new", "other", "-d"]).ok();
    let refused = client.cli(&["tab", "swap", "other:1", "-t", "work:1"]);
    refused.refused(2, &["are of two sessions", "abide pane join"]);
    assert!(!refused.stderr.contains("--to"), "{refused:?}");
    assert_eq!(client.cli(&["pane", "join", "--help"]).ok().code, 0);
}

#[test]
fn issue_a_question_mark_searches_back_with_the_keys_of_emacs_too() {
    let world = std::sync::Arc::new(crate::harness::World::new());
    world.configure("[copy]\nkeys = \"emacs\"\n");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.type_line("clear; printf 'needle %s\\n' one two three");
    client.expect("needle three");
    client.press("C-b [");
    client.type_text("?needle\r");
    client.expect("[3/3]");
    client.type_text("n");
    client.expect("[2/3]");
    client.press("q");
}

#[test]
fn issue_a_pane_is_called_by_the_program_in_its_foreground() {
    let client = working();
    client.expect(" 1 bash");
    client.world().write("home/job.sh", "#!/bin/sh\nread line\n");
    client.type_line("cat");
    client.expect(" 1 cat");
    client.press("C-c");
    client.expect(" 1 bash");
    // Of a pipeline whose first program is over it is the last.
    client.type_line("true | tail -f /dev/null");
    client.expect(" 1 tail");
    client.press("C-c");
    client.expect(" 1 bash");
    client.type_line("chmod +x job.sh; ./job.sh");
    client.expect(" 1 job.sh");
    client.world().kill_server();
    client.press("Enter");
    client.expect(" 1 bash");
    client.type_line("cat");
    client.expect(" 1 cat");
    client.world().kill_server();
    client.expect_screen("the name again", |screen| screen.shows(" 1 cat"));
    client.cli(&["tab", "rename", "mine"]).ok();
    client.expect(" 1 mine");
}

#[test]
fn issue_a_list_right_after_the_server_was_stopped_is_empty_and_no_fault() {
    let world = crate::harness::World::new();
    for _ in 0..5 {
        world.cli(&["new", "work", "-d"]).ok();
        let lists = std::thread::scope(|scope| {
            let asking: Vec<_> =
                (0..3).map(|_| scope.spawn(|| world.cli(&["ls", "--json"]))).collect();
            world.cli(&["server", "stop"]).ok();
            asking.into_iter().map(|list| list.join().expect("it ran")).collect::<Vec<_>>()
        });
        for list in lists {
            list.ok();
        }
        assert_eq!(world.cli(&["ls", "--json"]).ok().json(), serde_json::json!([]));
        world.cli(&["pane", "ls", "-t", "work"]).refused(4, &["no server"]);
    }
}
