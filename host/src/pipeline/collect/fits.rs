//! What members count of their events and of those that they were fitted to, as the input of the procedures.

use amplicast_sdk::{Error, Expectations, Result};

use crate::covering::{Fits, Layout, Part, Sample};
use crate::pipeline::curves::MemberCurve;
use crate::pipeline::observe::Tally;

/// The expectation values of a sample, of what an accumulator holds after it.
pub type ExpectationsOf<'a> = dyn Fn(&Tally) -> Result<Expectations> + 'a;

/// A sample in these units.
pub fn sample(found: &Expectations, units: &[f64]) -> Sample {
    let (size, covariance) = (units.len(), found.covariance.iter().enumerate());
    Sample {
        events: found.events,
        means: found.means.iter().zip(units).map(|(x, unit)| x / unit).collect(),
        with_trace: found.with_error.iter().zip(units).map(|(x, unit)| x / unit).collect(),
        covariance: covariance.map(|(i, m)| m / (units[i / size] * units[i % size])).collect(),
        trace_error: found.error,
    }
}

/// All events of a member.
pub fn generated(member: &MemberCurve) -> Tally {
    let (passed, values) = (member.passed.last().copied(), member.values.last().cloned());
    Tally { passed: passed.unwrap_or(0), values: values.unwrap_or_default() }
}

/// The fits and their events in the units of the training events, and these units; none of members that do not know what they were
/// fitted to.
pub fn fits(
    list: &[MemberCurve],
    layout: &Layout,
    of: &ExpectationsOf<'_>,
) -> Result<Option<(Fits, Vec<f64>)>> {
    let Some(first) = list.first().and_then(|member| member.fitted_to.as_ref()) else { return Ok(None) };
    let training = of(&first.all)?;
    let units = &training.units;
    let sample_of = |tally: &Tally| Ok(sample(&of(tally)?, units));
    let members: Vec<Sample> =
        list.iter().map(|member| sample_of(&generated(member))).collect::<Result<_>>()?;
    let means = |member: &usize| members[*member].means.clone();
    let part = |some: &Vec<usize>| -> Result<Part> {
        let fitted = list[some[0]].fitted_to.as_ref();
        let fitted =
            fitted.ok_or_else(|| Error::plugin("expected what a member was fitted to, found none"))?;
        Ok(Part { own: sample_of(&fitted.own)?.means, starts: some.iter().map(means).collect() })
    };
    let finite = members.iter().map(|m| m.of_event().trace() / m.events).sum::<f64>() / members.len() as f64;
    let fits = Fits {
        training: sample(&training, units),
        full: layout.full.iter().map(means).collect(),
        parts: layout.parts.iter().map(part).collect::<Result<_>>()?,
        pairs: layout.pairs.clone(),
        finite,
        factor: layout.factor,
    };
    Ok(Some((fits, training.units)))
}
