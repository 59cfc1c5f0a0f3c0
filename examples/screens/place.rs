//! A temporary home with a small project in it, and nothing of the machine it is on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

const SHOP: &str = "\
import csv

# What the shop sold, and what that comes to.


def total(rows):
    \"\"\"The sum of all prices.\"\"\"
    return sum(float(row[\"price\"]) for row in rows)


with open(\"orders.csv\") as file:
    orders = list(csv.DictReader(file))

for order in orders:
    print(f\"{order['item']:>10} {order['price']:>8}\")

print(f\"{'sum':>10} {total(orders):>8.2f}\")
";

const ORDERS: &str = "item,price\nlamp,39.00\nkettle,24.50\nclock,18.20\nchair,89.90\nrug,64.00\n";

const WORKER: &str = "\
n=0
for kind in ok ok slow ok ok ok failed ok; do
    n=$((n + 12))
    case $kind in ok) colour=32 ;; slow) colour=33 ;; *) colour=31 ;; esac
    printf '\\033[2m09:4%s\\033[m  %3s orders served  \\033[%sm%s\\033[m\\n' \"$((n / 12 % 10))\" \
        \"$n\" \"$colour\" \"$kind\"
done
sleep 600 & sleep 600 & wait
";

const PROJECT: &str = "\
name = \"shop\"
[[tabs]]
name = \"code\"
[tabs.layout]
split = \"columns\"
[[tabs.layout.parts]]
size = 55
command = [\"vim\", \"shop.py\"]
[[tabs.layout.parts]]
size = 45
split = \"rows\"
parts = [{ size = 60, focus = true }, { size = 40, command = [\"sh\", \"worker.sh\"], name = \
    \"worker\" }]
[[tabs]]
name = \"notes\"
";

const CONFIG: &str =
    "[bars]\nright = [\"mode\", \"clock\"]\nclock = \"09:41\"\n[shell]\nintegration = false\n";
const VIMRC: &str =
    "syntax on\nset nocompatible number laststatus=0 noswapfile viminfo= background=dark\n";
const BASHRC: &str = "PS1='\\[\\e[1;34m\\]\\w\\[\\e[m\\] $ '\nunset HISTFILE\n";

/// A temporary home; dropping it ends what runs in it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("scr-")
            .tempdir_in("/tmp")
            .context("no temporary directory")?;
        let place = Self { folder };
        for name in ["home", "run", "state", "config"] {
            fs::create_dir(place.path(name))?;
            fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o700))?;
        }
        for name in ["home/shop", "config/abide", "state/abide"] {
            fs::create_dir(place.path(name))?;
        }
        fs::set_permissions(place.path("state/abide"), fs::Permissions::from_mode(0o700))?;
        let files = [
            ("home/shop/shop.py", SHOP),
            ("home/shop/orders.csv", ORDERS),
            ("home/shop/worker.sh", WORKER),
            ("home/shop/abide.toml", PROJECT),
            ("home/.vimrc", VIMRC),
            ("home/.bashrc", BASHRC),
            ("config/abide/config.toml", CONFIG),
            ("state/abide/welcomed", ""),
        ];
        for (name, text) in files {
            fs::write(place.path(name), text)?;
        }
        Ok(place)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// abide as it was built beside this program.
    pub(crate) fn program() -> anyhow::Result<PathBuf> {
        let own = std::env::current_exe()?;
        let built =
            own.ancestors().nth(2).context("this program is in no target directory")?.join("abide");
        ensure!(built.is_file(), "there is no abide beside this program; `cargo build` first");
        Ok(built)
    }

    /// The whole environment of what runs here.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let place = |name: &str| self.path(name).to_string_lossy().into_owned();
        vec![
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", place("home")),
            ("USER", "you".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("SHELL", "/bin/bash".to_owned()),
            ("XDG_RUNTIME_DIR", place("run")),
            ("XDG_STATE_HOME", place("state")),
            ("XDG_CONFIG_HOME", place("config")),
        ]
    }

    /// What no picture may show: this place, the machine and whoever made it.
    pub(crate) fn private_words(&self) -> Vec<String> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let user = std::env::var("USER").unwrap_or_default();
        let words = [
            self.folder.path().to_string_lossy().into_owned(),
            format!("{host}:"),
            format!("@{host}"),
            format!("/home/{user}/"),
        ];
        words.into_iter().filter(|word| !word.is_empty()).collect()
    }

    /// Runs `abide ARGS…` here, without a terminal.
    pub(crate) fn abide(&self, args: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(Self::program()?);
        let output = command
            .args(args)
            .env_clear()
            .envs(self.variables())
            .current_dir(self.path("home"))
            .output()?;
        ensure!(
            output.status.success(),
            "abide {} failed: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Where everything went well there is no server any more.
        drop(self.abide(&["server", "stop"]));
    }
}
