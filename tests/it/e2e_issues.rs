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
        client.type_line(&far_away("attach nosuch"));
        client.expect_screen("the refusal and a clean prompt", |screen| {
            let rows = screen.rows();
            let last = rows[..rows.len() - 1].iter().rev().find(|row| !row.is_empty());
            rows.iter().any(|row| row.contains("no session")) && last.is_some_and(|row| row == "ready$")
        });
        client.type_line(&format!("echo clean-$(({turn}+10))"));
        client.expect_screen("a line as it was typed", |screen| {
            screen.rows().iter().any(|row| row == &format!("ready$ echo clean-$(({turn}+10))")) && screen.shows(&format!("clean-{}", turn + 10))
        });
    }
}
