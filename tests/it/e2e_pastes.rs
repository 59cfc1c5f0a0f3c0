//! Pastes and typed bursts into programs that read late or never: nothing is lost or doubled, what
//! is refused is told, and the client takes the next key.

use std::fmt::Write as _;
use std::fs::OpenOptions;

use rustix::process::Signal;

use super::e2e_survive::{Dice, wait_until};
use super::harness::{Abide, signal};

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

/// Programs that take input as it comes, in small bites, and not at all for a while.
const READERS: [&str; 3] = ["exec cat", "while dd bs=512 count=1 2> dd; do :; done", "exec cat"];

/// How many pastes and bursts there are: as many as named (`just pastes`).
fn burst_count() -> usize {
    let named = std::env::var("ABIDE_PASTES").ok().and_then(|count| count.parse().ok());
    named.unwrap_or(90)
}

/// Types bursts and pastes of any length at any moment into a program that reads like this; nothing
/// is lost or doubled, and the client goes on all the time.
fn bursts(reader: usize, count: usize) {
    let script = format!("stty raw -echo; echo $$ > pid; echo armed; {} > typed", READERS[reader]);
    let client = Abide::start(&["new", "p", "--", "sh", "-c", &script], SIZE);
    client.expect("armed");
    let file = |name: &str| std::fs::read(client.world().path(&format!("home/{name}")));
    let pid: i32 = String::from_utf8(file("pid").expect("it was written"))
        .expect("it is text")
        .trim()
        .parse()
        .expect("a number");
    let is_stopping = reader == 2;
    let mut dice = Dice::new(reader as u64 + 1);
    let (mut sent, mut waiting) = (String::new(), 0);
    for number in 0..count {
        if is_stopping && dice.below(6) == 0 {
            signal(pid, Signal::STOP);
        }
        let name = char::from(b'a' + u8::try_from(number % 26).expect("it is small"));
        let longest = [8, 300, 20_000, 150_000][dice.below(4)];
        let len = 1 + dice.below(longest);
        let part = text(name, len);
        if len <= 300 && dice.below(2) == 0 {
            client.type_text(&part);
        } else {
            client.paste(&part);
        }
        sent += &part;
        waiting += len;
        // Less than the kernel and abide hold, so that nothing is refused.
        if dice.below(10) == 0 || 4 << 20 < waiting || number + 1 == count {
            client.press("C-b :");
            client.expect("commands");
            client.press("Esc");
            client.expect_without("commands");
            signal(pid, Signal::CONT);
            wait_until(&format!("{} bytes have arrived", sent.len()), || {
                file("typed").is_ok_and(|typed| sent.len() <= typed.len())
            });
            waiting = 0;
            let typed = file("typed").expect("it is there");
            let wrong = typed.iter().zip(sent.as_bytes()).position(|(is, wanted)| is != wanted);
            assert!(wrong.is_none() && typed.len() == sent.len(), "at {wrong:?} of burst {number}");
        }
    }
}

#[test]
fn bursts_into_a_program_that_reads_are_whole() {
    bursts(0, burst_count() / 3);
}

#[test]
fn bursts_into_a_program_that_reads_slowly_are_whole() {
    bursts(1, burst_count() / 3);
}

#[test]
fn bursts_into_a_program_that_is_stopped_for_a_while_are_whole() {
    bursts(2, burst_count() / 3);
}
