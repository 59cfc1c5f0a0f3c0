//! What is said about targets that are not there.

use abide::base::error::Code;
use abide::base::geom::Size;
use abide::state::call::Caller;

use super::check_refusal;
use super::world::World;

#[test]
fn unknown_sessions_are_answered_with_what_there_is() {
    let mut world = World::new();
    check_refusal(
        &mut world,
        "rename x",
        Code::NotFound,
        "there is no session",
        "abide new makes one",
    );
    check_refusal(
        &mut world,
        "session has work",
        Code::NotFound,
        "no session \"work\"; there is none",
        "abide ls",
    );
    world.did(Caller::default(), "new work");
    check_refusal(
        &mut world,
        "session has wrok",
        Code::NotFound,
        "no session \"wrok\"; there are work",
        "did you mean \"work\"?",
    );
    check_refusal(
        &mut world,
        "kill wor",
        Code::NotFound,
        "no session \"wor\"; there are work",
        "did you mean \"work\"?",
    );
    check_refusal(
        &mut world,
        "session has zzzzzzzz",
        Code::NotFound,
        "no session \"zzzzzzzz\"; there are work",
        "abide ls",
    );
    check_refusal(
        &mut world,
        "session has s9",
        Code::NotFound,
        "no session \"s9\"; there are work",
        "abide ls",
    );
    check_refusal(
        &mut world,
        "session has @last",
        Code::NotFound,
        "no session but \"work\"",
        "abide new makes one",
    );
}

#[test]
fn unknown_tabs_and_panes_are_answered_with_what_there_is() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    world.did(Caller::default(), "tab rename build");
    check_refusal(
        &mut world,
        "tab go work:buidl",
        Code::NotFound,
        "no tab \"buidl\" in session \"work\"; tabs are 1 build",
        "did you mean \"build\"?",
    );
    check_refusal(
        &mut world,
        "tab go 7",
        Code::NotFound,
        "no tab \"7\" in session \"work\"; tabs are 1 build",
        "abide tab ls",
    );
    check_refusal(&mut world, "tab go t9", Code::NotFound, "no tab t9", "abide tab ls --all");
    check_refusal(&mut world, "tab go p9", Code::NotFound, "no pane p9", "abide pane ls --all");
    check_refusal(
        &mut world,
        "tab go work:@last",
        Code::NotFound,
        "no tab of session \"work\" was shown before",
        "abide tab ls",
    );
    check_refusal(
        &mut world,
        "capture -t work:1.3",
        Code::NotFound,
        "no pane \"3\" in tab \"build\"; panes are 1",
        "abide pane ls",
    );
    check_refusal(
        &mut world,
        "capture -t @last",
        Code::NotFound,
        "no pane of tab \"build\" had the focus before",
        "abide pane ls",
    );
}

#[test]
fn unknown_clients_and_long_lists_are_answered_with_what_there_is() {
    let mut world = World::new();
    world.did(Caller::default(), "new work");
    world.did(Caller::default(), "tab rename build");
    check_refusal(
        &mut world,
        "detach v9",
        Code::NotFound,
        "no client \"v9\"; there is none",
        "abide client ls",
    );
    check_refusal(
        &mut world,
        "detach",
        Code::NotFound,
        "no client shows session \"work\"",
        "abide attach work",
    );
    check_refusal(
        &mut world,
        "tab next --alert",
        Code::NotFound,
        "no tab of session \"work\" wants attention",
        "abide tab next",
    );
    check_refusal(&mut world, "pane attention", Code::NotFound, "no pane wants attention", "");
    for _ in 0..13 {
        world.did(Caller::default(), "tab new");
    }
    let numbers = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more";
    let message = format!("no tab \"99\" in session \"work\"; tabs are 1 build, {numbers}");
    check_refusal(&mut world, "tab go 99", Code::NotFound, &message, "abide tab ls");
    world.connect(1, Size::new(80, 24));
    check_refusal(
        &mut world,
        "detach v9",
        Code::NotFound,
        "no client \"v9\"; there are v1",
        "abide client ls",
    );
}
