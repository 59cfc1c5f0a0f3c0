//! What is done with panes, tabs and layouts by a person: by key, by palette, and by the command
//! line beside it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::harness::{Abide, World};

const SIZE: (u16, u16) = (100, 30);

/// A client in a session whose shell is ready.
#[track_caller]
fn working() -> Abide {
    let client = Abide::start(&["new", "work"], SIZE);
    client.expect("ready$");
    client
}

/// Types a command into the palette.
#[track_caller]
fn palette(client: &Abide, command: &str) {
    client.press("C-b :");
    client.expect(" commands ─");
    client.type_line(command);
    client.expect_without(" commands ─");
}

/// The panes of a tab by their numbers; of all sessions where none is named.
fn panes(client: &Abide, tab: &str) -> Vec<Value> {
    let tabs = client.cli(&["tab", "ls", "-t", "work", "--json"]).ok().json();
    let found = tabs
        .as_array()
        .into_iter()
        .flatten()
        .find(|item| {
            item["id"] == tab
                || item["index"].as_u64().map(|index| index.to_string()).as_deref() == Some(tab)
        })
        .cloned();
    let all = client.cli(&["pane", "ls", "--all", "--json"]).ok().json();
    let ids = found.unwrap_or_default()["panes"].as_array().cloned().unwrap_or_default();
    ids.iter()
        .filter_map(|id| all.as_array()?.iter().find(|pane| pane["id"] == *id).cloned())
        .collect()
}

/// Waits until what `read` gives is `wanted`.
#[track_caller]
fn settles<T: PartialEq + std::fmt::Debug>(wanted: &T, read: impl Fn() -> T) {
    let end = std::time::Instant::now() + crate::harness::PATIENCE;
    let mut found = read();
    while found != *wanted && std::time::Instant::now() < end {
        found = read();
    }
    assert_eq!(found, *wanted);
}

