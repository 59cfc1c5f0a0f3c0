//! Picks a role. Nothing else happens here.

fn main() {}
