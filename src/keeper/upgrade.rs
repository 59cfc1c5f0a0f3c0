//! Becoming another program: this process, its children and its fds stay, so nothing is lost and
//! every exit status is exact. What it holds is in a table on an fd.
//!
//! An exec that fails returns, and nothing has changed. A program that cannot read the table ends,
//! and the server hands everything to a new keeper.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;
use rustix::fs::{MemfdFlags, memfd_create};

use crate::keeper::job::Program;
use crate::keeper::link::ServerLink;
use crate::keeper::server::Server;
use crate::keeper::{Keeper, LAST_OUTPUT_WITHIN, Wake};
use crate::platform::cgroup::Cgroups;
use crate::platform::{ProgramLimits, become_program, inherited_fd, now};
use crate::wire::keeper::{FromKeeper, HandoffTable};

/// The option before the number of the fd with the table on the command line.
const TABLE: &str = "--table";

/// The keeper that this process was before it became this program, if that is what the command line
/// says.
pub(super) fn inherited(args: &[OsString]) -> Option<anyhow::Result<Keeper>> {
    let [word, number] = args else { return None };
    (word == TABLE).then(|| {
        number
            .to_str()
            .and_then(|number| number.parse().ok())
            .context("no fd")
            .and_then(Keeper::inherited)
    })
}

impl Keeper {
    fn inherited(table: i32) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        File::from(inherited_fd(table)?).read_to_end(&mut bytes)?;
        let table = HandoffTable::decode(&bytes)
            .context("what this keeper held before the upgrade cannot be read")?;
        let [link, control, data, room] = table.fds;
        let wake =
            Wake::from_fds([inherited_fd(control)?, inherited_fd(data)?, inherited_fd(room)?])?;
        let at = now().tick;
        let link = ServerLink::new(inherited_fd(link)?, table.lease)?;
        let server = Server::inherited(
            OsString::from_vec(table.server_exe).into(),
            table.server_pid,
            link,
            at,
        );
        let mut keeper = Self::new(
            table.epoch,
            ProgramLimits::from_parts(table.limit.0, table.limit.1),
            wake,
            Cgroups::probe(table.epoch),
            server,
        )?;
        for held in &table.jobs {
            let fds = held.fds.iter().map(|fd| inherited_fd(*fd)).collect::<io::Result<_>>()?;
            keeper.jobs.extend(
                Program::inherited(held, fds, at + LAST_OUTPUT_WITHIN)
                    .map(|job| (held.entry.tag, job)),
            );
        }
        for (name, fd) in table.stash {
            keeper.stash.insert(name, Rc::new(inherited_fd(fd)?));
        }
        // Their signals may have come before there was somebody to read them.
        keeper.reap();
        Ok(keeper)
    }

    /// Becomes the program that was proven, once nothing is on its way.
    pub(super) fn become_next(&mut self) {
        let is_quiet =
            self.kills.is_empty() && self.server.link.as_ref().is_some_and(ServerLink::is_quiet);
        let Some(program) = self.next.take_if(|_| is_quiet) else { return };
        let Err(error) = self.become_program(&program);
        super::log(&format!("cannot become {}: {error}", program.display()));
        // The server looks for it then.
        self.send(0, &FromKeeper::Ping, Vec::new());
    }

    fn become_program(&self, program: &Path) -> io::Result<Infallible> {
        let link = self.server.link.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let ours = self.wake.fds()?;
        let [control, data, room] = ours.each_ref().map(AsRawFd::as_raw_fd);
        let table = HandoffTable {
            epoch: self.epoch,
            lease: self.server.lease,
            server_pid: self.server.pid(),
            server_exe: self.server.exe.as_os_str().as_bytes().to_vec(),
            limit: self.limit.parts(),
            fds: [link.as_fd().as_raw_fd(), control, data, room],
            jobs: self.jobs.values().map(Program::held).collect(),
            stash: self.stash.iter().map(|(name, fd)| (name.clone(), fd.as_raw_fd())).collect(),
        };
        let mut file = File::from(memfd_create("abide-table", MemfdFlags::CLOEXEC)?);
        file.write_all(&table.encode())?;
        file.rewind()?;
        let number = file.as_raw_fd();
        let kept: Vec<i32> = table.open_fds().chain([number]).collect();
        self.limit.lower_others();
        let error = become_program(program, &["keeper", TABLE, &number.to_string()], &kept);
        self.limit.raise_others();
        Err(error)
    }
}
