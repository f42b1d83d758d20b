//! Workspaces of pyhf (HistFactory as JSON), schema 1.0.0: <https://pyhf.readthedocs.io>.
//!
//! The covariance becomes one shift of all bins for each of its eigenvectors, hi/lo = N +- sqrt(lambda) e, with a parameter that is
//! normal with width 1. Shifts are the same up and down, so that pyhf interpolates linearly, and the sum of their squares is the
//! covariance again.
//! The counting error of the observed events is pyhf's own Poisson term.

use amplicast_sdk::{Error, Result};
use serde_json::{Value, json};

use super::Histogram;
use crate::directions::{Direction, directions};

/// How many of its errors a prediction must be above zero: below, a shift makes a rate negative, and pyhf does not refuse that.
const ERRORS_ABOVE_ZERO: f64 = 3.0;

/// How many errors mu may move. minuit's errors are too small near a bound, and far away rates are negative.
const ERRORS_OF_MU: f64 = 20.0;

/// What shifts may lose of a bin's variance by rounding.
const ROUNDING: f64 = 1e-9;

/// A workspace with one channel, named like the observable, and the strength `mu` as the parameter of interest.
///
/// With a `signal` (events in each bin at mu = 1, without an error of its own) the rates are N + mu s. Without one, mu scales the
/// generated histogram itself, and its errors with it: their covariance is mu^2 V, and mu is not negative. `observed` are the events
/// that were counted; without them they are the predicted ones at mu = 1 (the Asimov data set).
///
/// # Errors
/// Data, if the histogram is not one ([`Histogram::check`]), if the lengths of `signal` or `observed` differ from it or they hold other
/// than finite numbers from zero up, if a bin is less than three errors above zero, or if the covariance has a negative eigenvalue.
pub fn workspace(histogram: &Histogram, signal: Option<&[f64]>, observed: Option<&[f64]>) -> Result<Value> {
    histogram.check()?;
    for (name, numbers) in [("signal", signal), ("observed", observed)] {
        numbers.map_or(Ok(()), |numbers| check_counts(histogram, numbers).map_err(|error| error.at(name)))?;
    }
    check_rates(histogram)?;
    let scaled = signal.unwrap_or(&histogram.values);
    if scaled.iter().all(|events| *events == 0.0) {
        return Err(Error::data("expected a bin with events, found none").at("signal"));
    }
    let rates: Vec<f64> = match signal {
        Some(signal) => histogram.values.iter().zip(signal).map(|(n, s)| n + s).collect(),
        None => histogram.values.clone(),
    };
    let observed = observed.unwrap_or(&rates);
    let mu = json!({"name": "mu", "type": "normfactor", "data": null});
    let mut modifiers = shifts(histogram)?;
    let mut samples = Vec::new();
    match signal {
        Some(signal) => samples.push(json!({"name": "signal", "data": signal, "modifiers": [mu]})),
        None => modifiers.insert(0, mu),
    }
    samples.push(json!({"name": "generated", "data": histogram.values, "modifiers": modifiers}));
    let mut bounds = bounds(Strength::of(histogram, scaled, &rates, observed)?);
    if signal.is_none() {
        // Below zero all rates are negative.
        bounds[0] = 0.0;
    }
    Ok(json!({
        "channels": [{"name": histogram.name, "samples": samples}],
        "observations": [{"name": histogram.name, "data": observed}],
        "measurements": [{
            "name": "amplicast",
            "config": {"poi": "mu", "parameters": [{"name": "mu", "inits": [1.0], "bounds": [bounds]}]},
        }],
        "version": "1.0.0",
    }))
}

/// pyhf makes a model of observations of any length.
fn check_counts(histogram: &Histogram, numbers: &[f64]) -> Result<()> {
    let bins = histogram.bins();
    if numbers.len() != bins {
        return Err(Error::data(format!("expected {bins} numbers, one a bin, found {}", numbers.len())));
    }
    match numbers.iter().position(|number| !(number.is_finite() && *number >= 0.0)) {
        Some(at) => Err(Error::data(format!(
            "{}: expected a number of events, found {}",
            histogram.bin(at),
            numbers[at]
        ))),
        None => Ok(()),
    }
}

/// Bins that a message names.
const MOST_NAMED: usize = 3;

