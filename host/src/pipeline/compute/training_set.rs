//! One training set, with what all generators and posteriors share on it.

use amplicast_sdk::{Result, Split};

use crate::inspection::Order;
use crate::pipeline::events::training_set;
use crate::pipeline::look::true_sample;
use crate::pipeline::observe::{Columns, HistogramColumn, Observable, Observables, TrainingSet, cuts};
use crate::pipeline::plan::{Question, Setting, TrueSource};

/// Reads training set `number`, looks at its events, prepares the columns that all rows share, and calls `then` with them and with
/// what the reader should know, which was said.
pub fn on_training_set<T>(
    setting: &Setting<'_>,
    number: u64,
    summaries: &[Observable],
    then: impl FnOnce(&TrainingSet<'_>, &Columns, Vec<String>) -> Result<T>,
) -> Result<T> {
    let dataset = &**setting.components.dataset.component.as_ref().map_err(Clone::clone)?;
    let (events, identity) = training_set(setting.session, setting.experiment, setting.components, number)?;
    let truth = dataset.density();
    let without_cuts = Observables { summaries, cuts: &[], truth, member: None };
    let (sample, mut warnings) = true_sample(setting, dataset, &events, without_cuts)?;
    let cuts = cuts(setting, dataset, &events, without_cuts);
    let observables = Observables { cuts: &cuts, ..without_cuts };
    let set =
        TrainingSet { number, dataset, events: &events, identity: &identity, observables, truth: &sample };
    let names = setting.plan.cells.iter().filter(|c| !c.per_member).map(Question::from).collect();
    let columns = Columns::prepare(setting, &set, observables, &names, None)?;
    warnings.extend(ordered(setting, dataset, &columns)?);
    for warning in &warnings {
        setting.session.progress.say(&format!("warning: {warning}"));
    }
    then(&set, &columns, warnings)
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
