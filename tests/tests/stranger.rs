//! The plugin that was written outside the workspace, built and run as a stranger would.

use amplicast_tests::{Place, cargo, outside, succeeds};

#[test]
fn a_plugin_from_outside_the_workspace_is_tested_built_and_run() {
    let examples = outside().join("..");
    for command in ["test", "build"] {
        let mut cargo = cargo();
        cargo.args([command, "--release", "--locked", "--manifest-path"]).arg(outside().join("Cargo.toml"));
        succeeds(cargo.current_dir(&examples));
    }

    let place = Place::new();
    let example = examples.join("ring-2d-histogram.toml").display().to_string();
    let run = place.amplicast(&["run", &example, "--out", "run", "--trust-plugins"]).expect(0);
    run.prints(&["histogram × halves"]);
    let results: amplicast::results::Results =
        serde_json::from_slice(&std::fs::read(place.path("run/results.json")).unwrap()).unwrap();
    // Columns are described, their correlation is not: the radius is far off, and G includes it.
    let regions =
        results.cells.iter().find(|c| c.name.summary == "radius" && c.name.metric == "regions 2-19");
    let (regions, estimate) = (regions.unwrap(), &regions.unwrap().replicas[0].estimate);
    assert_eq!(estimate.verdict, amplicast::results::Verdict::BiasSeen);
    let truth = regions.true_g().unwrap().value.unwrap();
    let interval = estimate.interval_95;
    assert!(interval.low.unwrap() < truth && truth < interval.high.unwrap(), "{truth} in {interval:?}");
    let radius = results.cells.iter().find(|c| c.name.summary == "radius" && c.name.metric == "ks").unwrap();
    assert!(radius.replicas[0].estimate.g.unwrap() < 0.1);
    let column = results.cells.iter().find(|c| c.name.summary == "x_1" && c.name.metric == "ks").unwrap();
    assert!(column.replicas[0].estimate.g.unwrap() > 0.1);
}
