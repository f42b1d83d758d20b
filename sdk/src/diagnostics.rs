//! What a posterior or a fitted summary says of itself, beside what it is asked for: shown in the report.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Numbers, curves and warnings. Everything is finite.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Single numbers, such as R-hat or the area under the curve.
    pub numbers: Vec<DiagnosticNumber>,
    /// Figures, such as a calibration curve.
    pub figures: Vec<DiagnosticFigure>,
    /// What the reader should know before using a result that rests on this.
    pub warnings: Vec<String>,
}

/// A number with its standard error, if it has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosticNumber {
    /// What it is, in a few words.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub error: Option<f64>,
}

/// A figure of one or more curves over a common axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosticFigure {
    /// What it shows, in a few words.
    pub title: String,
    /// The horizontal axis, with its unit.
    pub x: String,
    /// The vertical axis, with its unit.
    pub y: String,
    /// The curves.
    pub curves: Vec<DiagnosticCurve>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosticCurve {
    /// Its entry in the legend.
    pub name: String,
    /// Places on the horizontal axis, ascending.
    pub x: Vec<f64>,
    /// Values there.
    pub y: Vec<f64>,
    /// Their standard errors; empty without any.
    pub error: Vec<f64>,
}

impl Diagnostics {
    /// Adds a number.
    pub fn number(&mut self, name: impl Into<String>, value: f64, error: Option<f64>) {
        self.numbers.push(DiagnosticNumber { name: name.into(), value, error });
    }

    /// An error that names what is not a finite number or has the wrong length.
    pub fn check(&self) -> Result<()> {
        for number in &self.numbers {
            if !number.value.is_finite() || number.error.is_some_and(|e| !e.is_finite()) {
                return Err(Error::numeric(format!(
                    "diagnostic `{}`: expected finite numbers, found {} +- {:?}",
                    number.name, number.value, number.error
                )));
            }
        }
        for figure in &self.figures {
            for curve in &figure.curves {
                let name = format!("diagnostic figure `{}`, curve `{}`", figure.title, curve.name);
                let lengths = (curve.x.len(), curve.y.len(), curve.error.len());
                if lengths.1 != lengths.0 || (lengths.2 != 0 && lengths.2 != lengths.0) {
                    return Err(Error::numeric(format!("{name}: expected equal lengths, found {lengths:?}")));
                }
                if !curve.x.iter().chain(&curve.y).chain(&curve.error).all(|v| v.is_finite()) {
                    return Err(Error::numeric(format!(
                        "{name}: expected finite numbers, found NaN or infinity"
                    )));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_named() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.number("R-hat", 1.01, None);
        diagnostics.check().unwrap();
        diagnostics.number("AUC", f64::NAN, Some(0.1));
        let error = diagnostics.check().unwrap_err().to_string();
        assert!(error.starts_with("diagnostic `AUC`: expected finite numbers, found NaN"), "{error}");
    }

    #[test]
    fn curves_of_unequal_length_are_named() {
        let curve = DiagnosticCurve { name: "true".into(), x: vec![0.0, 1.0], y: vec![0.0], error: vec![] };
        let figure = DiagnosticFigure {
            title: "Weights".into(),
            x: "w".into(),
            y: "events".into(),
            curves: vec![curve],
        };
        let diagnostics = Diagnostics { figures: vec![figure], ..Diagnostics::default() };
        let error = diagnostics.check().unwrap_err().to_string();
        assert_eq!(
            error,
            "diagnostic figure `Weights`, curve `true`: expected equal lengths, found (2, 1, 0)"
        );
    }
}
