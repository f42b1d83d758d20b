//! The plan: the cells of the matrix, with every impossible one refused by name before anything runs.

use amplicast_sdk::abi::{LoadedSummaryStatistic, LoadedUncertaintyModel};
use amplicast_sdk::{LossKind, ReferenceUse, Split};

use super::components::{Components, Made};
use super::memory::check_memory;
use crate::config::{ConfigError, Experiment, Names, ReferenceName, Selector, Source};
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
    /// Whether its summary, or one that its selection cuts on, is another function for each member.
    pub per_member: bool,
    /// The names.
    pub name: CellName,
}

/// The cells of an experiment.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order of the experiment file.
    pub cells: Vec<PlannedCell>,
}

impl Plan {
    /// Crosses the tables, applies `pair` and `exclude`, and refuses what cannot work.
    pub fn new(
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
                                        || "given".into(),
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
        let plan = Plan { cells };
        plan.check(source, experiment, components)?;
        check_memory(source, experiment, components, &plan.cells)?;
        Ok(plan)
    }

    fn check(
        &self,
        source: &Source,
        experiment: &Experiment,
        components: &Components,
    ) -> Result<(), ConfigError> {
        let sizes = &experiment.experiment;
        for cell in &self.cells {
            check_densities(source, experiment, components, cell)?;
            check_pair(source, components, cell)?;
            check_members(source, experiment, components, cell)?;
        }
        for (made, table) in components.generators.iter().zip(&experiment.generator) {
            let own = made.component.as_ref().map_or(true, |g| g.abilities().own_members);
            if table.members_data.is_some() && !own {
                let message = format!(
                    "`members_data` is for generators that bring their own members; those of `{}` are inferred by [[uncertainty]], \
                     which knows what they are fitted to",
                    made.name
                );
                return Err(source.error(&format!("{}.members_data", made.path), &message));
            }
        }
        let Ok(dataset) = &components.dataset.component else { return Ok(()) };
        let capacity = |split| dataset.capacity(split).map_err(|e| source.error("dataset", &e.to_string()));
        if let Some(events) = capacity(Split::Training)?
            && events < sizes.replicas.saturating_mul(sizes.n_train)
        {
            let message = format!(
                "expected {} events for {} disjoint training set(s) of {}, found {events} in the dataset",
                sizes.replicas.saturating_mul(sizes.n_train),
                sizes.replicas,
                sizes.n_train
            );
            return Err(source.error("experiment.n_train", &message));
        }
        // Also without a metric against the holdout: it stands for the truth where there is no other.
        if let (Some(found), Some(wanted)) = (capacity(Split::Holdout)?, sizes.n_holdout)
            && found < wanted
        {
            let message = format!("expected {wanted} holdout events, found {found} in the dataset");
            return Err(source.error("experiment.n_holdout", &message));
        }
        for cell in &self.cells {
            let Some(reference) = cell.reference else { continue };
            let path = format!("{}.reference", components.metrics[cell.metric].path);
            let missing = match reference {
                ReferenceName::Training => None,
                ReferenceName::LeftOut => (((sizes.n_train as f64 * sizes.left_out) as u64) < 1)
                    .then(|| "reference `left-out` needs `left_out` in [experiment]: the part of n_train kept back".into()),
                ReferenceName::Holdout => match capacity(Split::Holdout)? {
                    Some(0) => Some("reference `holdout`: the dataset has no holdout events".into()),
                    _ => None,
                },
                ReferenceName::Truth => capacity(Split::Holdout)?.map(|_| {
                    format!(
                        "reference `truth` needs a dataset that can be sampled without end; `{}` cannot: use `holdout`",
                        components.dataset.plugin
                    )
                }),
            };
            if let Some(message) = missing {
                return Err(source.error(&path, &message));
            }
        }
        Ok(())
    }
}

/// The summaries that a cell evaluates: its own, and those that its selection cuts on.
fn summaries_of<'a>(
    experiment: &Experiment,
    components: &'a Components,
    summary: usize,
    selection: usize,
) -> impl Iterator<Item = &'a Made<LoadedSummaryStatistic>> {
    let cuts: Vec<String> = experiment.selection[selection].cuts.iter().map(|c| c.summary.clone()).collect();
    let used =
        move |(i, made): &(usize, &Made<LoadedSummaryStatistic>)| *i == summary || cuts.contains(&made.name);
    components.summaries.iter().enumerate().filter(used).map(|(_, made)| made)
}

fn per_member(experiment: &Experiment, components: &Components, summary: usize, selection: usize) -> bool {
    let depends = |made: &Made<LoadedSummaryStatistic>| {
        made.component.as_ref().is_ok_and(|s| s.needs().depends_on_member())
    };
    summaries_of(experiment, components, summary, selection).any(depends)
}