fn ids(client: &Abide, tab: &str) -> Vec<String> {
    panes(client, tab)
        .iter()
        .map(|pane| pane["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn cols_and_rows(client: &Abide, tab: &str) -> Vec<(u64, u64)> {
    let side = |pane: &Value, side: &str| pane["size"][side].as_u64().unwrap_or_default();
    panes(client, tab).iter().map(|pane| (side(pane, "cols"), side(pane, "rows"))).collect()
}

#[test]
fn a_pane_floats_over_the_others_is_moved_hidden_and_put_back() {
    let client = working();
    client.press("C-b *");
    client.expect("╭─ 2 ");
    client.expect_screen("two prompts", |screen| screen.text().matches("ready$").count() == 2);
    client.type_line("echo above-$((1+1))");
    client.expect("above-2");
    client.press("C-b g 1");
    client.expect_screen("its frame in the corner", |screen| {
        screen.position("╭─ 2 ") == Some((0, 1))
    });
    client.press("C-b *");
    client.expect_without("╭─ 2 ");
    client.type_line("echo below-$((1+1))");
    client.expect("below-2");
    client.press("C-b *");
    client.expect("above-2");
    palette(&client, "pane float off");
    client.expect_without("╭─ 2 ");
    settles(&vec![(50, 28), (49, 28)], || cols_and_rows(&client, "1"));
}

#[test]
fn panes_change_places_by_key_palette_and_mark() {
    let client = working();
    client.cli(&["pane", "split", "--right"]).ok();
    client.cli(&["pane", "split"]).ok();
    settles(&vec!["p1".to_owned(), "p2".into(), "p3".into()], || ids(&client, "1"));
    client.press("C-b {");
    settles(&vec!["p1".to_owned(), "p3".into(), "p2".into()], || ids(&client, "1"));
    palette(&client, "pane swap p1");
    settles(&vec!["p3".to_owned(), "p1".into(), "p2".into()], || ids(&client, "1"));
    client.cli(&["pane", "mark", "-t", "p2"]).ok();
    client.cli(&["pane", "swap", "-t", "p3"]).ok();
    settles(&vec!["p2".to_owned(), "p1".into(), "p3".into()], || ids(&client, "1"));
}

#[test]
fn a_pane_becomes_a_tab_and_comes_back_also_from_another_session() {
    let client = working();
    client.cli(&["pane", "split", "--", "sh", "-c", "echo child-$$; exec cat"]).ok();
    let child = client.expect("child-").text();
    client.press("C-b !");
    client.expect(" 2 sh");
    settles(&vec!["p2".to_owned()], || ids(&client, "2"));
    assert!(
        child.contains(
            client
                .screen()
                .rows()
                .iter()
                .find(|row| row.contains("child-"))
                .expect("the same program")
                .trim()
        )
    );
    palette(&client, "pane join p1 --right");
    settles(&vec!["p1".to_owned(), "p2".into()], || ids(&client, "1"));
    client.cli(&["new", "other", "-d"]).ok();
    client.press("C-b m");
    client.expect("[marked]");
    client.press("C-b )");
    client.expect_screen("the other session", |screen| {
        screen.shows(" other ") && screen.shows("ready$")
    });
    palette(&client, "pane join");
    client.expect("child-");
    settles(&vec!["p1".to_owned()], || ids(&client, "1"));
}

#[test]
fn layouts_are_gone_through_by_key_and_named_in_the_palette() {
    let client = working();
    client.cli(&["pane", "split"]).ok();
    client.cli(&["pane", "split"]).ok();
    client.press("C-b Space");
    settles(&28, || cols_and_rows(&client, "1")[2].1);
    client.press("C-b Space");
    settles(&100, || cols_and_rows(&client, "1")[2].0);
    let mut seen = Vec::new();
    for _ in 0..7 {
        let before = cols_and_rows(&client, "1");
        seen.push(before.clone());
        client.press("C-b Space");
        settles(&true, || cols_and_rows(&client, "1") != before);
    }
    assert!(
        seen.iter().all(|sizes| seen.iter().filter(|other| *other == sizes).count() <= 2),
        "few layouts: {seen:?}"
    );
    palette(&client, "layout apply main-vertical");
    settles(&true, || {
        let panes = cols_and_rows(&client, "1");
        matches!(panes[..], [(_, 28), (right, rows), _] if right < 60 && rows < 20)
    });
    client.cli(&["layout", "apply", "main-verticl"]).refused(2, &["main-vertical"]);
}

#[test]
fn what_is_made_in_the_background_takes_no_focus() {
    let client = working();
    client.cli(&["pane", "split", "-d", "--", "sh", "-c", "echo quiet; exec cat"]).ok();
    client.expect("quiet");
    client.type_line("echo still-$((1+1))");
    client.expect("still-2");
    client.cli(&["tab", "new", "--background", "-n", "aside"]).ok();
    client.expect("aside");
    client.cli(&["new", "other", "-d"]).ok();
    client.cli(&["pane", "break", "-d", "-t", "p2"]).ok();
    settles(&vec!["p1".to_owned()], || ids(&client, "1"));
    client.type_line("echo here-$((2+2))");
    client.expect("here-4");
    let clients = client.cli(&["client", "ls", "--json"]).ok().json();
    assert_eq!(clients[0]["focus"], "p1");
}

#[test]
fn typing_goes_to_all_panes_of_a_tab_or_to_the_marked_ones() {
    let client = working();
    client.cli(&["pane", "split", "-d"]).ok();
    client.cli(&["pane", "split", "-d"]).ok();
    client.expect_screen("three prompts", |screen| screen.text().matches("ready$").count() == 3);
    palette(&client, "pane sync");
    client.expect_screen("three marks", |screen| screen.text().matches("[synced]").count() == 3);
    client.type_line("echo all-$((1+1))");
    client.expect_screen("three answers", |screen| screen.text().matches("all-2").count() == 3);
    palette(&client, "pane sync --off");
    client.expect_without("[synced]");
    client.press("C-b m");
    client.cli(&["pane", "mark", "-t", "p2"]).ok();
    client.cli(&["pane", "sync", "--marked"]).ok();
    client.expect_screen("two marks", |screen| screen.text().matches("synced").count() == 2);
    client.type_line("echo some-$((2+2))");
    client.expect_screen("two answers", |screen| screen.text().matches("some-4").count() == 2);
}

#[test]
fn closing_says_how_it_is_undone_and_for_how_long() {
    let world = Arc::new(World::new());
    let client = Abide::start_in(&world, &["new", "work"], SIZE);
    client.expect("ready$");
    client.press("C-b c");
    client.expect(" 2 bash");
    client.press("C-b %");
    client.expect_screen("two prompts", |screen| screen.text().matches("ready$").count() == 2);
    client.press("C-b x");
    client.expect("undo: C-b u");
    client.press("C-b u");
    client
        .expect_screen("two prompts again", |screen| screen.text().matches("ready$").count() == 2);
    client.press("C-b &");
    client.expect_screen("a hint for the tab", |screen| {
        screen.shows("closed tab") && screen.shows("undo: C-b u")
    });
    // The key that is in force is the one that is named.
    world.configure("[keys.bind]\n\"prefix U\" = \"undo\"\n\"prefix u\" = \"\"\n");
    client.press("C-b u");
    client.press("C-b U");
    client.expect_screen("the tab again", |screen| screen.text().matches("ready$").count() == 2);
    settles(&json!(2), || {
        json!(client.cli(&["tab", "ls", "--json"]).ok().json().as_array().map_or(0, Vec::len))
    });
}
