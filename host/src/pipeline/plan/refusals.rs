//! What cannot work is refused by name before anything runs.

use amplicast_sdk::{Abilities, Error, ErrorKind, LossKind, MembersData, ReferenceUse, Split, Takes};

use super::cells::{Plan, PlannedCell, member_count, summaries_of};
use super::components::Components;
use super::groups::{expect_whole_holdout, training_groups};
use super::source::TrueSource;
use crate::config::{ConfigError, Experiment, ReferenceName, Sizes, Source};

/// An error at the first thing of the experiment that cannot work.
pub fn refuse(
    plan: &Plan,
    source: &Source,
    experiment: &Experiment,
    components: &Components,
) -> Result<(), ConfigError> {
    let sizes = &experiment.experiment;
    check_selections(source, experiment, components)?;
    check_weights(plan, source, components)?;
    check_groups(plan, source, experiment, components)?;
    for cell in &plan.cells {
        check_numbers(source, components, cell)?;
        check_densities(source, experiment, components, cell)?;
        check_pair(source, components, cell)?;
        check_conditions(source, components, cell)?;
        check_members(source, experiment, components, cell)?;
    }
    for (made, table) in components.generators.iter().zip(&experiment.generator) {
        let own = made.component.as_ref().map_or(true, |g| g.abilities().own_members);
        let given = &table.given;
        let said = [
            ("members_data", given.data.is_some()),
            ("members_rows", !given.rows.is_empty()),
            ("members_full", !given.full.is_empty()),
        ];
        if let Some((key, _)) = said.into_iter().find(|(_, said)| *said && !own) {
            let message = format!(
                "`{key}` is for generators that bring their own members; those of `{}` are inferred by [[uncertainty]], \
                 which knows what they are fitted to",
                made.name
            );
            return Err(source.error(&format!("{}.{key}", made.path), &message));
        }
    }
    let Ok(dataset) = &components.dataset.component else { return Ok(()) };
    let capacity = |split| dataset.capacity(split).map_err(|e| source.error("dataset", &e.to_string()));
    if let Some(events) = capacity(Split::Training)?
        && events < sizes.training_sets.saturating_mul(sizes.n_train)
    {
        let message = format!(
            "expected {} events for {} disjoint training set(s) of {}, found {events} in the dataset",
            sizes.training_sets.saturating_mul(sizes.n_train),
            sizes.training_sets,
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
    check_cuts(source, sizes, &**dataset)?;
    for cell in &plan.cells {
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

/// Of events with weights, what would take them for events that all count alike is refused.
fn check_weights(plan: &Plan, source: &Source, components: &Components) -> Result<(), ConfigError> {
    if !components.dataset.component.as_ref().is_ok_and(|dataset| dataset.weighted()) {
        return Ok(());
    }
    const UNABLE: &str = "cannot take account of event weights, and this dataset's events have some";
    for cell in &plan.cells {
        let generator = &components.generators[cell.generator];
        let able = |a: Abilities| a.weights || (a.own_members && cell.uncertainty.is_none());
        if generator.component.as_ref().is_ok_and(|g| !able(g.abilities())) {
            let message = format!("generator `{}` {UNABLE}", generator.name);
            return Err(source.error(&generator.path, &message));
        }
        let metric = &components.metrics[cell.metric];
        if metric.component.as_ref().is_ok_and(|m| !m.weights()) {
            let message =
                format!("metric `{0}` {UNABLE}; leave it out: [[exclude]] metric = \"{0}\"", metric.name);
            return Err(source.error(&metric.path, &message));
        }
        let summary = &components.summaries[cell.summary];
        let fitted = summary.component.as_ref().ok().and_then(|summary| summary.fitted());
        if fitted.is_some_and(|fitted| !fitted.needs().weights) {
            let message =
                format!("summary `{0}` {UNABLE}; leave it out: [[exclude]] summary = \"{0}\"", summary.name);
            return Err(source.error(&summary.path, &message));
        }
    }
    Ok(())
}

/// Of events some of which belong together, what would take each for itself is refused.
fn check_groups(
    plan: &Plan,
    source: &Source,
    experiment: &Experiment,
    components: &Components,
) -> Result<(), ConfigError> {
    if !components.dataset.component.as_ref().is_ok_and(|dataset| dataset.grouped()) {
        return Ok(());
    }
    for cell in &plan.cells {
        let metric = &components.metrics[cell.metric];
        if metric.component.as_ref().is_ok_and(|m| !m.groups()) {
            let message = format!(
                "metric `{0}` cannot take account of events that belong together, and this dataset's do (`groups`); leave it out: \
                 [[exclude]] metric = \"{0}\"",
                metric.name
            );
            return Err(source.error(&metric.path, &message));
        }
        for summary in summaries_of(experiment, components, cell.summary, cell.selection) {
            if !summary.component.as_ref().is_ok_and(|summary| summary.fitted().is_some()) {
                continue;
            }
            let message = format!(
                "summary `{0}` is fitted to some true events and evaluated on others, which would be no independent ones where events belong \
                 together, as this dataset's do (`groups`); leave it out: [[exclude]] summary = \"{0}\"",
                summary.name
            );
            return Err(source.error(&summary.path, &message));
        }
    }
    Ok(())
}

/// Refuses training sets, what is left out of them, and a holdout that cut a group of events.
fn check_cuts(source: &Source, sizes: &Sizes, dataset: &dyn TrueSource) -> Result<(), ConfigError> {
    let here = |error: Error| match error.kind() {
        ErrorKind::Config => source.error(&format!("experiment.{}", error.place()), error.message()),
        _ => source.error("dataset", &error.to_string()),
    };
    for number in 0..sizes.training_sets {
        if training_groups(dataset, sizes, number).map_err(here)?.is_none() {
            return Ok(());
        }
    }
    expect_whole_holdout(dataset, sizes).map_err(here)
}

/// What a summary of several numbers is, for messages.
fn several(components: &Components, summary: usize) -> Option<String> {
    let (name, numbers) = (&components.summaries[summary].name, &components.numbers[summary]);
    (numbers.len() > 1).then(|| format!("`{name}` has {}: {}", numbers.len(), numbers.join(", ")))
}

/// Cuts and planes are those of summaries of one number.
fn check_selections(
    source: &Source,
    experiment: &Experiment,
    components: &Components,
) -> Result<(), ConfigError> {
    for (i, selection) in experiment.selection.iter().enumerate() {
        let cuts = selection.cuts.iter().enumerate();
        let cuts = cuts.map(|(j, cut)| (format!("cuts[{j}].summary"), "a cut", &cut.summary));
        let axes = selection.plane.iter().flatten().enumerate();
        let axes = axes.map(|(j, name)| (format!("plane[{j}]"), "an axis of a plane", name));
        for (field, what, name) in cuts.chain(axes) {
            let Some(summary) = components.summaries.iter().position(|s| s.name == *name) else { continue };
            if let Some(several) = several(components, summary) {
                let message = format!("{what} takes a summary of one number, {several}");
                return Err(source.error(&format!("selection[{i}].{field}"), &message));
            }
        }
    }
    Ok(())
}

fn check_numbers(source: &Source, components: &Components, cell: &PlannedCell) -> Result<(), ConfigError> {
    let metric = &components.metrics[cell.metric];
    let takes_one = metric.component.as_ref().is_ok_and(|m| m.takes() == Takes::One);
    let Some(several) = several(components, cell.summary).filter(|_| takes_one) else { return Ok(()) };
    let message = format!(
        "metric `{0}` takes summaries of one number, {several}; leave the pair out: [[exclude]] metric = \"{0}\", summary = \
         \"{1}\"",
        metric.name, cell.name.summary
    );
    Err(source.error(&metric.path, &message))
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
        if (loaded.needs().true_log_density || loaded.needs().true_gradient)
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
            "metric `{}` compares members in the same regions, but `{}` with selection `{}` differs from member \
             to member; leave the pair out: [[exclude]] metric = \"{}\", summary = \"{}\", selection = \"{}\"",
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

/// Members of a posterior over parameters would all draw conditions of the same events.
fn check_conditions(source: &Source, components: &Components, cell: &PlannedCell) -> Result<(), ConfigError> {
    let generator = &components.generators[cell.generator];
    let Some(uncertainty) = cell.uncertainty.map(|u| &components.uncertainties[u]) else { return Ok(()) };
    let (Ok(loaded), Ok(model)) = (&generator.component, &uncertainty.component) else { return Ok(()) };
    if model.members_data() != MembersData::Posterior {
        return Ok(());
    }
    let given = loaded
        .conditions(&components.schema)
        .map_err(|error| source.error(&generator.path, &error.to_string()))?;
    if given.is_empty() {
        return Ok(());
    }
    Err(source.error(
        &uncertainty.path,
        &format!(
            "uncertainty `{0}` draws parameters for one training set, so that all members of the conditional generator `{1}` would be given \
             the same events, and their spread would leave out how these fluctuate: use fits to parts or bootstraps of the events, such as \
             `halves`; or leave the pair out: [[exclude]] generator = \"{1}\", uncertainty = \"{0}\"",
            uncertainty.name, generator.name
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
