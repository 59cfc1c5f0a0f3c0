//! Attaching, detaching and sharing: what a client's coming and going does to the programs, which
//! is nothing.

use std::sync::Arc;

use crate::harness::{Abide, Screen, World, is_alive};

const SIZE: (u16, u16) = (100, 30);

/// A client in a new session `work` with a shell that is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// The pid of the shell in the focused pane.
#[track_caller]
fn shell_pid(client: &Abide) -> i32 {
    client.type_line("echo pid=$$.");
    let numbered = |screen: &Screen| {
        screen
            .rows()
            .iter()
            .find_map(|row| row.strip_prefix("pid=")?.trim_end().strip_suffix('.')?.parse().ok())
    };
    let trimmed = |screen: &Screen| {
        let text = screen.text();
        let at = text
            .rfind("pid=")
            .filter(|&at| text[at + 4..].starts_with(|c: char| c.is_ascii_digit()))?;
        text[at + 4..].split('.').next()?.parse().ok()
    };
    let screen = client.expect_screen("the pid of the shell", |screen| {
        numbered(screen).or_else(|| trimmed(screen)).is_some()
    });
    numbered(&screen).or_else(|| trimmed(&screen)).expect("it was there")
}

/// Fails unless the outer terminal is as a shell wants it back.
#[track_caller]
fn is_sane(screen: &Screen) {
    let screen = &screen.0;
    assert!(!screen.alternate_screen(), "the alternate screen is still on");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is still on");
    assert!(!screen.application_cursor(), "application cursor keys are still on");
    assert_eq!(
        screen.mouse_protocol_mode(),
        vt100::MouseProtocolMode::None,
        "mouse reports are still on"
    );
}

#[test]
fn detaching_leaves_the_terminal_sane_and_attaching_comes_back() {
    let client = working();
    client.type_line("echo one$((1+1))three");
    client.expect("one2three");
    client.press("C-b d");
    assert_eq!(client.expect_exit(), 0, "a client that detached says 0");
    is_sane(&client.screen());
    let again = client.another(&["attach", "work"], SIZE);
    again.expect("one2three");
    again.type_line("echo four$((2+3))six");
    again.expect("four5six");
}

#[test]
fn abide_alone_makes_a_session_and_comes_back_to_it() {
    let client = Abide::start(&[], SIZE);
    client.expect("ready$");
    client.type_line("echo first$((1+1))");
    client.expect("first2");
    client.press("C-b d");
    assert_eq!(client.expect_exit(), 0);
    let again = client.another(&[], SIZE);
    again.expect("first2");
    assert!(
        client.cli(&["ls"]).ok().stdout.contains("main"),
        "a session that nobody named is called main"
    );
}

#[test]
fn a_hang_up_and_a_killed_client_end_nothing() {
    let client = working();
    let shell = shell_pid(&client);
    client.hang_up();
    assert!(is_alive(shell), "the shell ended with the window");
    let second = client.another(&["attach", "work"], SIZE);
    second.expect(&format!("pid={shell}."));
    second.kill_client();
    assert!(is_alive(shell), "the shell ended with the client");
    let third = client.another(&["attach", "work"], SIZE);
    third.expect(&format!("pid={shell}."));
    third.type_line("echo still$((1+1))here");
    third.expect("still2here");
}

#[test]
fn a_client_that_is_told_to_end_leaves_the_terminal_sane() {
    let client = working();
    client.cli(&["detach", "--all"]).ok();
    assert_eq!(client.expect_exit(), 0);
    is_sane(&client.screen());
    assert!(client.cli(&["ls"]).ok().stdout.contains("work"), "the session is still there");
}

#[test]
fn two_clients_see_the_same_programs_each_with_its_own_tab() {
    let left = working();
    let right = left.another(&["attach", "work"], SIZE);
    left.type_line("echo shared$((1+1))");
    right.expect("shared2");
    left.press("C-b c");
    left.expect_without("shared2");
    left.expect("ready$");
    left.type_line("echo second$((1+1))tab");
    left.expect("second2tab");
    assert!(right.screen().shows("shared2"), "the other client was taken along to the new tab");
    right.type_line("echo stayed$((1+1))");
    right.expect("stayed2");
    assert!(!left.screen().shows("stayed2"), "this client was taken back to the old tab");
    right.press("C-b n");
    right.expect("second2tab");
    left.press("C-b p");
    left.expect("stayed2");
}

