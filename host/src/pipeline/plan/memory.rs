//! What an experiment holds in memory at least, compared with what the machine has before any of it is asked for.

use std::collections::BTreeSet;

use amplicast_sdk::{Layout, Segment, Split};

use super::cells::PlannedCell;
use super::components::Components;
use crate::config::{ConfigError, Experiment, ReferenceName, Source};

/// A number of true events or of a summary's values.
const NUMBER: f64 = 8.0;
/// A parameter of a model.
const PARAMETER: f64 = 4.0;
/// Numbers that a training holds for each parameter: itself, its gradient, and two moments of that.
const TRAINING: f64 = 4.0;
/// A row of `results.csv`, with its names.
const ROW: f64 = 256.0;

/// An error at the first number of the experiment that needs more memory than there is.
pub fn check_memory(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    cells: &[PlannedCell],
) -> Result<(), ConfigError> {
    needs(experiment, components, cells)
        .into_iter()
        .try_for_each(|(field, what, bytes)| fits(source, &format!("experiment.{field}"), &what, bytes))
}

/// An error at `generator` if one training of this model, or at `uncertainty` if so many chains of it, have no room in memory.
pub fn check_model(
    source: &Source,
    [generator, uncertainty]: [&str; 2],
    layout: &Layout,
    chains: u64,
) -> Result<(), ConfigError> {
    let count = |segment: &Segment| segment.shape.iter().map(|&n| n as f64).product::<f64>();
    let parameters: f64 = layout.segments().iter().map(count).sum();
    let what = format!("the training of a model of {parameters} parameters");
    fits(source, generator, &what, PARAMETER * TRAINING * parameters)?;
    let what = format!("{chains} chain(s) of a model of {parameters} parameters");
    fits(source, uncertainty, &what, PARAMETER * chains as f64 * parameters)
}

fn fits(source: &Source, place: &str, what: &str, bytes: f64) -> Result<(), ConfigError> {
    match memory() {
        Some((there, whose)) if bytes > there => {
            let (bytes, there) = (size(bytes), size(there));
            let message = format!("{what} would need at least {bytes}, and {whose} {there} of memory");
            Err(source.error(place, &message))
        }
        _ => Ok(()),
    }
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
        let values = of.map(|cell| (cell.summary, cell.selection)).collect::<BTreeSet<_>>();
        let values: usize = values.into_iter().map(|(summary, _)| components.numbers[summary].len()).sum();
        let what = format!("the reference `{}` of {events} events", reference.text());
        list.push((field, what, events as f64 * NUMBER * values as f64));
    }
    let rows =
        [cells.len() as f64, sizes.members as f64, sizes.training_sets as f64, sizes.checkpoints as f64];
    let what = format!(
        "results of {} cell(s), {} members, {} training set(s) and up to {} sizes",
        cells.len(),
        sizes.members,
        sizes.training_sets,
        sizes.checkpoints
    );
    let field = if sizes.training_sets > sizes.members { "training_sets" } else { "members" };
    list.push((field, what, rows.iter().product::<f64>() * ROW));
    list
}

fn size(bytes: f64) -> String {
    let gigabytes = 1e-9 * bytes;
    if gigabytes < 1e4 { format!("{gigabytes:.1} GB") } else { format!("{gigabytes:.1e} GB") }
}

/// Bytes that this process may have, and by what: of the machine, of its control group, or of its own limit; none if the system does
/// not tell.
fn memory() -> Option<(f64, &'static str)> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = machine.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let machine = 1024.0 * line.split_whitespace().next()?.parse::<f64>().ok()?;
    // Of the root group as it is seen here: in a container the container's. `max` is no number.
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = |file| std::fs::read_to_string(file).ok()?.trim().parse::<f64>().ok();
    let machine = group.into_iter().filter_map(limit).fold(machine, f64::min);
    let own = std::fs::read_to_string("/proc/self/limits").ok().and_then(|limits| address_space(&limits));
    Some(match own {
        Some(own) if own < machine => (own, "the limit of this process (`ulimit -v`) is"),
        _ => (machine, "this machine has"),
    })
}

/// Bytes of address space that a process may have, of what the system says of its limits.
fn address_space(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    // `unlimited` is no number.
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::address_space;

    #[test]
    fn a_limit_of_the_process_is_read() {
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max cpu time              unlimited            unlimited            seconds   \n\
                 Max address space         {soft:<20} unlimited            bytes     \n"
            )
        };
        assert_eq!(address_space(&limits("4096000000")), Some(4.096e9));
        assert_eq!(address_space(&limits("unlimited")), None);
        assert_eq!(address_space(""), None);
    }
}
