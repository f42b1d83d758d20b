//! The plugin that was written outside the workspace, built and run as a stranger would.

use std::path::Path;
use std::process::Command;

use amplicast_tests::Place;

#[test]
fn a_plugin_from_outside_the_workspace_is_tested_built_and_run() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let manifest = examples.join("plugin-histogram/Cargo.toml");
    for command in ["test", "build"] {
        // A stranger's cargo knows nothing of this test's.
        let inherited = |(name, _): &(String, String)| name.starts_with("CARGO") && name != "CARGO_HOME";
        let mut cargo = Command::new("cargo");
        std::env::vars().filter(inherited).for_each(|(name, _)| _ = cargo.env_remove(name));
        let done = cargo
            .args([command, "--release", "--locked", "--manifest-path"])
            .arg(&manifest)
            .current_dir(&examples)
            .output()
            .unwrap();
        let said = [&done.stdout[..], &done.stderr].map(String::from_utf8_lossy).concat();
        assert!(done.status.success(), "{said}");
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
