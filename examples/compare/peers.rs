//! Who is compared, and how each is asked to start a program, to attach to it and to put another
//! beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::place::Place;

/// A way to run a program in a terminal.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// What it says its version is.
    pub(crate) version: String,
    kind: Kind,
    binary: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bare,
    Tmux,
    Screen,
    Dtach,
    Zellij,
    Abide,
}

/// Every peer: name, kind, and how it is asked for its version.
const KNOWN: &[(&str, Kind, &str)] = &[
    ("bare PTY", Kind::Bare, ""),
    ("tmux", Kind::Tmux, "-V"),
    ("screen", Kind::Screen, "--version"),
    ("dtach", Kind::Dtach, "--version"),
    ("zellij", Kind::Zellij, "--version"),
    ("abide", Kind::Abide, "--version"),
];

/// The peers that can be started here, and the names of those that cannot.
pub(crate) fn on_this_machine() -> anyhow::Result<(Vec<Peer>, Vec<&'static str>)> {
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for &(name, kind, asked) in KNOWN {
        match binary(name, kind)? {
            Some(binary) => {
                present.push(Peer { name, version: version(&binary, asked), kind, binary });
            }
            None => missing.push(name),
        }
    }
    Ok((present, missing))
}

/// Where the peer is: abide beside this example, the others on the search path.
fn binary(name: &str, kind: Kind) -> anyhow::Result<Option<String>> {
    let own = std::env::current_exe().context("this program has no path")?;
    let beside = own.parent().and_then(Path::parent).map(|folder| folder.join("abide"));
    let found = match kind {
        Kind::Bare => Some(own),
        Kind::Abide => beside.filter(|path| path.is_file()),
        _ => ["/usr/local/bin", "/usr/bin", "/bin"]
            .iter()
            .map(|folder| PathBuf::from(folder).join(name))
            .find(|path| path.is_file()),
    };
    Ok(found.map(|path| path.to_string_lossy().into_owned()))
}

fn version(binary: &str, asked: &str) -> String {
    if asked.is_empty() {
        return String::new();
    }
    let said = Command::new(binary)
        .arg(asked)
        .output()
        .map(|output| [output.stdout, output.stderr].concat())
        .unwrap_or_default();
    let line = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned();
    line.split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or_default()
        .to_owned()
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Writes a configuration file of a peer; its path.
fn written(place: &Place, name: &str, text: &str) -> anyhow::Result<String> {
    let path = place.path(name);
    std::fs::write(&path, text).with_context(|| format!("{path} cannot be written"))?;
    Ok(path)
}

impl Peer {
    /// Whether there is a multiplexer at all.
    pub(crate) fn is_bare(&self) -> bool {
        self.kind == Kind::Bare
    }

    /// Whether somebody means this peer: its name, or the first word of it.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.split(' ').next() == Some(name)
    }

    /// Starts a session with this program and attaches to it.
    pub(crate) fn start(&self, place: &Place, program: &[String]) -> anyhow::Result<Vec<String>> {
        let socket = place.path("run/socket");
        let before = match self.kind {
            Kind::Bare => Vec::new(),
            Kind::Tmux => [
                words("BIN -f"),
                vec![written(place, "config/tmux.conf", "set -g history-limit 10000\n")?],
                words("new-session -s w"),
            ]
            .concat(),
            Kind::Screen => [
                words("BIN -c"),
                vec![written(place, "config/screenrc", "defscrollback 10000\n")?],
                words("-S w"),
            ]
            .concat(),
            Kind::Dtach => [words("BIN -c"), vec![socket], words("-E -z -r winch")].concat(),
            Kind::Zellij => return self.start_zellij(place, program),
            Kind::Abide => words("BIN new w --"),
        };
        Ok(self.filled([&before[..], program].concat()))
    }

    /// Zellij takes the program of its first pane from a layout file.
    fn start_zellij(&self, place: &Place, program: &[String]) -> anyhow::Result<Vec<String>> {
        let args = program[1..].iter().map(|arg| format!("{arg:?}")).collect::<Vec<_>>().join(" ");
        let layout = written(
            place,
            "config/layout.kdl",
            &format!("layout {{ pane command={:?} {{ args {args}; }} }}\n", program[0]),
        )?;
        Ok(self.filled([words("BIN --session w --new-session-with-layout"), vec![layout]].concat()))
    }

    /// Attaches to the session that was started; none where there is none, or no screen is kept
    /// that could be shown.
    pub(crate) fn attach(&self) -> Option<Vec<String>> {
        let argv = match self.kind {
            Kind::Bare | Kind::Dtach => return None,
            Kind::Tmux => words("BIN attach-session -t w"),
            Kind::Screen => words("BIN -r w"),
            Kind::Zellij | Kind::Abide => words("BIN attach w"),
        };
        Some(self.filled(argv))
    }

    /// What is typed to detach.
    pub(crate) fn detach_keys(&self) -> &'static [u8] {
        match self.kind {
            Kind::Bare | Kind::Dtach => b"\x1c",
            Kind::Tmux | Kind::Abide => b"\x02d",
            Kind::Screen => b"\x01d",
            Kind::Zellij => b"\x0fd",
        }
    }

    /// The commands that put one more program into a pane beside the focused one; none where that
    /// cannot be done.
    pub(crate) fn beside(&self, program: &[String]) -> Option<Vec<Vec<String>>> {
        let commands = match self.kind {
            Kind::Tmux => vec![
                [&words("BIN split-window -d -t w")[..], program].concat(),
                words("BIN select-layout -t w tiled"),
            ],
            Kind::Abide => {
                vec![
                    [&words("BIN pane split -t w --background --")[..], program].concat(),
                    words("BIN layout apply -t w tiled"),
                ]
            }
            _ => return None,
        };
        Some(commands.into_iter().map(|command| self.filled(command)).collect())
    }

    /// The path of the binary in the place of `BIN`.
    fn filled(&self, argv: Vec<String>) -> Vec<String> {
        argv.into_iter()
            .map(|word| if word == "BIN" { self.binary.clone() } else { word })
            .collect()
    }
}
