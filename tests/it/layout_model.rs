//! Layouts drawn as text: before, what is done, after. And what holds of every layout in every
//! area.

use abide::base::geom::{Point, Rect, Size};
use abide::layout::change::{Insert, Share};
use abide::layout::preset::Preset;
use abide::layout::solve::near;
use abide::layout::solve::{min_size, solve};
use abide::layout::tree::{Axis, Direction, Node, Split, SplitPart, Tree};
use proptest::prelude::*;

/// The tree a drawing shows: panes are letters that fill their rectangle, borders are `│` and `─`.
fn read(drawing: &[&str]) -> (Tree<char>, Size) {
    let cells: Vec<Vec<char>> = drawing.iter().map(|line| line.chars().collect()).collect();
    let size = Size::new(
        u16::try_from(cells[0].len()).expect("small"),
        u16::try_from(cells.len()).expect("small"),
    );
    (Tree { root: read_part(&cells, Rect::new(0, 0, size)) }, size)
}

fn read_part(cells: &[Vec<char>], area: Rect) -> Node<char> {
    let at = |x: u16, y: u16| cells[usize::from(y)][usize::from(x)];
    let upright: Vec<u16> = (area.x..area.right())
        .filter(|x| (area.y..area.bottom()).all(|y| at(*x, y) == '│'))
        .collect();
    if !upright.is_empty() {
        return split_at(cells, area, Axis::Columns, &upright);
    }
    let lying: Vec<u16> = (area.y..area.bottom())
        .filter(|y| (area.x..area.right()).all(|x| at(x, *y) == '─'))
        .collect();
    if !lying.is_empty() {
        return split_at(cells, area, Axis::Rows, &lying);
    }
    Node::Pane(at(area.x, area.y))
}

fn split_at(cells: &[Vec<char>], area: Rect, axis: Axis, borders: &[u16]) -> Node<char> {
    let (mut start, end) =
        if axis == Axis::Columns { (area.x, area.right()) } else { (area.y, area.bottom()) };
    let mut parts = Vec::new();
    for border in borders.iter().copied().chain([end]) {
        let weight = border - start;
        let part = match axis {
            Axis::Columns => Rect { x: start, cols: weight, ..area },
            Axis::Rows => Rect { y: start, rows: weight, ..area },
        };
        parts.push(SplitPart { weight, node: read_part(cells, part) });
        start = border + 1;
    }
    Node::Split(Split { axis, parts })
}

/// A tree drawn in an area. Cells beside a border that are no pane's are part of it.
fn draw(tree: &Tree<char>, size: Size) -> Vec<String> {
    let rects = solve(tree, Rect::new(0, 0, size), None);
    let pane_at = |x: u16, y: u16| {
        rects.iter().find(|(_, rect)| rect.contains(Point::new(x, y))).map(|(pane, _)| *pane)
    };
    let border = |x: u16, y: u16| {
        let beside = |x: Option<u16>| x.and_then(|x| pane_at(x, y)).is_some();
        if beside(x.checked_sub(1)) || beside(x.checked_add(1)) { '│' } else { '─' }
    };
    (0..size.rows)
        .map(|y| (0..size.cols).map(|x| pane_at(x, y).unwrap_or_else(|| border(x, y))).collect())
        .collect()
}

#[track_caller]
fn check(before: &[&str], change: impl FnOnce(&mut Tree<char>, Size), after: &[&str]) {
    let (mut layout, size) = read(before);
    assert_eq!(draw(&layout, size), before, "the drawing is not what it draws");
    change(&mut layout, size);
    assert!(layout.is_normal());
    assert_eq!(draw(&layout, size), after);
}

fn insert(tree: &mut Tree<char>, beside: char, side: Direction, share: Share, area: Size) {
    tree.insert(Insert { new: 'n', beside, side, share }, area).expect("there is room");
}

#[test]
fn a_pane_is_halved_and_the_old_one_keeps_the_odd_cell() {
    check(
        &["aaaaaaaa"],
        |tree, size| insert(tree, 'a', Direction::Right, Share::Half, size),
        &["aaaa│nnn"],
    );
    check(
        &["aaaaaaaa"],
        |tree, size| insert(tree, 'a', Direction::Left, Share::Half, size),
        &["nnn│aaaa"],
    );
    check(
        &["aa", "aa", "aa"],
        |tree, size| insert(tree, 'a', Direction::Down, Share::Half, size),
        &["aa", "──", "nn"],
    );
    check(
        &["aa", "aa", "aa"],
        |tree, size| insert(tree, 'a', Direction::Up, Share::Half, size),
        &["nn", "──", "aa"],
    );
}

