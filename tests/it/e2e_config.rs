//! Configuration and what follows from it, end to end: reload, bars, lock, monitoring, hooks,
//! environment, shell marks, import.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use crate::harness::{Abide, World, is_alive};
use crate::procs_life::eventually;

const SIZE: (u16, u16) = (100, 30);
const F12: &[u8] = b"\x1b[24~";

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
fn last_row(client: &Abide, text: &str) {
    client.expect_screen(&format!("{text:?} in the last row"), |screen| {
        screen.rows().last().is_some_and(|row| row.contains(text))
    });
}

#[test]
fn a_saved_configuration_is_in_force_at_once_and_a_broken_one_is_told_and_changes_nothing() {
    let client = configured("[bars]\nclock = \"one\"\n");
    last_row(&client, "one");
    client.world().configure(
        "[bars]\nclock = \"two\"\n[keys.bind]\n\"prefix G\" = \"tab \
        new\"\n[pane]\nremain_on_exit = \"on\"\n",
    );
    last_row(&client, "two");
    client.press("C-b G");
    client.expect("2 bash");
    client.world().configure("[bars]\nclock = \"three\"\nclok = 1\n");
    client.expect("no such option");
    assert!(
        client.screen().rows().last().is_some_and(|row| row.contains("two")),
        "the broken file changed the status line"
    );
    client.type_line("exit 3");
    client.expect("ended, status 3");
}

#[test]
fn without_a_configuration_file_any_more_the_defaults_are_in_force_for_client_and_server() {
    let client = configured("[bars]\nclock = \"noon\"\n[pane]\nremain_on_exit = \"on\"\n");
    last_row(&client, "noon");
    client.press("C-b c");
    client.expect("2 bash");
    fs::remove_file(client.world().path("config/abide/config.toml")).expect("it is there");
    client.expect_without("noon");
    client.type_line("exit 3");
    client.expect_without("2 bash");
}

#[test]
fn a_configuration_behind_a_link_and_a_theme_are_watched_too() {
    let world = Arc::new(World::new());
    world.write("dotfiles/abide.toml", "[bars]\nclock = \"one\"\n");
    fs::create_dir_all(world.path("config/abide/themes")).expect("it can be made");
    symlink(world.path("dotfiles/abide.toml"), world.path("config/abide/config.toml"))
        .expect("it can be made");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    last_row(&client, "one");
    world.write("config/abide/themes/mine.toml", "bar_bg = \"#010203\"\n");
    world.write("dotfiles/abide.toml", "[bars]\nclock = \"two\"\n[theme]\nname = \"mine\"\n");
    last_row(&client, "two");
    let background = || client.screen().cell_of("two").bgcolor();
    assert_eq!(background(), vt100::Color::Rgb(1, 2, 3));
    world.write("config/abide/themes/mine.toml", "bar_bg = \"#040506\"\n");
    client.expect_screen("the other colour", |screen| {
        screen.cell_of("two").bgcolor() == vt100::Color::Rgb(4, 5, 6)
    });
    assert!(client.cli(&["themes"]).ok().stdout.contains("mine"));
}

#[test]
fn an_option_is_explained_with_its_place() {
    let world = World::new();
    world.configure("# a comment\n[keys]\nhint_ms = 250\n");
    let told = world.cli(&["config", "explain", "keys.hint_ms"]).ok().stdout;
    assert!(
        told.contains("keys.hint_ms = 250")
            && told.contains("config.toml:3")
            && told.contains("default  500"),
        "{told}"
    );
    let told = world.cli(&["config", "explain", "shell.program"]).ok().stdout;
    assert!(told.contains("the environment: SHELL=/bin/bash"), "{told}");
    let told = world.cli(&["config", "explain", "bars.clock"]).ok().stdout;
    assert!(told.contains("from     default"), "{told}");
    world.cli(&["config", "explain", "keys.hintms"]).refused(4, &["keys.hint_ms"]);
}

