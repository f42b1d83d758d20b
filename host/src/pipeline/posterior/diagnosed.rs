//! What posteriors and fitted summaries say of themselves, over the members.

use std::ops::Range;

use amplicast_sdk::Diagnostics;

use crate::moments::{mean, variance};
use crate::results::{Diagnosed, DiagnosedNumber};

/// Whose diagnostics they are.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table.
    pub uncertainty: String,
    /// Name of the summary's table; none for the posterior itself.
    pub summary: Option<String>,
    /// Number of the training set, from 0.
    pub replica: u64,
}

/// The diagnostics of one posterior, or of one summary's fits (one a member, or one for all): numbers over all fits, figures of
/// the first.
pub fn diagnosed(subject: &Subject, list: &[Diagnostics]) -> Option<Diagnosed> {
    let first = list.first()?;
    if *first == Diagnostics::default() {
        return None;
    }
    let number = |name: &str| -> Option<DiagnosedNumber> {
        let found: Vec<_> = list.iter().flat_map(|d| &d.numbers).filter(|n| n.name == name).collect();
        let values: Vec<f64> = found.iter().map(|n| n.value).collect();
        let ends = |end: fn(f64, f64) -> f64| values.iter().copied().reduce(end);
        let squares: Option<Vec<f64>> = found.iter().map(|n| n.error.map(|e| e * e)).collect();
        Some(DiagnosedNumber {
            name: name.into(),
            mean: mean(&values),
            spread: variance(&values).map(f64::sqrt),
            range: Range { start: ends(f64::min)?, end: ends(f64::max)? },
            error: squares.map(|s| mean(&s).sqrt()),
        })
    };
    let mut warnings: Vec<String> = list.iter().flat_map(|d| d.warnings.iter().cloned()).collect();
    warnings.sort();
    warnings.dedup();
    Some(Diagnosed {
        generator: subject.generator.clone(),
        uncertainty: subject.uncertainty.clone(),
        summary: subject.summary.clone(),
        replica: subject.replica,
        fits: list.len() as u64,
        numbers: first.numbers.iter().filter_map(|n| number(&n.name)).collect(),
        figures: if subject.replica == 0 { first.figures.clone() } else { Vec::new() },
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_over_fits() {
        let one = |value: f64, warning: &str| {
            let mut d = Diagnostics::default();
            d.number("AUC", value, Some(0.02));
            d.warnings.push(warning.into());
            d
        };
        let subject =
            Subject { generator: "g".into(), uncertainty: "u".into(), summary: Some("s".into()), replica: 0 };
        let found = diagnosed(&subject, &[one(0.5, "b"), one(0.6, "a"), one(0.7, "b")]).unwrap();
        assert_eq!(found.fits, 3);
        assert_eq!(found.warnings, ["a", "b"]);
        let number = &found.numbers[0];
        assert!((number.mean - 0.6).abs() < 1e-12 && (number.spread.unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(number.range, 0.5..0.7);
        assert!((number.error.unwrap() - 0.02).abs() < 1e-12);
        assert_eq!(diagnosed(&subject, &[Diagnostics::default()]), None);
    }
}
