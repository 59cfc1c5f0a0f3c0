//! Pastes and typed bursts into programs that read late or never: nothing is lost or doubled, what
//! is refused is told, and the client takes the next key.

use std::fmt::Write as _;
use std::fs::OpenOptions;

use super::harness::Abide;

const SIZE: (u16, u16) = (80, 24);

/// A raw program that reads nothing until somebody opens its gate, then says the checksum of so
/// many bytes.
fn gated(bytes: usize) -> String {
    format!(
        "mkfifo gate; stty raw -echo; echo armed; : < gate; head -c {bytes} | cksum; \
         exec sleep 1000"
    )
}

/// What `cksum` (POSIX) says of `text`.
fn cksum(client: &Abide, text: &str) -> String {
    let output = client.world().run("cksum", &[], text.as_bytes());
    output.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn open_gate(client: &Abide) {
    OpenOptions::new().write(true).open(client.world().path("home/gate")).expect("the gate opens");
}

/// A line without an end, so that no paste is asked about; every part of it differs.
fn text(name: char, len: usize) -> String {
    let mut text = String::with_capacity(len + 16);
    for number in 0.. {
        if len <= text.len() {
            break;
        }
        write!(text, "{name}{number} ").expect("text takes text");
    }
    text.truncate(len);
    text
}

#[test]
fn pastes_into_a_program_that_does_not_read_wait_and_the_client_goes_on() {
    let parts = ['a', 'b', 'c'].map(|name| text(name, 400_000));
    let all = parts.concat();
    let client = Abide::start(&["new", "p", "--", "sh", "-c", &gated(all.len())], SIZE);
    client.expect("armed");
    for part in &parts {
        client.paste(part);
    }
    client.press("C-b :");
    client.expect("commands");
    client.press("Esc");
    open_gate(&client);
    client.expect(&cksum(&client, &all));
}

#[test]
fn a_paste_of_eight_mebibytes_arrives_whole() {
    let all = text('x', 8 << 20);
    let client = Abide::start(&["new", "p", "--", "sh", "-c", &gated(all.len())], SIZE);
    client.expect("armed");
    open_gate(&client);
    client.paste(&all);
    client.expect(&cksum(&client, &all));
    client.paste(&text('y', (8 << 20) + 1));
    client.expect("8388609 bytes are more than 8 MiB");
    client.press("C-b d");
    assert_eq!(client.expect_exit(), 0);
}

#[test]
fn a_refused_paste_is_told_and_the_next_key_is_taken() {
    let parts = ['a', 'b'].map(|name| text(name, 8 << 20));
    let all = parts.concat();
    let client = Abide::start(&["new", "p", "--", "sh", "-c", &gated(all.len())], SIZE);
    client.expect("armed");
    for part in &parts {
        client.paste(part);
    }
    // The kernel has taken a little of that already.
    client.paste(&text('c', 1 << 20));
    client.expect("does not read its input");
    let send =
        client.world().cli_with(&["send", "-t", "p", "--paste"], text('d', 1 << 20).as_bytes());
    send.refused(1, &["does not read its input", "1048576 were not typed", "wait until"]);
    client.press("C-b :");
    client.expect("commands");
    client.press("Esc");
    open_gate(&client);
    client.expect(&cksum(&client, &all));
    client.press("C-b d");
    assert_eq!(client.expect_exit(), 0);
}
