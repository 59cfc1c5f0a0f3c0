//! Sizes, zoom, and panes that are split, moved, exchanged and joined.

use abide::base::error::Code;
use abide::base::geom::{Point, Rect, Size};
use abide::base::id::PaneId;
use abide::base::time::Span;
use abide::settings::{Settings, Sizing};

use crate::core_model::world::World;

#[test]
fn the_size_is_that_of_the_client_that_typed_last_and_changes_at_most_ten_times_a_second() {
    let mut world = World::new();
    let large = world.connect(1, Size::new(120, 42));
    world.did(World::by(large), "new a");
    let small = world.connect(2, Size::new(40, 12));
    world.did(World::by(small), "attach a");
    let size = |world: &World| world.core.state().pane(PaneId(1)).size;
    world.wait(Span::millis(100));
    assert_eq!(size(&world), Size::new(40, 10));
    world.wait(Span::millis(100));
    world.type_keys(large, "a");
    assert_eq!(size(&world), Size::new(120, 40));
    world.type_keys(small, "a");
    assert_eq!(size(&world), Size::new(120, 40), "not that soon again");
    world.wait(Span::millis(99));
    assert_eq!(size(&world), Size::new(120, 40));
    world.wait(Span::millis(1));
    assert_eq!(size(&world), Size::new(40, 10));
    world.gone(small);
    assert_eq!(size(&world), Size::new(120, 40));
    world.resize(large, Size::new(10, 3));
    assert_eq!(size(&world), Size::new(10, 3), "no bars where there is no room for them");
    world.gone(large);
    assert_eq!(size(&world), Size::new(10, 3), "the last client leaving changes nothing");
}

#[test]
fn other_sizing_policies_look_at_all_clients() {
    for (sizing, size) in
        [(Sizing::Smallest, Size::new(40, 10)), (Sizing::Largest, Size::new(120, 40))]
    {
        let mut settings = Settings::default();
        settings.session.sizing = sizing;
        let mut world = World::with(settings);
        let large = world.connect(1, Size::new(120, 12));
        world.did(World::by(large), "new a");
        let small = world.connect(2, Size::new(40, 42));
        world.did(World::by(small), "attach a");
        world.wait(Span::millis(200));
        world.type_keys(large, "a");
        assert_eq!(world.core.state().pane(PaneId(1)).size, size, "{sizing:?}");
    }
}

#[test]
fn a_smaller_view_shows_the_part_with_the_cursor() {
    let mut world = World::new();
    let large = world.connect(1, Size::new(100, 42));
    world.did(World::by(large), "new a");
    let small = world.connect(2, Size::new(40, 12));
    world.did(World::by(small), "attach a");
    world.wait(Span::millis(200));
    world.type_keys(large, "a");
    world.print(PaneId(1), "\x1b[30;70H");
    let pane = world.core.scene(small).expect("it is there").panes[0].clone();
    assert_eq!(
        (pane.rect, pane.size, pane.origin),
        (Rect::new(0, 0, Size::new(40, 10)), Size::new(100, 40), Point::new(30, 20))
    );
    world.print(PaneId(1), "\x1b[H");
    assert_eq!(world.core.scene(small).expect("it is there").panes[0].origin, Point::new(0, 0));
}

#[test]
fn zoom_is_the_views_and_ends_when_another_pane_gets_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split --right");
    world.did(World::by(client), "pane zoom");
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!(
        (scene.zoomed, scene.panes.len(), scene.panes[0].rect.size()),
        (true, 1, Size::new(81, 22))
    );
    assert_eq!(world.core.state().pane(PaneId(2)).size, Size::new(81, 22));
    assert_eq!(
        world.core.state().pane(PaneId(1)).size,
        Size::new(40, 22),
        "the hidden one keeps its size"
    );
    world.did(World::by(client), "pane next");
    assert!(!world.core.scene(client).expect("it is there").zoomed);
    world.did(World::by(client), "pane zoom --on");
    world.did(World::by(client), "pane zoom --on");
    assert!(world.core.scene(client).expect("it is there").zoomed);
    world.did(World::by(client), "pane split");
    assert!(!world.core.scene(client).expect("it is there").zoomed, "a new pane has to be seen");
}

