//! The start of a server: what the keeper holds is taken over, or everything begins anew. Also the
//! hand-over to a new keeper when the old one died.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio::io::Interest;
use tokio::sync::mpsc::Sender;

use crate::base::geom::Size;
use crate::base::id::PaneId;
use crate::base::memory::{HeapMemory, Memory};
use crate::base::signal;
use crate::base::signal::ExitStatus;
use crate::base::time::Span;
use crate::core::{Core, Input, RestoreInput, ServerEvent};
use crate::platform::memory::{PrivateMemory, SharedMemory};
use crate::platform::paths::Paths;
use crate::platform::{
    EventFd, Login, async_fd, daemonize, last_words, now, own_program, pidfd, process, socket,
};
use crate::server::VICTIM;
use crate::server::commands::handoff::{self, Restored, Setup};
use crate::server::commands::io::TaskSender;
use crate::server::edge::{Server, ServerParts, Wake};
use crate::server::event::{Event, Origin};
use crate::server::event_loop::pause;
use crate::server::inbox::Stepper as _;
use crate::server::keeper_link::{KeeperLink, LinkError};
use crate::server::panes::pane::{PaneIo, PaneMemory, ProgramHandles, StashedPart};
use crate::server::persist::convert::{screen, structure};
use crate::server::persist::slots::{BUFFERS, BufferSlots, STRUCTURE, StructureSlots};
use crate::server::persist::writer::DiskWriter;
use crate::server::startup::socket::Sockets;
use crate::server::startup::{reboot, upgrade};
use crate::settings::Settings;
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::host::Host;
use crate::state::pane::ProgramState;
use crate::store::session_state::SessionState;
use crate::term::{Options, Snapshot, Terminal};
use crate::wire::keeper::{FromKeeper, ProgramEntry, ToKeeper, Upgrade, Wiring};

/// The most bytes of a ring that are copied at once to be parsed again.
const REPLAY_BYTES_MAX: usize = 64 << 10;
/// The name the listening socket is stashed under.
pub(in crate::server) const LISTENER: &[u8] = b"listener";
/// The name the lock is stashed under.
pub(in crate::server) const LOCK: &[u8] = b"lock";
/// The number of keepers in a row that may die before they have taken over.
const KEEPERS_MAX: usize = 64;
/// The fds that starting a keeper takes, and handing over to it.
const RESERVE: usize = 16;
/// Room for a keeper is waited for so long, and looked for so often: meanwhile all that runs hangs
/// on this process alone.
const ROOM_WITHIN: Span = Span::seconds(60);
const ROOM_AGAIN: Span = Span::millis(100);

/// Fds that are kept for the start of another keeper, whose predecessor may die when there are no
/// others.
#[derive(Debug, Default)]
pub(in crate::server) struct FdReserve(Vec<File>);

impl FdReserve {
    /// Takes fds, as far as there are some.
    pub(in crate::server) fn fill(&mut self) {
        while self.0.len() < RESERVE
            && let Ok(file) = File::open("/dev/null")
        {
            self.0.push(file);
        }
    }

    /// Gives them to whoever needs some next.
    fn free(&mut self) {
        self.0.clear();
    }
}

/// The programs and files that the keeper gave back.
#[derive(Debug)]
pub(in crate::server) struct KeeperHoldings {
    pub(in crate::server) wake: Wake,
    pub(in crate::server) epoch: u64,
    pub(in crate::server) keeper_pid: i32,
    pub(in crate::server) upgrade: Upgrade,
    pub(in crate::server) programs: Vec<(ProgramEntry, Vec<OwnedFd>)>,
    pub(in crate::server) stash: BTreeMap<Vec<u8>, OwnedFd>,
}

/// Asks the keeper for everything it holds.
pub(in crate::server) async fn take_over(link: &mut KeeperLink) -> anyhow::Result<KeeperHoldings> {
    let hello = link.next().await.context("the keeper says nothing")?;
    let FromKeeper::Hello { epoch, keeper_pid, upgrade, .. } = hello.message else {
        bail!("the keeper begins with {:?}", hello.message)
    };
    link.lease = hello.lease;
    let wake = wake(hello.fds)?;
    link.say(&ToKeeper::List, Vec::new());
    let mut held = KeeperHoldings {
        wake,
        epoch,
        keeper_pid,
        upgrade,
        programs: Vec::new(),
        stash: BTreeMap::new(),
    };
    loop {
        let record = link.next().await.context("the keeper does not list what it holds")?;
        match record.message {
            FromKeeper::Entry(entry) => held.programs.push((entry, record.fds)),
            FromKeeper::StashEntry { name } => {
                held.stash.extend(record.fds.into_iter().next().map(|fd| (name, fd)));
            }
            FromKeeper::Listed => return Ok(held),
            FromKeeper::Ping => link.say(&ToKeeper::Pong, Vec::new()),
            // An exit is in the program's entry as well.
            _ => {}
        }
    }
}

