//! Runs an experiment: replica by replica, pair by pair.

use amplicast_sdk::{ErrorKind, Result, Split};

use crate::inspection::Order;
use crate::pipeline::collect::Collector;
use crate::pipeline::curves::{Truth, curves};
use crate::pipeline::events::training_set;
use crate::pipeline::look::true_sample;
use crate::pipeline::observe::{Columns, HistogramColumn, Observable, Observables, Replica, cuts, summaries};
use crate::pipeline::plan::{ColumnName, PlannedCell, Setting, TrueSource};
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
    for replica in 0..setting.experiment.experiment.replicas {
        setting.session.check_stop()?;
        if let Err(error) = self::replica(setting, replica, &summaries, &mut collector) {
            if error.kind() == ErrorKind::Cancelled {
                return Err(error);
            }
            collector.fail_all(replica, &error);
        }
    }
    Ok(collector.finish())
}

fn replica(
    setting: &Setting<'_>,
    number: u64,
    summaries: &[Observable],
    collector: &mut Collector<'_>,
) -> Result<()> {
    let dataset = &**setting.components.dataset.component.as_ref().map_err(Clone::clone)?;
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, number)?;
    let truth = dataset.density();
    let without_cuts = Observables { summaries, cuts: &[], truth, member: None };
    let (sample, warnings) = true_sample(setting, dataset, &events, without_cuts)?;
    for warning in warnings {
        setting.session.progress.say(&format!("warning: {warning}"));
        collector.warn(warning);
    }
    let cuts = cuts(setting, dataset, &events, without_cuts);
    let observables = Observables { cuts: &cuts, ..without_cuts };
    let replica =
        Replica { number, dataset, events: &events, identity: &identity, observables, truth: &sample };
    let names = setting.plan.cells.iter().filter(|c| !c.per_member).map(ColumnName::from).collect();
    let columns = Columns::prepare(setting, &replica, observables, &names, None)?;
    for warning in ordered(setting, dataset, &columns)? {
        setting.session.progress.say(&format!("warning: {warning}"));
        collector.warn(warning);
    }
    let truth = Truth::of(setting, &replica, &columns)?;
    let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
    for cell in &setting.plan.cells {
        if !pairs.contains(&(cell.generator, cell.uncertainty)) {
            pairs.push((cell.generator, cell.uncertainty));
        }
    }
    for pair in pairs {
        let cells: Vec<&PlannedCell> =
            setting.plan.cells.iter().filter(|c| (c.generator, c.uncertainty) == pair).collect();
        match curves(&Pair::new(setting, &replica, &columns, &cells)) {
            Ok(curves) => collector.pair(number, &cells, &columns, &truth, &curves),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => collector.fail(number, &cells, &error),
        }
    }
    Ok(())
}

/// What is to be said of training events of a file that come in an order: it may hold a part of a longer one, and parts of it may
/// be taken for something.
fn ordered(setting: &Setting<'_>, dataset: &dyn TrueSource, columns: &Columns) -> Result<Vec<String>> {
    let sizes = &setting.experiment.experiment;
    if sizes.left_out == 0.0 && dataset.capacity(Split::Training)?.is_none() {
        return Ok(Vec::new());
    }
    let warning = |h: &HistogramColumn| {
        let order = h.order.filter(Order::matters)?;
        Some(format!(
            "the training events come in an order: `{}` changes its side or turns {:.2} times as often as for independent events; \
             a part of them is no random one: shuffle the file",
            setting.components.summaries[h.summary].name, order.ratio
        ))
    };
    Ok(columns.histograms.iter().filter_map(warning).collect())
}
