//! What an experiment holds in memory at least, compared with what the machine has before any of it is asked for.

use std::collections::BTreeSet;

use amplicast_sdk::Split;

use super::components::Components;
use super::plan::PlannedCell;
use crate::config::{ConfigError, Experiment, ReferenceName, Source};

/// A number of true events or of a summary's values.
const NUMBER: f64 = 8.0;
/// A row of `results.csv`, with its names.
const ROW: f64 = 256.0;

/// An error at the first number of the experiment that needs more memory than there is.
pub fn check_memory(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    cells: &[PlannedCell],
) -> Result<(), ConfigError> {
    let Some(there) = memory() else { return Ok(()) };
    needs(experiment, components, cells).into_iter().try_for_each(|(field, what, bytes)| {
        if bytes <= there {
            return Ok(());
        }
        let message = format!(
            "{what} would need at least {}, and this machine has {} of memory",
            size(bytes),
            size(there)
        );
        Err(source.error(&format!("experiment.{field}"), &message))
    })
}

/// Fields of `[experiment]`, what they ask for, and the bytes of that.
fn needs(
    experiment: &Experiment,
    components: &Components,
    cells: &[PlannedCell],
) -> Vec<(&'static str, String, f64)> {
    let sizes = &experiment.experiment;
    let columns = components.schema.dimension() as f64;
    // Each event and its number.
    let mut list = vec![(
        "n_train",
        format!("{} training events of {columns} column(s)", sizes.n_train),
        sizes.n_train as f64 * NUMBER * (columns + 1.0),
    )];
    let holdout = components.dataset.component.as_ref().ok().and_then(|d| d.capacity(Split::Holdout).ok());
    let holdout = holdout.flatten().unwrap_or(sizes.n_train.saturating_mul(10));
    for (field, reference, events) in [
        ("n_truth", ReferenceName::Truth, sizes.n_truth),
        ("n_holdout", ReferenceName::Holdout, sizes.n_holdout.unwrap_or(holdout)),
    ] {
        let of = cells.iter().filter(|cell| cell.reference == Some(reference));
        let values = of.map(|cell| (cell.summary, cell.selection)).collect::<BTreeSet<_>>().len();
        let what = format!("the reference `{}` of {events} events", reference.text());
        list.push((field, what, events as f64 * NUMBER * values as f64));
    }
    let rows = [cells.len() as f64, sizes.members as f64, sizes.replicas as f64, sizes.checkpoints as f64];
    let what = format!(
        "results of {} cell(s), {} members, {} training set(s) and up to {} sizes",
        cells.len(),
        sizes.members,
        sizes.replicas,
        sizes.checkpoints
    );
    let field = if sizes.replicas > sizes.members { "replicas" } else { "members" };
    list.push((field, what, rows.iter().product::<f64>() * ROW));
    list
}

fn size(bytes: f64) -> String {
    let gigabytes = 1e-9 * bytes;
    if gigabytes < 1e4 { format!("{gigabytes:.1} GB") } else { format!("{gigabytes:.1e} GB") }
}

/// Bytes that this process may have: of the machine, or of its control group; none if the system does not tell.
fn memory() -> Option<f64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = machine.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let machine = 1024.0 * line.split_whitespace().next()?.parse::<f64>().ok()?;
    // Of the root group as it is seen here: in a container the container's. `max` is no number.
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = |file| std::fs::read_to_string(file).ok()?.trim().parse::<f64>().ok();
    Some(group.into_iter().filter_map(limit).fold(machine, f64::min))
}
