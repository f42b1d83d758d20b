//! `amplicast check --why` names the inputs whose change makes stages stale.

use amplicast_tests::{Finished, GAUSSIAN, Place, fits};

const SIZES: &str =
    "name = \"why\"\nn_train = 100\nn_gen = 1000\nmembers = 3\ncheckpoints = 3\nn_truth = 1000\n";
const METRICS: &str = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n";

fn why(place: &Place, set: &[&str]) -> Finished {
    let mut arguments = vec!["check", "why.toml", "--why", "--out", "run"];
    for value in set {
        arguments.extend(["--set", value]);
    }
    place.amplicast(&arguments).expect(0)
}

#[test]
fn what_changed_is_named() {
    let place = Place::new();
    place.write("why.toml", fits(GAUSSIAN, SIZES, METRICS));
    why(&place, &[]).prints(&[
        "chains: 0 of 3 stored; there were none of this kind before",
        "curves: follow from the chains",
    ]);
    place.amplicast(&["run", "why.toml", "--out", "run"]).expect(0);
    // Three members; a metric, a histogram and an order each.
    why(&place, &["experiment.name=other"]).prints(&["chains: all 3 stored", "curves: all 9 stored"]);
    why(&place, &["training.iterations=7"]).prints(&[
        "chains: 0 of 3 stored",
        "\n  training.iterations: 2000 -> 7\n",
        "curves: follow from the chains",
    ]);
    why(&place, &["experiment.n_train=101"]).prints(&["\n  data.n_train: 100 -> 101\n"]);
    why(&place, &["experiment.members=4"]).prints(&[
        "chains: 3 of 4 stored; the inputs of the others are the same, they were not computed yet",
    ]);
    why(&place, &["experiment.n_gen=2000"]).prints(&["chains: all 3 stored", "\n  checkpoints: "]);
    why(&place, &["metric.0.intervals=[[0.0, 0.6]]"]).prints(&[
        "curves: 6 of 9 stored",
        "\n  column.counted.metric.config.intervals: [[0.0,0.5]] -> [[0.0,0.6]]\n",
    ]);
}
