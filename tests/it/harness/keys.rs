//! What a terminal sends for a key, written from the xterm control sequences document and not from
//! abide's own encoder.

/// The bytes of a sequence of keys such as `C-b d Enter M-x Up`.
pub(super) fn encode(keys: &str) -> Vec<u8> {
    keys.split_whitespace().flat_map(one).collect()
}

fn one(key: &str) -> Vec<u8> {
    if let Some((modifier, arrow)) = [("S-", 2), ("M-", 3)]
        .into_iter()
        .find_map(|(prefix, modifier)| Some((modifier, arrow(key.strip_prefix(prefix)?)?)))
    {
        return format!("\x1b[1;{modifier}{arrow}").into_bytes();
    }
    if let Some(inner) = key.strip_prefix("M-").filter(|inner| !inner.is_empty()) {
        return [vec![0x1b], one(inner)].concat();
    }
    if let Some(inner) = key.strip_prefix("C-").filter(|inner| !inner.is_empty()) {
        return control(inner);
    }
    match key {
        "Enter" => b"\r".to_vec(),
        "Esc" => b"\x1b".to_vec(),
        "Tab" => b"\t".to_vec(),
        "S-Tab" => b"\x1b[Z".to_vec(),
        "Space" => b" ".to_vec(),
        "BSpace" => b"\x7f".to_vec(),
        "Up" => b"\x1b[A".to_vec(),
        "Down" => b"\x1b[B".to_vec(),
        "Right" => b"\x1b[C".to_vec(),
        "Left" => b"\x1b[D".to_vec(),
        "Home" => b"\x1b[H".to_vec(),
        "End" => b"\x1b[F".to_vec(),
        "PageUp" => b"\x1b[5~".to_vec(),
        "PageDown" => b"\x1b[6~".to_vec(),
        "F1" => b"\x1bOP".to_vec(),
        "F10" => b"\x1b[21~".to_vec(),
        "F12" => b"\x1b[24~".to_vec(),
        text => {
            assert!(text.chars().count() == 1, "the harness knows no key {text:?}");
            text.as_bytes().to_vec()
        }
    }
}

/// The letter of an arrow.
fn arrow(key: &str) -> Option<char> {
    Some(match key {
        "Up" => 'A',
        "Down" => 'B',
        "Right" => 'C',
        "Left" => 'D',
        _ => return None,
    })
}

/// Control with a letter, or with an arrow as xterm modifies it.
fn control(inner: &str) -> Vec<u8> {
    match inner {
        "Up" => b"\x1b[1;5A".to_vec(),
        "Down" => b"\x1b[1;5B".to_vec(),
        "Right" => b"\x1b[1;5C".to_vec(),
        "Left" => b"\x1b[1;5D".to_vec(),
        "Space" => vec![0],
        letter => {
            let byte = letter.as_bytes()[0];
            assert!(
                letter.len() == 1 && byte.is_ascii(),
                "the harness knows no key \"C-{letter}\""
            );
            vec![byte.to_ascii_uppercase() ^ 0x40]
        }
    }
}

#[test]
fn keys_are_what_xterm_sends() {
    assert_eq!(encode("C-b d"), b"\x02d");
    assert_eq!(encode("M-x Up C-Left Enter é"), "\x1bx\x1b[A\x1b[1;5D\ré".as_bytes());
}
