//! Bytes to the server: numbered input that is kept until it was taken, and the rest. Bytes
//! only; the socket is not here.

use std::collections::VecDeque;

use crate::base::error::ignore_failure;
use crate::base::path_trace;
use crate::client::model::ClientInput;
use crate::wire::frame::{self, ToServer};
use crate::wire::packet::PacketError;

/// Input that may wait to be taken, in bytes; beyond it the terminal is not read.
pub(super) const UNTAKEN_MAX: usize = 1 << 20;

/// The way to the server.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The number of the last input.
    number: u64,
    /// Input that is not known to have been taken, as packets.
    untaken: VecDeque<(u64, Vec<u8>)>,
    /// Bytes of `untaken`.
    untaken_bytes: usize,
    /// Bytes to be written.
    bytes: Vec<u8>,
    written: usize,
    /// True if the server has greeted, so that input may be sent.
    is_welcome: bool,
}

impl Outbox {
    /// Numbers input and sends it; without a server it is kept until there is one.
    ///
    /// # Errors
    /// [`PacketError`] for what is too long to be sent; it is dropped.
    pub(super) fn input(&mut self, input: ClientInput) -> Result<(), PacketError> {
        path_trace::note("key");
        let number = self.number + 1;
        let mut packet = Vec::new();
        frame::put(
            &mut packet,
            &match input {
                ClientInput::Keys(keys) => ToServer::Keys { number, keys },
                ClientInput::Paste(text) => ToServer::Paste { number, text },
                ClientInput::Mouse(pane, mouse) => ToServer::Mouse { number, pane, mouse },
                ClientInput::Call(json) => ToServer::Call { number, json },
            },
        )?;
        self.number = number;
        if self.is_welcome {
            self.bytes.extend_from_slice(&packet);
        }
        self.untaken_bytes += packet.len();
        self.untaken.push_back((number, packet));
        Ok(())
    }

    /// Sends what has no number. Without a server it is dropped: the next hello, and what belongs
    /// to it, says it anew. A size goes at once: a hello that is on its way has the one before.
    pub(super) fn send(&mut self, message: &ToServer) {
        if self.is_welcome
            || matches!(
                message,
                ToServer::Hello(_)
                    | ToServer::Bars(_)
                    | ToServer::Inside(_)
                    | ToServer::Resize { .. }
            )
        {
            // Only the answer to a call can be so long; whoever called waits for no other one.
            let sent = frame::put(&mut self.bytes, message);
            ignore_failure(sent, "the server answers for a client that leaves it open");
        }
    }

    /// Input up to `number` took effect.
    pub(super) fn taken(&mut self, number: u64) {
        while let Some((first, packet)) = self.untaken.front()
            && *first <= number
        {
            self.untaken_bytes -= packet.len();
            self.untaken.pop_front();
        }
    }

    /// There is a new connection: what was not written belongs to the old one.
    pub(super) fn connected(&mut self) {
        self.bytes.clear();
        self.written = 0;
        self.is_welcome = false;
    }

    /// The server greets and has taken input up to `number`: the rest is sent again.
    pub(super) fn welcomed(&mut self, number: u64) {
        self.taken(number);
        self.is_welcome = true;
        for (_, packet) in &self.untaken {
            self.bytes.extend_from_slice(packet);
        }
    }

    /// Bytes to be written.
    #[must_use]
    pub(super) fn unwritten(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// So many of them were written.
    pub(super) fn wrote(&mut self, len: usize) {
        self.written += len;
        if self.written == self.bytes.len() {
            self.bytes.clear();
            self.written = 0;
        }
    }

    /// True if so much waits that the terminal is not to be read.
    #[must_use]
    pub(super) fn is_full(&self) -> bool {
        UNTAKEN_MAX <= self.untaken_bytes || 2 * UNTAKEN_MAX <= self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Outbox, UNTAKEN_MAX};
    use crate::base::geom::Size;
    use crate::client::model::ClientInput;
    use crate::wire::frame::{ToServer, get};
    use crate::wire::packet::Packets;

    /// The messages that are written now, as numbers of input; 0 for the rest.
    fn written(outbox: &mut Outbox) -> Vec<u64> {
        let mut packets = Packets::default();
        packets.push(outbox.unwritten());
        outbox.wrote(outbox.unwritten().len());
        let mut numbers = Vec::new();
        while let Some((kind, body)) = packets.take().expect("well formed") {
            numbers.push(match get(kind, body).expect("a message") {
                ToServer::Paste { number, .. } => number,
                _ => 0,
            });
        }
        numbers
    }

    fn paste(outbox: &mut Outbox, text: &str) {
        outbox.input(ClientInput::Paste(text.into())).expect("it is short");
    }

    #[test]
    fn input_is_numbered_without_gaps_and_sent_again_until_taken() {
        let mut outbox = Outbox::default();
        paste(&mut outbox, "before there is a server");
        assert!(written(&mut outbox).is_empty());
        outbox.welcomed(0);
        assert_eq!(written(&mut outbox), [1]);
        paste(&mut outbox, "b");
        paste(&mut outbox, "c");
        outbox.send(&ToServer::Focus(true));
        assert_eq!(written(&mut outbox), [2, 3, 0]);
        outbox.taken(1);
        outbox.connected();
        paste(&mut outbox, "d");
        outbox.send(&ToServer::Focus(false));
        assert!(written(&mut outbox).is_empty());
        outbox.welcomed(2);
        assert_eq!(written(&mut outbox), [3, 4]);
        outbox.taken(4);
        assert_eq!(outbox.untaken_bytes, 0);
    }

    #[test]
    fn a_size_that_changes_between_hello_and_welcome_is_told() {
        let mut outbox = Outbox::default();
        outbox.connected();
        let (size, cell_pixels) = (Size::new(81, 25), (0, 0));
        outbox.send(&ToServer::Resize { size, cell_pixels });
        outbox.send(&ToServer::Focus(true));
        assert_eq!(written(&mut outbox), [0], "the size, and nothing else yet");
    }

    #[test]
    fn what_is_too_long_to_be_sent_is_refused_and_leaves_no_gap() {
        let mut outbox = Outbox::default();
        outbox.welcomed(0);
        let long = ClientInput::Call("x".repeat(crate::wire::packet::PACKET_MAX));
        assert!(outbox.input(long).is_err());
        paste(&mut outbox, "next");
        assert_eq!(written(&mut outbox), [1]);
    }

    #[test]
    fn it_is_full_at_its_bound_and_not_for_ever() {
        let mut outbox = Outbox::default();
        outbox.welcomed(0);
        while !outbox.is_full() {
            paste(&mut outbox, &"x".repeat(1000));
            outbox.wrote(outbox.unwritten().len());
        }
        assert!(outbox.untaken_bytes < UNTAKEN_MAX + 2000);
        outbox.taken(100);
        assert!(!outbox.is_full());
    }
}
