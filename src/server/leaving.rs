//! The end of a server: what is saved, who is told, and a planned hand-over, in which at every
//! instant two processes hold every terminal.
//!
//! The server that leaves stays as a holder: it has stopped working, and waits in one `poll`. A
//! socket goes by the keeper's stash to its successor, which says `HERE`, puts everything together,
//! and says `HOLDS`; the answer is `YOURS`, and the former one ends. From its `HOLDS` on the
//! successor never gives up, so exactly one of the two acts where the keeper dies meanwhile: the
//! successor if it has said so, else the former one, as soon as the successor has ended.
//!
//! `event_loop` uses it. Tests: `tests/it/e2e_handover.rs`.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use crate::base::error::ignore_failure;
use crate::base::id::PaneId;
use crate::base::memory::SharedBytes as _;
use crate::base::signal::KILL;
use crate::base::time::{Span, Tick};
use crate::platform::poll::{Ready, poll};
use crate::platform::{now, pidfd, socket};
use crate::server::commands::Commands;
use crate::server::edge::Server;
use crate::server::event_loop::place;
use crate::server::keeper_link::{KeeperLink, LinkError, Record};
use crate::server::persist::writer::DiskWriter;
use crate::server::startup::takeover::KeeperHoldings;
use crate::wire::frame::{Bye, ToClient};
use crate::wire::keeper::{CONTROL_SUCCEEDS, FromKeeper, HANDOVER, RESTART_STATUS, ToKeeper};

/// A successor that does not say that it is there in this time does not know how, or cannot be
/// started: the former one leaves as it did in earlier versions.
const HERE_WITHIN: Span = Span::seconds(3);
/// The time that a successor without a keeper has to say that it holds all, or to end.
const ALONE_WITHIN: Span = Span::seconds(10);
/// The time that the former one has to answer; after it, it is stopped or gone.
const YOURS_WITHIN: Span = Span::seconds(2);
/// The bytes of the conversation. `HERE` is followed by a process id in four bytes.
const HERE: u8 = b'h';
const HOLDS: u8 = b'r';
const YOURS: u8 = b'y';

/// The end of the conversation for the one that leaves.
enum Outcome {
    /// The successor has all, or none comes: this one ends.
    Over,
    /// Keeper and successor are gone, and this one has all; the keeper's last records.
    Alone(Vec<Record>),
}

/// The side of the one that leaves.
struct Holder {
    socket: OwnedFd,
    said: Vec<u8>,
    successor: Option<i32>,
    /// Nobody has the other end any more.
    is_deserted: bool,
    /// The moment when the keeper's connection ended.
    keeper_lost: Option<Tick>,
    records: Vec<Record>,
}

/// The news of the socket.
enum Said {
    More,
    Holds,
    /// Nobody has the other end any more.
    End,
}

impl Holder {
    /// Waits for the end; meanwhile nothing else of this process runs that could act.
    fn wait(mut self, link: &mut KeeperLink) -> io::Result<Outcome> {
        let mut due = now().tick + HERE_WITHIN;
        loop {
            let has_keeper = self.keeper_lost.is_none();
            if self.is_deserted && !has_keeper {
                return Ok(Outcome::Alone(self.records));
            }
            let is_bounded = !has_keeper || self.is_deserted || self.successor.is_none();
            let wanted = Ready { input: has_keeper, room: has_keeper && link.has_unsent() };
            let limit = is_bounded.then(|| due - now().tick);
            let said = Ready { input: !self.is_deserted, room: false };
            let fds = [(self.socket.as_fd(), said), (link.as_fd(), wanted)];
            let [said, record] = poll(fds, limit)?;
            if said.input {
                match self.read()? {
                    Said::More => {}
                    Said::Holds => {
                        let sent = socket::send(&self.socket, &[YOURS], &[]);
                        ignore_failure(sent, "its end of the socket says the same");
                        return Ok(Outcome::Over);
                    }
                    // The keeper has it in its stash as long as it lives.
                    Said::End => {
                        self.is_deserted = true;
                        due = now().tick + HERE_WITHIN;
                    }
                }
            }
            if (record.input || record.room) && self.talk(link) {
                return Ok(Outcome::Over);
            }
            if has_keeper && self.keeper_lost.is_some() {
                due = now().tick + ALONE_WITHIN;
                continue;
            }
            if is_bounded && due <= now().tick {
                if self.keeper_lost.is_none() {
                    return Ok(Outcome::Over);
                }
                let Some(successor) = self.successor.take() else {
                    return Ok(Outcome::Alone(self.records));
                };
                let ended = pidfd::open(successor).and_then(|fd| pidfd::signal(fd, KILL));
                ignore_failure(ended, "one that has ended closes the socket");
                due = now().tick + ALONE_WITHIN;
            }
        }
    }

    /// Reads what the successor says.
    fn read(&mut self) -> io::Result<Said> {
        let mut buffer = [0; 64];
        match rustix::io::read(&self.socket, &mut buffer) {
            // Closed, with something unread in it or without.
            Ok(0) | Err(rustix::io::Errno::CONNRESET) => return Ok(Said::End),
            Ok(len) => self.said.extend_from_slice(&buffer[..len]),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(Said::More),
            Err(error) => return Err(error.into()),
        }
        while let Some(first) = self.said.first() {
            if *first == HOLDS {
                return Ok(Said::Holds);
            }
            let Some((message, rest)) = self.said.split_first_chunk::<5>() else { break };
            let [_, pid @ ..] = *message;
            self.successor = Some(i32::from_le_bytes(pid));
            self.said = rest.to_vec();
        }
        Ok(Said::More)
    }

