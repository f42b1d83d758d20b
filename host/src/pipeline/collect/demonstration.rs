//! Predict errors, validate them, demonstrate an improvement: the three steps of Matchev et al. 2022 for one cell.

use amplicast_sdk::{Comparison, Result};

use super::fits::sample;
use crate::covering::{Fits, Hotelling, Improved, Parts, Symmetric, Validated};
use crate::pipeline::observe::Tally;
use crate::results::{AgainstEvents, Demonstrated, Demonstration, Distance, FewFits, LEFT_OUT};

/// Most quantities: their errors are numbers each, and the test against further events inverts their covariance.
const MOST: usize = 100;

/// Further true events: where they come from, and what the accumulator holds after them.
pub type Further<'a> = Option<(&'a str, &'a Tally)>;

/// A distance from so many events of a reference.
pub fn distance(found: &Validated, reference: &str, events: u64) -> Distance {
    Distance {
        reference: reference.into(),
        events,
        chi_squared: found.chi_squared,
        degrees: found.degrees,
        p: found.p,
        few_fits: found.few.map(|Hotelling { f, degrees, p }| FewFits { f, degrees, p }),
    }
}

/// The three steps; none where there are too many quantities. `units` are those in which `fits` are.
pub fn demonstrated(
    comparison: &dyn Comparison,
    fits: &Fits,
    (parts, bias_seen): (&Parts, bool),
    units: &[f64],
    further: Further<'_>,
) -> Result<Option<Demonstrated>> {
    let size = units.len();
    if size > MOST {
        return Ok(None);
    }
    let predicted = fits.predicted(parts, bias_seen);
    let of_events = |found: Validated, reference: &str, events: u64| AgainstEvents {
        distance: distance(&found, reference, events),
        pulls: found.pulls,
    };
    let against = match further {
        Some((reference, tally)) if tally.passed > 0 => {
            let found = comparison.expectations(&tally.values, tally.passed)?;
            let found = found.and_then(|e| predicted.validated(&sample(&e, units)));
            found.map(|found| of_events(found, reference, tally.passed))
        }
        _ => {
            let unseen = (0.5 * fits.training.events) as u64;
            fits.left_out(parts, bias_seen).map(|found| of_events(found, LEFT_OUT, unseen))
        }
    };
    let improved = Improved::new(parts, fits.training.events * fits.finite / fits.unit());
    let verdict = match &against {
        None => Demonstration::NotValidated,
        Some(against) if !against.distance.consistent() => Demonstration::Inconsistent,
        Some(_) if improved.at_most >= 1.0 => Demonstration::NoImprovement,
        Some(_) => Demonstration::Demonstrated,
    };
    let names = comparison.quantities();
    let quantities = match names.len() == size {
        true => names,
        false => (1..=size).map(|k| k.to_string()).collect(),
    };
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().zip(units).map(|(x, u)| x * u).collect() };
    let errors = |of: &Symmetric, events: f64| -> Vec<f64> {
        let roots: Vec<f64> =
            of.entries.iter().step_by(size + 1).map(|v| (v.max(0.0) / events).sqrt()).collect();
        scaled(&roots)
    };
    Ok(Some(Demonstrated {
        quantities,
        generated: scaled(&predicted.generated),
        training: scaled(&fits.training.means),
        error_statistical: errors(&predicted.statistical, 1.0),
        error_total: errors(&predicted.total, 1.0),
        error_training: errors(&fits.training.of_event(), fits.training.events),
        against,
        ratio: improved.ratio,
        ratio_at_most: improved.at_most,
        weight: improved.weight,
        combined: improved.combined,
        verdict,
    }))
}
