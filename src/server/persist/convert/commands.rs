//! The one place where commands become what the store keeps of them, and the other way round.

use std::collections::BTreeSet;

use crate::base::exit::ExitStatus;
use crate::base::id::SessionId;
use crate::base::time::{Now, Span, Tick};
use crate::server::persist::convert::structure::IDS_JUMP;
use crate::state::command::{Command, Commands, End, StopReason};
use crate::store::commands as stored;

/// What the store keeps of commands.
pub(in crate::server) fn stored(
    commands: &Commands,
    shells: Vec<stored::StoredShell>,
) -> stored::StoredCommands {
    let record = |command: &Command| stored::StoredCommand {
        id: command.id,
        session: command.session,
        in_shell: command.in_shell,
        words: command.words.clone(),
        cwd: command.cwd.clone(),
        pid: command.pid,
        started: (command.started_wall, command.started),
        ended: command.end.map(|end| (end.wall, end.lasted, end.order)),
        limit: command.limit,
        grace: command.grace,
        stop: match command.stop {
            None => 0,
            Some(StopReason::Asked) => 1,
            Some(StopReason::Time) => 2,
            Some(StopReason::Cancelled) => 3,
            Some(StopReason::Session) => 4,
        },
        exit: command.end.map(|end| end.exit),
        was_killed: command.end.is_some_and(|end| end.was_killed),
    };
    stored::StoredCommands {
        next: commands.next,
        next_end: commands.next_end,
        records: commands.records.values().map(record).collect(),
        shells,
    }
}

/// The commands that were kept.
pub(in crate::server) fn restored(stored: &stored::StoredCommands) -> Commands {
    let mut commands =
        Commands { next: stored.next, next_end: stored.next_end, ..Commands::default() };
    for record in &stored.records {
        let end = record.ended.zip(record.exit).map(|((wall, lasted, order), exit)| End {
            wall,
            lasted,
            order,
            exit,
            was_killed: record.was_killed,
        });
        if record.in_shell && end.is_none() {
            commands.exec_queues.entry(record.session).or_default().running = Some(record.id);
        }
        let stop = match record.stop {
            1 => Some(StopReason::Asked),
            2 => Some(StopReason::Time),
            3 => Some(StopReason::Cancelled),
            4 => Some(StopReason::Session),
            _ => None,
        };
        let command = Command {
            id: record.id,
            session: record.session,
            in_shell: record.in_shell,
            words: record.words.clone(),
            cwd: record.cwd.clone(),
            pid: record.pid,
            started_wall: record.started.0,
            started: record.started.1,
            end,
            limit: record.limit,
            grace: record.grace,
            stop,
        };
        commands.records.insert(record.id, command);
    }
    for shell in &stored.shells {
        commands.exec_queues.entry(shell.session).or_default();
    }
    commands
}

/// What goes to disk: records, without shells, whose variables may be secrets.
pub(in crate::server) fn durable(commands: &Commands) -> Vec<u8> {
    stored(commands, Vec::new()).encode()
}

/// Records from disk when all their programs are gone: what ran then was lost, and what is of no
/// session goes. None if they cannot be read.
pub(in crate::server) fn revived(
    bytes: &[u8],
    sessions: &BTreeSet<SessionId>,
    now: Now,
) -> Option<stored::StoredCommands> {
    let mut kept = stored::StoredCommands::decode(bytes)?;
    (kept.next, kept.next_end) = (kept.next + IDS_JUMP, kept.next_end + IDS_JUMP);
    kept.shells.clear();
    kept.records.retain(|record| sessions.contains(&record.session));
    for record in &mut kept.records {
        // Moments are those of this boot; a wall clock that was set makes them no worse than
        // unknown.
        let age = Span::millis(now.wall.saturating_sub(record.started.0));
        record.started.1 = Tick(now.tick.0.saturating_sub(age.0));
        record.pid = None;
        if record.exit.is_none() || record.ended.is_none() {
            record.ended = Some((now.wall, Span::default(), kept.next_end));
            record.exit = Some(ExitStatus::Lost);
            (record.limit, record.stop) = (None, 0);
            kept.next_end += 1;
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{durable, restored, revived};
    use crate::base::exit::ExitStatus;
    use crate::base::id::{CommandId, SessionId};
    use crate::base::time::{Now, Span, Tick};
    use crate::state::command::{Command, Commands, End};

    fn command(id: u64, session: u64, end: Option<ExitStatus>) -> Command {
        Command {
            id: CommandId(id),
            session: SessionId(session),
            in_shell: true,
            words: vec!["make".into()],
            cwd: "/".into(),
            pid: Some(9),
            started_wall: 5_000,
            started: Tick(7),
            end: end.map(|exit| End {
                wall: 6_000,
                lasted: Span::seconds(1),
                order: id,
                exit,
                was_killed: false,
            }),
            limit: None,
            grace: Span::seconds(1),
            stop: None,
        }
    }

    #[test]
    fn what_ran_when_the_machine_went_was_lost_and_the_rest_is_known() {
        let all =
            [command(1, 1, Some(ExitStatus::Code(3))), command(2, 1, None), command(3, 2, None)];
        let records = all.into_iter().map(|command| (command.id, command)).collect();
        let bytes = durable(&Commands { next: 4, next_end: 2, records, ..Commands::default() });
        let now = Now { tick: Tick(9_000_000_000), wall: 10_000 };
        let kept =
            revived(&bytes, &BTreeSet::from([SessionId(1)]), now).expect("it was just written");
        let commands = restored(&kept);
        let states: Vec<_> = commands
            .records
            .values()
            .map(|command| (command.id.0, command.state(), command.exit_code()))
            .collect();
        assert_eq!(states, [(1, "failed", Some(3)), (2, "lost", Some(255))]);
        assert_eq!(commands.records[&CommandId(1)].started, Tick(4_000_000_000));
        assert!(commands.exec_queues.is_empty() && 1000 < commands.next, "{commands:?}");
        assert_eq!(revived(&bytes[..bytes.len() - 1], &BTreeSet::new(), now), None);
    }
}
