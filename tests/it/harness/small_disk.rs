//! A file system of its own for the state of a test: small, so that it can be filled, and mounted
//! where only the processes of that test see it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Mounts the file system, says so, and lives as long as its standard input.
const HOLD: &str = r#"mount -t tmpfs -o "size=$2,nr_inodes=200,mode=700" tmpfs "$1" || exit 1
mkdir -m 700 "$1/abide" && : > "$1/abide/welcomed" && echo mounted && exec cat"#;

/// A process in a mount namespace where the file system is.
#[derive(Debug)]
pub(super) struct SmallDisk {
    holder: Child,
}

impl SmallDisk {
    /// Mounts one of `kib` KiB at `place`; none, said aloud, where this machine does not let it.
    #[track_caller]
    pub(super) fn mount(place: &Path, kib: u32) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", HOLD, "sh"]).arg(place).arg(format!("{kib}k"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut line = String::new();
        let mut holder = command.spawn().ok();
        if let Some(output) = holder.as_mut().and_then(|holder| holder.stdout.take()) {
            BufReader::new(output).read_line(&mut line).ok();
        }
        let mounted = holder.filter(|_| line == "mounted\n");
        assert!(
            mounted.is_some() || env::var_os("CI").is_none(),
            "no file system can be mounted here, and CI must not leave its test out"
        );
        if mounted.is_none() {
            let said = writeln!(
                std::io::stderr(),
                "NOT TESTED: no user and mount namespace can be made here, so what a full disk \
                 does was not checked"
            );
            assert!(said.is_ok(), "standard error can be written");
        }
        Some(Self { holder: mounted? })
    }

    /// The root of the file systems as processes there see it.
    pub(super) fn root(&self) -> String {
        format!("/proc/{}/root", self.holder.id())
    }

    /// The command line that runs a program there, in the folder `home`.
    pub(super) fn enter(&self, home: &Path) -> Vec<String> {
        let home = home.to_string_lossy();
        ["nsenter", "-t", &self.holder.id().to_string(), "-U", "-m", "--preserve-credentials"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("--wd={home}")])
            .collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.holder.stdin.take());
        self.holder.wait().expect("it is our child");
    }
}
