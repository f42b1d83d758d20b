//! The plan: the cells of the matrix.

use std::collections::HashSet;

use amplicast_sdk::ReferenceUse;
use amplicast_sdk::abi::{LoadedSummary, LoadedUncertaintyModel};

use super::components::{Components, Made};
use crate::config::{ConfigError, Experiment, GIVEN, Names, ReferenceName, Selector, Source};
use crate::results::CellName;

/// A cell, by the numbers of its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCell {
    /// Number of the generator.
    pub generator: usize,
    /// Number of the uncertainty model; none if the generator brings its own members.
    pub uncertainty: Option<usize>,
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// Number of the metric.
    pub metric: usize,
    /// The reference, if the metric uses one.
    pub reference: Option<ReferenceName>,
    /// Whether its summary, or one that its selection cuts on, differs from member to member.
    pub per_member: bool,
    /// The names.
    pub name: CellName,
}

/// A generator and an uncertainty model, by the numbers of their tables: a row of the table of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    /// Number of the generator.
    pub generator: usize,
    /// Number of the uncertainty model; none if the generator brings its own members.
    pub uncertainty: Option<usize>,
}

impl Row {
    /// That of a cell.
    pub fn of(cell: &PlannedCell) -> Self {
        Row { generator: cell.generator, uncertainty: cell.uncertainty }
    }
}

/// The cells of an experiment.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order of the experiment file.
    pub cells: Vec<PlannedCell>,
}

impl Plan {
    /// Its rows, in the order of their first cells.
    pub fn rows(&self) -> Vec<Row> {
        let mut seen = HashSet::new();
        self.cells.iter().map(Row::of).filter(|row| seen.insert(*row)).collect()
    }

    /// The cells of a row.
    pub fn cells_of(&self, row: Row) -> Vec<&PlannedCell> {
        self.cells.iter().filter(|cell| Row::of(cell) == row).collect()
    }

    /// Crosses the tables, and applies `pair` and `exclude`.
    pub fn cross(
        source: &Source,
        experiment: &Experiment,
        components: &Components,
    ) -> Result<Self, ConfigError> {
        let mut cells = Vec::new();
        for (generator, made) in components.generators.iter().enumerate() {
            let own = made.component.as_ref().is_ok_and(|g| g.abilities().own_members);
            let uncertainties: Vec<Option<usize>> =
                if own { vec![None] } else { (0..components.uncertainties.len()).map(Some).collect() };
            if uncertainties.is_empty() {
                let message = format!(
                    "generator `{}` brings no members of its own: expected at least one table [[uncertainty]], found none",
                    made.name
                );
                return Err(source.error(&made.path, &message));
            }
            for uncertainty in uncertainties {
                for summary in 0..components.summaries.len() {
                    for selection in 0..experiment.selection.len() {
                        for metric in 0..components.metrics.len() {
                            for reference in references(source, experiment, components, metric)? {
                                let name = CellName {
                                    generator: made.name.clone(),
                                    uncertainty: uncertainty.map_or_else(
                                        || GIVEN.into(),
                                        |u| components.uncertainties[u].name.clone(),
                                    ),
                                    summary: components.summaries[summary].name.clone(),
                                    selection: experiment.selection[selection].name.clone(),
                                    metric: components.metrics[metric].name.clone(),
                                    reference: reference.map_or_else(String::new, |r| r.text().into()),
                                };
                                if wanted(experiment, &name) {
                                    cells.push(PlannedCell {
                                        generator,
                                        uncertainty,
                                        summary,
                                        selection,
                                        metric,
                                        reference,
                                        per_member: per_member(experiment, components, summary, selection),
                                        name,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        if cells.is_empty() {
            return Err(
                source.error("", "expected at least one cell, found none: the rules exclude everything")
            );
        }
        Ok(Plan { cells })
    }
}

/// The summaries that a cell evaluates: its own, and those that its selection cuts on.
pub fn summaries_of<'a>(
    experiment: &Experiment,
    components: &'a Components,
    summary: usize,
    selection: usize,
) -> impl Iterator<Item = &'a Made<LoadedSummary>> {
    let cuts: Vec<String> = experiment.selection[selection].cuts.iter().map(|c| c.summary.clone()).collect();
    let used = move |(i, made): &(usize, &Made<LoadedSummary>)| *i == summary || cuts.contains(&made.name);
    components.summaries.iter().enumerate().filter(used).map(|(_, made)| made)
}

fn per_member(experiment: &Experiment, components: &Components, summary: usize, selection: usize) -> bool {
    let depends = |made: &Made<LoadedSummary>| made.component.as_ref().is_ok_and(|s| s.depends_on_member());
    summaries_of(experiment, components, summary, selection).any(depends)
}

/// The references that a metric is taken against; one `None` for a metric that uses none.
fn references(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    metric: usize,
) -> Result<Vec<Option<ReferenceName>>, ConfigError> {
    let table = &experiment.metric[metric];
    let uses_values = match &components.metrics[metric].component {
        Ok(loaded) => *loaded.reference() == ReferenceUse::Values,
        Err(_) => !table.references.is_empty(),
    };
    if !uses_values {
        if table.references.is_empty() {
            return Ok(vec![None]);
        }
        let message =
            format!("metric `{}` compares with no reference sample: expected no `reference`", table.plugin);
        return Err(source.error(&format!("{}.reference", table.path), &message));
    }
    if table.references.is_empty() {
        let message = format!(
            "metric `{}` needs `reference`: one or more of \"training\", \"left-out\", \"holdout\", \"truth\"",
            table.plugin
        );
        return Err(source.error(&table.path, &message));
    }
    Ok(table.references.iter().copied().map(Some).collect())
}

/// Members that are drawn of an uncertainty model.
pub fn member_count(experiment: &Experiment, uncertainty: Option<&LoadedUncertaintyModel>) -> u64 {
    let wanted = experiment.experiment.members;
    uncertainty.and_then(|u| u.requirements().most_members).map_or(wanted, |most| most.min(wanted))
}

fn wanted(experiment: &Experiment, cell: &CellName) -> bool {
    let paired = experiment.pair.iter().all(|pair| !matches(&pair.cells, cell) || matches(&pair.with, cell));
    paired && !experiment.exclude.iter().any(|selector| matches(selector, cell))
}

fn matches(selector: &Selector, cell: &CellName) -> bool {
    let given: [(&Option<Names>, &str); 6] = [
        (&selector.generator, &cell.generator),
        (&selector.uncertainty, &cell.uncertainty),
        (&selector.summary, &cell.summary),
        (&selector.selection, &cell.selection),
        (&selector.metric, &cell.metric),
        (&selector.reference, &cell.reference),
    ];
    given
        .iter()
        .all(|(names, found)| names.as_ref().is_none_or(|n| n.list().iter().any(|name| name == found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(metric: &str, summary: &str) -> CellName {
        CellName {
            generator: "g".into(),
            uncertainty: "u".into(),
            summary: summary.into(),
            selection: "all".into(),
            metric: metric.into(),
            reference: String::new(),
        }
    }

    #[test]
    fn selectors_match_every_given_key() {
        let selector = Selector {
            metric: Some(Names::Any(vec!["ks".into(), "window".into()])),
            summary: Some(Names::One("m".into())),
            ..Default::default()
        };
        assert!(matches(&selector, &cell("ks", "m")));
        assert!(!matches(&selector, &cell("ks", "pt")));
        assert!(!matches(&selector, &cell("other", "m")));
        assert!(matches(&Selector::default(), &cell("any", "thing")));
    }
}