#[test]
fn a_share_is_cells_or_hundredths_and_leaves_one_cell() {
    check(
        &["aaaaaaaaaa"],
        |tree, size| insert(tree, 'a', Direction::Right, Share::Cells(2), size),
        &["aaaaaaa│nn"],
    );
    check(
        &["aaaaaaaaaa"],
        |tree, size| insert(tree, 'a', Direction::Right, Share::Cells(99), size),
        &["a│nnnnnnnn"],
    );
    check(
        &["aaaaaaaaaa"],
        |tree, size| insert(tree, 'a', Direction::Right, Share::Percent(30), size),
        &["aaaaaa│nnn"],
    );
}

#[test]
fn splitting_beside_siblings_takes_room_from_one_only() {
    check(
        &["aaaaa│bbbbb"],
        |tree, size| insert(tree, 'b', Direction::Right, Share::Half, size),
        &["aaaaa│bb│nn"],
    );
    check(
        &["aaa│bbb", "aaa│bbb", "aaa│bbb"],
        |tree, size| insert(tree, 'b', Direction::Down, Share::Half, size),
        &["aaa│bbb", "aaa│───", "aaa│nnn"],
    );
}

#[test]
fn a_closed_pane_gives_its_cells_to_the_one_before() {
    check(&["a│bb│ccc"], |tree, size| assert!(tree.remove('b', size)), &["aaaa│ccc"]);
    check(&["a│bb│ccc"], |tree, size| assert!(tree.remove('a', size)), &["bbbb│ccc"]);
    check(
        &["aaa│bbb", "aaa│───", "aaa│ccc"],
        |tree, size| assert!(tree.remove('a', size)),
        &["bbbbbbb", "───────", "ccccccc"],
    );
    check(
        &["aaa│b│c", "aaa│───", "aaa│ddd"],
        |tree, size| assert!(tree.remove('d', size)),
        &["aaa│b│c", "aaa│b│c", "aaa│b│c"],
    );
}

#[test]
fn the_only_pane_and_a_foreign_one_stay() {
    let (mut tree, size) = read(&["aaa"]);
    assert!(!tree.remove('a', size));
    assert!(!tree.remove('x', size));
    assert_eq!(tree.panes(), ['a']);
}

#[test]
fn borders_move_as_far_as_there_is_room() {
    check(
        &["aaa│bbb"],
        |tree, size| assert_eq!(tree.resize('a', Direction::Right, 1, size), 1),
        &["aaaa│bb"],
    );
    check(
        &["aaa│bbb"],
        |tree, size| assert_eq!(tree.resize('b', Direction::Right, 1, size), 1),
        &["aaaa│bb"],
    );
    check(
        &["aaa│bbb"],
        |tree, size| assert_eq!(tree.resize('b', Direction::Left, 9, size), 2),
        &["a│bbbbb"],
    );
    check(
        &["aa│bb│cc"],
        |tree, size| assert_eq!(tree.resize('a', Direction::Right, 9, size), 2),
        &["aaaa│b│c"],
    );
    check(
        &["aa│bb", "──│bb", "cc│bb"],
        |tree, size| assert_eq!(tree.resize('a', Direction::Right, 1, size), 1),
        &["aaa│b", "───│b", "ccc│b"],
    );
    check(
        &["aaa"],
        |tree, size| assert_eq!(tree.resize('a', Direction::Right, 1, size), 0),
        &["aaa"],
    );
}

#[test]
fn the_border_next_to_the_pane_moves_not_an_outer_one() {
    check(
        &["aaaaa│bbb│c", "aaaaa│─────", "aaaaa│ddddd"],
        |tree, size| assert_eq!(tree.resize('b', Direction::Left, 1, size), 1),
        &["aaaaa│bb│cc", "aaaaa│─────", "aaaaa│ddddd"],
    );
}

#[test]
fn panes_are_exchanged_rotated_and_made_equal() {
    check(&["a│bb│ccc"], |tree, _| tree.exchange('a', 'c'), &["c│bb│aaa"]);
    check(&["a│bb│ccc"], |tree, _| tree.rotate(true), &["c│aa│bbb"]);
    check(&["a│bb│ccc"], |tree, _| tree.rotate(false), &["b│cc│aaa"]);
    check(&["a│bb│ccc"], |tree, _| tree.equalise(), &["aa│bb│cc"]);
    check(&["a│bb"], |tree, _| tree.replace('b', 'x'), &["a│xx"]);
}

