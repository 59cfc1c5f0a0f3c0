//! The server is killed while it compresses scrollback and while images are on the screen: nothing
//! is missing afterwards.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use crate::harness::{Abide, PATIENCE, World};

/// Prints so many numbered lines as it is told to, each burst after an image.
const PRINTER: &str = r#"
exec 3<>go
n=0
dots='........................................................'
echo armed
while read -r count <&3; do
    printf '\033Pq"1;1;200;60#1!200~\033\\'
    seq -f "line %08.0f $dots" $((n + 1)) $((n + count))
    n=$((n + count))
    printf '\033Pq"1;1;200;60#1!200~\033\\'
    echo "done $n"
done
"#;
/// Lines of a burst: half a megabyte, many segments of 64 KiB.
const BURST: usize = 8_000;
const KILLS: usize = 6;

/// Compressed bytes of all scrollback.
fn packed(world: &World) -> u64 {
    let listed = world.cli(&["ls", "--memory", "--json"]).ok().json();
    listed
        .as_array()
        .and_then(|items| items.last())
        .and_then(|all| all["packed"].as_u64())
        .expect("the last line is for all together")
}

#[test]
fn a_server_killed_while_it_packs_and_shows_images_loses_neither() {
    let world = Arc::new(World::new());
    world.write("home/printer", PRINTER);
    world.run("mkfifo", &["go"], b"").ok();
    let client = Abide::start_in(&world, &["new", "packs", "--", "sh", "printer"], (100, 30));
    client.expect("armed");
    let mut go = OpenOptions::new()
        .read(true)
        .write(true)
        .open(world.path("home/go"))
        .expect("the pipe was made");
    for round in 1..=KILLS {
        let before = packed(&world);
        writeln!(go, "{BURST}").expect("the program reads the pipe");
        client.expect(&format!("done {}", round * BURST));
        let since = Instant::now();
        while packed(&world) <= before {
            assert!(since.elapsed() < PATIENCE, "nothing is packed after {} lines", round * BURST);
        }
        // More is left to pack than this took.
        world.kill_server();
        client.expect_screen("the image again", |screen| {
            let rows = screen.rows();
            let top = rows.iter().position(|row| row.contains("│image 200×60"));
            top.is_some_and(|top| {
                rows[top..].iter().any(|row| row.contains(&format!("done {}", round * BURST)))
            })
        });
    }
    let kept = world.cli(&["capture", "-t", "packs", "--lines=-100000.."]).ok().stdout;
    let numbers: Vec<usize> = kept
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.get(..8)?.parse().ok())
        .collect();
    assert!(
        numbers.iter().copied().eq(1..=KILLS * BURST),
        "{} of {} lines, from {:?}",
        numbers.len(),
        KILLS * BURST,
        numbers.first()
    );
}
