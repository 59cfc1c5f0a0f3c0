//! Lists, prompts and questions over the panes.

use serde_json::json;

use super::{model, press, server, tty};
use crate::base::id::PaneId;
use crate::client::input::TtyEvent;
use crate::client::model::{Event, Model};
use crate::client::overlay::picker::Picker;
use crate::client::update::update;
use crate::wire::frame::ToClient;

/// The rows of the preview below the list that is open.
fn preview(model: &mut Model) -> Option<usize> {
    model.opened::<Picker>()?.preview.as_ref().map(|preview| preview.rows.len())
}

#[test]
fn the_palette_runs_what_is_typed_or_picked() {
    let mut model = model();
    press(&mut model, "C-b :");
    assert!(model.opened::<Picker>().is_some());
    tty(&mut model, vec![TtyEvent::Paste("rename new".into())]);
    assert_eq!(press(&mut model, "Enter"), ["session.rename {\"name\":\"new\"}"]);
    assert!(model.overlay.is_none());

    press(&mut model, "C-b :");
    tty(&mut model, vec![TtyEvent::Paste("has".into())]);
    assert!(press(&mut model, "Enter").is_empty());
    let pick = model.opened::<Picker>().expect("still open");
    assert_eq!(pick.line.text(), "session has ");
    assert!(pick.refused.is_some());
    press(&mut model, "w o r k");
    assert_eq!(press(&mut model, "Enter"), ["session.has {\"target\":\"work\"}"]);

    press(&mut model, "C-b :");
    tty(&mut model, vec![TtyEvent::Paste("qqq zzz".into())]);
    press(&mut model, "Enter");
    assert!(model.opened::<Picker>().is_some_and(|pick| pick.refused.is_some()));
    press(&mut model, "Esc");
    assert!(model.overlay.is_none());
}

#[test]
fn an_overlay_takes_the_keys_and_pastes() {
    let mut model = model();
    assert!(press(&mut model, "C-b ? a b").is_empty());
    assert!(press(&mut model, "C-b").is_empty(), "the prefix too");
    assert_eq!(press(&mut model, "Esc x"), ["x"]);
}

#[test]
fn names_are_asked_for_with_the_present_one() {
    let mut model = model();
    assert_eq!(press(&mut model, "C-b , C-u v i Enter"), ["tab.rename {\"name\":\"vi\"}"]);
    assert_eq!(press(&mut model, "C-b $ 2 Enter"), ["session.rename {\"name\":\"work2\"}"]);
    assert!(press(&mut model, "C-b $ C-u Enter").is_empty());
    assert!(press(&mut model, "C-b $ Esc").is_empty());
}

#[test]
fn ending_a_session_by_key_asks_once_more() {
    let mut model = model();
    assert!(press(&mut model, "C-b B n").is_empty());
    assert!(model.overlay.is_none());
    assert_eq!(press(&mut model, "C-b B y"), ["session.kill {\"targets\":[\"play\"]}"]);
}

#[test]
fn panes_are_jumped_to_by_their_numbers() {
    let mut model = model();
    assert!(press(&mut model, "C-b q").is_empty());
    assert!(model.overlay.is_some());
    assert_eq!(press(&mut model, "2"), ["pane.focus {\"target\":\"p2\"}"]);
    assert!(press(&mut model, "C-b q x").is_empty() && model.overlay.is_none());
    press(&mut model, "C-b q");
    model.now.tick = model.next_deadline().expect("they vanish");
    update(&mut model, Event::Wake);
    assert!(model.overlay.is_none());
}

#[test]
fn keys_are_described_and_one_is_told_where_one_is() {
    let mut model = model();
    let said = |model: &mut Model, keys: &str| {
        press(model, keys);
        model.notices.log.back().map(|notice| notice.text.clone()).unwrap_or_default()
    };
    assert_eq!(
        said(&mut model, "C-b / z"),
        "C-b z: pane zoom · Let a pane fill its tab, or show all panes again"
    );
    assert!(said(&mut model, "C-b / C-b g s").starts_with("C-b g s: pane stack --toggle · "));
    assert_eq!(said(&mut model, "C-b / F11"), "C-b F11 does nothing");
    assert!(model.overlay.is_none());
    assert!(
        said(&mut model, "C-b i").starts_with("session work · tab 1 bash (t1) · pane 1 (p1) 40x22")
    );
    press(&mut model, "C-b t");
    assert!(model.overlay.as_ref().is_some_and(|overlay| overlay.shows_clock()));
    assert!(press(&mut model, "x").is_empty());
    assert!(model.overlay.is_none());
    press(&mut model, "C-b >");
    tty(&mut model, vec![TtyEvent::Paste("break".into())]);
    assert_eq!(press(&mut model, "Enter"), ["pane.break {}"]);
    press(&mut model, "C-b <");
    tty(&mut model, vec![TtyEvent::Paste("rename".into())]);
    press(&mut model, "Enter C-u n e w");
    assert_eq!(press(&mut model, "Enter"), ["tab.rename {\"name\":\"new\"}"]);
}

#[test]
fn what_was_asked_is_shown_and_looked_at_again_while_it_is_open() {
    let mut model = model();
    press(&mut model, "C-b s");
    let style = crate::base::style::Style::default();
    let run = json!({"style": style, "link": 0, "kind": "Narrow", "text": "hello"});
    let row = json!({"runs": [run], "wrapped": false});
    let answer = json!({"jsonrpc": "2.0", "id": model.calls.next - 1, "result": {"rows": [row]}});
    update(&mut model, Event::Server(ToClient::Answer(answer.to_string())));
    assert_eq!(preview(&mut model), Some(1));
    model.now.tick = model.next_deadline().expect("it is looked at again");
    assert_eq!(update(&mut model, Event::Wake).len(), 1);
    press(&mut model, "Esc");
    assert!(update(&mut model, Event::Wake).is_empty() && preview(&mut model).is_none());
    let asked = press(&mut model, "C-b D");
    assert_eq!(asked, ["client.ls {}"]);
    let client =
        json!({"id": "v3", "name": "work", "size": {"cols": 80, "rows": 24}, "read_only": false});
    let answer = json!({"jsonrpc": "2.0", "id": model.calls.next - 1, "result": [client]});
    update(&mut model, Event::Server(ToClient::Answer(answer.to_string())));
    assert_eq!(press(&mut model, "Enter"), ["client.detach {\"client\":\"v3\"}"]);
}

#[test]
fn what_wants_attention_is_listed_and_gone_to() {
    let mut model = model();
    let wanting = crate::wire::frame::Alert {
        pane: PaneId(2),
        place: "work:1.2".into(),
        label: "make".into(),
        why: "a bell rang".into(),
    };
    let beside = crate::wire::frame::Status {
        attention: vec![wanting],
        ..crate::wire::frame::Status::default()
    };
    server(&mut model, ToClient::Status(Box::new(beside)));
    assert_eq!(press(&mut model, "C-b A Enter"), ["pane.focus {\"target\":\"p2\"}"]);
}
