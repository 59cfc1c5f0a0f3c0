//! The client role: shows frames of the server in the outer terminal and sends it what is typed. It never interprets program output.

pub mod input;
