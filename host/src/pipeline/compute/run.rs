//! Runs an experiment: training set by training set, row by row.

use amplicast_sdk::{ErrorKind, Result};

use super::training_set::on_training_set;
use crate::pipeline::collect::Collector;
use crate::pipeline::curves::{PairCurves, Sampling, Truth};
use crate::pipeline::observe::{Columns, Observable, Replica, summaries};
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::Pair;
use crate::results::{CellRows, Results};

/// Runs everything that is not stored yet; failures are in the results, except the user's wish to stop.
pub fn run(setting: &Setting<'_>) -> Result<(Results, Vec<CellRows>)> {
    let summaries = summaries(setting.components);
    let mut collector = Collector::new(setting.experiment, setting.components, setting.plan);
    for note in &setting.components.notes {
        setting.session.progress.say(&format!("warning: {note}"));
        collector.warn(note.clone());
    }
    for number in 0..setting.experiment.experiment.replicas {
        setting.session.check_stop()?;
        if let Err(error) = training_set(setting, number, &summaries, &mut collector) {
            if error.kind() == ErrorKind::Cancelled {
                return Err(error);
            }
            collector.fail_all(number, &error);
        }
    }
    Ok(collector.finish())
}

fn training_set(
    setting: &Setting<'_>,
    number: u64,
    summaries: &[Observable],
    collector: &mut Collector<'_>,
) -> Result<()> {
    on_training_set(setting, number, summaries, |replica, columns, warnings| {
        warnings.into_iter().for_each(|warning| collector.warn(warning));
        rows(setting, replica, columns, collector)
    })
}

fn rows(
    setting: &Setting<'_>,
    replica: &Replica<'_>,
    columns: &Columns,
    collector: &mut Collector<'_>,
) -> Result<()> {
    let truth = Truth::of(setting, replica, columns)?;
    for row in setting.plan.rows() {
        let cells = setting.plan.cells_of(row);
        match curves(&Pair::new(setting, replica, columns, &cells)) {
            Ok(curves) => collector.pair(replica.number, &cells, &truth, &curves),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => collector.fail(replica.number, &cells, &error),
        }
    }
    Ok(())
}

/// Infers the posterior and samples its members, unless that is stored.
fn curves(pair: &Pair<'_>) -> Result<PairCurves> {
    let posterior = pair.training.posterior()?;
    Sampling::new(pair, &posterior)?.curves()
}