#[test]
fn presets_arrange_any_number_of_panes() {
    let arranged = |preset: Preset, panes: &str, size: Size| {
        let panes: Vec<char> = panes.chars().collect();
        draw(&preset.tree(&panes).expect("there are panes"), size)
    };
    let size = Size::new(7, 5);
    assert_eq!(arranged(Preset::EvenHorizontal, "abc", Size::new(8, 1)), ["aa│bb│cc"]);
    assert_eq!(arranged(Preset::EvenVertical, "abc", Size::new(1, 5)), ["a", "─", "b", "─", "c"]);
    assert_eq!(
        arranged(Preset::MainHorizontal, "abc", size),
        ["aaaaaaa", "aaaaaaa", "───────", "bbb│ccc", "bbb│ccc"]
    );
    assert_eq!(
        arranged(Preset::MainVertical, "abc", size),
        ["aaa│bbb", "aaa│bbb", "aaa│───", "aaa│ccc", "aaa│ccc"]
    );
    assert_eq!(
        arranged(Preset::Tiled, "abc", size),
        ["aaa│bbb", "aaa│bbb", "───────", "ccccccc", "ccccccc"]
    );
    assert_eq!(
        arranged(Preset::Tiled, "abcd", size),
        ["aaa│bbb", "aaa│bbb", "───────", "ccc│ddd", "ccc│ddd"]
    );
    assert!(Preset::ALL.into_iter().all(|preset| preset.tree(&['a']) == Some(Tree::new('a'))));
    assert!(Preset::ALL.into_iter().all(|preset| preset.tree::<char>(&[]).is_none()));
    let names: Vec<_> =
        Preset::ALL.into_iter().map(|preset| (preset.name(), preset.next().name())).collect();
    assert_eq!(names[0], ("even-horizontal", "even-vertical"));
    assert_eq!(
        (names[4], names[7]),
        (("tiled", "main-horizontal-mirrored"), ("stacked", "even-horizontal"))
    );
    assert!(Preset::ALL.into_iter().all(
        |preset| preset.next().prev() == preset && Preset::named(preset.name()) == Some(preset)
    ));
    let mirrored = ["bbb│ccc", "───────", "aaaaaaa", "aaaaaaa", "aaaaaaa"];
    assert_eq!(arranged(Preset::MainHorizontalMirrored, "abc", Size::new(7, 5)), mirrored);
    assert_eq!(
        arranged(Preset::MainVerticalMirrored, "abc", size),
        ["bb│aaaa", "bb│aaaa", "──│aaaa", "cc│aaaa", "cc│aaaa"]
    );
    assert_eq!(
        arranged(Preset::Stacked, "abc", Size::new(3, 5)),
        ["───", "aaa", "aaa", "───", "───"]
    );
}

#[test]
fn the_first_title_of_a_stack_below_a_pane_is_in_the_border_between_them() {
    let size = Size::new(20, 21);
    let mut tree = Tree::new('a');
    let insert = |new, beside| Insert { new, beside, side: Direction::Down, share: Share::Half };
    tree.insert(insert('b', 'a'), size).expect("there is room");
    tree.insert(insert('c', 'b'), size).expect("there is room");
    tree.stack('c', 'b', size);
    let rects = solve(&tree, Rect::new(0, 0, size), Some('c'));
    let rows: Vec<(char, u16, u16)> =
        rects.iter().map(|(pane, rect)| (*pane, rect.y, rect.rows)).collect();
    // Row 10 is the border with the title of b, row 11 has that of c.
    assert_eq!(rows, [('a', 0, 10), ('b', 11, 0), ('c', 12, 9)]);
}

