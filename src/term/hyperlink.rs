//! Hyperlinks of a pane (OSC 8), by number. Only schemes that are harmless to open are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::text::sanitize;

/// Bytes of an address; a longer one is no link.
pub(crate) const ADDRESS_BYTES_MAX: usize = 2048;
/// Hyperlinks alive at once; the oldest goes when one more comes.
pub(crate) const LINKS_MAX: usize = 10_000;
/// Bytes of their addresses and ids together; the oldest go when more come.
pub(crate) const LINK_BYTES_MAX: usize = 4 << 20;
/// Bytes a link takes besides its key.
const ENTRY_BYTES: usize = 64;
const SCHEMES: [&str; 4] = ["http://", "https://", "file://", "mailto:"];

/// The links by number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hyperlinks {
    /// Address and the program's own id for it, joined by a control that neither can have; empty if
    /// the link was given up.
    pub(crate) keys: Vec<Arc<str>>,
    /// The slot of the next link once all slots are taken.
    pub(crate) next: usize,
    /// The oldest that was not given up, or a place before it.
    oldest: usize,
    bytes: usize,
    numbers: BTreeMap<Arc<str>, u16>,
}

const BETWEEN: char = '\u{1}';

impl Hyperlinks {
    pub(crate) fn from_keys(mut keys: Vec<Arc<str>>, next: usize) -> Self {
        keys.truncate(LINKS_MAX);
        let next = if keys.len() == LINKS_MAX { next % LINKS_MAX } else { 0 };
        let bytes = keys.iter().map(|key| key.len()).sum();
        let numbers = (1..)
            .zip(&keys)
            .filter(|(_, key)| !key.is_empty())
            .map(|(number, key)| (Arc::clone(key), number))
            .collect();
        let mut links = Self { keys, next, oldest: next, bytes, numbers };
        links.give_up(usize::MAX);
        links
    }

    /// The address of a link.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.keys.get(at)?.split(BETWEEN).next().filter(|address| !address.is_empty())
    }

    /// The number of a link; 0 if the address is not one to follow.
    pub(crate) fn number(&mut self, id: &str, address: &str) -> u16 {
        let fits = address.len() <= ADDRESS_BYTES_MAX && id.len() <= ADDRESS_BYTES_MAX / 8;
        let starts = SCHEMES.iter().any(|scheme| {
            address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if !fits
            || !starts
            || sanitize(address, ADDRESS_BYTES_MAX) != address
            || id.contains(char::is_control)
            // Bytes that were no UTF-8: it would be another address.
            || address.contains(char::REPLACEMENT_CHARACTER)
        {
            return 0;
        }
        let key: Arc<str> = format!("{address}{BETWEEN}{id}").into();
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let at = if self.keys.len() < LINKS_MAX {
            self.keys.push(Arc::default());
            self.keys.len() - 1
        } else {
            let at = self.next;
            self.next = (at + 1) % LINKS_MAX;
            self.clear(at);
            at
        };
        self.bytes += key.len();
        self.keys[at] = Arc::clone(&key);
        let number = u16::try_from(at + 1).unwrap_or(0);
        self.numbers.insert(key, number);
        self.give_up(at);
        number
    }

    /// Gives up the oldest links until the others fit, but not the one at `but`.
    fn give_up(&mut self, but: usize) {
        for _ in 0..self.keys.len() {
            if self.bytes <= LINK_BYTES_MAX {
                return;
            }
            if self.oldest != but {
                self.clear(self.oldest);
            }
            self.oldest = (self.oldest + 1) % self.keys.len();
        }
    }

    fn clear(&mut self, at: usize) {
        let key = std::mem::take(&mut self.keys[at]);
        self.bytes -= key.len();
        self.numbers.remove(&key);
    }

    pub(crate) fn memory_used(&self) -> usize {
        self.bytes + self.keys.len() * ENTRY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::{Hyperlinks, LINK_BYTES_MAX, LINKS_MAX};

    fn address(n: usize, len: usize) -> String {
        format!("https://a.b/{n:x<len$}")
    }

    #[test]
    fn the_oldest_links_go_beyond_either_bound_and_come_back_as_they_were() {
        for len in [8, 1900] {
            let mut links = Hyperlinks::default();
            let numbers: Vec<u16> =
                (0..3 * LINKS_MAX).map(|n| links.number("i", &address(n, len))).collect();
            let alive = (0..3 * LINKS_MAX)
                .filter(|n| links.get(u32::from(numbers[*n])) == Some(&address(*n, len)))
                .collect::<Vec<_>>();
            assert_eq!(alive.last(), Some(&(3 * LINKS_MAX - 1)));
            assert!(alive.windows(2).all(|pair| pair[0] + 1 == pair[1]), "the newest are kept");
            let bytes: usize = links.keys.iter().map(|key| key.len()).sum();
            assert!(
                bytes <= LINK_BYTES_MAX
                    && (alive.len() == LINKS_MAX || LINK_BYTES_MAX - 2048 <= bytes),
                "{bytes}"
            );
            assert_eq!(
                links.number("i", &address(3 * LINKS_MAX - 1, len)),
                numbers[3 * LINKS_MAX - 1]
            );
            let again = Hyperlinks::from_keys(links.keys.clone(), links.next);
            assert_eq!(
                (&again.keys, again.bytes, &again.numbers),
                (&links.keys, links.bytes, &links.numbers)
            );
        }
    }
}
