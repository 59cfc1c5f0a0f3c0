//! Every default key of tmux 3.8 outside copy mode, and those of our own that are about panes, tabs
//! and sessions: each is pressed and does its thing.

use std::time::Instant;

use serde_json::Value;

use crate::harness::{Abide, PATIENCE};

const SIZE: (u16, u16) = (100, 30);
/// What the panes of a tab share: the terminal without its two bars.
const AREA: (u64, u64) = (100, 28);

/// A key, what is there before, and what is so after it.
struct Row {
    /// What the command line does first.
    before: &'static [&'static str],
    keys: &'static str,
    after: fn(&Seen) -> bool,
}

const fn row(before: &'static [&'static str], keys: &'static str, after: fn(&Seen) -> bool) -> Row {
    Row { before, keys, after }
}

/// What there is.
struct Seen {
    text: String,
    /// The session, tab and pane that the first client shows; empty where it has gone.
    session: String,
    tab: u64,
    /// The number of the pane in focus, in its tab.
    pane: u64,
    focus: String,
    /// Names of the tabs of its session.
    tabs: Vec<String>,
    /// Id, columns, rows and state of the panes of its tab, by number.
    panes: Vec<(String, u64, u64, String)>,
    clients: usize,
    /// Cells with the background of marks: what large digits are made of.
    painted: usize,
}

impl Seen {
    fn size(&self, number: usize) -> (u64, u64) {
        self.panes.get(number - 1).map_or((0, 0), |pane| (pane.1, pane.2))
    }

    fn ids(&self) -> Vec<&str> {
        self.panes.iter().map(|pane| pane.0.as_str()).collect()
    }