#[test]
fn the_card_of_the_first_run_is_shown_once() {
    let world = Arc::new(World::new());
    fs::remove_file(world.path("state/abide/welcomed")).expect("it is there");
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("this is not shown again");
    client.type_text("x");
    client.expect_without("this is not shown again");
    client.expect("ready$ x");
    client.press("C-u C-b d");
    client.expect_exit();
    let again = client.another(&["attach"], SIZE);
    again.expect("ready$");
    assert!(!again.screen().shows("this is not shown again"));
}

#[test]
fn locked_keys_go_to_the_program() {
    let client = configured("");
    client.type_line("cat -v");
    client.press("C-b");
    client.send(F12);
    client.expect("every key goes to the program");
    client.press("C-b c Enter");
    client.expect("^Bc");
    assert!(!client.screen().shows("2 bash"));
    client.send(F12);
    client.expect("the keys are unlocked");
    client.press("C-b c");
    client.expect("2 bash");
}

#[test]
fn waiting_after_the_prefix_shows_what_can_follow_in_groups() {
    let client = configured("[keys]\nhint_ms = 1\n");
    client.press("C-b");
    client.expect_screen("groups and keys", |screen| {
        screen.shows("pane") && screen.shows("pane split") && screen.shows("tab new")
    });
    client.press("Esc");
    client.expect_without("tab new");
}

#[test]
fn bars_are_where_they_are_wanted_and_show_what_is_configured() {
    let client = configured(
        "[bars]\nposition = \"top\"\ntabs = \"off\"\nleft = [\"tabs\"]\ncenter = [\"cwd\"]\nright \
         = [\"command\", \"clock\"]\nclock = \"noon\"\ncommand = \"echo from$((1+1))here; echo \
         no\"\n",
    );
    client.expect_screen("one bar at the top with everything", |screen| {
        let rows = screen.rows();
        ["1 bash", "/home", "from2here", "noon"].iter().all(|text| rows[0].contains(text))
            && rows[1].contains("ready$")
    });
    client.type_line("stty size");
    client.expect("29 100");
    client.world().configure("[bars]\nposition = \"off\"\ntabs = \"off\"\n");
    client.expect_without("noon");
    client.type_line("clear; stty size");
    client.expect("30 100");
    assert!(client.screen().rows()[0].contains("30 100"));
}

#[test]
fn what_happens_in_a_tab_nobody_sees_is_marked_and_gone_to() {
    let client = configured("[monitor]\ncommand_s = 1\nactivity = false\n");
    let go = |what: &str| {
        client
            .type_line(&format!("while [ ! -e {0} ]; do read -t 0.05; done <> <(:); {what}", "go"));
        client.press("C-b c");
        client.expect_screen("a new tab", |screen| screen.rows()[0].contains("2 bash"));
        fs::write(client.world().home().join("go"), "").expect("it can be written");
    };
    go("printf '\\a'");
    client.expect("1 bash!");
    client.expect("1 pane wants you");
    client.press("C-b A");
    client.expect("a bell rang");
    client.press("Esc C-b a");
    client.expect_screen("the first tab", |screen| {
        screen.rows()[0].contains("1 bash ") && !screen.shows("wants you")
    });
}

#[test]
fn progress_notifications_and_ends_show_on_the_tab() {
    let client = configured("[monitor]\ncommand_s = 1\nactivity = false\n");
    client.type_line("printf '\\033]9;4;1;42\\a'; cat");
    client.expect_screen("progress", |screen| screen.rows()[0].contains("42%"));
    client.press("C-b c");
    client.expect_screen("a new tab", |screen| screen.rows()[0].contains("2 bash"));
    client.cli(&["send", "-t", "work:1.1", "--key", "C-d"]).ok();
    client.expect_screen("no progress any more", |screen| !screen.rows()[0].contains("42%"));
    client
        .cli(&[
            "send",
            "-t",
            "work:1.1",
            "--submit",
            "sleep 1.2; printf '\\033]777;notify;build;is done\\a'; false",
        ])
        .ok();
    client.expect_screen("marks of a notification and a failure", |screen| {
        screen.rows()[0].contains("1 bash*x")
    });
    client.press("C-b A");
    client.expect("build: is done");
}

