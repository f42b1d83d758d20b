//! What tables are called is for people: no number and no stored stage depends on it.

use amplicast_tests::{Place, results, stage_files};
use serde_json::Value;

/// A table may be called anything: what it is, and its place among tables of the same component, decide its numbers.
#[test]
fn a_name_is_a_name() {
    let place = Place::new();
    let text = |name: &dyn Fn(&str) -> String| {
        format!(
            r#"
[experiment]
name = "{}"
n_train = 100
n_gen = 2000
members = 4
checkpoints = 3
n_truth = 2000
[dataset]
plugin = "gaussian"
dimension = 2
name = "{}"
[[generator]]
plugin = "gaussian-fit"
name = "{}"
[[generator]]
plugin = "gaussian-fit"
fit_width = true
name = "{}"
[[uncertainty]]
plugin = "ensemble"
name = "{}"
[[summary]]
plugin = "coordinate"
name = "{}"
[[summary]]
plugin = "radius"
name = "{}"
[[selection]]
name = "{}"
cuts = [{{ summary = "{}", quantiles = [0.2, 1.0] }}]
plane = ["{}", "{}"]
[[metric]]
plugin = "integral"
intervals = [[0.0, 1.0]]
name = "{}"
[[metric]]
plugin = "ks"
reference = "truth"
name = "{}"
"#,
            name("one"),
            name("data"),
            name("gaussian-fit"),
            name("wide"),
            name("ensemble"),
            name("x"),
            name("r"),
            name("cut"),
            name("r"),
            name("x"),
            name("r"),
            name("half"),
            name("ks"),
        )
    };
    place.write("x.toml", text(&|name| name.into()));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let (stages, first) = (stage_files(&place.path("run")), results(&place.path("run")));
    assert!(stages.keys().any(|name| name.starts_with("plane")), "{stages:?}");
    assert_eq!(first["planes"].as_array().map(Vec::len), Some(2));

    place.write("x.toml", text(&|name| format!("my {name}")));
    place
        .amplicast(&["run", "x.toml", "--out", "run"])
        .expect(0)
        .says(&["4 chain(s), 4 of them stored before", "0 member(s) sampled, 4 stored before"]);
    assert_eq!(stages, stage_files(&place.path("run")), "something was computed again");
    let second = results(&place.path("run"));
    assert_eq!(second["experiment"], "my one");
    assert_eq!(second["planes"][1]["generator"], "my wide");
    assert_eq!(numbers(&first), numbers(&second));
    // The names of both files, and of nothing else, differ.
    assert_eq!(first.to_string().replace("my ", ""), second.to_string().replace("my ", ""));

    // In the usual folders, which have the experiment's name, an experiment under another name finds its stages as well.
    let call = |name: &str| {
        place.write("x.toml", text(&|n| if n == "one" { name.into() } else { n.into() }));
        place.amplicast(&["run", "x.toml"]).expect(0)
    };
    call("one").says(&["4 chain(s), 0 of them stored before"]);
    call("two").says(&["4 chain(s), 4 of them stored before", "0 member(s) sampled, 4 stored before"]);
    assert_eq!(numbers(&results(&place.path("runs/two"))), numbers(&first));
    let of = |run: &str| stage_files(&place.path(run)).into_keys().collect::<Vec<_>>();
    assert_eq!(of("runs/one"), of("runs/two"));
}

/// All numbers of the results, in order.
fn numbers(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.values().flat_map(numbers).collect(),
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}
