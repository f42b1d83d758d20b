//! The distribution of a generator's events with the covariance of its bins, where members know the events that they were fitted to.

use amplicast_sdk::{Expectations, Result};

use super::fits::{fits, generated};
use crate::covering::{Covering, Kind, Layout, Shape};
use crate::exports::Histogram;
use crate::pipeline::curves::MemberCurve;
use crate::pipeline::observe::Tally;
use crate::results::CellName;

/// A generated distribution, and whose it is.
pub struct Generated {
    /// A cell of the same generator, posterior, summary and selection.
    pub of: CellName,
    /// The numbers of one fit's events, with their covariance: statistics, scatter over training sets, bias.
    pub histogram: Histogram,
}

/// The fractions of events in the bins, with their multinomial covariance.
fn fractions(tally: &Tally) -> Result<Expectations> {
    let means: Vec<f64> = tally.values.iter().map(|count| count / tally.passed.max(1) as f64).collect();
    let entry = |(r, a): (usize, &f64), (s, b): (usize, &f64)| if r == s { a * (1.0 - a) } else { -a * b };
    let rows = means.iter().enumerate();
    let covariance = rows.flat_map(|a| means.iter().enumerate().map(move |b| entry(a, b))).collect();
    Ok(Expectations { covariance, units: vec![1.0; means.len()], error: 0.0, means })
}

/// A histogram of the members' events in bins with these edges; none where members do not allow it. `texts` are its name and its label.
pub fn histogram(
    members: &[MemberCurve],
    layout: &Layout,
    edges: &[f64],
    [name, label]: [&str; 2],
    of: &CellName,
) -> Result<Option<Histogram>> {
    // A fit to a subset is no fit to all events.
    if layout.shape == Shape::Subsets {
        return Ok(None);
    }
    let Some((fits, _)) = fits(members, layout, &fractions)? else { return Ok(None) };
    let Some(found) = Covering::new(fits.taken()) else { return Ok(None) };
    let predicted = fits.predicted(&found.taken.one, found.kind == Kind::BiasSeen);
    let speaking = layout.speaking();
    let events = speaking.iter().map(|member| generated(&members[*member]).passed as f64).sum::<f64>()
        / speaking.len().max(1) as f64;
    let description = format!(
        "Events of one fit of the generator {} ({}), trained on {} events, {events:.0} events generated. The covariance holds the \
         statistics of these events, the scatter of the generator over training sets, and its bias as the training events show it.",
        of.generator, of.uncertainty, fits.training.events
    );
    Ok(Some(Histogram {
        name: name.into(),
        label: label.into(),
        edges: edges.to_vec(),
        values: predicted.generated.iter().map(|g| events * g).collect(),
        covariance: predicted.total.entries.iter().map(|c| events * events * c).collect(),
        description,
    }))
}
