//! `abide search` through the real server: one pane, all panes, more than one step takes, and what
//! is refused.

use crate::harness::World;

#[track_caller]
fn hits(world: &World, args: &[&str]) -> serde_json::Value {
    world.cli(&[&["search", "--json"], args].concat()).ok().json()
}

#[test]
fn text_is_found_on_screens_and_in_scrollback() {
    let world = World::new();
    world
        .cli(&[
            "new",
            "-d",
            "w",
            "--",
            "sh",
            "-c",
            "seq -f 'row-%g of many' 12000; echo Ready; exec cat",
        ])
        .ok();
    world
        .cli(&["new", "-d", "x", "--", "sh", "-c", "echo row-7 elsewhere; echo Ready; exec cat"])
        .ok();
    for session in ["w", "x"] {
        world.cli(&["wait", "-t", session, "--text", "Ready", "--timeout", "20s"]).ok();
    }
    let found = hits(&world, &["-t", "w", "row-7 "]);
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(
        (found["hits"][0]["line"].as_u64(), found["hits"][0]["text"].as_str()),
        (Some(6), Some("row-7 of many"))
    );
    assert_eq!(found["more"], false);
    // A hit says where it is: the row can be captured.
    let row = found["hits"][0]["row"].as_i64().expect("a row");
    let shown =
        world.cli(&["capture", "-t", "w", "--lines", &format!("{row}..{}", row + 1)]).ok().stdout;
    assert_eq!(shown.trim_end(), "row-7 of many");
    let all = hits(&world, &["--all", "^row-7 "]);
    assert_eq!(all["hits"].as_array().map(Vec::len), Some(2), "{all}");
    let lines = world.cli(&["search", "--all", "^row-7 "]).ok().stdout;
    assert!(
        lines.contains(":6:row-7 of many\n") && lines.contains(":0:row-7 elsewhere\n"),
        "{lines}"
    );
    // The newest first, in parts: each goes on where the one before ended.
    let first = hits(&world, &["-t", "w", "-n", "2", "row-[0-9]+5 "]);
    assert_eq!(
        (first["hits"][0]["line"].as_u64(), first["hits"][1]["line"].as_u64()),
        (Some(11_994), Some(11_984))
    );
    assert_eq!(first["more"], true);
    let next = hits(
        &world,
        &["-t", "w", "-n", "1", "--from-line", "11984", "--from-cell", "0", "row-[0-9]+5 "],
    );
    assert_eq!(next["hits"][0]["line"].as_u64(), Some(11_974));
    let newer = hits(
        &world,
        &[
            "-t",
            "w",
            "-n",
            "1",
            "--newer",
            "--from-line",
            "11984",
            "--from-cell",
            "1",
            "row-[0-9]+5 ",
        ],
    );
    assert_eq!(newer["hits"][0]["line"].as_u64(), Some(11_994));
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let world = World::new();
    world.cli(&["new", "-d", "w", "--", "sh", "-c", "echo 'a(b A'; exec cat"]).ok();
    world.cli(&["wait", "-t", "w", "--text", "a.b", "--timeout", "20s"]).ok();
    world.cli(&["search", "-t", "w", "a("]).refused(2, &["unclosed group", "--literal"]);
    world.cli(&["search", "-t", "w", ""]).refused(2, &["nothing to look for"]);
    world.cli(&["search", "-t", "w", "-n", "0", "a"]).refused(2, &["limit"]);
    world.cli(&["search", "-t", "nobody", "a"]).refused(4, &["nobody"]);
    assert_eq!(
        hits(&world, &["-t", "w", "--literal", "a("])["hits"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        hits(&world, &["-t", "w", "--case", "sensitive", "a"])["hits"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(hits(&world, &["-t", "w", "a"])["hits"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.cli(&["search", "-t", "w", "nowhere"]).ok().stdout, "");
}