    /// Sends and takes what is on its way to and from the keeper; true if it lets this one go.
    fn talk(&mut self, link: &mut KeeperLink) -> bool {
        let taken = link.flush().map_err(LinkError::from).and_then(|()| link.take());
        if let Ok(records) = taken {
            let is_released = records.iter().any(|record| record.message == FromKeeper::Released);
            self.records.extend(records);
            is_released
        } else {
            // An end of the socket may wait in it to be sent.
            link.forget_unsent();
            self.keeper_lost = Some(now().tick);
            false
        }
    }
}

impl Server {
    /// The server is to leave with this exit status.
    pub(super) fn leave(&mut self, status: u8) {
        self.leaving = Some(status);
    }

    /// The keeper was told to end, as by a logout or a shutdown: all is saved, and comes back when
    /// somebody starts abide again.
    pub(super) fn go(&mut self) {
        tracing::info!("told to end; sessions are saved");
        for client in self.clients.by_client.keys().copied().collect::<Vec<_>>() {
            self.clients.send(client, &ToClient::Bye(Bye::Stopped));
        }
        self.leave(0);
    }

    /// Takes leave, and gives the exit status.
    pub(super) async fn end(mut self, status: u8) -> u8 {
        self.watch.over();
        if self.is_damaged {
            // As after a kill: nothing of this state may reach the disk or a successor.
            self.flush();
        } else {
            self.part();
            if status == RESTART_STATUS
                && let Err(error) = self.outlast().await
            {
                tracing::error!("not all is held until the next server works: {error:#}");
            }
        }
        // Taken apart piece by piece it would keep its successor waiting; the end of the
        // process takes all at once.
        std::mem::forget(self);
        status
    }

    /// Sends the last messages, as far as they can leave at once.
    fn part(&mut self) {
        self.with_commands(Commands::finish_preparing);
        let far: Vec<PaneId> = self
            .panes
            .io
            .iter()
            .filter(|(_, io)| !io.is_snapshot_near())
            .map(|(pane, _)| *pane)
            .collect();
        for pane in far {
            self.write_snapshot(pane);
        }
        if self.leaving == Some(RESTART_STATUS) {
            for client in self.clients.by_client.keys().copied().collect::<Vec<_>>() {
                self.clients.send(client, &ToClient::Bye(Bye::Restart));
            }
        }
        for (id, conn) in &mut self.clients.conns {
            conn.flush(*id, &self.events);
        }
        self.with_disk(DiskWriter::finish_closed);
        self.hooks.finish();
        // A successor has everything in memory and writes it; what the clients wait for meanwhile
        // is this process's end.
        if self.leaving != Some(RESTART_STATUS) {
            self.finish_disk();
        }
    }

    /// Everything is on disk when this returns, and nothing goes there after it.
    pub(super) fn finish_disk(&mut self) {
        self.disk.finish(now().tick, self.core.state(), |pane| place(self.panes.io.get(&pane)?));
    }

    /// Holds everything until the next server says that it does.
    ///
    /// # Errors
    /// If a new keeper is needed and cannot be had.
    async fn outlast(&mut self) -> anyhow::Result<()> {
        self.clients.conns.clear();
        while self.wake.control.word(CONTROL_SUCCEEDS) != 0 {
            let (ours, theirs) = socket::pair()?;
            rustix::io::ioctl_fionbio(&ours, true)?;
            self.link.say(&ToKeeper::Stash { name: HANDOVER.to_vec() }, vec![Arc::new(theirs)]);
            self.link.say(&ToKeeper::Succeed, Vec::new());
            let holder = Holder {
                socket: ours,
                said: Vec::new(),
                successor: None,
                is_deserted: false,
                keeper_lost: None,
                records: Vec::new(),
            };
            match holder.wait(&mut self.link)? {
                Outcome::Over => break,
                Outcome::Alone(records) => {
                    for record in records {
                        self.record(record);
                    }
                    self.hand_over(&LinkError::Closed).await?;
                }
            }
        }
        Ok(())
    }
}

/// The side of the one that comes.
#[derive(Debug)]
pub(super) struct Successor {
    socket: OwnedFd,
}

impl Successor {
    /// Tells the former server, if one holds all for this one, that this one is there.
    pub(super) fn of(held: &mut KeeperHoldings) -> Option<Self> {
        let socket = held.stash.remove(HANDOVER)?;
        let pid = std::process::id().to_le_bytes();
        let here: Vec<u8> = [HERE].into_iter().chain(pid).collect();
        let sent = socket::send(&socket, &here, &[]);
        ignore_failure(sent, "a former one that has ended holds nothing");
        Some(Self { socket })
    }

    /// Says that this one holds all; from then on it does, whatever becomes of the keeper.
    pub(super) fn takes_all(self, link: &mut KeeperLink) {
        let sent = socket::send(&self.socket, &[HOLDS], &[]);
        let answered =
            sent.and_then(|_| poll([(self.socket.as_fd(), Ready::INPUT)], Some(YOURS_WITHIN)));
        ignore_failure(answered, "a former one that has ended holds nothing");
        link.say(&ToKeeper::Unstash { name: HANDOVER.to_vec() }, Vec::new());
    }
}
