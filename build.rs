//! Tells the program what it was built with, for `abide version --verbose`. Nothing is generated.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let compiler = env::var_os("RUSTC")
        .and_then(|rustc| Command::new(rustc).arg("--version").output().ok())
        .and_then(|told| String::from_utf8(told.stdout).ok());
    let compiler = compiler.as_deref().map_or("an unknown compiler", str::trim);
    println!("cargo:rustc-env=ABIDE_COMPILER={compiler}");
    for (name, value) in [("ABIDE_TARGET", "TARGET"), ("ABIDE_PROFILE", "PROFILE")] {
        println!("cargo:rustc-env={name}={}", env::var(value).unwrap_or_default());
    }
}
