//! What lists say of panes: what runs in them, where, and which has the focus.

use abide::base::geom::Size;
use abide::base::id::PaneId;
use abide::core::{Input, PaneEvent};
use abide::state::call::Caller;
use abide::state::effect::StartDir;
use serde_json::json;

use super::world::World;

#[test]
fn a_directory_that_another_host_told_is_no_place_here() {
    let mut world = World::new();
    world.did(Caller::default(), "new a");
    for (url, starts_there) in [
        ("file://box/srv", true),
        ("file://BOX/srv", true),
        ("file://box.example.org/srv", true),
        ("file://localhost/srv", true),
        ("file:///srv", true),
        ("file://otherhost/srv", false),
        ("file://box2/srv", false),
    ] {
        world.print(PaneId(1), &format!("\x1b]7;file:///tmp\x07\x1b]7;{url}\x07"));
        let made = world.did(Caller::default(), "tab new -t a")["pane"].clone();
        let made: PaneId = made.as_str().and_then(|id| id.parse().ok()).expect("a pane");
        let told = StartDir::Directory("/srv".into());
        assert_eq!(world.programs[&made].cwd.contains(&told), starts_there, "{url}");
        assert!(!world.programs[&made].cwd.contains(&StartDir::Directory("/tmp".into())), "{url}");
        let listed = world.did(Caller::default(), "pane ls -t a:1")[0]["cwd"].clone();
        assert_eq!(listed == "/srv", starts_there, "{url}: {listed}");
        world.did(Caller::default(), &format!("pane close --now -t {made}"));
    }
}

#[test]
fn lists_say_what_runs_where_and_which_has_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 26));
    let by = World::by(client);
    world.did(by, "new a");
    world.did(by, "pane split --right");
    world.did(by, "pane float new");
    world.did(by, "pane focus p2");
    world.did(by, "pane zoom");
    world.print(PaneId(2), "\x1b]2;a title\x07\x1b]133;A\x07$ \x1b]133;B\x07");
    let name = Some("vim".to_owned());
    let event = PaneEvent::Foreground { name, argv: Vec::new() };
    world.step(Input::Pane { pane: PaneId(2), event });
    world.step(Input::Pane { pane: PaneId(2), event: PaneEvent::Cwd("/usr/share".into()) });
    let panes = world.did(by, "pane ls");
    let fields = |at: usize, names: [&str; 4]| names.map(|name| panes[at][name].clone());
    assert_eq!(
        fields(1, ["program", "terminal_title", "cwd", "at_prompt"]),
        [json!("vim"), json!("a title"), json!("/usr/share"), json!(true)]
    );
    assert_eq!(
        fields(1, ["focus", "zoomed", "floating", "place"]),
        [json!(true), json!(true), json!(false), json!({"x": 41, "y": 0, "cols": 40, "rows": 24})]
    );
    assert_eq!(
        fields(0, ["focus", "zoomed", "floating", "place"]),
        [json!(false), json!(false), json!(false), json!({"x": 0, "y": 0, "cols": 40, "rows": 24})]
    );
    assert_eq!(fields(2, ["focus", "zoomed", "floating", "at_prompt"])[2], json!(true));
    let tab = world.did(by, "tab ls")[0].clone();
    assert_eq!(
        (&tab["current"], &tab["zoomed"], &tab["cwd"]),
        (&json!(true), &json!(true), &json!("/usr/share"))
    );
    let session = world.did(by, "ls")[0].clone();
    assert_eq!((&session["focus"], &session["cwd"]), (&json!("p2"), &json!("/usr/share")));
}
