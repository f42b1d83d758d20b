//! `amplicast report`: the report of a run again, from its results.

use rayon::ThreadPoolBuilder;

use super::arguments::ReportCommand;
use super::calibration;
use super::process::usage;
use crate::exit::EXIT_OK;

/// Runs the command.
pub fn report(command: &ReportCommand) -> u8 {
    on_threads(|| rebuilt(command))
}

/// Does work that draws figures on all threads that can be started.
pub fn on_threads(work: impl FnOnce() -> u8 + Send) -> u8 {
    match ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(work),
        Err(_) => {
            // No thread can be started: this one draws all figures. If there is a pool already, that one does.
            let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
            work()
        }
    }
}

fn rebuilt(command: &ReportCommand) -> u8 {
    let taken = command.calibration.as_ref().map_or(Ok(()), |from| calibration::take(&command.run, from));
    match taken.and_then(|()| calibration::rebuild(&command.run)) {
        Err(error) => usage(error),
        Ok((table, page)) => {
            println!("{table}");
            println!("report: {}", page.display());
            EXIT_OK
        }
    }
}
