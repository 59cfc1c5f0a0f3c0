//! Images through the real server and client: seen in a terminal that cannot show them, and kept
//! when the server is killed.

use crate::harness::Abide;

#[test]
fn an_image_is_a_box_in_a_terminal_without_images_and_outlives_the_server() {
    let sixel = r#"printf '\033Pq"1;1;200;60#1!200~\033\\'; echo below; exec cat"#;
    let client = Abide::start(&["new", "pics", "--", "sh", "-c", sixel], (80, 24));
    let is_boxed = |rows: &[String]| {
        let top = rows.iter().position(|row| row.contains("┌─")).unwrap_or(usize::MAX - 8);
        rows.get(top + 1).is_some_and(|row| row.contains("│image 200×60"))
            && rows.get(top + 2).is_some_and(|row| row.contains("└─"))
            && rows.get(top + 3).is_some_and(|row| row.contains("below"))
    };
    client.expect_screen("a box", |screen| is_boxed(&screen.rows()));
    let text = client.cli(&["capture", "-t", "pics"]).ok().stdout;
    assert!(
        text.contains("below") && !text.contains('┌') && !text.contains('\u{10eeef}'),
        "{text:?}"
    );
    client.cli(&["server", "restart"]).ok();
    client.cli(&["send", "-t", "pics", "again\n"]).ok();
    client
        .expect_screen("the box again", |screen| is_boxed(&screen.rows()) && screen.shows("again"));
}
