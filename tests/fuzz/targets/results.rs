//! Results are read by `report`, which draws them.

use amplicast::results::Results;
use amplicast_tests::{GAUSSIAN, Place, fits};
use serde_json::json;

use super::{Outcome, Target, root};
use crate::structure::Language;

const SIZES: &str =
    "name = \"small\"\nn_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000";

const PLANE: &str = "plane = [\"x\", \"x\"]\n";

const TABLES: &str = r#"
[[selection]]
name = "cut"
cuts = [{ summary = "x", quantiles = [0.2, 1.0] }]
plane = ["x", "x"]
[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 20.0]]
[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;

pub fn target() -> Outcome<Target> {
    let place = Place::new();
    // A plane is a large part of the results: every other input is without one.
    let mut seeds = Vec::new();
    for tables in [TABLES.replace(PLANE, ""), TABLES.into()] {
        place.write("small.toml", fits(GAUSSIAN, SIZES, &tables));
        place.amplicast(&["run", "small.toml", "--out", "run"]).expect(0);
        seeds.push(std::fs::read(place.path("run/results.json"))?);
    }
    // Of the first edition, which is turned into the newest one.
    seeds.push(std::fs::read(root().join("tests/fixtures/edition-1/results.json"))?);
    let read = move |_: usize, input: &[u8]| {
        let Ok(results) = Results::read(input) else { return Ok(false) };
        let _ = amplicast::report::table(&results, Some(100));
        Ok(amplicast::report::write(&results, &json!({}), "", None, &place.path("run")).is_ok())
    };
    Ok(Target { seeds, language: Some(Language::Json), is_caught: false, read: Box::new(read) })
}
