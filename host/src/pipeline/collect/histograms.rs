//! The distribution of a generator's events with the covariance of its bins, where members know the events that they were fitted to.

use crate::covering::{Covering, Fits, Kind, Layout, Part, Sample, Shape};
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

/// The fractions of events in the bins.
fn fractions(tally: &Tally) -> Vec<f64> {
    tally.values.iter().map(|count| count / tally.passed.max(1) as f64).collect()
}

/// The events of a member.
fn generated(member: &MemberCurve) -> Tally {
    let (passed, values) = (member.passed.last().copied(), member.values.last().cloned());
    Tally { passed: passed.unwrap_or(0), values: values.unwrap_or_default() }
}

/// A histogram of the members' events in bins with these edges; none where members do not allow it. `texts` are its name and its label.
pub fn histogram(
    members: &[MemberCurve],
    layout: &Layout,
    edges: &[f64],
    [name, label]: [&str; 2],
    of: &CellName,
) -> Option<Histogram> {
    // A fit to a subset is no fit to all events.
    if layout.shape == Shape::Subsets {
        return None;
    }
    let training = &members.first()?.fitted_to.as_ref()?.all;
    let means = fractions(training);
    let of_member = |member: &usize| fractions(&generated(&members[*member]));
    let part = |list: &Vec<usize>| {
        let own = fractions(&members[list[0]].fitted_to.as_ref()?.own);
        Some(Part { own, starts: list.iter().map(of_member).collect() })
    };
    let finite = members.iter().map(|member| {
        let tally = generated(member);
        let scatter: f64 = fractions(&tally).iter().map(|g| g * (1.0 - g)).sum();
        scatter / tally.passed.max(1) as f64 / members.len() as f64
    });
    let entry = |(r, a): (usize, &f64), (s, b): (usize, &f64)| if r == s { a * (1.0 - a) } else { -a * b };
    let rows = means.iter().enumerate();
    let fits = Fits {
        training: Sample {
            events: training.passed as f64,
            covariance: rows.flat_map(|a| means.iter().enumerate().map(move |b| entry(a, b))).collect(),
            means: means.clone(),
            trace_error: 0.0,
        },
        full: layout.full.iter().map(of_member).collect(),
        parts: layout.parts.iter().map(part).collect::<Option<_>>()?,
        pairs: layout.pairs.clone(),
        finite: finite.sum(),
        factor: layout.factor,
    };
    let found = Covering::new(fits.taken())?;
    let predicted = fits.predicted(&found.taken.one, found.kind == Kind::BiasSeen);
    let speaking = layout.speaking();
    let events = speaking.iter().map(|member| generated(&members[*member]).passed as f64).sum::<f64>()
        / speaking.len().max(1) as f64;
    let description = format!(
        "Events of one fit of the generator {} ({}), trained on {} events, {events:.0} events generated. The covariance holds the \
         statistics of these events, the scatter of the generator over training sets, and its bias as the training events show it.",
        of.generator, of.uncertainty, training.passed
    );
    Some(Histogram {
        name: name.into(),
        label: label.into(),
        edges: edges.to_vec(),
        values: predicted.generated.iter().map(|g| events * g).collect(),
        covariance: predicted.total.entries.iter().map(|c| events * events * c).collect(),
        description,
    })
}
