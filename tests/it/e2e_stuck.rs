//! A server whose loop does not go on, whoever drove it there: who waits is told, and another takes
//! its place. Its main thread alone is held, as an endless loop or a call into the kernel would.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::e2e_survive::wait_until;
use crate::harness::{Abide, World, is_alive, missing_tool};

/// Holds one thread of a process in the middle of its work, until the process ends: it is stopped
/// at every call into the kernel (ptrace(2)), and stays at the first that neither waits nor wakes.
const HOLD: &str = r#"
import ctypes, os, sys
ATTACH, SYSCALL, ALL = 16, 24, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid = int(sys.argv[1])
if libc.ptrace(ATTACH, pid, None, None) != 0:
    print("no", ctypes.get_errno(), flush=True)
    sys.exit(1)
os.waitpid(pid, ALL)
print("held", flush=True)
waits = {"x86_64": ("232", "281"), "aarch64": ("22",)}.get(os.uname().machine, ())
wakes = {"x86_64": "202", "aarch64": "98"}.get(os.uname().machine)
has_waited = False
while True:
    libc.ptrace(SYSCALL, pid, None, None)
    os.waitpid(pid, ALL)
    number = open(f"/proc/{pid}/syscall").read().split()[0]
    if number in waits:
        has_waited = True
    elif has_waited and number != wakes:
        break
os.waitpid(pid, ALL)
"#;

/// Holds the main thread of a process; none where that is not allowed here.
fn hold(world: &World, pid: i32) -> Option<Child> {
    if missing_tool("python3") {
        return None;
    }
    let pid = pid.to_string();
    let mut holder = world
        .command("python3", &["-c", HOLD, &pid])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = String::new();
    let stdout = holder.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut said).expect("it says something");
    if said != "held\n" {
        holder.wait().expect("it ends");
        assert!(said.starts_with("no 1"), "{said}");
        return None;
    }
    Some(holder)
}

#[test]
fn a_server_that_does_not_get_on_is_named_to_who_waits_and_replaced() {
    let client = Abide::start(&["new", "work"], (80, 24));
    client.expect("ready$");
    let world = client.world();
    let server = world.server_pid();
    let Some(mut holder) = hold(world, server) else { return };
    // Nothing is printed meanwhile: a key drives the loop.
    client.type_text("echo st");
    let told = world.cli(&["ls"]).stderr;
    let names_it = told.contains("the server does not answer") && told.contains("is replaced");
    assert!(names_it, "{told}");
    wait_until("it is replaced", || !is_alive(server));
    holder.wait().expect("it ends");
    assert_ne!(world.server_pid(), server);
    client.type_line("; echo on$((1+1))");
    client.expect("on2");
}
