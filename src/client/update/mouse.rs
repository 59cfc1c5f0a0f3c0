//! The mouse: overlays, bars and borders take it, the rest goes to the program under it if that
//! wants it.

use super::copy::{self, CopyEntry};
use super::overlay;
use serde_json::Map;

use crate::base::geom::Point;
use crate::base::id::PaneId;
use crate::base::key::{Key, KeyCode, Mods, MouseButton, MouseInput, MouseKind, MouseWant};
use crate::client::calls;
use crate::client::copy_mode::motion::Toward;
use crate::client::copy_mode::{CopyInput, CopyMouse};
use crate::client::layout::{Border, Spot, border_at, closed_at, frame_at, spot};
use crate::client::model::{ClientEffect, ClientInput, Grab, HeldButtons, Model};
use crate::client::overlay::lists;
use crate::client::view::bars;
use crate::wire::frame::PaneItem;

/// Lines that one step of the wheel scrolls in a program on the alternate screen that does not want
/// the mouse.
const WHEEL_LINES: usize = 3;

pub(super) fn mouse(model: &mut Model, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    if !model.config.outer.mouse {
        return;
    }
    if model.overlay.is_some() {
        return overlay::mouse(model, mouse, out);
    }
    let is_press = matches!(mouse.kind, MouseKind::Press(button) if !button.is_wheel());
    match model.grab {
        Some(grab @ Grab::Program(..)) => return held(model, grab, mouse, out),
        // A further press says that the end of the one before was not told.
        Some(grab) if !is_press => return held(model, grab, mouse, out),
        _ => {}
    }
    let area = model.layout().area;
    let inside = mouse
        .at
        .y
        .checked_sub(area.y)
        .filter(|y| *y < area.rows)
        .map(|y| Point::new(mouse.at.x, y));
    if is_press {
        // Until a pane or a border takes it, what follows is nobody's.
        model.grab = Some(Grab::Nothing);
    }
    let Some(at) = inside else { return on_bar(model, mouse, out) };
    if mouse.kind == MouseKind::Press(MouseButton::Left) && take(model, at, out) {
        return;
    }
    match spot(&model.scene.chrome, at) {
        Spot::Pane(pane) => {
            let pane = pane.clone();
            on_pane(model, &pane, MouseInput { at, ..mouse }, out);
        }
        Spot::Border if mouse.kind == MouseKind::Press(MouseButton::Left) => {
            if let Some(border) = border_at(&model.scene.chrome, at) {
                model.grab = Some(Grab::Border(border, along(border, at)));
            }
        }
        Spot::Border => {}
    }
}

/// Takes the frame of a floating pane, or opens a closed pane of a stack. Gives whether there was
/// one.
fn take(model: &mut Model, at: Point, out: &mut Vec<ClientEffect>) -> bool {
    let chrome = &model.scene.chrome;
    if let Some(frame) = frame_at(chrome, at) {
        model.grab = Some(Grab::Frame(frame));
        model.send(&calls::focus(frame.pane), out);
        return true;
    }
    let closed = closed_at(chrome, at).filter(|_| matches!(spot(chrome, at), Spot::Border));
    closed.is_some_and(|pane| {
        model.send(&calls::focus(pane), out);
        true
    })
}

fn on_bar(model: &mut Model, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    if mouse.kind != MouseKind::Press(MouseButton::Left) {
        return;
    }
    match bars::hit(model, mouse.at) {
        Some(bars::BarHit::Tab(tab)) => model.send(&calls::go(tab), out),
        Some(bars::BarHit::Attention) => lists::open_inbox(model, &Map::new(), out),
        Some(bars::BarHit::Session) => lists::open_sessions(model, &Map::new(), out),
        None => {}
    }
}

