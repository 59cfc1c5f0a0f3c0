//! The place where the configuration file of the user is, and its text. What it means is not known
//! here.

use std::io;
use std::path::{Path, PathBuf};

use crate::platform::passwd::Login;
use crate::platform::plain_file;

/// The longest configuration file that is read, in bytes; one byte more is given so that a reader
/// can refuse it.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The place where the configuration file is, or would be: `abide/config.toml` in
/// `$XDG_CONFIG_HOME`, else in `~/.config` (XDG base directory specification).
#[must_use]
pub fn path() -> PathBuf {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").unwrap_or_else(|| Login::current().home);
    absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home().join(".config")).join("abide/config.toml")
}

/// The text of the file at `path`; none if there is no file.
///
/// # Errors
/// If it cannot be read, or is no UTF-8.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    match plain_file::read_linked(path, FILE_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => {
            let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8");
            String::from_utf8(read?).map(Some).map_err(no_text)
        }
    }
}

/// The user's own themes, `themes/NAME.toml` beside the configuration at `path`: path and text of
/// each, in the order of names. What cannot be read has no text.
#[must_use]
pub fn themes(path: &Path) -> Vec<(PathBuf, io::Result<String>)> {
    let folder = path.parent().unwrap_or(Path::new("/")).join("themes");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    let text = |file: &Path| {
        read(file).and_then(|text| text.ok_or_else(|| io::ErrorKind::NotFound.into()))
    };
    files.into_iter().map(|file| (file.clone(), text(&file))).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn no_file_is_no_text_and_a_directory_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(read(&path).unwrap(), None);
        std::fs::write(&path, "[keys]\n").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("[keys]\n"));
        assert!(read(folder.path()).is_err());
        std::fs::write(&path, [0xff]).unwrap();
        assert!(read(&path).is_err());
    }
}
