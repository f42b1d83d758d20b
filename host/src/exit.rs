//! How the program ends.

use std::sync::atomic::{AtomicBool, Ordering};

/// Everything went well.
pub const EXIT_OK: u8 = 0;
/// Some cells have no result, or some check failed.
pub const EXIT_FAILED: u8 = 1;
/// The experiment, an argument or a file is not right: nothing was run.
pub const EXIT_USAGE: u8 = 2;
/// The user stopped the run; the same command goes on with it.
pub const EXIT_STOPPED: u8 = 3;

/// Says that the user asked to stop, and gives the exit code of that.
pub fn stopped() -> u8 {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::SeqCst) {
        eprintln!("stopped");
    }
    EXIT_STOPPED
}