/// Refuses bins that a shift may take below zero, all at once: bins are merged by hand.
fn check_rates(histogram: &Histogram) -> Result<()> {
    let low: Vec<String> = histogram
        .values
        .iter()
        .zip(histogram.variances())
        .enumerate()
        .filter(|(_, (value, variance))| **value - ERRORS_ABOVE_ZERO * variance.sqrt() <= 0.0)
        .map(|(at, (value, variance))| format!("{}: {value:.1} +- {:.1}", histogram.bin(at), variance.sqrt()))
        .collect();
    if low.is_empty() {
        return Ok(());
    }
    let (named, rest) = low.split_at(low.len().min(MOST_NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let message = format!(
        "a fit would meet negative rates: expected each bin to be more than {ERRORS_ABOVE_ZERO} errors above zero, found {}{more}: merge \
         them with their neighbors",
        named.join(", ")
    );
    Err(Error::data(message).at("values"))
}

/// One modifier for each direction of the covariance.
fn shifts(histogram: &Histogram) -> Result<Vec<Value>> {
    let found = decomposed(&histogram.covariance, histogram.bins())?;
    let shifts: Vec<Vec<f64>> = found
        .iter()
        .map(|Direction { variance, vector }| vector.iter().map(|entry| variance.sqrt() * entry).collect())
        .collect();
    for (at, variance) in histogram.variances().into_iter().enumerate() {
        let kept: f64 = shifts.iter().map(|shift| shift[at] * shift[at]).sum();
        if (kept - variance).abs() > ROUNDING * variance {
            let largest = histogram.variances().into_iter().fold(0.0, f64::max);
            let message = format!(
                "{}: its variance, {variance:e}, is lost in the rounding of the largest one, {largest:e}: leave one of the two bins out",
                histogram.bin(at)
            );
            return Err(Error::data(message).at("covariance"));
        }
    }
    let moved = |shift: &[f64], sign: f64| -> Vec<f64> {
        histogram.values.iter().zip(shift).map(|(value, shift)| value + sign * shift).collect()
    };
    let modifier = |(k, shift): (usize, &Vec<f64>)| {
        json!({
            "name": format!("generated_{k}"),
            "type": "histosys",
            "data": {"hi_data": moved(shift, 1.0), "lo_data": moved(shift, -1.0)},
        })
    };
    Ok(shifts.iter().enumerate().map(modifier).collect())
}

fn decomposed(covariance: &[f64], bins: usize) -> Result<Vec<Direction>> {
    directions(covariance, bins).map_err(|error| error.at("covariance"))
}

/// What a fit will find, nearly.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Strength {
    mu: f64,
    error: f64,
}

impl Strength {
    /// By least squares about the prediction at mu = 1, with the covariance diag(rates) + V.
    fn of(histogram: &Histogram, scaled: &[f64], rates: &[f64], observed: &[f64]) -> Result<Self> {
        let bins = histogram.bins();
        let mut covariance = histogram.covariance.clone();
        for (at, rate) in rates.iter().enumerate() {
            covariance[at * (bins + 1)] += rate;
        }
        let (mut information, mut excess) = (0.0, 0.0);
        for Direction { variance, vector } in decomposed(&covariance, bins)? {
            let along = |numbers: &mut dyn Iterator<Item = f64>| -> f64 {
                numbers.zip(&vector).map(|(number, entry)| number * entry).sum()
            };
            let strength = along(&mut scaled.iter().copied());
            information += strength * strength / variance;
            excess += strength * along(&mut observed.iter().zip(rates).map(|(n, l)| n - l)) / variance;
        }
        Ok(Strength { mu: 1.0 + excess / information, error: 1.0 / information.sqrt() })
    }
}

/// Some twenty errors either way, rounded to their first digit, and at least from 0 (nothing) to 2, since 1 is where fits begin.
fn bounds(Strength { mu, error }: Strength) -> [f64; 2] {
    let way = ERRORS_OF_MU * error;
    // Ends with few decimals: a number divided by 1000 is the nearest to them, one multiplied by 0.001 is not always.
    let power = way.log10().floor() as i32;
    let digit = |end: f64| {
        if power < 0 {
            (end * 10f64.powi(-power)).round() / 10f64.powi(-power)
        } else {
            (end / 10f64.powi(power)).round() * 10f64.powi(power)
        }
    };
    [digit(mu - way).min(0.0), digit(mu + way).max(2.0)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{OBSERVED, SIGNAL, TEMPLATES, golden, rounded};
    use super::*;

    #[test]
    fn the_golden_workspace_is_written_as_specified() {
        let modifiers: Vec<Value> = TEMPLATES
            .iter()
            .enumerate()
            .map(|(k, template)| {
                let moved = |sign: f64| -> Vec<f64> {
                    golden().values.iter().zip(template).map(|(n, shift)| n + sign * shift).collect()
                };
                json!({"name": format!("generated_{k}"), "type": "histosys",
                       "data": {"hi_data": moved(1.0), "lo_data": moved(-1.0)}})
            })
            .collect();
        assert_eq!(modifiers[3]["data"]["lo_data"], json!([397.0, 303.0, 203.0, 97.0]));
        let expected = json!({
            "channels": [{"name": "radius", "samples": [
                {"name": "signal", "data": SIGNAL, "modifiers": [{"name": "mu", "type": "normfactor", "data": null}]},
                {"name": "generated", "data": [400.0, 300.0, 200.0, 100.0], "modifiers": modifiers},
            ]}],
            "observations": [{"name": "radius", "data": OBSERVED}],
            "measurements": [{"name": "amplicast", "config": {"poi": "mu", "parameters": [
                {"name": "mu", "inits": [1.0], "bounds": [[-10.0, 10.0]]},
            ]}}],
            "version": "1.0.0",
        });
        let found = workspace(&golden(), Some(&SIGNAL), Some(&OBSERVED)).unwrap();
        assert_eq!(rounded(&found, 10), rounded(&expected, 10));
    }

    #[test]
    fn without_a_signal_the_generated_histogram_is_scaled() {
        let found = workspace(&golden(), None, None).unwrap();
        let samples = found["channels"][0]["samples"].as_array().unwrap();
        assert_eq!((samples.len(), &samples[0]["name"]), (1, &json!("generated")));
        let types: Vec<_> = samples[0]["modifiers"].as_array().unwrap().iter().map(|m| &m["type"]).collect();
        assert_eq!(types, ["normfactor", "histosys", "histosys", "histosys", "histosys"]);
        assert_eq!(found["observations"][0]["data"], json!(golden().values));
        // 1.08 +- 0.07, and hardly any events: neither strength may be negative, as twenty errors below the second would be.
        let bounds = |found: &Value| found["measurements"][0]["config"]["parameters"][0]["bounds"][0].clone();
        assert_eq!(bounds(&workspace(&golden(), None, Some(&OBSERVED)).unwrap()), json!([0.0, 2.0]));
        assert_eq!(bounds(&workspace(&golden(), None, Some(&[10.0; 4])).unwrap())[0], 0.0);
    }

    #[test]
    fn the_error_of_the_asimov_data_set_is_exact() {
        // There, least squares and the Poisson likelihood have the same curvature.
        let rates: Vec<f64> = golden().values.iter().zip(SIGNAL).map(|(n, s)| n + s).collect();
        let found = Strength::of(&golden(), &SIGNAL, &rates, &rates).unwrap();
        assert!(found.mu == 1.0 && (found.error - 0.574_117_85).abs() < 1e-8, "{found:?}");
        let found = Strength::of(&golden(), &SIGNAL, &rates, &OBSERVED).unwrap();
        assert!((found.mu - 1.0211).abs() < 0.001, "{found:?}");
    }

    #[test]
    fn mu_may_move_twenty_errors_and_be_nothing() {
        let cases = [
            ((1.02, 0.57), [-10.0, 10.0]),
            ((1.0, 0.02), [0.0, 2.0]),
            ((0.2, 0.1), [-2.0, 2.0]),
            ((-3.0, 0.01), [-3.2, 2.0]),
            ((40.0, 1.0), [0.0, 60.0]),
        ];
        for ((mu, error), expected) in cases {
            assert_eq!(bounds(Strength { mu, error }), expected);
        }
    }

    #[test]
    fn directions_without_variance_have_no_shift() {
        let mut histogram = golden();
        histogram.covariance = vec![400.0; 16];
        let found = workspace(&histogram, Some(&SIGNAL), None).unwrap();
        let modifiers = found["channels"][0]["samples"][1]["modifiers"].as_array().unwrap();
        assert_eq!(modifiers.len(), 1);
        assert_eq!(rounded(&modifiers[0]["data"]["hi_data"], 10), json!([420.0, 320.0, 220.0, 120.0]));
    }

    #[test]
    fn what_pyhf_would_not_refuse_is_refused() {
        let message = |change: fn(&mut Histogram), signal: &[f64], observed: &[f64]| {
            let mut histogram = golden();
            change(&mut histogram);
            workspace(&histogram, Some(signal), Some(observed)).unwrap_err().to_string()
        };
        let same: fn(&mut Histogram) = |_| ();
        let cases = [
            (message(same, &SIGNAL[..3], &OBSERVED), "signal: expected 4 numbers, one a bin, found 3"),
            (message(same, &SIGNAL, &[1.0; 5]), "observed: expected 4 numbers, one a bin, found 5"),
            (message(same, &[0.0; 4], &OBSERVED), "signal: expected a bin with events, found none"),
            (
                message(same, &SIGNAL, &[1.0, -1.0, 1.0, 1.0]),
                "observed: bin 2 (1 to 2): expected a number of events, found -1",
            ),
            (
                message(|h| (h.values[2], h.values[3]) = (69.0, 60.0), &SIGNAL, &OBSERVED),
                "values: a fit would meet negative rates: expected each bin to be more than 3 errors above zero, found \
                 bin 3 (2 to 4): 69.0 +- 23.1, bin 4 (4 to 8): 60.0 +- 23.1: merge them with their neighbors",
            ),
            (
                message(
                    |h| {
                        h.covariance = vec![0.0; 16];
                        h.covariance.iter_mut().step_by(5).for_each(|variance| *variance = 1e-13);
                        h.covariance[0] = 100.0;
                    },
                    &SIGNAL,
                    &OBSERVED,
                ),
                "covariance: bin 2 (1 to 2): its variance, 1e-13, is lost in the rounding of the largest one, 1e2: leave one of the two \
                 bins out",
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
        // Correlations of -1 between each two of three bins: no three numbers vary like this.
        let error = message(
            |h| {
                for (at, entry) in h.covariance.iter_mut().enumerate() {
                    *entry = if at % 5 == 0 { 100.0 } else { -90.0 };
                }
            },
            &SIGNAL,
            &OBSERVED,
        );
        assert!(
            error.starts_with("covariance: expected a covariance, found a matrix with the variance -1.7"),
            "{error}"
        );
    }
}
