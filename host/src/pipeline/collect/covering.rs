//! A cell whose members know their events: the bias is in its G.

use amplicast_sdk::{Comparison, Error, Result};

use super::demonstration::{Further, demonstrated};
use super::fits::fits;
use crate::covering::{Covering, Intervals, Kind, Layout, Shape};
use crate::format::short;
use crate::inspection::Footing;
use crate::pipeline::curves::MemberCurve;
use crate::pipeline::observe::Tally;
use crate::results::{Demonstrated, Estimate, Interval, TakenApart, Verdict, Whose};

/// A G that includes the bias.
pub struct WithBias {
    /// The estimate.
    pub estimate: Estimate,
    /// What it was made of.
    pub apart: TakenApart,
    /// Events of a fit's training that pass the selection, effective ones if they have weights: the denominator of G.
    pub n_train: f64,
    /// Which part of all events a fit was made to.
    pub part: f64,
    /// The three steps of a demonstration, if they were wanted; none of subsets, which are no fit to all events.
    pub demonstrated: Option<Demonstrated>,
}

/// The estimate from members that know their events; none where this metric, or these members, do not allow it.
///
/// `n_train` are all true events that pass, of which the generator may have seen a part; `steps` are those of a demonstration, if they are
/// wanted.
pub fn with_bias(
    comparison: &dyn Comparison,
    list: &[MemberCurve],
    layout: &Layout,
    n_train: f64,
    footing: &Footing,
    steps: Option<Further<'_>>,
) -> Result<Option<WithBias>> {
    let missing = || Error::plugin("a metric has expectation values of some samples only");
    let expectations = |of: &Tally| comparison.expectations(&of.values, of.passed)?.ok_or_else(missing);
    let Some((fits, units)) = fits(list, layout, &expectations)? else { return Ok(None) };
    if fits.unit() <= 0.0 {
        return Err(Error::data(
            "expected training events inside and outside of the regions, found none on one side",
        ));
    }
    let subsets = layout.shape == Shape::Subsets;
    let taken = if subsets { fits.taken_of_subsets() } else { fits.taken() };
    let of = match () {
        _ if subsets => Whose::OneSubset,
        _ if layout.full.is_empty() => Whose::MeanOfMembers,
        _ => Whose::OneFit,
    };
    let Some(found) = Covering::new(taken) else { return Ok(None) };
    let seen = fits.training.events;
    // Left-out events are true events that were used, and count.
    let part = if of == Whose::OneSubset { 1.0 / layout.parts.len() as f64 } else { 1.0 };
    let (events, n_train) = match of {
        // Events are whole numbers, effective ones are not.
        Whose::OneSubset if list.iter().all(|member| member.truth.effective.is_none()) => {
            (part * seen, (part * seen).floor())
        }
        Whose::OneSubset => (part * seen, part * seen),
        _ => (seen, n_train),
    };
    let scale = events / n_train;
    // The spread of fits to bootstraps is too large by what they make of events that they see twice, and by the noise of their training.
    let open = layout.shape == Shape::Bootstraps;
    let interval =
        |[low, high]: [f64; 2]| Interval { low: Some(scale * low), high: (!open).then_some(scale * high) };
    let estimate = Estimate {
        verdict: match found.kind {
            _ if open => Verdict::AtLeast,
            Kind::BiasSeen => Verdict::BiasSeen,
            Kind::Resolved => Verdict::Resolved,
            Kind::AtLeast => Verdict::AtLeast,
        },
        n_equiv: Some(events * found.intervals.g),
        g: Some(scale * found.intervals.g),
        interval_68: interval(found.intervals.inner),
        interval_95: interval(found.intervals.outer),
        bound: Some(scale * found.intervals.bound),
        limit: found.taken.one.x() * fits.unit() / events,
        reason: if open { of_bootstraps(&found, scale) } else { reason(&found, scale) },
    };
    let demonstrated = match (of, steps) {
        (Whose::OneSubset, _) | (_, None) => None,
        (_, Some(further)) => {
            let seen = found.kind == Kind::BiasSeen;
            demonstrated(comparison, &fits, (&found.taken.one, seen), &units, further)?
        }
    };
    let apart = TakenApart::new(of, &found, scale, (!open).then_some(layout.full.len()));
    let estimate = crate::estimate::stand(estimate, footing);
    Ok(Some(WithBias { estimate, apart, n_train, part, demonstrated }))
}

/// Why the verdict is what it is, in a sentence; `scale` is G in units of the events that the generator saw.
fn reason(found: &Covering, scale: f64) -> String {
    let Intervals { p_bias, bound, .. } = found.intervals;
    let p = if p_bias < 1e-3 { "below 0.001".to_string() } else { format!("{p_bias:.2}") };
    match found.kind {
        Kind::BiasSeen => {
            format!(
                "the generator is further from its training events than one without a bias would be (p = {p})"
            )
        }
        Kind::Resolved => {
            format!("no bias is seen in the training events (p = {p}), and the 95 % interval is short")
        }
        Kind::AtLeast => format!(
            "G is at least {} (95 %); if the generator had no bias it would be {}, which the training events cannot tell: a bias \
             smaller than their own error is not seen",
            short(scale * bound),
            short(scale * found.if_unbiased())
        ),
    }
}

/// Why fits to bootstraps give a bound.
fn of_bootstraps(found: &Covering, scale: f64) -> String {
    format!(
        "G is at least {} (95 %); how much larger it is fits to bootstraps cannot tell, since they see some events twice, which a network learns by heart, \
         and the noise of their training is in their spread: `halves` can",
        short(scale * found.intervals.bound)
    )
}

/// What an estimate from the spread of members alone is called: a variance, which does not show a bias.
pub fn variance_only(estimate: Estimate) -> Estimate {
    let verdict = match estimate.verdict {
        Verdict::Resolved | Verdict::AtLeast | Verdict::AtMost => Verdict::VarianceOnly,
        other => other,
    };
    let reason = if verdict == Verdict::VarianceOnly { VARIANCE_ONLY.into() } else { estimate.reason };
    Estimate { verdict, reason, ..estimate }
}

/// Why.
const VARIANCE_ONLY: &str = "the spread of these members is a variance; it does not show a bias, and they carry no events of their own by which \
                             it could be measured: `halves` does";