fn wake(fds: Vec<OwnedFd>) -> anyhow::Result<Wake> {
    let [control, data, room] = <[OwnedFd; 3]>::try_from(fds)
        .map_err(|_| anyhow!("the keeper's hello comes without its fds"))?;
    Ok(Wake {
        control: SharedMemory::from_fd(control).context("the control page cannot be mapped")?,
        data: async_fd(EventFd::from_fd(data), Interest::READABLE)?,
        room: EventFd::from_fd(room),
    })
}

impl Server {
    /// Keeps the structure if it changed. Called before the effects of a step leave.
    pub(in crate::server) fn write_slots(&mut self) {
        self.with_commands(handoff::write_slots);
        let state = self.core.state();
        if self.slots.write(state.version, |taken| structure::structure(state, taken)) {
            self.disk.changed(now().tick);
        }
        self.slots.buffers.write(&self.core.state().buffers, &mut self.link);
    }

    /// Writes a snapshot of a pane's screen as it is now.
    pub(in crate::server) fn write_snapshot(&mut self, pane: PaneId) {
        let (Some(io), Some(state)) =
            (self.panes.io.get_mut(&pane), self.core.state().panes.get(&pane))
        else {
            return;
        };
        let bytes = screen::encode(io.position, state.screen.snapshot());
        match io.write_snapshot(&bytes) {
            Ok(true) => self.wake.room.notify(),
            Ok(false) => {}
            Err(error) => tracing::error!(%pane, %error, "no snapshot"),
        }
    }

    /// The keeper died: everything is handed to a new one, and to another if that one dies
    /// meanwhile.
    pub(in crate::server) async fn hand_over(&mut self, why: &LinkError) -> anyhow::Result<()> {
        tracing::error!("{why}; a new keeper takes over");
        let former = i32::try_from(self.core.host().keeper_pid).unwrap_or(0);
        end(former).await?;
        let give_up = now().tick + ROOM_WITHIN;
        let mut dead_count = 0;
        while dead_count < KEEPERS_MAX {
            // Just now there may be no room for another process or fd: a fork bomb, a flood.
            self.reserve.free();
            let handed = self.hand_over_once().await;
            self.reserve.fill();
            match handed {
                Ok(None) => return Ok(()),
                Ok(Some(why)) => {
                    dead_count += 1;
                    tracing::error!("{why} before it had taken over; another one takes over");
                }
                Err(error) if give_up <= now().tick => return Err(error),
                Err(error) => {
                    tracing::error!("a new keeper cannot be had yet: {error:#}");
                    pause(Some(now().tick + ROOM_AGAIN)).await;
                }
            }
        }
        bail!("{KEEPERS_MAX} keepers in a row died before they had taken over")
    }

    /// Tells why, if the new keeper died before it had taken over.
    async fn hand_over_once(&mut self) -> anyhow::Result<Option<LinkError>> {
        let (ours, theirs) = socket::pair()?;
        let mut link = KeeperLink::new(ours)?;
        link.lease = self.link.lease;
        let exe = own_program();
        let errors = last_words::new().ok();
        // The keeper, and what it starts, are not to be ended before others.
        process::offer_as_victim(-VICTIM);
        let started = daemonize::start_keeper(daemonize::KeeperStart {
            exe: &exe,
            args: vec!["--adopt".into()],
            env: Vec::new(),
            input: Some(theirs),
            errors,
        });
        process::offer_as_victim(VICTIM);
        started?;
        let ours = handoff::adoptable(&self.commands);
        self.offer_all(&mut link, &ours)?;
        let mut early = Vec::new();
        loop {
            let record = match link.next().await {
                Ok(record) => record,
                Err(why @ (LinkError::Closed | LinkError::Io(_))) => return Ok(Some(why)),
                Err(error) => return Err(error.into()),
            };
            if let FromKeeper::Hello { keeper_pid, .. } = record.message {
                let keeper = ServerEvent::Keeper(keeper_pid.unsigned_abs());
                self.step(Input::Server(keeper), Origin::None);
                link.lease = record.lease;
                break;
            }
            // Somebody ended while he was handed over.
            early.push(record);
        }
        let unanswered = std::mem::replace(&mut self.link, link).unanswered();
        for spawn in self.panes.spawning.values().cloned().chain(ours.spawning) {
            self.link.say(&ToKeeper::Spawn(spawn), Vec::new());
        }
        for message in unanswered {
            self.link.say(&message, Vec::new());
        }
        for record in early {
            self.record(record);
        }
        Ok(None)
    }

