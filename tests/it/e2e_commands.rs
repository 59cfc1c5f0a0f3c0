//! Commands in live shells, end to end: their history, the list of them, and `exec --in` a pane.

use std::sync::Arc;

use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (100, 30);

/// A client with a shell that is ready, in an environment with this configuration.
#[track_caller]
fn configured(toml: &str) -> Abide {
    let world = Arc::new(World::new());
    world.configure(toml);
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client
}

#[track_caller]
fn json(client: &Abide, args: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
    serde_json::from_str(&client.cli(&args).stdout).expect("JSON")
}

/// Waits until the shell of the session `work` stands at its prompt: its command is over, and what
/// is typed next belongs to no output.
#[track_caller]
fn at_prompt(client: &Abide) {
    client.cli(&["wait", "-t", "work", "--prompt", "--timeout", "20s"]).ok();
}

#[test]
fn a_command_in_a_live_shell_gives_its_output_and_status_and_the_shell_keeps_what_it_did() {
    let client = configured("");
    let ran =
        client.cli(&["exec", "--in", "work", "--", "cd /usr; v=7; echo one; echo two >&2"]).ok();
    assert_eq!(ran.stdout, "one\ntwo\n");
    let ran = json(
        &client,
        &["exec", "--in", "work", "--", "pwd; printf v$v; exit_with() { return $1; }; exit_with 9"],
    );
    assert_eq!(
        (&ran["stdout"], &ran["exit_code"], &ran["state"]),
        (&"/usr\nv7".into(), &9.into(), &"failed".into()),
        "{ran}"
    );
    let long = client.cli(&["exec", "--in", "work", "--", "seq 1 500"]).ok().stdout;
    assert_eq!(long, (1..=500).map(|n| n.to_string() + "\n").collect::<String>());
    let wrong = json(&client, &["exec", "--in", "work", "--", "if ) then"]);
    assert_eq!(wrong["exit_code"], 2, "{wrong}");
    assert!(wrong["stdout"].as_str().is_some_and(|text| text.contains("syntax error")), "{wrong}");
    let literal = client.cli(&["exec", "--in", "work", "--", "echo", "a  b", "$HOME"]).ok().stdout;
    assert_eq!(literal, "a  b $HOME\n");
    client.cli(&["exec", "--in", "work", "--", "echo a\necho b"]).refused(2, &["one line"]);
    client.cli(&["exec", "--in", "work", "-c", "/", "--", "pwd"]).refused(2, &["--in"]);
}

#[test]
fn a_shell_that_is_not_at_its_prompt_or_marks_none_is_refused_with_what_to_do() {
    let client = configured("");
    client.type_line("sleep 1000");
    client.expect_screen("the command runs", |_| {
        client.cli(&["commands"]).stdout.contains("sleep 1000")
    });
    client
        .cli(&["exec", "--in", "work", "--", "true"])
        .refused(1, &["runs \"sleep 1000\"", "abide wait"]);
    client.press("C-c");
    at_prompt(&client);
    client.type_text("half");
    client.expect("half");
    client.cli(&["exec", "--in", "work", "--", "true"]).refused(1, &["something is typed", "C-u"]);
    client.press("C-u");
    let off = configured("[shell]\nintegration = false\n");
    off.cli(&["exec", "--in", "work", "--", "true"])
        .refused(1, &["does not mark its prompts", "abide shell integrate"]);
    off.cli(&["shell", "integrate", "-t", "work"]).ok();
    off.cli(&["wait", "-t", "work", "--prompt", "--timeout", "20s"]).ok();
    let ran = json(&off, &["exec", "--in", "work", "--", "echo in$((1+1)); (exit 4)"]);
    assert_eq!((&ran["stdout"], &ran["exit_code"]), (&"in2\n".into(), &4.into()), "{ran}");
}

#[test]
fn a_limit_interrupts_a_command_in_a_live_shell_and_the_shell_goes_on() {
    let client = configured("");
    let ran = json(
        &client,
        &[
            "exec",
            "--in",
            "work",
            "--timeout",
            "300ms",
            "--grace",
            "20s",
            "--",
            "echo before; sleep 1000",
        ],
    );
    assert_eq!(
        (&ran["exit_code"], &ran["timed_out"], &ran["state"]),
        (&124.into(), &true.into(), &"timed_out".into()),
        "{ran}"
    );
    assert!(ran["stdout"].as_str().is_some_and(|text| text.starts_with("before\n")), "{ran}");
    assert_eq!(client.cli(&["exec", "--in", "work", "--", "echo after"]).ok().stdout, "after\n");
}

#[test]
fn commands_typed_at_prompts_are_remembered_listed_run_again_and_their_output_is_copied() {
    let client = configured("");
    client.type_line("cd /usr");
    client.type_line("echo marker$((40+2)); (exit 3)");
    client.expect("marker42");
    client.cli(&["exec", "-t", "work", "--", "true"]).ok();
    client.expect_screen("both are listed", |_| {
        json(&client, &["commands"]).as_array().is_some_and(|list| list.len() == 3)
    });
    at_prompt(&client);
    client.type_line(" echo not to be remembered");
    client.expect_screen("it ran", |screen| {
        screen.rows().iter().any(|row| row == "not to be remembered")
    });
    let list = json(&client, &["commands"]);
    assert!(!list.to_string().contains("not to be"), "{list}");
    let failed = json(&client, &["commands", "--failed", "--since", "1h", "-p", "work"]);
    let only = &failed[0];
    assert_eq!(failed.as_array().map(Vec::len), Some(1), "{failed}");
    assert_eq!(
        (&only["command"], &only["exit_code"]),
        (&"echo marker$((40+2)); (exit 3)".into(), &3.into())
    );
    assert_eq!(
        (&only["cwd"], &only["by"], &only["running"]),
        (&"/usr".into(), &"prompt".into(), &false.into()),
        "{only}"
    );
    let id = only["id"].as_str().expect("an id");
    assert_eq!(client.cli(&["pane", "output", "--of", id]).ok().stdout, "marker42\n");
    at_prompt(&client);
    client.type_line("clear");
    client.expect_screen("it is clear", |screen| !screen.shows("marker42"));
    at_prompt(&client);
    client.press("C-b H");
    client.expect("runs again");
    client.type_text("marker");
    client.expect_screen("it is found", |screen| {
        screen.shows("› marker") && screen.shows("echo marker")
    });
    client.press("Enter");
    client
        .expect_screen("it ran again", |screen| screen.rows().iter().any(|row| row == "marker42"));
    at_prompt(&client);
    client.press("C-b H");
    client.expect("runs again");
    client.type_text("marker");
    client.expect_screen("it is found", |screen| {
        screen.shows("› marker") && screen.shows("echo marker")
    });
    client.press("C-y");
    client.expect_screen("it is in a buffer", |_| {
        client.cli(&["buffer", "show"]).stdout == "marker42\n"
    });
}