#[test]
fn of_a_stack_one_pane_is_open_and_the_others_keep_a_row() {
    let size = Size::new(5, 6);
    let (mut tree, _) = read(&["aa│bb", "aa│──", "aa│cc", "aa│──", "aa│dd", "aa│dd"]);
    tree.stack('c', 'b', size);
    tree.stack('d', 'c', size);
    assert!(tree.is_normal() && tree.is_stacked('b') && !tree.is_stacked('a'));
    assert_eq!(tree.panes(), ['a', 'b', 'c', 'd']);
    let rects = |tree: &Tree<char>, focus| {
        let all = solve(tree, Rect::new(0, 0, size), focus);
        all.into_iter().map(|(pane, rect)| (pane, rect.y, rect.rows)).collect::<Vec<_>>()
    };
    assert_eq!(rects(&tree, None), [('a', 0, 6), ('b', 1, 0), ('c', 2, 0), ('d', 3, 3)]);
    assert_eq!(rects(&tree, Some('b')), [('a', 0, 6), ('b', 1, 3), ('c', 5, 0), ('d', 6, 0)]);
    let near = |pane, direction| {
        near(&solve(&tree, Rect::new(0, 0, size), Some(pane)), pane, direction, &[])
    };
    assert_eq!(
        (near('b', Direction::Down), near('c', Direction::Up), near('a', Direction::Right)),
        (Some('c'), Some('b'), Some('d'))
    );
    assert!(tree.open('c') && !tree.open('c'));
    tree.remove('c', size);
    tree.remove('d', size);
    assert_eq!(rects(&tree, None), [('a', 0, 6), ('b', 0, 6)]);
    tree.stack_all('b');
    tree.unstack('b', size);
    assert_eq!(rects(&tree, None), [('a', 0, 2), ('b', 3, 3)]);
    assert_eq!(
        min_size(&Preset::Stacked.tree(&['a', 'b', 'c']).expect("there are panes")),
        Size::new(1, 4)
    );
}

#[test]
fn the_pane_next_to_another_is_the_one_that_is_seen_there() {
    let (tree, size) = read(&["aaa│bbb", "aaa│───", "aaa│ccc", "───────", "ddddddd"]);
    let rects = solve(&tree, Rect::new(0, 0, size), None);
    let from = |pane, direction, recent: &[char]| near(&rects, pane, direction, recent);
    assert_eq!(from('a', Direction::Right, &[]), Some('b'));
    assert_eq!(from('a', Direction::Right, &['c']), Some('c'), "the one that was left last");
    assert_eq!(from('c', Direction::Left, &[]), Some('a'));
    assert_eq!(from('b', Direction::Down, &[]), Some('c'));
    assert_eq!(from('a', Direction::Down, &[]), Some('d'));
    assert_eq!(from('d', Direction::Up, &['c']), Some('c'));
    assert_eq!(
        from('b', Direction::Up, &[]),
        Some('d'),
        "beyond the edge it goes on at the other one"
    );
    assert_eq!(from('b', Direction::Right, &[]), Some('a'));
    assert_eq!(from('d', Direction::Left, &[]), None);
    assert_eq!(from('x', Direction::Left, &[]), None);
}

#[test]
fn a_layout_in_another_area_keeps_its_proportions() {
    let (tree, _) = read(&["aa│bbbb", "aa│────", "aa│cccc"]);
    assert_eq!(draw(&tree, Size::new(13, 5))[0], "aaaa│bbbbbbbb");
}

#[test]
fn where_there_is_no_room_the_first_panes_are_shown() {
    let (tree, _) = read(&["a│b│c", "─────", "ddddd"]);
    assert_eq!(min_size(&tree), Size::new(5, 3));
    assert_eq!(draw(&tree, Size::new(1, 1)), ["a"]);
    assert_eq!(draw(&tree, Size::new(3, 1)), ["a│b"]);
    assert_eq!(draw(&tree, Size::new(4, 2)), ["a│bb", "a│bb"]);
    assert!(solve(&tree, Rect::new(0, 0, Size::new(0, 5)), None).is_empty());
}

#[test]
fn what_is_too_small_to_be_divided_says_so() {
    let (mut tree, size) = read(&["a│bbb"]);
    let error = tree
        .insert(Insert { new: 'n', beside: 'a', side: Direction::Right, share: Share::Half }, size)
        .expect_err("one cell");
    assert_eq!(error.to_string(), "too small to be divided: it takes 3 cells and there are 1");
    assert_eq!(draw(&tree, size), ["a│bbb"]);
}

/// A change of a layout; panes are named by their place among those there are.
#[derive(Debug, Clone)]
enum Change {
    Insert(usize, Direction, Share),
    Remove(usize),
    Swap(usize, usize),
    Resize(usize, Direction, u16),
    Rotate(bool),
    Equalise,
    Preset(usize),
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::Left),
        Just(Direction::Right),
        Just(Direction::Up),
        Just(Direction::Down)
    ]
}

