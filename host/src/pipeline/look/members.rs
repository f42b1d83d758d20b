//! What was found in the members' events of one generator and posterior.

use std::collections::HashSet;

use amplicast_sdk::ndarray::{Array2, s};
use amplicast_sdk::{Batch, Chunk, MembersData, Origin, Result};

use super::true_sample::values_of;
use crate::covering::Shape;
use crate::inspection::{Findings, Glance, compared};
use crate::pipeline::observe::Observables;
use crate::pipeline::posterior::{Posterior, SetRow};
use crate::results::Inspected;

/// Events by which members of the same parameters are compared.
const COMPARED: usize = 100;

/// Members of which half or more are the same as another one are no fits, or draws, of their own.
fn alike(row: &SetRow<'_>, posterior: &Posterior) -> Result<Option<String>> {
    let parameters = &posterior.members.parameters;
    let bits = |p: &Vec<f32>| p.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    let few = |different: usize| different < parameters.len().div_ceil(2);
    let mut different = parameters.iter().map(bits).collect::<HashSet<_>>().len();
    if posterior.layout.is_some() && few(different) {
        // A generator that is prepared on other events may be another one with the same parameters: it tells by what it generates.
        let generated = (0..parameters.len()).map(|i| first_events(row, posterior, i as u64));
        different = generated.collect::<Result<HashSet<_>>>()?.len();
    }
    let told = parameters.iter().any(|p| !p.is_empty()) && few(different);
    Ok((told && parameters.len() > 1).then(|| {
        format!(
            "{} members have {different} different set(s) of parameters: expected fits or draws of their own, as many as members",
            parameters.len()
        )
    }))
}

/// The bits of the first events that a member generates with the same random numbers as all others.
fn first_events(row: &SetRow<'_>, posterior: &Posterior, i: u64) -> Result<Vec<u64>> {
    let member = row.member(posterior, i)?;
    let count = member.capacity().map_or(COMPARED, |all| all.min(COMPARED as u64) as usize);
    let mut events = Array2::zeros((count, row.setting.components.schema.dimension()));
    let chunk = Chunk { index: 0, first_event: 0, seed: row.sampling_seed(0) };
    member.sample(chunk, events.view_mut())?;
    Ok(events.iter().map(|x: &f64| x.to_bits()).collect())
}

/// What was found in the members' events, and what results say of it.
pub fn inspect(row: &SetRow<'_>, posterior: &Posterior, glances: &[Glance]) -> Result<(Findings, Inspected)> {
    let data = members_data(row, posterior);
    let columns = row.setting.components.schema.column_names();
    let places: Vec<String> = (0..glances.len())
        .map(|i| row.place(i, posterior.members.parameters.len()))
        .collect::<Result<_>>()?;
    let generator = row.training.generator().component.as_ref().map_err(Clone::clone)?;
    let given = generator.conditions(&row.setting.components.schema)?;
    let names = (columns, &given[..]);
    let mut findings = Findings::new(glances, row.set.truth, data, names, |i| places[i].clone());
    if data != Some(MembersData::Same)
        && findings.dependent.is_none()
        && let Some(text) = alike(row, posterior)?
    {
        findings.warnings.push(text.clone());
        findings.dependent = Some(text);
    }
    for summary in &row.set.truth.summaries {
        // What cannot be evaluated has no result either.
        let used = row.cells.iter().any(|cell| cell.summary == summary.summary && !cell.per_member);
        if let Some(values) =
            used.then(|| beginnings(row, summary.summary, glances)).transpose().ok().flatten()
        {
            findings.look_at(summary, &values, data);
        }
    }
    let name = &row.cells[0].name;
    let inspected = Inspected {
        generator: name.generator.clone(),
        uncertainty: name.uncertainty.clone(),
        replica: row.set.number,
        members_data: data,
        events: glances.iter().map(|g| g.events).sum(),
        copies: findings.copies,
        precision: (!row.set.events.rounding().is_none()).then(|| row.set.events.rounding().to_string()),
        findings: findings.refused.iter().chain(&findings.warnings).cloned().collect(),
    };
    Ok((findings, inspected))
}

/// A summary of the first events of each member.
fn beginnings(row: &SetRow<'_>, summary: usize, glances: &[Glance]) -> Result<Vec<Vec<f32>>> {
    let dimension = row.setting.components.schema.dimension();
    let n = compared(glances, dimension);
    let rows: Vec<u64> = (0..n as u64).collect();
    let observables = Observables { cuts: &[], ..row.set.observables };
    let one = |glance: &Glance| {
        let head = glance.head(dimension).slice(s![..n, ..]).mapv(f64::from);
        let batch = Batch::new(head.view(), Origin::Generated, &rows);
        Ok(values_of(summary, &batch, observables)?.into_iter().map(|x| x as f32).collect())
    };
    glances.iter().map(one).collect()
}

/// What the members were fitted to: their rows tell, the uncertainty model knows, or the user says.
fn members_data(row: &SetRow<'_>, posterior: &Posterior) -> Option<MembersData> {
    if let Some(layout) = &posterior.layout {
        return Some(match layout.shape {
            Shape::Parts => MembersData::Halves,
            Shape::Bootstraps => MembersData::Bootstrap,
            Shape::Subsets => MembersData::Subsets,
        });
    }
    let components = row.setting.components;
    match row.cells[0].uncertainty {
        Some(u) => components.uncertainties[u].component.as_ref().ok().map(|u| u.members_data()),
        None => row.setting.experiment.generator[row.cells[0].generator].given.data,
    }
}
