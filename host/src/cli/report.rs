//! `amplicast report`: the report of a run again, from its results.

use rayon::ThreadPoolBuilder;

use super::arguments::ReportCommand;
use super::calibration;
use super::process::usage;
use crate::exit::EXIT_OK;

/// Runs the command.
pub fn report(command: &ReportCommand) -> u8 {
    match ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(|| rebuilt(command)),
        Err(_) => {
            // No thread can be started: this one draws all figures. If there is a pool already, that one does.
            let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
            rebuilt(command)
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
