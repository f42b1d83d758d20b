//! Lists of points as they stand in `results.json`: a list for each quantity, as a plot wants them, and without the names of the
//! quantities at every point.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CurvePoint, NullPoint};

/// One list a quantity; those that no point has are null.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct CurveColumns {
    n_gen: Vec<u64>,
    n_passed: Vec<f64>,
    value: Vec<f64>,
    statistical: Option<Vec<Option<f64>>>,
    model: Option<Vec<Option<f64>>>,
    truth: Option<Vec<Option<f64>>>,
    spread: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_fit: Option<Vec<Option<f64>>>,
}

/// The bands are null where the law has no width.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct LawColumns {
    n: Vec<f64>,
    mean: Vec<f64>,
    bands: Option<Vec<[[f64; 2]; 3]>>,
}

/// The values of a quantity that a point may have; none if no point has it.
fn known(values: impl Iterator<Item = Option<f64>>) -> Option<Vec<Option<f64>>> {
    let values: Vec<_> = values.collect();
    values.iter().any(Option::is_some).then_some(values)
}

fn as_long<E: Error>(what: &str, lists: &[(&str, usize)]) -> Result<(), E> {
    let (first, length) = lists[0];
    match lists.iter().find(|(_, other)| *other != length) {
        None => Ok(()),
        Some((name, found)) => Err(E::custom(format!(
            "{what}: expected as many values of `{name}` as of `{first}`, {length}, found {found}"
        ))),
    }
}

/// A cell's curve.
pub mod curve {
    use super::*;

    pub fn serialize<S: Serializer>(points: &[CurvePoint], serializer: S) -> Result<S::Ok, S::Error> {
        let columns = CurveColumns {
            n_gen: points.iter().map(|p| p.n_gen).collect(),
            n_passed: points.iter().map(|p| p.n_passed).collect(),
            value: points.iter().map(|p| p.value).collect(),
            statistical: known(points.iter().map(|p| p.statistical)),
            model: known(points.iter().map(|p| p.model)),
            truth: known(points.iter().map(|p| p.truth)),
            spread: points.iter().map(|p| p.spread).collect(),
            one_fit: known(points.iter().map(|p| p.one_fit)),
        };
        columns.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CurvePoint>, D::Error> {
        let c = CurveColumns::deserialize(deserializer)?;
        let length = |list: &Option<Vec<_>>| list.as_ref().map_or(c.n_gen.len(), Vec::len);
        let lists = [
            ("n_gen", c.n_gen.len()),
            ("n_passed", c.n_passed.len()),
            ("value", c.value.len()),
            ("statistical", length(&c.statistical)),
            ("model", length(&c.model)),
            ("truth", length(&c.truth)),
            ("spread", c.spread.len()),
            ("one_fit", length(&c.one_fit)),
        ];
        as_long("curve", &lists)?;
        let at = |list: &Option<Vec<Option<f64>>>, i: usize| list.as_ref().and_then(|list| list[i]);
        let point = |(i, &n_gen): (usize, &u64)| CurvePoint {
            n_gen,
            n_passed: c.n_passed[i],
            value: c.value[i],
            statistical: at(&c.statistical, i),
            model: at(&c.model, i),
            truth: at(&c.truth, i),
            spread: c.spread[i],
            one_fit: at(&c.one_fit, i),
        };
        Ok(c.n_gen.iter().enumerate().map(point).collect())
    }
}

/// All null laws.
pub mod laws {
    use super::*;

    pub fn serialize<S: Serializer>(laws: &[Vec<NullPoint>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(laws.iter().map(|law| {
            let wide = law.iter().any(|p| p.bands.iter().flatten().any(|end| *end != p.mean));
            LawColumns {
                n: law.iter().map(|p| p.n).collect(),
                mean: law.iter().map(|p| p.mean).collect(),
                bands: wide.then(|| law.iter().map(|p| p.bands).collect()),
            }
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<NullPoint>>, D::Error> {
        let points = |law: LawColumns| {
            let bands = law.bands.unwrap_or_else(|| law.mean.iter().map(|mean| [[*mean; 2]; 3]).collect());
            let lists = [("n", law.n.len()), ("mean", law.mean.len()), ("bands", bands.len())];
            as_long("null law", &lists)?;
            let points = law.n.into_iter().zip(law.mean).zip(bands);
            Ok(points.map(|((n, mean), bands)| NullPoint { n, mean, bands }).collect())
        };
        Vec::<LawColumns>::deserialize(deserializer)?.into_iter().map(points).collect()
    }
}
