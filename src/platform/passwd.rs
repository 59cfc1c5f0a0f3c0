//! The user's entry in the user database: the defaults where no environment was given.

use std::ffi::OsString;
use std::path::PathBuf;

use super::sys;

/// The user as the login program knows them (passwd(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's name; the number if there is none.
    pub user: OsString,
    /// The home directory; `/` if there is none.
    pub home: PathBuf,
    /// The shell; `/bin/sh` if there is none.
    pub shell: PathBuf,
}

impl Login {
    /// The user this process runs as.
    #[must_use]
    pub fn current() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let or =
            |text: OsString, default: &str| if text.is_empty() { default.into() } else { text };
        let Some(entry) = sys::passwd(uid) else {
            return Self {
                user: uid.to_string().into(),
                home: "/".into(),
                shell: "/bin/sh".into(),
            };
        };
        Self {
            user: entry.name,
            home: or(entry.home, "/").into(),
            shell: or(entry.shell, "/bin/sh").into(),
        }
    }

    /// The environment of a login, for programs of callers that send none: `USER`, `LOGNAME`,
    /// `HOME`, `SHELL` and `PATH`.
    #[must_use]
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let is_root = rustix::process::geteuid().is_root();
        let path = if is_root {
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        } else {
            "/usr/local/bin:/usr/bin:/bin"
        };
        vec![
            ("USER".into(), self.user.clone()),
            ("LOGNAME".into(), self.user.clone()),
            ("HOME".into(), self.home.clone().into()),
            ("SHELL".into(), self.shell.clone().into()),
            ("PATH".into(), path.into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Login;

    #[test]
    fn the_current_user_has_a_home_and_a_shell() {
        let login = Login::current();
        assert!(login.home.is_absolute() && login.shell.is_absolute());
        assert!(
            login.environment().iter().any(|(name, value)| name == "HOME" && *value == login.home)
        );
    }
}