    /// Hands everything that this server holds to a new keeper, the pidfd of this server first.
    fn offer_all(&self, link: &mut KeeperLink, ours: &handoff::Adoptable) -> anyhow::Result<()> {
        let pid = std::process::id();
        let own = Arc::new(pidfd::open(pid.cast_signed())?);
        let control = self.wake.control.fd();
        let data = Arc::new(self.wake.data.get_ref().try_clone_fd()?);
        let room = Arc::new(self.wake.room.try_clone_fd()?);
        link.say(
            &ToKeeper::AdoptBegin { epoch: self.commands.epoch, server_pid: pid.cast_signed() },
            vec![own, control, data, room],
        );
        for (entry, fds) in &ours.jobs {
            link.say(&ToKeeper::Adopt(*entry), fds.clone());
        }
        for (name, fd) in &ours.stash {
            link.say(&ToKeeper::Stash { name: name.clone() }, vec![Arc::clone(fd)]);
        }
        for (pane, io) in &self.panes.io {
            let (entry, fds) = io.adoption();
            link.say(&ToKeeper::Adopt(entry), fds);
            for (part, fd) in io.stash() {
                link.say(&ToKeeper::Stash { name: part.name(*pane) }, vec![fd]);
            }
        }
        link.say(&ToKeeper::Stash { name: STRUCTURE.to_vec() }, vec![self.slots.fd()]);
        if let Some(buffers) = self.slots.buffers.fd() {
            link.say(&ToKeeper::Stash { name: BUFFERS.to_vec() }, vec![buffers]);
        }
        self.sockets.stash(link);
        link.say(&ToKeeper::AdoptEnd, Vec::new());
        Ok(())
    }
}

/// Makes sure that a keeper is dead: two must never hold the same programs.
async fn end(keeper: i32) -> anyhow::Result<()> {
    let Ok(pidfd) = pidfd::open(keeper) else { return Ok(()) };
    if let Err(error) = pidfd::signal(&pidfd, signal::KILL) {
        tracing::debug!(keeper, %error, "the former keeper takes no signal");
    }
    async_fd(pidfd, Interest::READABLE)?.readable().await?.retain_ready();
    Ok(())
}

/// A program on a terminal as the keeper held it, with its stashed parts.
struct HeldPane {
    entry: ProgramEntry,
    fds: Vec<OwnedFd>,
    parts: Vec<(StashedPart, OwnedFd)>,
}

impl HeldPane {
    /// Puts it together: the newest snapshot, and the ring from there to where effects had left.
    fn resume(
        self,
        options: &Options,
        is_successor: bool,
    ) -> (ProgramEntry, anyhow::Result<(PaneIo, Terminal)>) {
        (self.entry, self.put_together(options, is_successor))
    }

    fn put_together(
        self,
        options: &Options,
        is_successor: bool,
    ) -> anyhow::Result<(PaneIo, Terminal)> {
        let pane = PaneId(self.entry.tag);
        let Wiring::Pty(size) = self.entry.wiring else { bail!("it is on pipes") };
        let mut parts = PaneMemory::create(pane)?;
        for (part, fd) in self.parts {
            let memory = match part {
                StashedPart::Slots => &mut parts.slots,
                StashedPart::Lines => &mut parts.lines,
                StashedPart::Input => &mut parts.input,
            };
            *memory = SharedMemory::from_fd(fd)?;
        }
        let (mut io, lines) = PaneIo::new(ProgramHandles::new(self.entry, self.fds)?, parts)?;
        let stored = match io.snapshot().map(|bytes| screen::decode(&bytes)).transpose() {
            Ok(stored) => stored,
            Err(error) if is_successor => return Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "a snapshot is given up");
                None
            }
        };
        let screen =
            restored_screen(&mut io, Box::new(PrivateMemory::new(lines)), size, stored, options);
        Ok((io, screen))
    }
}