#[test]
fn silence_is_marked() {
    let client = configured("[monitor]\nsilence_s = 1\nactivity = false\n");
    client.press("C-b c");
    client.expect_screen("the first tab is silent", |screen| screen.rows()[0].contains("1 bash~"));
}

#[test]
fn hooks_run_commands_and_actions() {
    let world = Arc::new(World::new());
    let log = world.path("log");
    world.configure(&format!(
        "[hooks]\nsession_created = \"! echo $ABIDE_HOOK $ABIDE_SESSION >> {0}\"\npane_exited = \
         \"! echo $ABIDE_HOOK $ABIDE_TEXT >> {0}\"\ntab_created = \"tab rename \
         hooked\"\nclient_attached = \"! echo $ABIDE_HOOK $ABIDE_CLIENT >> {0}\"\n",
        log.display()
    ));
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("hooked");
    let logged = |text: &str| {
        client.expect_screen(&format!("{text:?} in the log"), |_| {
            fs::read_to_string(&log).is_ok_and(|log| log.contains(text))
        });
    };
    client.press("C-b c");
    client.type_line("exit 7");
    client.insist(" ", "the log is written", |_| {
        fs::read_to_string(&log).is_ok_and(|log| log.contains("pane_exited 7"))
    });
    logged("session_created work");
    logged("client_attached v");
}

#[test]
fn a_command_of_the_status_line_that_hangs_ends_with_its_client() {
    let world = Arc::new(World::new());
    let file = world.path("pids").display().to_string();
    let command = format!("echo $$ >> {file}; sleep 1000 & echo $! >> {file}; wait");
    world.configure(&format!("[bars]\nright = [\"command\"]\ncommand = {command:?}\n"));
    let pids = || -> Vec<i32> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    };
    world.cli(&["new", "-d", "work", "--", "cat"]).ok();
    for is_told in [true, false] {
        drop(std::fs::remove_file(&file));
        let client = Abide::spawn(&world, env!("CARGO_BIN_EXE_abide"), &["attach", "work"], SIZE);
        eventually("the command runs", || pids().len() == 2);
        if is_told {
            world.cli(&["detach", "--all"]).ok();
        } else {
            let pid = rustix::process::Pid::from_raw(client.pid()).expect("it runs");
            let term = rustix::process::Signal::TERM;
            rustix::process::kill_process(pid, term).expect("it runs");
        }
        client.expect_exit();
        assert!(pids().iter().all(|pid| !is_alive(*pid)), "{:?}", pids());
    }
}

#[test]
fn variables_follow_the_client_for_shells_that_run_already() {
    let world = Arc::new(World::new());
    world.write("one", "first agent\n");
    world.write("two", "second agent\n");
    let start = |file: &str, display: &str, verb: &str| {
        let script = format!(
            "SSH_AUTH_SOCK={} DISPLAY={display} exec {} {verb}",
            world.path(file).display(),
            env!("CARGO_BIN_EXE_abide")
        );
        Abide::spawn(&world, "/bin/sh", &["-c", &script], SIZE)
    };
    let client = start("one", ":1", "new work");
    client.expect("ready$");
    client.type_line("cat $SSH_AUTH_SOCK; echo on$DISPLAY.");
    client.expect("first agent");
    client.expect("on:1.");
    client.type_line("clear");
    client.press("C-b d");
    client.expect_exit();
    let again = start("two", ":2", "attach work");
    again.expect("ready$");
    again.press("Enter");
    again.type_line("cat $SSH_AUTH_SOCK; echo on$DISPLAY.");
    again.expect("second agent");
    again.expect("on:2.");
}