    fn shows(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

fn list(client: &Abide, words: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let output = client.cli(&words);
    if output.code == 0 {
        output.json().as_array().cloned().unwrap_or_default()
    } else {
        Vec::new()
    }
}

fn seen(client: &Abide) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let clients = list(client, &["client", "ls"]);
    let own = clients.first().cloned().unwrap_or_default();
    let (session, tab, focus) = (text(&own["name"]), text(&own["tab"]), text(&own["focus"]));
    let tabs =
        if session.is_empty() { Vec::new() } else { list(client, &["tab", "ls", "-t", &session]) };
    let shown = tabs.iter().find(|item| item["id"] == tab.as_str()).cloned().unwrap_or_default();
    let all = list(client, &["pane", "ls", "--all"]);
    let panes: Vec<&Value> = shown["panes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|id| all.iter().find(|pane| pane["id"] == *id))
        .collect();
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    Seen {
        painted: painted(client),
        text: client.screen().text(),
        session,
        tab: number(&shown["index"]),
        pane: panes
            .iter()
            .find(|pane| pane["id"] == focus.as_str())
            .map_or(0, |pane| number(&pane["index"])),
        focus,
        tabs: tabs.iter().map(|tab| text(&tab["name"])).collect(),
        panes: panes
            .iter()
            .map(|pane| {
                (
                    text(&pane["id"]),
                    number(&pane["size"]["cols"]),
                    number(&pane["size"]["rows"]),
                    text(&pane["state"]),
                )
            })
            .collect(),
        clients: clients.len(),
    }
}

fn painted(client: &Abide) -> usize {
    let screen = client.screen().0;
    let cells = (1..SIZE.1 - 1).flat_map(|y| (0..SIZE.0).map(move |x| (y, x)));
    cells
        .filter(|(y, x)| {
            screen.cell(*y, *x).is_some_and(|cell| cell.bgcolor() == vt100::Color::Idx(3))
        })
        .count()
}

/// Presses the key of each row in a session of its own, and waits until what it does is seen.
#[track_caller]
fn check(rows: &[Row]) {
    for row in rows {
        let client = Abide::start(&["new", "work"], SIZE);
        client.expect("ready$");
        for words in row.before {
            client.cli(&words.split(' ').collect::<Vec<_>>()).ok();
        }
        // A number that is typed means a pane that the client shows already.
        let panes = 1 + row.before.iter().filter(|words| words.starts_with("pane split")).count();
        if row.keys.starts_with("C-b q") {
            client.expect_screen("the prompts of its panes", |screen| {
                screen.text().matches("ready$").count() == panes
            });
        }
        let end = Instant::now() + PATIENCE;
        client.press(row.keys);
        while !(row.after)(&seen(&client)) {
            assert!(
                Instant::now() < end,
                "{:?} after {:?} did not do its thing:\n{}",
                row.keys,
                row.before,
                client.screen().text()
            );
        }
    }
}

#[test]
fn keys_of_tabs() {
    check(&[
        row(&[], "C-b c", |seen| (seen.tabs.len(), seen.tab) == (2, 2)),
        row(&["tab new", "tab new"], "C-b n", |seen| seen.tab == 1),
        row(&["tab new", "tab new"], "C-b p", |seen| seen.tab == 2),
        row(&["tab new", "tab go 1"], "C-b l", |seen| seen.tab == 2),
        row(&["tab new", "tab new"], "C-b 2", |seen| seen.tab == 2),
        row(&["tab new", "tab new"], "C-b ' 1 Enter", |seen| seen.tab == 1),
        row(&["tab new"], "C-b w Up Enter", |seen| seen.tab == 1),
        row(&[], "C-b w", |seen| seen.shows("─ tabs ") || seen.shows(" tabs ─")),
        row(&["tab new"], "C-b , C-u n e w Enter", |seen| {
            seen.tabs.get(1).is_some_and(|name| name == "new")
        }),
        row(&["tab new", "tab rename here"], "C-b . 1 Enter", |seen| {
            seen.tabs.first().is_some_and(|name| name == "here")
        }),
        row(&["tab new"], "C-b &", |seen| seen.tabs.len() == 1 && seen.shows("undo: C-b u")),
        row(&["tab new", "tab new -d -- printf x", "tab go 1"], "C-b & C-b u", |seen| {
            seen.tabs.len() >= 2 && seen.tab == 1
        }),
        row(
            &[
                "tab new -d",
                "tab new -d -- sh -c printf$IFS'\\a';read$IFS'x'",
                "wait --text ready -t :2",
            ],
            "C-b M-p",
            |seen| seen.tab != 1,
        ),
        row(
            &[
                "tab new -d",
                "wait --prompt -t :2",
                "send -t :2 --submit printf${IFS}'\\a'rung",
                "wait --text ^rung -t :2",
            ],
            "C-b M-n",
            |seen| seen.tab == 2,
        ),
        row(&["tab new -n far", "tab go 1"], "C-b f f a r Enter", |seen| seen.tab == 2),
        row(&[], "C-b <", |seen| seen.shows("tab new") && seen.shows("layout next")),
    ]);
}

#[test]
fn keys_that_make_and_end_panes() {
    check(&[
        row(&[], "C-b %", |seen| {
            (seen.size(1), seen.size(2), seen.pane) == ((50, 28), (49, 28), 2)
        }),
        row(&[], "C-b \"", |seen| {
            (seen.size(1), seen.size(2), seen.pane) == ((100, 14), (100, 13), 2)
        }),
        row(&[], "C-b |", |seen| seen.size(2) == (49, 28)),
        row(&[], "C-b _", |seen| seen.size(2) == (100, 13)),
        row(&["pane split"], "C-b x", |seen| seen.ids() == ["p1"] && seen.shows("closed pane 2")),
        row(&["pane split"], "C-b x C-b u", |seen| {
            (seen.ids(), seen.pane) == (vec!["p1", "p2"], 2)
        }),
        row(&[], "C-b X", |seen| seen.clients == 0),
        row(&["pane split"], "C-b z", |seen| seen.size(2) == AREA),
        row(&["pane split", "pane zoom"], "C-b z", |seen| seen.size(2) == (100, 13)),
        row(&["pane split"], "C-b !", |seen| (seen.tabs.len(), seen.tab) == (2, 2)),
        row(&["pane rename old"], "C-b T C-u t i t Enter", |seen| seen.shows(" tit ")),
        row(&["pane split"], "C-b m", |seen| seen.shows("[marked]")),
        row(&["pane split", "pane mark -t p1", "pane mark"], "C-b M", |seen| {
            !seen.shows("[marked]")
        }),
        row(&["send --submit echo$((1))x", "wait --text echo1x"], "C-b R", |seen| {
            !seen.shows("echo1x") && seen.shows("ready$")
        }),
        row(&[], "C-b >", |seen| seen.shows("pane split --right")),
    ]);
}

#[test]
fn keys_that_move_among_panes() {
    const FOUR: &[&str] = &["pane split --right", "pane split", "pane focus p1", "pane split"];
    check(&[
        row(FOUR, "C-b Right", |seen| seen.focus == "p3"),
        row(FOUR, "C-b Up", |seen| seen.focus == "p1"),
        row(FOUR, "C-b Right Left", |seen| seen.focus == "p4"),
        row(FOUR, "C-b Up Down", |seen| seen.focus == "p4"),
        row(FOUR, "C-b k", |seen| seen.focus == "p1"),
        row(FOUR, "C-b k C-b j", |seen| seen.focus == "p4"),
        row(&["pane split --right"], "C-b h", |seen| seen.focus == "p1"),
        row(FOUR, "C-b o", |seen| seen.focus == "p2"),
        row(FOUR, "C-b ;", |seen| seen.focus == "p1"),
        row(FOUR, "C-b q", |seen| seen.painted > 20),
        row(FOUR, "C-b q 4", |seen| seen.focus == "p3"),
        row(FOUR, "C-b {", |seen| seen.ids() == ["p4", "p1", "p2", "p3"]),
        row(FOUR, "C-b }", |seen| seen.ids() == ["p1", "p2", "p4", "p3"]),
        row(FOUR, "C-b C-o", |seen| seen.ids() == ["p3", "p1", "p4", "p2"]),
        row(FOUR, "C-b M-o", |seen| seen.ids() == ["p4", "p2", "p3", "p1"]),
    ]);
}

#[test]
fn keys_of_layouts_and_sizes() {
    const THREE: &[&str] = &["pane split", "pane split"];
    check(&[
        row(THREE, "C-b M-1", |seen| seen.size(1) == (33, 28) || seen.size(1) == (32, 28)),
        row(THREE, "C-b M-2", |seen| {
            seen.size(1).0 == 100 && seen.size(1).1.abs_diff(seen.size(3).1) <= 1
        }),
        row(THREE, "C-b M-3", |seen| seen.size(1).0 == 100 && seen.size(2).0 < 60),
        row(THREE, "C-b M-4", |seen| seen.size(1).1 == 28 && seen.size(2).1 < 20),
        row(THREE, "C-b M-5", |seen| seen.size(3).0 == 100 && seen.size(1).0 < 60),
        row(THREE, "C-b M-6", |seen| seen.size(3).0 == 100 && seen.size(1).0 < 60),
        row(THREE, "C-b M-7", |seen| seen.size(3).1 == 28 && seen.size(1).1 < 20),
        row(THREE, "C-b Space", |seen| seen.size(1).1 == 28),
        row(THREE, "C-b E", |seen| seen.size(1).1.abs_diff(seen.size(3).1) <= 1),
        row(&["pane split"], "C-b C-Up", |seen| seen.size(1).1 == 13),
        row(&["pane split"], "C-b C-Up C-Up C-Up", |seen| seen.size(1).1 == 11),
        row(&["pane split"], "C-b C-Down", |seen| seen.size(1).1 == 15),
        row(&["pane split"], "C-b M-Up", |seen| seen.size(1).1 == 9),
        row(&["pane split"], "C-b M-Down", |seen| seen.size(1).1 == 19),
        row(&["pane split --right"], "C-b C-Left", |seen| seen.size(1).0 == 49),
        row(&["pane split --right"], "C-b C-Right", |seen| seen.size(1).0 == 51),
        row(&["pane split --right"], "C-b M-Left", |seen| seen.size(1).0 == 45),
        row(&["pane split --right"], "C-b M-Right", |seen| seen.size(1).0 == 55),
        row(THREE, "C-b g s", |seen| {
            seen.size(1).1 > 12
                && seen.size(3).1 > 9
                && seen.shows("─ 2 bash ─")
                && seen.shows("─ 3 bash ─")
        }),
        row(&["pane split", "pane stack --all"], "C-b g s", |seen| {
            seen.size(1).1.abs_diff(seen.size(2).1) <= 1
        }),
        row(&["pane split", "pane stack --all"], "C-b Up", |seen| {
            (seen.focus.as_str(), seen.size(1)) == ("p1", (100, 26))
        }),
    ]);
}

#[test]
fn keys_of_floating_panes() {
    const FLOAT: &[&str] = &["pane float new"];
    check(&[
        row(&[], "C-b *", |seen| (seen.pane, seen.size(2)) == (2, (60, 16)) && seen.shows("╭─ 2 ")),
        row(FLOAT, "C-b *", |seen| seen.pane == 1 && !seen.shows("╭─ 2 ")),
        row(&["pane float new", "pane float hide"], "C-b *", |seen| {
            seen.pane == 2 && seen.shows("╭─ 2 ")
        }),
        row(FLOAT, "C-b @", |seen| (seen.size(1), seen.size(2)) == ((50, 28), (49, 28))),
        row(&["pane split"], "C-b @", |seen| seen.size(1) == AREA && seen.shows("╭─ 2 ")),
        row(FLOAT, "C-b g 1", |seen| seen.size(2) == (48, 12)),
        row(FLOAT, "C-b g 4", |seen| seen.size(2) == (48, 12)),
        row(FLOAT, "C-b g Left", |seen| seen.size(2) == (48, 26)),
        row(FLOAT, "C-b g Down", |seen| seen.size(2) == (98, 12)),
        row(FLOAT, "C-b g f", |seen| seen.size(2) == (98, 26)),
        row(FLOAT, "C-b C-Right", |seen| seen.size(2) == (61, 16)),
        row(FLOAT, "C-b S-Left", |seen| seen.text.lines().any(|line| line.find('╭') == Some(17))),
        row(FLOAT, "C-b z", |seen| seen.size(2) == AREA),
        row(FLOAT, "C-b x C-b u", |seen| (seen.pane, seen.size(2)) == (2, (60, 16))),
    ]);
}

#[test]
fn keys_of_sessions() {
    check(&[
        row(&[], "C-b d", |seen| seen.clients == 0),
        row(&[], "C-b D", |seen| seen.shows(" detach a client ") && seen.shows("v1 on work")),
        row(&["new other -d"], "C-b s Down Enter", |seen| seen.session == "other"),
        row(&["new other -d"], "C-b Tab o t h Enter", |seen| seen.session == "other"),
        row(&["new other -d"], "C-b S-Tab", |seen| seen.shows(" sessions ")),
        row(&[], "C-b $ C-u n e w Enter", |seen| seen.session == "new"),
        row(&["new other -d"], "C-b )", |seen| seen.session == "other"),
        row(&["new other -d"], "C-b (", |seen| seen.session == "other"),
        row(&["new other -d"], "C-b ) C-b L", |seen| seen.session == "work"),
        row(&["new other -d"], "C-b X", |seen| seen.clients == 0 || seen.session == "other"),
    ]);
}

#[test]
fn keys_of_the_rest() {
    check(&[
        row(&[], "C-b : t a b Space n e w Enter", |seen| seen.tabs.len() == 2),
        row(&[], "C-b P", |seen| seen.shows(" processes ")),
        row(&[], "C-b H", |seen| seen.shows(" commands ")),
        row(&[], "C-b F", |seen| seen.shows(" search ")),
        row(&[], "C-b S", |seen| seen.shows("snapshot quick-1: 1 session")),
        row(&[], "C-b A", |seen| seen.shows(" attention ")),
        row(
            &["tab new -d -- sh -c printf$IFS'\\arung';read$IFS'x'", "wait --text rung -t p2"],
            "C-b a",
            |seen| seen.tab == 2,
        ),
        row(
            &["send --submit echo$IFS'https://example.org/'", "wait --text org/"],
            "C-b v",
            |seen| !seen.shows("echo$IFS'https://example.org/'"),
        ),
        row(&[], "C-b e", |seen| seen.tabs.last().is_some_and(|name| name == "scrollback")),
        row(&["send --submit echo$IFS$((40+2))", "wait --text 42"], "C-b y", |seen| {
            seen.shows("copied")
        }),
        row(&["send --submit seq$IFS'100'", "wait --text 99"], "C-b [", |seen| seen.shows("[0/")),
        row(&["send --submit seq$IFS'100'", "wait --text 99"], "C-b PageUp", |seen| {
            seen.shows("60") && !seen.shows("100")
        }),
        row(&["buffer set pasted-text"], "C-b ]", |seen| seen.shows("pasted-text")),
        row(&["buffer set pasted-text"], "C-b =", |seen| {
            seen.shows("buffer0") && seen.shows("pasted-text")
        }),
        row(&["buffer set pasted-text"], "C-b #", |seen| {
            seen.shows("buffer0") && seen.shows("pasted-text")
        }),
        row(&["buffer set one", "buffer set other-text"], "C-b - C-b ]", |seen| {
            seen.shows("ready$ one")
        }),
        row(&[], "C-b F12 C-b c", |seen| seen.tabs.len() == 1 && seen.shows("locked")),
        row(&[], "C-b r", |seen| seen.shows("ready$")),
        row(&[], "C-b C", |seen| seen.shows("╭─ 2 configuration ")),
        row(&[], "C-b ?", |seen| seen.shows(" keys ") && seen.shows("C-b ")),
        row(&[], "C-b / z", |seen| seen.shows("C-b z: pane zoom")),
        row(&[], "C-b i", |seen| seen.shows("session work · tab 1 ")),
        row(&["pane split"], "C-b x C-b ~", |seen| {
            seen.shows(" notices ") && seen.shows("closed pane 2")
        }),
        row(&[], "C-b t", |seen| seen.painted > 40),
        row(&["send --submit cat$IFS-v", "wait --text cat"], "C-b C-b Enter", |seen| {
            seen.shows("^B")
        }),
    ]);
}

#[test]
fn a_client_is_suspended_by_key() {
    let world = std::sync::Arc::new(crate::harness::World::new());
    let shell = Abide::spawn(&world, "/bin/bash", &["-i"], SIZE);
    shell.expect("ready$");
    shell.type_line(&format!("{} new work", env!("CARGO_BIN_EXE_abide")));
    shell.expect_screen("the session", |screen| screen.shows(" work "));
    shell.press("C-b C-z");
    shell.expect_screen("the shell", |screen| screen.shows("Stopped"));
    shell.type_line("fg");
    shell.expect_screen("the session again", |screen| {
        screen.shows(" work ") && !screen.shows("Stopped")
    });
}
