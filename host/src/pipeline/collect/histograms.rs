//! The distribution of a generator's events with the covariance of its bins, where members know the events that they were fitted to.

use amplicast_sdk::{Expectations, Result};

use super::demonstration::{self, Further};
use super::fits::{fits, generated, sample};
use crate::covering::{Covering, Fits, Kind, Layout, Predicted, Shape};
use crate::exports::Histogram;
use crate::pipeline::curves::MemberCurve;
use crate::pipeline::observe::{Tally, fractions_of};
use crate::results::{CellName, Distance};

/// A generated distribution, and whose it is.
pub struct Generated {
    /// A cell of the same generator, posterior, summary and selection.
    pub of: CellName,
    /// The numbers of one fit's events, with their covariance: statistics, scatter over training sets, bias.
    pub histogram: Histogram,
}

/// A distribution with its errors, and how far it is from the true one.
pub struct WithErrors {
    /// For other programs.
    pub histogram: Histogram,
    /// Errors of the fractions in the bins.
    pub errors: Vec<f64>,
    /// Distance of the bins with enough training events from the true ones; absent if there is no truth, or no such bin.
    pub distance: Option<Distance>,
}

/// Training events in a bin from which on their number is as good as normal.
const ENOUGH: f64 = 5.0;

/// The fractions of events, or of their weights, in so many bins.
pub fn fractions(tally: &Tally, bins: usize) -> Vec<f64> {
    let all: Vec<usize> = (0..bins).collect();
    expectations(tally, bins, &all).map_or_else(|_| vec![0.0; bins], |found| found.means)
}

/// The fractions of events in some of `all` bins, with their multinomial covariance, or that of their weights and groups.
fn expectations(tally: &Tally, all: usize, bins: &[usize]) -> Result<Expectations> {
    let (units, with_error) = (vec![1.0; bins.len()], vec![0.0; bins.len()]);
    if let Some(found) = fractions_of(&tally.values, all)? {
        let means = bins.iter().map(|bin| found.means[*bin]).collect();
        let row = |r: &usize| bins.iter().map(|s| found.covariance[r * all + s]).collect::<Vec<f64>>();
        let covariance = bins.iter().flat_map(row).collect();
        return Ok(Expectations { means, covariance, units, error: 0.0, with_error, events: found.events });
    }
    let events = tally.passed.max(1) as f64;
    let means: Vec<f64> = bins.iter().map(|bin| tally.values[*bin] / events).collect();
    let entry = |(r, a): (usize, &f64), (s, b): (usize, &f64)| if r == s { a * (1.0 - a) } else { -a * b };
    let rows = means.iter().enumerate();
    let covariance = rows.flat_map(|a| means.iter().enumerate().map(move |b| entry(a, b))).collect();
    Ok(Expectations { means, covariance, units, error: 0.0, with_error, events })
}

/// A histogram of the members' events in bins with these edges, and of these true events; none where members do not allow it. `texts`
/// are its name and its label.
pub fn histogram(
    members: &[MemberCurve],
    layout: &Layout,
    edges: &[f64],
    [name, label]: [&str; 2],
    of: &CellName,
    further: Further<'_>,
) -> Result<Option<WithErrors>> {
    // A fit to a subset is no fit to all events.
    if layout.shape == Shape::Subsets {
        return Ok(None);
    }
    let all: Vec<usize> = (0..edges.len() - 1).collect();
    let Some((fits, predicted)) = predicted(members, layout, all.len(), &all)? else { return Ok(None) };
    let counted = |bin: &usize| fits.training.means[*bin] * fits.training.events >= ENOUGH;
    let filled: Vec<usize> = all.iter().copied().filter(counted).collect();
    let mut distance = None;
    if let Some((reference, tally)) = further.filter(|(_, tally)| tally.passed > 0)
        && let Some((_, predicted)) = self::predicted(members, layout, all.len(), &filled)?
    {
        let truth = expectations(tally, all.len(), &filled)?;
        let found = predicted.validated(&sample(&truth, &truth.units));
        distance = found.map(|found| demonstration::distance(&found, reference, tally.passed));
    }
    let speaking = layout.speaking();
    let events = speaking.iter().map(|member| generated(&members[*member]).passed as f64).sum::<f64>()
        / speaking.len().max(1) as f64;
    let description = format!(
        "Events of one fit of the generator {} ({}), trained on {:.0} {}events, {events:.0} events generated. The covariance holds the \
         statistics of these events, the scatter of the generator over training sets, and its bias as the training events show it.",
        of.generator,
        of.uncertainty,
        fits.training.events,
        if members.first().is_some_and(|m| !m.truth.training_fractions.is_empty()) {
            "effective "
        } else {
            ""
        }
    );
    let histogram = Histogram {
        name: name.into(),
        label: label.into(),
        edges: edges.to_vec(),
        values: predicted.generated.iter().map(|g| events * g).collect(),
        covariance: predicted.total.entries.iter().map(|c| events * events * c).collect(),
        description,
    };
    let errors = predicted.total.entries.iter().step_by(all.len() + 1).map(|c| c.max(0.0).sqrt()).collect();
    Ok(Some(WithErrors { histogram, errors, distance }))
}

/// The fractions in some of the bins with their covariance.
fn predicted(
    members: &[MemberCurve],
    layout: &Layout,
    all: usize,
    bins: &[usize],
) -> Result<Option<(Fits, Predicted)>> {
    if bins.is_empty() {
        return Ok(None);
    }
    let of = |tally: &Tally| expectations(tally, all, bins);
    let Some((fits, _)) = fits(members, layout, &of)? else { return Ok(None) };
    let Some(found) = Covering::new(fits.taken()) else { return Ok(None) };
    let predicted = fits.predicted(&found.taken.one, found.kind == Kind::BiasSeen);
    Ok(Some((fits, predicted)))
}
