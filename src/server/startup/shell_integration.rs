//! The files that shells read so that they mark their prompts. They are written anew at every
//! start, so that they are those of this build.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::platform::paths::Paths;
use crate::platform::plain_file;

/// The place of each file, and its text.
const FILES: [(&str, &str); 3] = [
    ("bash", include_str!("../../../assets/shell/bash")),
    ("zsh/.zshenv", include_str!("../../../assets/shell/zsh")),
    ("data/fish/vendor_conf.d/abide.fish", include_str!("../../../assets/shell/fish")),
];

/// Writes them; gives their folder. None if that cannot be done: shells then run without marks.
pub(in crate::server) fn write() -> Option<String> {
    let places = Paths::current().ok()?;
    let folder = places.state().join("shell");
    match write_to(&folder) {
        Ok(()) => folder.to_str().map(str::to_owned),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "shells run without marks");
            None
        }
    }
}

fn write_to(folder: &Path) -> io::Result<()> {
    for (name, text) in FILES {
        let file = folder.join(name);
        DirBuilder::new().recursive(true).mode(0o700).create(file.parent().unwrap_or(folder))?;
        plain_file::replace(&file, text.as_bytes())?;
    }
    Ok(())
}
