//! UHI, the JSON of the Scikit-HEP histograms (hist, boost-histogram): <https://uhi.readthedocs.io>, schema 1.

use amplicast_sdk::Result;
use serde_json::{Map, Value, json};

use super::Histogram;

/// The edition of the schema.
const SCHEMA: u32 = 1;

/// One file with two histograms: `generated`, with the variance of each bin, and `generated_covariance`, with two axes and all of the
/// covariance.
///
/// The schema has no field for a covariance, and its readers drop what they do not know: hence the second one. The description is
/// in the metadata, which survives when hist or boost-histogram write the file again; what wrote it does not.
///
/// # Errors
/// Data, if the histogram is not one ([`Histogram::check`]).
pub fn uhi(histogram: &Histogram) -> Result<Value> {
    histogram.check()?;
    let mut metadata = Map::from_iter([
        ("name".to_owned(), Value::from("generated")),
        ("label".to_owned(), Value::from("events")),
    ]);
    if !histogram.description.is_empty() {
        metadata.insert("description".into(), histogram.description.as_str().into());
    }
    // hist addresses axes by name and refuses two of one name.
    let second = format!("{}_2", histogram.name);
    Ok(json!({
        "generated": {
            "uhi_schema": SCHEMA,
            "writer_info": {"amplicast": {"version": env!("CARGO_PKG_VERSION")}},
            "metadata": metadata,
            "axes": [axis(histogram, &histogram.name)],
            "storage": {"type": "weighted", "values": histogram.values, "variances": histogram.variances()},
        },
        "generated_covariance": {
            "uhi_schema": SCHEMA,
            "axes": [axis(histogram, &histogram.name), axis(histogram, &second)],
            "storage": {"type": "double", "values": histogram.rows().collect::<Vec<_>>()},
        },
    }))
}

/// Bins without what lies beyond the outer edges: its bins would stand among the values.
fn axis(histogram: &Histogram, name: &str) -> Value {
    json!({
        "type": "variable",
        "edges": histogram.edges,
        "underflow": false,
        "overflow": false,
        "circular": false,
        "metadata": {"name": name, "label": histogram.label},
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{golden, rounded};
    use super::*;

    #[test]
    fn the_golden_histogram_is_written_as_specified() {
        let axis = |name: &str| {
            json!({"type": "variable", "edges": [0, 1, 2, 4, 8], "underflow": false, "overflow": false, "circular": false,
                   "metadata": {"name": name, "label": "radius"}})
        };
        let expected = json!({
            "generated": {
                "uhi_schema": 1, "writer_info": {"amplicast": {"version": "0.1.0"}},
                "metadata": {"name": "generated", "label": "events"},
                "axes": [axis("radius")],
                "storage": {"type": "weighted", "values": [400, 300, 200, 100], "variances": [534, 534, 534, 534]},
            },
            "generated_covariance": {
                "uhi_schema": 1,
                "axes": [axis("radius"), axis("radius_2")],
                "storage": {"type": "double", "values": [
                    [534, 466, 316, 284], [466, 534, 284, 316], [316, 284, 534, 466], [284, 316, 466, 534],
                ]},
            },
        });
        let found = uhi(&golden()).unwrap();
        assert!(found["generated"]["uhi_schema"].is_u64());
        assert_eq!(rounded(&found, 12), rounded(&expected, 12));
    }

    #[test]
    fn a_description_is_kept_where_readers_keep_it() {
        let mut histogram = golden();
        histogram.description = "Drawn by a flow.".into();
        assert_eq!(uhi(&histogram).unwrap()["generated"]["metadata"]["description"], "Drawn by a flow.");
    }

    #[test]
    fn no_histogram_is_no_file() {
        let mut histogram = golden();
        histogram.covariance[1] = 0.0;
        assert!(uhi(&histogram).unwrap_err().to_string().contains("symmetric"));
    }
}
