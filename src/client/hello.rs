//! The identity of this client, as its hello has it.

use std::io;

use crate::base::geom::Size;
use crate::platform;
use crate::wire::hello::{Hello, VERSION, VERSION_MIN};

/// The hello of this process. Variables that are no UTF-8 are left out.
///
/// # Errors
/// If the system gives no random number.
pub fn hello(read_only: bool) -> io::Result<Hello> {
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.into_os_string().into_string().ok());
    Ok(Hello {
        version_min: VERSION_MIN,
        version_max: VERSION,
        build: env!("CARGO_PKG_VERSION").into(),
        token: platform::random_u64()?,
        size: Size::default(),
        cell_pixels: (0, 0),
        pid: std::process::id(),
        cwd: cwd.unwrap_or_default(),
        env: env.collect(),
        resume: false,
        read_only,
    })
}

/// The user's editor, as the environment has it; empty where it says nothing.
#[must_use]
pub fn editor() -> String {
    ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default()
}