/// Something was pressed and is held: its program or border gets everything until the last button
/// is let go.
fn held(model: &mut Model, grab: Grab, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    let is_end = matches!(mouse.kind, MouseKind::Release(_));
    let area = model.layout().area;
    let at = Point::new(mouse.at.x, mouse.at.y.saturating_sub(area.y));
    let mouse = MouseInput { at, ..mouse };
    match grab {
        Grab::Program(id, buttons) => return held_by_program(model, id, buttons, mouse, out),
        Grab::Select(id, from) => {
            let Some(pane) = model.scene.pane(id).cloned() else {
                model.grab = None;
                return;
            };
            match mouse.kind {
                MouseKind::Press(button) => {
                    if let Some(toward) = scroll_of(button) {
                        scroll(model, &pane, toward, out);
                    }
                }
                _ => select(model, &pane, from, mouse, out),
            }
        }
        Grab::Border(border, last) if matches!(mouse.kind, MouseKind::Drag(_)) => {
            let now = along(border, at);
            if let Some(wanted) = calls::move_border(border, last, now) {
                model.grab = Some(Grab::Border(border, now));
                model.send(&wanted, out);
            }
        }
        Grab::Frame(frame) if matches!(mouse.kind, MouseKind::Drag(_)) => {
            let rect = frame.dragged(at);
            if model.scene.pane(frame.pane).is_some_and(|pane| pane.rect != rect) {
                model.send(&calls::place(frame.pane, rect), out);
            }
        }
        Grab::Border(..) | Grab::Frame(_) | Grab::Nothing => {}
    }
    if is_end {
        model.grab = None;
    }
}

/// Hands a program what happens while buttons are held that were pressed on it: every step of the
/// wheel, every further button, every motion.
fn held_by_program(
    model: &mut Model,
    id: PaneId,
    buttons: HeldButtons,
    mouse: MouseInput,
    out: &mut Vec<ClientEffect>,
) {
    let (buttons, kind) = match mouse.kind {
        MouseKind::Press(button) if !button.is_wheel() => (buttons.with(button), mouse.kind),
        MouseKind::Release(button) => {
            // Older terminals do not tell which button was let go: it is the one that is held.
            let button = if buttons.has(button) { button } else { buttons.last };
            (buttons.without(button), MouseKind::Release(button))
        }
        kind => (buttons, kind),
    };
    if let Some(pane) = model.scene.pane(id).cloned() {
        pass(model, &pane, MouseInput { kind, ..mouse }, out);
    }
    model.grab = (!buttons.is_empty()).then_some(Grab::Program(id, buttons));
}

/// The position of a border along its way.
fn along(border: Border, at: Point) -> u16 {
    if border.is_upright { at.x } else { at.y }
}

/// On a pane, at a cell of the area.
fn on_pane(model: &mut Model, pane: &PaneItem, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    let is_copying = model.copy_modes.panes.contains_key(&pane.id);
    match mouse.kind {
        MouseKind::Press(button) => {
            // X10's mode (9) knows no wheel, so that it stays ours.
            let least = if button.is_wheel() { MouseWant::Press } else { MouseWant::None };
            let is_ours = pane.mouse <= least || is_copying;
            if is_ours && button.is_wheel() {
                if let Some(toward) = scroll_of(button) {
                    scroll(model, pane, toward, out);
                }
                return;
            } else if is_ours {
                return press(model, pane, button, mouse.at, out);
            } else if !button.is_wheel() {
                if model.scene.chrome.focus != Some(pane.id) {
                    model.send(&calls::focus(pane.id), out);
                }
                model.grab = Some(Grab::Program(pane.id, HeldButtons::one(button)));
            }
        }
        // A press that was not seen, or was somebody else's, has no end here.
        MouseKind::Release(_) | MouseKind::Drag(_) => return,
        MouseKind::Move => {}
    }
    pass(model, pane, mouse, out);
}

/// The way in which a step of the wheel scrolls; none to the side, and none for a button.
const fn scroll_of(button: MouseButton) -> Option<Toward> {
    match button {
        MouseButton::WheelUp => Some(Toward::Back),
        MouseButton::WheelDown => Some(Toward::On),
        _ => None,
    }
}