#[test]
fn variables_follow_the_last_client_that_is_there_also_in_the_shell_of_exec() {
    let world = Arc::new(World::new());
    world.write("one", "first agent\n");
    world.write("two", "second agent\n");
    let start = |file: &str, display: &str, verb: &str| {
        let script = format!(
            "SSH_AUTH_SOCK={} DISPLAY={display} exec {} {verb}",
            world.path(file).display(),
            env!("CARGO_BIN_EXE_abide")
        );
        let client = Abide::spawn(&world, "/bin/sh", &["-c", &script], SIZE);
        client.expect("ready$");
        client
    };
    let show = || {
        let script = "cat \"$SSH_AUTH_SOCK\"; echo \"$DISPLAY\"; echo \"[$MINE]\"";
        world.cli(&["exec", "-t", "work", "--", script]).ok().stdout
    };
    let first = start("one", ":1", "new work");
    assert_eq!(show(), "first agent\n:1\n[]\n");
    world.cli(&["exec", "-t", "work", "--", "export MINE=own"]).ok();
    let second = start("two", ":2", "attach work");
    assert_eq!(show(), "second agent\n:2\n[own]\n");
    second.press("C-b d");
    second.expect_exit();
    let is_first = || show() == "first agent\n:1\n[own]\n";
    eventually("the first client is followed again", is_first);
    let own = "export DISPLAY=:7";
    world.cli(&["exec", "-t", "work", "--", own]).ok();
    assert_eq!(show(), "first agent\n:7\n[own]\n", "what the user sets stays");
    first.press("C-b d");
    first.expect_exit();
    assert_eq!(show(), "first agent\n:7\n[own]\n");
}

#[test]
fn bash_marks_prompts_and_commands_and_its_prompt_looks_the_same() {
    let client = configured("");
    client.type_line("cd /usr; false");
    client.cli(&["wait", "-t", "work", "--prompt", "--timeout", "20s"]).ok();
    client.expect_screen("the prompt as the user wrote it", |screen| {
        screen.rows().iter().any(|row| row == "ready$")
    });
    client.type_line("echo status=$?.");
    client.expect("status=1.");
    client.type_line("declare -p PS1 | grep -c 133");
    client.press("C-b c");
    client.type_line("pwd");
    client.expect("/usr");
    let off = configured("[shell]\nintegration = false\n");
    off.type_line("echo \"[$PS1$PS0]\"");
    off.expect("[ready$ ]");
}

#[test]
fn integration_can_be_typed_into_a_shell_that_has_none() {
    let client = configured("[shell]\nintegration = false\n");
    client.cli(&["shell", "integrate", "-t", "work"]).ok();
    client.cli(&["wait", "-t", "work", "--prompt", "--timeout", "20s"]).ok();
    client.type_line("clear; cd /usr; echo in$((1+1))usr");
    client.expect_screen("the prompt after it", |screen| {
        screen.shows("in2usr") && screen.rows().iter().filter(|row| *row == "ready$").count() == 1
    });
    client.press("C-b c");
    client.type_line("pwd");
    client.expect("/usr");
}

#[test]
fn a_configuration_of_tmux_is_taken_with_a_report() {
    let world = World::new();
    world.write(
        "home/.tmux.conf",
        "set -g prefix C-a\nbind | split-window -h\nset -g status-left '#S'\nset -g base-index 1\n",
    );
    let imported = world.cli(&["config", "import"]);
    assert!(
        imported.stdout.contains("prefix = [\"C-a\"]")
            && imported.stdout.contains("\"prefix |\" = \"pane split --right\""),
        "{imported:?}"
    );
    assert!(
        imported.stderr.contains(".tmux.conf:3: left")
            && imported.stderr.contains("2 taken, 1 so already, 1 left"),
        "{imported:?}"
    );
    world.cli(&["config", "import", "--write"]).ok();
    assert!(world.cli(&["config", "check"]).ok().stdout.contains("no problems"));
    world.cli(&["config", "import", "--write"]).refused(1, &["already"]);
}