fn check_densities(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    cell: &PlannedCell,
) -> Result<(), ConfigError> {
    let generator = &components.generators[cell.generator];
    for summary in summaries_of(experiment, components, cell.summary, cell.selection) {
        let Ok(loaded) = &summary.component else { continue };
        let refuse = |what: &str, whose: &str, advice: &str| {
            let message =
                format!("summary `{}` needs {what}, which {whose} does not have; {advice}", summary.name);
            Err(source.error(&summary.path, &message))
        };
        if loaded.needs().true_log_density
            && components.dataset.component.as_ref().is_ok_and(|d| d.density().is_none())
        {
            let whose = format!("dataset `{}`", components.dataset.plugin);
            return refuse("the density of the truth", &whose, "it works with datasets of a known law");
        }
        if loaded.needs().log_density
            && generator.component.as_ref().is_ok_and(|g| !g.abilities().log_density)
        {
            let whose = format!("generator `{}`", generator.name);
            let advice = format!(
                "leave the pair out: [[exclude]] generator = \"{}\", summary = \"{}\"",
                generator.name, cell.name.summary
            );
            return refuse("the density of generated events", &whose, &advice);
        }
    }
    let metric = &components.metrics[cell.metric];
    if cell.per_member && metric.component.as_ref().is_ok_and(|m| *m.reference() != ReferenceUse::Values) {
        let message = format!(
            "metric `{}` compares members in the same regions, but `{}` with selection `{}` is another function for each \
             member; leave the pair out: [[exclude]] metric = \"{}\", summary = \"{}\", selection = \"{}\"",
            metric.name,
            cell.name.summary,
            cell.name.selection,
            metric.name,
            cell.name.summary,
            cell.name.selection
        );
        return Err(source.error(&metric.path, &message));
    }
    Ok(())
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

fn check_pair(source: &Source, components: &Components, cell: &PlannedCell) -> Result<(), ConfigError> {
    let generator = &components.generators[cell.generator];
    let Some(uncertainty) = cell.uncertainty.map(|u| &components.uncertainties[u]) else { return Ok(()) };
    let (Ok(able), Ok(needing)) = (&generator.component, &uncertainty.component) else { return Ok(()) };
    let (abilities, requirements) = (able.abilities(), needing.requirements());
    let missing = if requirements.gradients && abilities.gradients.is_none() {
        Some("gradients of the loss")
    } else if requirements.likelihood && abilities.gradients == Some(LossKind::Surrogate) {
        Some("a loss that is a negative log-likelihood")
    } else if requirements.fit && !abilities.fit {
        Some("a fit")
    } else {
        None
    };
    let Some(missing) = missing else { return Ok(()) };
    let would_work: Vec<String> = components
        .uncertainties
        .iter()
        .filter(|u| {
            u.component.as_ref().is_ok_and(|u| {
                let r = u.requirements();
                let likelihood = abilities.gradients == Some(LossKind::NegativeLogLikelihood);
                (!r.gradients || abilities.gradients.is_some())
                    && (!r.likelihood || likelihood)
                    && (!r.fit || abilities.fit)
            })
        })
        .map(|u| format!("`{}`", u.name))
        .collect();
    let advice = if would_work.is_empty() {
        "an uncertainty model that needs less, such as `ensemble`, may work".to_string()
    } else {
        format!("with it would work: {}", would_work.join(", "))
    };
    Err(source.error(
        &uncertainty.path,
        &format!(
            "uncertainty `{}` needs {missing}, which generator `{}` does not have; {advice}; or leave the pair out: \
             [[exclude]] generator = \"{}\", uncertainty = \"{}\"",
            uncertainty.name, generator.name, generator.name, uncertainty.name
        ),
    ))
}

fn check_members(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    cell: &PlannedCell,
) -> Result<(), ConfigError> {
    let Some(uncertainty) = cell.uncertainty.map(|u| &components.uncertainties[u]) else { return Ok(()) };
    let metric = &components.metrics[cell.metric];
    let (Ok(model), Ok(needing)) = (&uncertainty.component, &metric.component) else { return Ok(()) };
    let requirements = model.requirements();
    let members = member_count(experiment, Some(model));
    if members < requirements.least_members as u64 {
        let message = format!(
            "uncertainty `{}` needs at least {} members, found {members}",
            uncertainty.name, requirements.least_members
        );
        return Err(source.error("experiment.members", &message));
    }
    if members < needing.least_members() {
        let (name, least) = (&metric.name, needing.least_members());
        let message = format!(
            "metric `{name}` needs at least {least} members, `{}` gives {members}; leave the pair out: [[exclude]] \
             uncertainty = \"{}\", metric = \"{name}\"",
            uncertainty.name, uncertainty.name
        );
        return Err(source.error(&metric.path, &message));
    }
    Ok(())
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