#[test]
fn a_terminal_too_small_for_the_layout_shows_the_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    world.did(World::by(client), "new a");
    world.did(World::by(client), "pane split --right");
    world.resize(client, Size::new(1, 1));
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!(
        scene.panes.iter().map(|pane| (pane.id, pane.rect)).collect::<Vec<_>>(),
        [(PaneId(2), Rect::new(0, 0, Size::new(1, 1)))]
    );
    let refusal = world.outcome(World::by(client), "pane split").expect_err("no room");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::TooSmall, "pane 2 is too small to be divided: it takes 3 cells and there are 0")
    );
    assert_eq!(refusal.hint, "abide pane resize, or abide tab new");
}

#[test]
fn panes_are_split_moved_swapped_broken_out_and_joined() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(81, 24));
    let by = World::by(client);
    world.did(by, "new a");
    world.did(by, "pane split --right --size 20");
    world.did(by, "split-window -b -l 30%");
    let rects = |world: &World| -> Vec<(u64, Rect)> {
        world
            .core
            .scene(client)
            .expect("it is there")
            .panes
            .iter()
            .map(|pane| (pane.id.0, pane.rect))
            .collect()
    };
    let rect = |x, y, cols, rows| Rect { x, y, cols, rows };
    assert_eq!(
        rects(&world),
        [(1, rect(0, 0, 60, 22)), (3, rect(61, 0, 20, 6)), (2, rect(61, 7, 20, 15))]
    );
    world.did(by, "pane resize --left 10");
    assert_eq!(rects(&world)[0], (1, rect(0, 0, 50, 22)));
    world.did(by, "pane swap p1");
    assert_eq!(rects(&world)[0], (3, rect(0, 0, 50, 22)));
    world.did(by, "pane break -t p2");
    assert_eq!(
        world.core.scene(client).map(|scene| (scene.tabs.len(), scene.focus)),
        Some((2, Some(PaneId(2))))
    );
    let refusal = world.outcome(by, "pane break").expect_err("it is alone");
    assert_eq!(
        (refusal.code, refusal.message.as_str(), refusal.hint.as_str()),
        (Code::AlreadyExists, "pane p2 has a tab of its own", "abide tab move moves it")
    );
    world.did(by, "pane join p3 --left");
    assert_eq!(
        world.core.scene(client).map(|scene| (scene.tabs.len(), scene.focus)),
        Some((1, Some(PaneId(2))))
    );
    assert_eq!(rects(&world).iter().map(|(pane, _)| *pane).collect::<Vec<_>>(), [2, 3, 1]);
    let refusal = world.outcome(by, "pane join p2").expect_err("itself");
    assert_eq!(refusal.message, "pane p2 cannot be moved beside itself");
    world.did(by, "layout apply even-vertical");
    let refusal = world.outcome(by, "pane resize --left").expect_err("no such border");
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (Code::TooSmall, "pane p2 has no border that can move that way")
    );
    let refusal = world.outcome(by, "pane resize").expect_err("no direction");
    assert_eq!(
        (refusal.message.as_str(), refusal.hint.as_str()),
        ("pane.resize: say in which direction", "--left, --right, --up or --down")
    );
    let refusal = world.outcome(by, "pane swap").expect_err("no other");
    assert_eq!(
        (refusal.message.as_str(), refusal.hint.as_str()),
        ("pane.swap: say with which pane", "name it, or --next or --prev, or mark one")
    );
    let refusal = world.outcome(by, "pane split -l 0").expect_err("no size");
    assert_eq!(
        refusal.message,
        "size: \"0\" is neither a number of cells nor hundredths such as 30%"
    );
    world.did(by, "layout rotate");
    world.did(by, "layout next");
    world.did(by, "layout equalise");
}

#[test]
fn panes_of_two_tabs_can_be_exchanged() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    for words in ["new a", "pane split", "tab new", "pane swap p1"] {
        world.did(World::by(client), words);
    }
    let scene = world.core.scene(client).expect("it is there");
    assert_eq!((scene.panes.len(), scene.focus), (1, Some(PaneId(1))));
    world.did(World::by(client), "tab last");
    assert_eq!(world.core.scene(client).expect("it is there").panes[0].id, PaneId(3));
}

#[test]
fn a_popup_that_is_swapped_into_another_tab_is_none_any_more_and_keeps_no_focus() {
    let mut world = World::new();
    let client = world.connect(1, Size::new(80, 24));
    for words in ["new a", "tab new", "pane popup", "pane swap p1 -t p3"] {
        world.did(World::by(client), words);
    }
    world.did(World::by(client), "pane close -t p3 --now");
    assert_eq!(world.did(World::by(client), "pane focus p2")["id"], "p2");
}
