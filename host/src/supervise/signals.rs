//! The user's wish to stop: Ctrl-C, a closed terminal, or `kill`.

use std::io::Result;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `stop` at every signal that asks this process to end, but for those that whoever started it had it ignore: `nohup`
/// means that the program shall outlive its terminal.
pub fn on_stop(stop: impl Fn() + Send + 'static) -> Result<()> {
    let ignored = ignored();
    let asked = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = Signals::new(asked.collect::<Vec<_>>())?;
    std::thread::Builder::new().spawn(move || signals.forever().for_each(|_| stop())).map(drop)
}

/// The signals that this process ignores, one bit each from the lowest on; none if the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
