//! The golden histogram: rows of templates with exact decimals, of which the covariance is the sum of squares.

use serde_json::{Number, Value};

use super::Histogram;

/// The templates, whose squares are 1600, 400, 100 and 36: the eigenvalues of the covariance.
pub const TEMPLATES: [[f64; 4]; 4] =
    [[20.0, 20.0, 20.0, 20.0], [10.0, 10.0, -10.0, -10.0], [5.0, -5.0, 5.0, -5.0], [3.0, -3.0, -3.0, 3.0]];

/// The number of signal events in each bin.
pub const SIGNAL: [f64; 4] = [5.0, 20.0, 40.0, 10.0];

/// The number of events that were observed in each bin.
pub const OBSERVED: [f64; 4] = [412.0, 330.0, 236.0, 104.0];

/// Four bins whose templates are known.
pub fn golden() -> Histogram {
    let mut covariance = vec![0.0; 16];
    for template in TEMPLATES {
        for (at, entry) in covariance.iter_mut().enumerate() {
            *entry += template[at / 4] * template[at % 4];
        }
    }
    Histogram {
        name: "radius".into(),
        label: "radius".into(),
        edges: vec![0.0, 1.0, 2.0, 4.0, 8.0],
        values: vec![400.0, 300.0, 200.0, 100.0],
        covariance,
        description: String::new(),
    }
}

/// The value with all numbers rounded to this many decimals, so that 400, 400.0 and 399.9999999999999 are one.
pub fn rounded(value: &Value, decimals: i32) -> Value {
    let unit = 10f64.powi(decimals);
    match value {
        Value::Number(number) => {
            // Adding zero makes one of the two zeros.
            let number = (number.as_f64().unwrap() * unit).round() / unit + 0.0;
            Value::Number(Number::from_f64(number).unwrap())
        }
        Value::Array(list) => list.iter().map(|one| rounded(one, decimals)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, one)| (name.clone(), rounded(one, decimals))).collect()
        }
        other => other.clone(),
    }
}
