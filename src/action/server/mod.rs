//! Actions on the server, one per file.

pub mod restart;
pub mod status;
pub mod stop;
pub mod upgrade;
