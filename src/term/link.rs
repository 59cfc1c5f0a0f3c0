//! Hyperlinks of a pane (OSC 8), by number. Only schemes that are harmless to open are kept.

use std::collections::BTreeMap;

use crate::base::text::harmless;

/// Bytes of an address; a longer one is no link.
pub(crate) const ADDRESS_BYTES_MAX: usize = 2048;
/// Links alive at once; the oldest goes when one more comes.
pub(crate) const LINKS_MAX: usize = 10_000;
const SCHEMES: [&str; 4] = ["http://", "https://", "file://", "mailto:"];

/// The links by number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Links {
    /// Address and the program's own id for it, joined by a control that neither can have.
    pub(crate) keys: Vec<Box<str>>,
    pub(crate) oldest: usize,
    numbers: BTreeMap<Box<str>, u16>,
}

const BETWEEN: char = '\u{1}';

impl Links {
    pub(crate) fn from_keys(keys: Vec<Box<str>>, oldest: usize) -> Self {
        let mut links = Self { keys, oldest, ..Self::default() };
        links.keys.truncate(LINKS_MAX);
        links.oldest %= LINKS_MAX;
        links.numbers = (1..).zip(&links.keys).map(|(number, key)| (key.clone(), number)).collect();
        links
    }

    /// The address of a link.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.keys.get(at)?.split(BETWEEN).next()
    }

    /// The number of a link; 0 if the address is not one to follow.
    pub(crate) fn number(&mut self, id: &str, address: &str) -> u16 {
        let fits = address.len() <= ADDRESS_BYTES_MAX && id.len() <= ADDRESS_BYTES_MAX / 8;
        let starts = SCHEMES.iter().any(|scheme| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        if !fits || !starts || harmless(address, ADDRESS_BYTES_MAX) != address || id.contains(char::is_control) {
            return 0;
        }
        let key = format!("{address}{BETWEEN}{id}").into_boxed_str();
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let at = if self.keys.len() < LINKS_MAX {
            self.keys.push(key.clone());
            self.keys.len() - 1
        } else {
            let at = self.oldest;
            self.oldest = (at + 1) % LINKS_MAX;
            self.numbers.remove(&self.keys[at]);
            self.keys[at] = key.clone();
            at
        };
        let number = u16::try_from(at + 1).unwrap_or(0);
        self.numbers.insert(key, number);
        number
    }

    pub(crate) fn memory_used(&self) -> usize {
        self.keys.iter().map(|key| 2 * key.len() + 64).sum()
    }
}
