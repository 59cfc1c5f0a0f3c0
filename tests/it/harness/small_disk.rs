//! A file system of its own for the state of a test: small, so that it can be filled, and mounted
//! where only the processes of that test see it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Mounts the file system, says so, and lives as long as its standard input.
const HOLD: &str = r#"mount -t tmpfs -o "size=$2,nr_inodes=200,mode=700" tmpfs "$1" || exit 1
mkdir -m 700 "$1/abide" && : > "$1/abide/welcomed" && echo mounted && exec cat"#;

/// The same with ext4 in a file, which can be frozen; thawed and let go at the end.
const HOLD_EXT4: &str = r#"truncate -s 32M "$1.img" && mkfs.ext4 -q "$1.img" || exit 1
mount -o loop "$1.img" "$1" && chmod 700 "$1" || exit 1
mkdir -m 700 "$1/abide" && : > "$1/abide/welcomed" && echo mounted && cat
fsfreeze -u "$1" 2> /dev/null
umount -l "$1"
:"#;

/// A process in a mount namespace where the file system is.
#[derive(Debug)]
pub(super) struct SmallDisk {
    holder: Child,
    /// The options of nsenter(1) by which others get there.
    way: &'static [&'static str],
}

impl SmallDisk {
    /// Mounts one of `kib` KiB at `place`; none, said aloud, where this machine does not let it.
    #[track_caller]
    pub(super) fn mount(place: &Path, kib: u32) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", HOLD, "sh"]).arg(place).arg(format!("{kib}k"));
        Self::held(command, &["-U", "-m", "--preserve-credentials"])
    }

    /// The same with ext4, for which one has to be root.
    #[track_caller]
    pub(super) fn mount_ext4(place: &Path) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", HOLD_EXT4, "sh"]).arg(place);
        Self::held(command, &["-m"])
    }

    #[track_caller]
    fn held(mut command: Command, way: &'static [&'static str]) -> Option<Self> {
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
                "NOT TESTED: no file system can be mounted in a namespace of its own here, so what \
                 a full or frozen disk does was not checked"
            );
            assert!(said.is_ok(), "standard error can be written");
        }
        Some(Self { holder: mounted?, way })
    }

    /// The process that holds it, which is no part of what is tested.
    pub(super) fn pid(&self) -> i32 {
        i32::try_from(self.holder.id()).expect("a pid fits")
    }

    /// The root of the file systems as processes there see it.
    pub(super) fn root(&self) -> String {
        format!("/proc/{}/root", self.holder.id())
    }

    /// The command line that runs a program there, in the folder `home`.
    pub(super) fn enter(&self, home: &Path) -> Vec<String> {
        let home = home.to_string_lossy();
        ["nsenter", "-t", &self.holder.id().to_string()]
            .into_iter()
            .chain(self.way.iter().copied())
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