/// Scrolls a pane; a program on the alternate screen that does not want the mouse gets arrow keys
/// instead.
fn scroll(model: &mut Model, pane: &PaneItem, toward: Toward, out: &mut Vec<ClientEffect>) {
    let up = toward == Toward::Back;
    let is_copying = model.copy_modes.panes.contains_key(&pane.id);
    if pane.alternate && !is_copying {
        if model.scene.chrome.focus == Some(pane.id) {
            let key = Key::plain(if up { KeyCode::Up } else { KeyCode::Down });
            out.push(ClientEffect::Input(ClientInput::Keys(vec![key.into(); WHEEL_LINES])));
        }
        return;
    }
    if up {
        copy::enter(model, pane.id, CopyEntry::Scrolling, out);
    }
    let rows = u64::from(model.config.copy.wheel_rows);
    copy::deed(model, pane.id, CopyInput::Wheel(toward, rows), out);
}

/// A button on a pane whose program does not want the mouse: it gets the focus; the left button
/// selects, the middle one pastes.
fn press(
    model: &mut Model,
    pane: &PaneItem,
    button: MouseButton,
    at: Point,
    out: &mut Vec<ClientEffect>,
) {
    if model.scene.chrome.focus != Some(pane.id) {
        model.send(&calls::focus(pane.id), out);
    }
    if button == MouseButton::Middle {
        return copy::paste_into(model, pane.id, out);
    }
    if button != MouseButton::Left {
        return;
    }
    let at = copy::shown_at(pane, at);
    model.grab = Some(Grab::Select(pane.id, at));
    match model.copy_modes.click(model.now.tick, pane.id, at) {
        1 => copy::deed(model, pane.id, CopyInput::Mouse(CopyMouse::Press(at)), out),
        count => {
            copy::enter(model, pane.id, CopyEntry::Mouse, out);
            let deed = if count == 2 { CopyMouse::Word(at) } else { CopyMouse::Line(at) };
            copy::deed(model, pane.id, CopyInput::Mouse(deed), out);
        }
    }
}

/// The left button is held on a pane: what the mouse goes over is selected, and copied when it is
/// let go.
fn select(
    model: &mut Model,
    pane: &PaneItem,
    from: Point,
    mouse: MouseInput,
    out: &mut Vec<ClientEffect>,
) {
    let to = copy::shown_at(pane, mouse.at);
    match mouse.kind {
        MouseKind::Drag(MouseButton::Left) => {
            copy::enter(model, pane.id, CopyEntry::Mouse, out);
            let block = mouse.mods.has(Mods::ALT);
            copy::deed(model, pane.id, CopyInput::Mouse(CopyMouse::Drag { from, to, block }), out);
        }
        MouseKind::Release(_) if model.config.copy.on_release => {
            copy::deed(model, pane.id, CopyInput::Mouse(CopyMouse::Release), out);
        }
        _ => {}
    }
}

/// Hands an event at a cell of the area to a pane's program, if it wants such.
fn pass(model: &mut Model, pane: &PaneItem, mouse: MouseInput, out: &mut Vec<ClientEffect>) {
    let needed = match mouse.kind {
        MouseKind::Press(_) => MouseWant::Press,
        MouseKind::Release(_) => MouseWant::Click,
        MouseKind::Drag(_) => MouseWant::Drag,
        MouseKind::Move => MouseWant::Motion,
    };
    if pane.mouse < needed {
        return;
    }
    let at = inside(pane, mouse.at);
    // A press is told where it is, too: the motion after it begins from there.
    let has_moved = moved(model, pane.id, at);
    if matches!(mouse.kind, MouseKind::Move | MouseKind::Drag(_)) && !has_moved {
        return;
    }
    out.push(ClientEffect::Input(ClientInput::Mouse(pane.id, MouseInput { at, ..mouse })));
}

/// True if the mouse came to another cell.
fn moved(model: &mut Model, pane: PaneId, at: Point) -> bool {
    model.hover.replace((pane, at)) != Some((pane, at))
}

/// A cell of the area as one of the pane's screen; outside, the nearest that is shown.
fn inside(pane: &PaneItem, at: Point) -> Point {
    let part = |at: u16, from: u16, len: u16, origin: u16| {
        at.saturating_sub(from).min(len.saturating_sub(1)).saturating_add(origin)
    };
    Point::new(
        part(at.x, pane.rect.x, pane.rect.cols, pane.origin.x),
        part(at.y, pane.rect.y, pane.rect.rows, pane.origin.y),
    )
}