fn share() -> impl Strategy<Value = Share> {
    prop_oneof![
        Just(Share::Half),
        any::<u16>().prop_map(Share::Cells),
        any::<u16>().prop_map(Share::Percent)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let insert = (any::<usize>(), direction(), share());
    let resize = (any::<usize>(), direction(), any::<u16>());
    prop_oneof![
        6 => insert.prop_map(|(at, side, share)| Change::Insert(at, side, share)),
        2 => any::<usize>().prop_map(Change::Remove),
        1 => any::<(usize, usize)>().prop_map(|(a, b)| Change::Swap(a, b)),
        2 => resize.prop_map(|(at, way, cells)| Change::Resize(at, way, cells)),
        1 => any::<bool>().prop_map(Change::Rotate),
        1 => Just(Change::Equalise),
        1 => any::<usize>().prop_map(Change::Preset),
    ]
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![(1..=12_u16, 1..=12_u16), (1..=300_u16, 1..=100_u16)]
        .prop_map(|(cols, rows)| Size::new(cols, rows))
}

fn changed(changes: &[Change], area: Size) -> Tree<u32> {
    let mut tree = Tree::new(0);
    for (new, change) in (1..).zip(changes) {
        let panes = tree.panes();
        let pane = |at: usize| panes[at % panes.len()];
        match *change {
            Change::Insert(at, side, share) => {
                let inserted =
                    tree.insert(Insert { new, beside: pane(at), side, share }, area).is_ok();
                assert_eq!(tree.contains(new), inserted);
            }
            Change::Remove(at) => assert_eq!(tree.remove(pane(at), area), panes.len() > 1),
            Change::Swap(a, b) => tree.exchange(pane(a), pane(b)),
            Change::Resize(at, way, cells) => {
                assert!(tree.resize(pane(at), way, cells, area) <= cells);
            }
            Change::Rotate(forward) => tree.rotate(forward),
            Change::Equalise => tree.equalise(),
            Change::Preset(at) => tree = Preset::ALL[at % 5].tree(&panes).expect("there are panes"),
        }
        assert!(tree.is_normal(), "{tree:?}");
    }
    tree
}

/// No two rectangles share a cell; with the border to the right of and below each they cover the
/// area.
fn assert_covered(tree: &Tree<u32>, area: Size) {
    let rects = solve(tree, Rect::new(0, 0, area), None);
    assert!(!rects.is_empty());
    let mut owners = vec![0_u32; area.area()];
    let mut covered = vec![false; area.area()];
    for (_, rect) in &rects {
        assert!(
            !rect.size().is_empty() && rect.right() <= area.cols && rect.bottom() <= area.rows,
            "{rect:?} in {area}"
        );
        for y in rect.y..(rect.bottom() + 1).min(area.rows) {
            for x in rect.x..(rect.right() + 1).min(area.cols) {
                let at = usize::from(y) * usize::from(area.cols) + usize::from(x);
                owners[at] += u32::from(rect.contains(Point::new(x, y)));
                covered[at] = true;
            }
        }
    }
    assert!(owners.iter().all(|owners| *owners <= 1), "two panes share a cell");
    assert!(covered.iter().all(|covered| *covered), "a cell is neither a pane's nor a border");
    let min = min_size(tree);
    if min.cols <= area.cols && min.rows <= area.rows {
        assert_eq!(rects.len(), tree.panes().len(), "there is room for all");
    }
}

proptest! {
    #[test]
    fn any_layout_covers_any_area_without_overlap(
        changes in proptest::collection::vec(change(), 0..40), made_in in size(), shown_in in size()
    ) {
        let tree = changed(&changes, made_in);
        assert_covered(&tree, made_in);
        assert_covered(&tree, shown_in);
        assert_covered(&tree, Size::new(1, 1));
    }

    #[test]
    fn what_is_split_and_closed_is_as_it_was(
        changes in proptest::collection::vec(change(), 0..20),
        at in any::<usize>(), side in direction(), share in share()
    ) {
        let area = Size::new(200, 100);
        let mut tree = changed(&changes, area);
        tree.settle(area);
        let before = tree.clone();
        let panes = tree.panes();
        let beside = panes[at % panes.len()];
        if tree.insert(Insert { new: 999, beside, side, share }, area).is_ok() {
            assert!(tree.remove(999, area));
            assert_eq!(tree.panes(), before.panes());
            if side.is_forward() {
                assert_eq!(tree, before);
            }
        }
    }
}