/// Puts all panes together, on as many processors as there are: whoever types waits for the last of
/// them.
fn resume_all(
    held: &mut KeeperHoldings,
    options: &Options,
    is_successor: bool,
) -> Vec<(ProgramEntry, anyhow::Result<(PaneIo, Terminal)>)> {
    let programs = std::mem::take(&mut held.programs).into_iter();
    let mut stashed = |pane| {
        StashedPart::ALL
            .into_iter()
            .filter_map(|part| Some((part, held.stash.remove(&part.name(pane))?)))
            .collect()
    };
    let mut panes: Vec<HeldPane> = programs
        .map(|(entry, fds)| HeldPane { parts: stashed(PaneId(entry.tag)), entry, fds })
        .collect();
    let share =
        panes.len().div_ceil(std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let resume = |panes: Vec<HeldPane>| -> Vec<_> {
        panes.into_iter().map(|pane| pane.resume(options, is_successor)).collect()
    };
    std::thread::scope(|scope| {
        let mut beside = Vec::new();
        while share < panes.len() {
            let others = panes.split_off(panes.len() - share);
            beside.push(scope.spawn(move || resume(others)));
        }
        let own = resume(panes);
        // A panic on another thread ends this server, as one here does.
        let others =
            beside.into_iter().flat_map(|thread| thread.join().expect("a screen can be restored"));
        own.into_iter().chain(others).collect()
    })
}

fn restored_screen(
    io: &mut PaneIo,
    lines: Box<dyn Memory>,
    size: Size,
    stored: Option<(u64, Snapshot)>,
    options: &Options,
) -> Terminal {
    let (tail, done) = (io.ring.tail(), io.ring.done());
    let head = io.ring.head().unwrap_or(done);
    let (position, mut screen) = match stored
        .filter(|(position, _)| (tail..=head).contains(position))
    {
        Some((position, snapshot)) => match Terminal::restore(snapshot, *options, lines) {
            Ok(screen) => (position, screen),
            Err(error) => {
                tracing::error!(%error, "a screen is given up and drawn anew from what the ring \
                    still holds");
                (tail, Terminal::new(size, *options, Box::new(HeapMemory::default())))
            }
        },
        None => (tail, Terminal::new(size, *options, lines)),
    };
    io.set_out(position);
    let (mut events, mut bytes) = (Vec::new(), Vec::new());
    while io.position < done {
        let len = usize::try_from(done - io.position).unwrap_or(usize::MAX);
        let read = io.ring.read(io.position, len.min(REPLAY_BYTES_MAX), &mut bytes);
        if read.is_err() || bytes.is_empty() {
            break;
        }
        let end = io.position + bytes.len() as u64;
        screen.feed(&bytes, &mut events);
        // They left the former server already.
        events.clear();
        io.position = end;
    }
    screen
}

/// The programs on terminals that the keeper held.
#[derive(Default)]
struct Resumed {
    panes: BTreeMap<PaneId, PaneIo>,
    screens: BTreeMap<PaneId, Terminal>,
    /// Panes that the structure does not know, each with its process.
    strangers: Vec<(PaneId, i32)>,
}

/// Resumes all programs on terminals. A successor gives up where one cannot be resumed, since the
/// former server showed it and can go on.
fn resumed_programs(
    held: &mut KeeperHoldings,
    structure: Option<&SessionState>,
    options: &Options,
) -> anyhow::Result<Resumed> {
    let is_successor = held.upgrade == Upgrade::Successor;
    let known = structure.into_iter().flat_map(|structure| &structure.panes);
    let known: BTreeSet<PaneId> = known.map(|pane| pane.id).collect();
    let mut all = Resumed::default();
    for (entry, resumed) in resume_all(held, options, is_successor) {
        let (pane, pid) = (PaneId(entry.tag), entry.pid);
        match resumed {
            Ok((io, mut screen)) => {
                screen.identify(held.epoch, pane.0);
                all.panes.insert(pane, io);
                all.screens.insert(pane, screen);
                all.strangers.extend((!known.contains(&pane)).then_some((pane, pid)));
            }
            Err(error) if is_successor => {
                return Err(error.context(format!("pane {pane} cannot be taken over")));
            }
            Err(error) => {
                tracing::error!(%pane, "a program is held but cannot be shown: {error:#}");
            }
        }
    }
    Ok(all)
}

/// Puts the server together from what the keeper holds.
pub(in crate::server) fn server(
    mut held: KeeperHoldings,
    mut link: KeeperLink,
    settings: Settings,
    sockets: Sockets,
    events: Sender<Event>,
) -> anyhow::Result<Server> {
    let was_empty = held.programs.is_empty() && !held.stash.contains_key(STRUCTURE);
    let is_successor = held.upgrade == Upgrade::Successor;
    let (mut slots, structure) =
        StructureSlots::open(held.stash.remove(STRUCTURE), &mut link, is_successor)?;
    let options = reboot::options(&settings);
    let commands = Restored::take(&mut held.programs, &mut held.stash, &mut link)?;
    let resumed = resumed_programs(&mut held, structure.as_ref(), &options)?;
    let Resumed { panes, mut screens, strangers } = resumed;
    let login = Login::current();
    let home = login.home.to_string_lossy().into_owned();
    let told = events.clone();
    let tell = Arc::new(move |news| told.try_send(Event::Disk(news)).is_ok());
    let misfits = fit(structure.as_ref(), &mut screens);
    let (mut state, disk) = match reboot::path(&settings) {
        Some(path) if was_empty => reboot::state(path, &settings.persist, tell, &options),
        Some(path) => {
            let mut state = state(structure, &mut screens, &options);
            let programs: BTreeSet<PaneId> = panes.keys().copied().collect();
            let disk = reboot::disk(path, &settings, tell, &mut state, &programs);
            (state, disk)
        }
        None => (state(structure, &mut screens, &options), DiskWriter::off()),
    };
    if !was_empty {
        for (pane, pid) in strangers {
            if let Some(screen) = screens.remove(&pane) {
                state.adopt(pane, pid.unsigned_abs(), screen, now().wall);
            }
        }
        for (pane, io) in &panes {
            state.found_running(*pane, io.pid().unsigned_abs());
        }
        state.commands = commands.records();
    }
    let places = Paths::current()?;
    let own = places.socket().parent().map(Path::to_owned).unwrap_or_default();
    let dirs = [own].into_iter().chain(places.spare_directories()).collect();
    let sender = TaskSender::new(events.clone());
    let setup = Setup { epoch: held.epoch, dirs, home: home.clone(), events: sender };
    let commands = commands.resume(&state, setup, &mut link);
    (slots.buffers, state.buffers) = BufferSlots::open(held.stash.remove(BUFFERS));
    let host = host(&login, link.lease, &held);
    let mut server = Server::new(ServerParts {
        core: Core::resume(settings, host, state),
        link,
        wake: held.wake,
        slots,
        disk,
        sockets,
        commands,
        panes,
        events,
        home,
    });
    server.reserve.fill();
    begin(&mut server, was_empty, &misfits);
    Ok(server)
}

/// Lets a server that was put together begin, with restored programs or with those it took over.
fn begin(server: &mut Server, was_empty: bool, misfits: &BTreeSet<PaneId>) {
    if was_empty {
        server.revive();
    } else {
        server.reconcile(misfits);
        // Of those that came back and have not run since, all is on disk.
        let state = server.core.state();
        server.disk.take_over(
            now().tick,
            state.panes.keys().filter(|pane| !state.restored_panes.contains(pane)).copied(),
        );
    }
    server.with_commands(handoff::resume);
    // The commands that read panes have ended with the former server.
    for pane in server.panes.io.keys().copied().collect::<Vec<_>>() {
        server.pipe(pane);
    }
}

/// Gives every screen the size its pane has, and tells whose it was not: a kill may have come
/// between a change of the size and its effect.
fn fit(
    structure: Option<&SessionState>,
    screens: &mut BTreeMap<PaneId, Terminal>,
) -> BTreeSet<PaneId> {
    let mut misfits = BTreeSet::new();
    for pane in structure.iter().flat_map(|structure| &structure.panes) {
        if let Some(screen) = screens.get_mut(&pane.id).filter(|screen| screen.size() != pane.size)
        {
            screen.resize(pane.size, &mut Vec::new());
            misfits.insert(pane.id);
        }
    }
    misfits
}

/// The state of the structure with the screens that were restored; an empty one if what was kept
/// contradicts itself.
fn state(
    structure: Option<SessionState>,
    screens: &mut BTreeMap<PaneId, Terminal>,
    options: &Options,
) -> State {
    let Some(structure) = structure else { return State::default() };
    let mut state = structure::state(structure, |pane| {
        screens.remove(&pane.id).unwrap_or_else(|| blank(pane.size, options))
    });
    if let Err(problem) = state.check() {
        tracing::error!(problem, "the structure is given up; programs are adopted one by one");
        let next_ids = state.next_ids;
        screens.extend(
            std::mem::take(&mut state.panes).into_iter().map(|(id, pane)| (id, pane.screen)),
        );
        state = State { next_ids, ..State::default() };
    }
    state
}

fn blank(size: Size, options: &Options) -> Terminal {
    Terminal::new(size, *options, Box::new(HeapMemory::default()))
}

fn host(login: &Login, lease: u64, held: &KeeperHoldings) -> Host {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    Host {
        server_pid: std::process::id(),
        keeper_pid: held.keeper_pid.unsigned_abs(),
        lineage: held.epoch,
        name: reboot::host_name(),
        version: env!("CARGO_PKG_VERSION").into(),
        program: own_program().display().to_string(),
        lease,
        upgraded: held.upgrade == Upgrade::Successor,
        upgrade_failed: if let Upgrade::RolledBack(status) = held.upgrade {
            Some(upgrade::failure(status))
        } else {
            None
        },
        login_env: login
            .environment()
            .into_iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
        shell: login.shell.to_string_lossy().into_owned(),
        disk_faults: BTreeMap::new(),
        started: now().tick,
        shell_files: crate::server::startup::shell_integration::write().unwrap_or_default(),
        socket: Paths::current()
            .map(|places| places.socket().display().to_string())
            .unwrap_or_default(),
    }
}

impl Server {
    /// Makes structure and programs agree: unknown programs are adopted, panes without one have
    /// ended, and screens have the size their pane has.
    fn reconcile(&mut self, misfits: &BTreeSet<PaneId>) {
        let known: Vec<PaneId> = self.core.state().panes.keys().copied().collect();
        for pane in known {
            if !self.panes.io.contains_key(&pane) {
                let state = self.core.state().pane(pane);
                // The keeper was not yet asked for a program that is to start again.
                if state.life.has_program()
                    && !(state.life == ProgramState::Starting && state.restore.retried)
                {
                    self.pane_ended(pane, ExitStatus::Lost, Vec::new());
                }
                continue;
            }
            if misfits.contains(&pane) {
                let size = self.core.state().pane(pane).size;
                self.settle(vec![Effect::Resize { pane, size }], Origin::None);
            }
            if self.core.state().pane(pane).life == ProgramState::Ending {
                // The call that closed it is not known any more; a session that is gone was killed.
                let settings = &self.core.settings().pane;
                let (grace, session) = (settings.grace(), self.core.state().pane(pane).session);
                let stays = self.core.state().sessions.contains_key(&session);
                let heir = (settings.spare_detached && stays).then_some(session);
                self.settle(vec![Effect::Stop { pane, grace, heir }], Origin::None);
            }
        }
        self.show_held();
        if self.core.state().panes.values().any(|pane| pane.life == ProgramState::Starting) {
            let programs = RestoreInput::Programs { awaits_env: false };
            self.step(Input::Restore(programs), Origin::None);
        }
        self.write_slots();
        for pane in self.panes.io.keys().copied().collect::<Vec<_>>() {
            self.write_input(pane);
            self.end_if_drained(pane);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{blank, fit, state, structure};
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::state::State;
    use crate::term::Options;

    #[test]
    fn a_kill_between_a_change_of_the_size_and_its_effect_costs_no_layout() {
        let (pane, options) = (PaneId(1), Options::default());
        let mut before = State::default();
        before.adopt(pane, 7, blank(Size::new(80, 24), &options), 0);
        let structure = structure::structure(&before, Vec::new());
        let mut screens = BTreeMap::from([(pane, blank(Size::new(120, 40), &options))]);
        assert_eq!(fit(Some(&structure), &mut screens), BTreeSet::from([pane]));
        let after = state(Some(structure), &mut screens, &options);
        assert_eq!(
            (after.sessions.len(), after.panes[&pane].screen.size()),
            (1, Size::new(80, 24))
        );
    }
}
