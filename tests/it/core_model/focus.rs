//! The pane that becomes focused when the focused one goes: the one before, for the session's
//! target as for the view of its client.

use abide::base::geom::Size;
use abide::base::id::{ClientId, PaneId};
use abide::base::signal::ExitStatus;
use abide::state::call::Caller;

use super::world::World;

/// A session `work` with four panes, of which 1, then 4, then 2, then 3 had the focus; with a
/// client that did it, or none.
fn four_panes(has_client: bool) -> (World, Caller) {
    let mut world = World::new();
    let by = if has_client {
        World::by(world.connect(1, Size::new(120, 50)))
    } else {
        Caller::default()
    };
    world.did(by, "new work --size 120x50");
    for _ in 0..3 {
        world.did(Caller::default(), "pane split -d -t work");
    }
    for pane in ["p1", "p4", "p2", "p3"] {
        world.did(by, &format!("pane focus {pane}"));
    }
    (world, by)
}

/// The pane that the name of the session means, and the one that its client sees.
fn targets(world: &mut World) -> (String, Option<PaneId>) {
    let named = world.did(Caller::default(), "capture -t work")["pane"].clone();
    let client: Option<ClientId> = world.core.state().views.keys().next().copied();
    let seen = client.map(|client| world.core.state().view(client).focus().expect("a focus"));
    (named.as_str().expect("an id").to_owned(), seen)
}

/// A name, and the way in which a pane goes.
type Way = (&'static str, fn(&mut World, PaneId));

#[test]
fn the_pane_focused_before_is_focused_however_the_focused_one_goes() {
    let ways: [Way; 6] = [
        ("ends", |world, pane| drop(world.end(pane, ExitStatus::Code(0)))),
        ("is closed", |world, pane| {
            world.did(Caller::default(), &format!("pane close -t {pane}"));
        }),
        ("is closed at once", |world, pane| {
            world.did(Caller::default(), &format!("pane close --now -t {pane}"));
        }),
        ("is broken out", |world, pane| {
            world.did(Caller::default(), &format!("pane break -d -t {pane}"));
        }),
        ("is joined elsewhere", |world, pane| {
            world.did(Caller::default(), "new other --attach");
            let other = world.did(Caller::default(), "capture -t other")["pane"].clone();
            let other = other.as_str().expect("an id");
            world.did(Caller::default(), &format!("pane join {other} -t {pane}"));
        }),
        ("ends in a stack", |world, pane| {
            world.did(Caller { client: None, pane: Some(pane) }, "pane stack --all");
            world.end(pane, ExitStatus::Code(0));
        }),
    ];
    for has_client in [false, true] {
        for (name, go) in ways {
            let (mut world, _) = four_panes(has_client);
            for (gone, before) in [(3, 2), (2, 4), (4, 1)] {
                go(&mut world, PaneId(gone));
                let seen = has_client.then_some(PaneId(before));
                let expected = (format!("p{before}"), seen);
                assert_eq!(targets(&mut world), expected, "p{gone} {name}, {has_client}");
            }
        }
    }
}

#[test]
fn the_tab_shown_before_is_shown_when_the_current_one_goes() {
    for has_client in [false, true] {
        let (mut world, by) = four_panes(has_client);
        for _ in 0..3 {
            world.did(Caller::default(), "tab new -d -t work");
        }
        for tab in ["2", "4", "3"] {
            world.did(by, &format!("tab go work:{tab}"));
        }
        for (gone, before) in [("work:3", "p7"), ("work:3", "p5"), ("work:2", "p3")] {
            world.did(Caller::default(), &format!("tab close -t {gone}"));
            let (named, seen) = targets(&mut world);
            assert_eq!(named, before, "{has_client}");
            assert_eq!(seen.map(|pane| pane.to_string()), has_client.then(|| before.to_owned()));
        }
    }
}

#[test]
fn the_name_of_a_session_means_what_its_client_sees_after_a_return_and_beside_another() {
    let mut world = World::new();
    let first = world.connect(1, Size::new(120, 50));
    world.did(World::by(first), "new work");
    world.did(World::by(first), "pane split");
    world.did(World::by(first), "new other");
    // Nobody shows the session while a script moves its focus.
    world.did(Caller::default(), "pane focus p1");
    assert_eq!(world.did(Caller::default(), "capture -t work")["pane"], "p1");
    world.did(World::by(first), "attach work");
    let seen = world.core.state().view(first).focus().expect("a focus").to_string();
    assert_eq!(world.did(Caller::default(), "capture -t work")["pane"], seen);
    // The one that leaves had looked elsewhere.
    let second = world.connect(2, Size::new(120, 50));
    world.did(World::by(second), "attach work");
    world.did(World::by(second), "pane focus --last");
    world.did(World::by(second), "pane focus p1");
    world.did(World::by(first), "pane focus p2");
    world.did(World::by(second), "pane focus p1");
    world.did(World::by(second), "pane focus p1");
    world.gone(second);
    assert_eq!(world.did(Caller::default(), "capture -t work")["pane"], "p2");
}