#[test]
fn clients_of_two_sizes_share_a_session() {
    let large = working();
    let small = large.another(&["attach", "work"], (60, 15));
    small.expect("ready$");
    small.type_line("echo small$((1+1))");
    small.expect("small2");
    large.expect("small2");
    large.type_line("echo large$((1+1))");
    large.expect("large2");
    small.expect("large2");
}

#[test]
fn a_program_learns_the_new_size_of_the_terminal() {
    let client = working();
    client.type_line(
        "told() { echo size-$(stty size | tr \" \" x).; }; trap told WINCH; echo armed$((1+1))",
    );
    client.expect("armed2");
    client.resize((80, 20));
    let columns = |screen: &Screen| {
        let text = screen.text();
        let at = text.rfind("size-").filter(|&at| text[at..].contains('.'))?;
        text[at + 5..].split('.').next()?.split_once('x')?.1.parse::<u16>().ok()
    };
    client.type_line("");
    client.expect_screen("at most 80 columns in the pane", |screen| {
        columns(screen).is_some_and(|cols| (70..=80).contains(&cols))
    });
    // bash forgets a signal that comes while the trap of the one before it runs.
    client.type_line("echo settled$((1+1))");
    client.expect("settled2");
    client.resize((120, 40));
    client.type_line("");
    client.expect_screen("more than 80 columns in the pane", |screen| {
        columns(screen).is_some_and(|cols| (81..=120).contains(&cols))
    });
}

#[test]
fn the_end_of_the_last_program_ends_the_session_with_its_status() {
    let client = Abide::start(&["new", "short", "--", "sh", "-c", "read line; exit 7"], SIZE);
    client.expect("short");
    client.type_line("");
    assert_eq!(
        client.expect_exit(),
        7,
        "attach gives the status of the program that ended the session"
    );
    is_sane(&client.screen());
    assert!(!client.cli(&["ls", "--json"]).stdout.contains("short"), "the session is gone");
}

#[test]
fn the_prefix_twice_reaches_the_program() {
    let client = working();
    client.type_line("cat -v");
    client.press("C-b C-b x Enter");
    client.expect("^Bx");
}

#[test]
fn panes_split_take_focus_and_close() {
    let client = working();
    client.type_line("echo left$((1+1))");
    client.expect("left2");
    client.press("C-b %");
    client.expect_screen("a second prompt beside the first", |screen| {
        screen.text().matches("ready$").count() >= 3
    });
    client.type_line("echo right$((1+1))");
    let screen = client.expect("right2");
    let (left, right) = (
        screen.position("left2").expect("it stays"),
        screen.position("right2").expect("it is there"),
    );
    assert!(left.0 < 50 && right.0 >= 49, "the panes are not side by side: {left:?} {right:?}");
    client.press("C-b o");
    client.type_line("echo back$((1+1))");
    let screen = client.expect("back2");
    assert!(
        screen.position("back2").is_some_and(|(x, _)| x < 50),
        "typing went to the pane that lost the focus"
    );
    client.press("C-b o");
    client.type_line("exit");
    client.expect_without("right2");
    client.expect("back2");
}

#[test]
fn a_session_is_not_attached_inside_itself() {
    let client = working();
    client.type_line(&format!("{} attach work; echo code=$?.", env!("CARGO_BIN_EXE_abide")));
    // The client of that pane shows it already: there is nothing to switch, and none is put into
    // it.
    let screen = client.expect("code=0.");
    assert_eq!(screen.text().matches(" 1 bash").count(), 1, "{}", screen.text());
    let clients = client.cli(&["client", "ls", "--json"]).ok().json();
    assert_eq!(clients.as_array().map(Vec::len), Some(1), "{clients}");
}

#[test]
fn nothing_runs_once_the_last_session_is_gone() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "only"], SIZE);
    client.expect("ready$");
    let (server, keeper) = (world.server_pid(), world.keeper_pid());
    client.press("C-d");
    client.expect_exit();
    for pid in [server, keeper] {
        assert!(
            crate::harness::gone_within(pid, crate::harness::PATIENCE),
            "{pid} still runs with nothing to keep"
        );
    }
}
