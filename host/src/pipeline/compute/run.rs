//! Runs an experiment: training set by training set, row by row.

use amplicast_sdk::{ErrorKind, Result};

use super::training_set::on_training_set;
use crate::pipeline::collect::{Collector, Outcome};
use crate::pipeline::curves::{RowCurves, Sampling, Truth};
use crate::pipeline::observe::{Columns, Observable, TrainingSet, summaries};
use crate::pipeline::plan::Setting;
use crate::pipeline::posterior::SetRow;

/// Runs everything that is not stored yet; failures are in the results, except the user's wish to stop.
pub fn run(setting: &Setting<'_>) -> Result<Outcome> {
    let summaries = summaries(setting.components);
    let mut collector = Collector::new(setting.experiment, setting.components, setting.plan);
    for note in &setting.components.notes {
        setting.session.progress.say(&format!("warning: {note}"));
        collector.warn(note.clone());
    }
    for number in 0..setting.experiment.experiment.training_sets {
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
    on_training_set(setting, number, summaries, |set, columns, warnings| {
        warnings.into_iter().for_each(|warning| collector.warn(warning));
        let events = set.events.all();
        collector.weights(events.weights.unwrap_or_default());
        collector.groups(&events);
        rows(setting, set, columns, collector)
    })
}

fn rows(
    setting: &Setting<'_>,
    set: &TrainingSet<'_>,
    columns: &Columns,
    collector: &mut Collector<'_>,
) -> Result<()> {
    let truth = Truth::of(setting, set, columns)?;
    for row in setting.plan.rows() {
        let cells = setting.plan.cells_of(row);
        match curves(&SetRow::new(setting, set, columns, &cells)) {
            Ok(curves) => collector.row(set.number, &cells, &truth, &curves),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => collector.fail(set.number, &cells, &error),
        }
    }
    Ok(())
}

/// Infers the posterior and samples its members, unless that is stored.
fn curves(row: &SetRow<'_>) -> Result<RowCurves> {
    let posterior = row.training.posterior()?;
    Sampling::new(row, &posterior)?.curves()
}