#[test]
fn what_a_pane_shows_is_captured_as_a_picture_and_a_page() {
    let client = configured("");
    client.type_line("printf '\\033[31mred\\033[m <&>\\n'");
    client.expect("red <&>");
    let picture = client.cli(&["capture", "-t", "work", "--format", "svg"]).ok().stdout;
    assert!(
        picture.starts_with("<svg ")
            && picture.contains(">red</text>")
            && picture.contains("&lt;&amp;&gt;"),
        "{picture}"
    );
    let page = client.cli(&["capture", "-t", "work", "--format", "html"]).ok().stdout;
    assert!(page.contains("<span style=\"color:#d75f5f;\">red</span>"), "{page}");
}

#[test]
fn the_keys_of_zellij_are_a_preset() {
    let client = configured("[keys]\npreset = \"zellij\"\n");
    client.press("C-p r");
    client.expect("│");
    client.press("C-t n");
    client.expect("2 bash");
    client.press("C-g");
    client.expect("C-g unlocks");
    client.press("C-t n");
    client.type_line("");
    client.press("C-g");
    client.expect("the keys are unlocked");
    client.expect_without("3 bash");
    client.press("C-t n");
    client.expect("3 bash");
}

/// abide without a trace of the abide it runs in, as over ssh.
fn far_away(verb: &str) -> String {
    format!("env -u ABIDE -u ABIDE_PANE -u ABIDE_SESSION {} {verb}", env!("CARGO_BIN_EXE_abide"))
}

#[test]
fn a_session_is_never_shown_inside_itself_however_far_away_the_client_is() {
    let client = configured("");
    client.type_line(&far_away("attach work"));
    client.expect("this terminal is a pane of session");
    client.type_line("clear");
    client.type_line(&far_away("new other"));
    client.expect_screen("the inner client", |screen| {
        screen.shows("other") && screen.shows("nested")
    });
    client.press("C-b C-b d");
    client.expect("[detached from other]");
}

#[test]
fn a_terminal_on_which_nothing_can_be_drawn_is_refused_and_plain_is_named() {
    let world = Arc::new(World::new());
    let abide = env!("CARGO_BIN_EXE_abide");
    for term in ["TERM=dumb", "--unset=TERM"] {
        let client = Abide::spawn(&world, "/usr/bin/env", &[term, abide, "new", "work"], SIZE);
        client.expect("--plain");
        assert_ne!(client.expect_exit(), 0, "{term}");
        let screen = client.screen().0;
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{term}: nothing is drawn");
    }
    assert_eq!(world.cli(&["ls"]).ok().stdout, "", "nothing was made");
}

#[test]
fn the_plain_client_tells_lines_and_takes_lines() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work", "--plain"], SIZE);
    client.expect("ready$");
    client.type_line("echo one$((1+1))three");
    client.expect("one2three");
    assert!(!client.screen().0.alternate_screen(), "it draws on the alternate screen");
    client.type_line("~: tab new");
    client.expect("[tab 2, pane 1: bash]");
    client.type_line("echo go$((1+1)); sh -c 'sleep 300'");
    client.expect("go2");
    client.press("C-c");
    client.expect_screen("the prompt after it", |screen| {
        screen.rows().iter().rev().find(|row| !row.is_empty()).is_some_and(|row| row == "ready$")
    });
    client.type_line("echo status=$?.");
    client.expect("status=130.");
    client.type_line("~: ls");
    client.expect_screen("the list of sessions", |screen| {
        screen.rows().iter().any(|row| row.starts_with("ID") && row.contains("NAME"))
            && screen.rows().iter().any(|row| row.starts_with("s1") && row.contains("work"))
    });
    client.type_line("~: tab ls");
    client.expect_screen("the list of tabs", |screen| {
        screen.rows().iter().any(|row| row.starts_with("t2"))
    });
    client.type_line("~: client keys");
    client.expect("pane stack --toggle (");
    client.type_line("~: no such thing");
    client.expect("refused: ");
    client.type_line("~.");
    client.expect("[detached from work]");
    assert_eq!(client.expect_exit(), 0);
}
