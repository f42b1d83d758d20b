//! `amplicast plan`: what it predicts is what runs then find.

use amplicast::results::{Results, Verdict};
use amplicast_tests::{Place, results};

/// Members that scatter as fits to a Gaussian's mean do, with so few generated events that the interval has two ends in a part
/// of the runs only; and training events drawn again, whose G is 1 by construction, against a holdout.
const EXPERIMENT: &str = r#"
[experiment]
name = "plan"
n_train = 100
n_gen = 300
members = 10
n_holdout = 1000
n_truth = 300_000
[dataset]
plugin = "gaussian"
[[generator]]
plugin = "gaussian-fit"
[[generator]]
plugin = "resample"
[[uncertainty]]
plugin = "ensemble"
[[uncertainty]]
plugin = "point"
[[summary]]
name = "x"
plugin = "coordinate"
[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 20.0]]
[[metric]]
plugin = "ks"
reference = "holdout"
[[pair]]
cells = { generator = "gaussian-fit" }
with = { uncertainty = "ensemble", metric = "half" }
[[pair]]
cells = { generator = "resample" }
with = { uncertainty = "point", metric = "ks" }
"#;

const RUNS: u64 = 100;

/// The part of the runs that resolve this G at 95 %, as printed under a heading.
fn predicted(printed: &str, heading: &str, g: &str) -> f64 {
    let mut lines = printed.lines().skip_while(|l| !l.starts_with(heading));
    let line = lines.find(|l| l.split_whitespace().next() == Some(g)).unwrap_or_else(|| panic!("{printed}"));
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 100.0
}

fn found(results: &Results, metric: &str) -> f64 {
    let cell = results.cells.iter().find(|c| c.name.metric == metric).unwrap();
    assert_eq!(cell.replicas.len() as u64, RUNS, "{:?}", cell.failures);
    cell.replicas.iter().filter(|r| r.of_the_spread().verdict == Verdict::Resolved).count() as f64
        / RUNS as f64
}

/// 3.5 standard errors of the difference of two fractions of `RUNS` each.
fn tolerance(p: f64) -> f64 {
    3.5 * (p.clamp(0.05, 0.95) * (1.0 - p.clamp(0.05, 0.95)) * 2.0 / RUNS as f64).sqrt()
}

#[test]
fn forecasts_are_what_runs_find() {
    let place = Place::new();
    let file = place.write("plan.toml", EXPERIMENT).display().to_string();
    let runs = RUNS.to_string();
    let plan = |set: &str| {
        let call = ["plan", &file, "--runs", &runs, "--set", set];
        String::from_utf8(place.command(&call).output().expect("the host can be started").stdout).unwrap()
    };
    let run = |set: &str| -> Results {
        let replicas = format!("experiment.training_sets={runs}");
        place.amplicast(&["run", &file, "--out", "run", "--set", set, "--set", &replicas]).expect(0);
        serde_json::from_slice(&std::fs::read(place.path("run/results.json")).unwrap()).unwrap()
    };
    // The half line has a G of pi / 2, between two that are printed; more G is resolved less often.
    let few = "experiment.n_gen=300";
    let printed = plan(few);
    assert!(printed.contains("100 training events, 10 members of 300 events"), "{printed}");
    let [above, below] = ["1.0", "2.2"].map(|g| predicted(&printed, "x, half", g));
    let half = found(&run(few), "half");
    assert!(half < above + tolerance(above) && half > below - tolerance(below), "{below} < {half} < {above}");
    assert!((0.1..0.95).contains(&half), "{half} would not tell");
    // A distance needs a plateau, and more events of the reference than n_equiv.
    let many = "experiment.n_gen=20000";
    let printed = plan(many);
    let expected = predicted(&printed, "x, ks, holdout", "1.0");
    let ks = found(&run(many), "ks");
    assert!((ks - expected).abs() < tolerance(expected), "{ks} {expected}");
    assert!(printed.contains("gaussian-fit / ensemble: 10 chain(s)"), "{printed}");
    assert!(printed.contains("generated events in all: 220000"), "{printed}");
}

/// The numbers of training and reference events of a question, as printed under its heading.
fn sizes(printed: &str, heading: &str) -> (u64, u64) {
    let mut lines = printed.lines().skip_while(|l| !l.starts_with(heading));
    let line = lines.nth(1).unwrap_or_else(|| panic!("{printed}"));
    let numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    let [train, _, _, rest @ ..] = &numbers.collect::<Vec<u64>>()[..] else { panic!("{line}") };
    (*train, rest.first().copied().unwrap_or(0))
}

/// True events with weights, or that belong together, are as many as a run finds them to be worth to each question, and resolve what so many resolve
/// that count alike, each by itself.
#[test]
fn weighted_and_grouped_events_are_effective_ones() {
    const METRICS: [(&str, &str); 3] = [
        ("half", "plugin = \"integral\"\nintervals = [[0.0, 20.0]]"),
        ("mean", "plugin = \"mean\""),
        ("ks", "plugin = \"ks\"\nreference = \"holdout\""),
    ];
    let place = Place::new();
    let write = |dataset: &str, [n_train, n_holdout]: [u64; 2], metrics: &[(&str, &str)]| {
        let (before, _) = EXPERIMENT.split_once("[dataset]").unwrap();
        let before = before.replace("n_train = 100", &format!("n_train = {n_train}"));
        let before = before.replace("n_holdout = 1000", &format!("n_holdout = {n_holdout}"));
        let before =
            before.replace("n_gen = 300", "n_gen = 1000").replace("n_truth = 300_000", "n_truth = 30_000");
        let metrics = metrics.iter().map(|(name, of)| format!("[[metric]]\nname = \"{name}\"\n{of}\n"));
        let metrics: String = metrics.collect();
        let dataset = format!(
            "[dataset]\nplugin = \"gaussian\"\n{dataset}\n[[generator]]\nplugin = \"gaussian-fit\"\n"
        );
        let summary =
            "[[uncertainty]]\nplugin = \"ensemble\"\n[[summary]]\nname = \"x\"\nplugin = \"coordinate\"\n";
        place.write("x.toml", format!("{before}{dataset}{summary}{metrics}"));
    };
    let plan = || place.amplicast(&["plan", "x.toml", "--runs", "40"]).expect(0).out;
    for dataset in ["bias = 4\nnegative = 0.2", "oversampled = 6\ncorrelation = 0.6"] {
        write(dataset, [150, 1500], &METRICS);
        let printed = plan();
        place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
        let found = results(&place.path("run"));
        let mut told = 0;
        for (name, of) in METRICS {
            let cell =
                found["cells"].as_array().unwrap().iter().find(|c| c["name"]["metric"] == name).unwrap();
            let effective = cell["replicas"][0]["n_train_effective"].as_f64().unwrap();
            let (train, reference) = sizes(&printed, &format!("x, {name}"));
            assert_eq!(train, effective.round() as u64, "{name}");
            assert!(train < 140, "{name}: {train}");
            // The reference has ten times as many of the same kind.
            assert!(name != "ks" || reference.abs_diff((10.0 * effective) as u64) <= 1, "{reference}");
            write("", [train, reference.max(1)], &[(name, of)]);
            let equal = plan();
            // Both of 40 runs at each G: a factor of 1.7 between effective numbers would be seen.
            let gs = ["1.0", "2.2", "4.6", "10", "22"];
            let sums = [&printed, &equal].map(|text| {
                let resolved = gs.map(|g| predicted(text, &format!("x, {name}"), g));
                [resolved.iter().sum::<f64>(), resolved.iter().map(|p| p * (1.0 - p) / 40.0).sum()]
            });
            let [[weighted, first], [alike, second]] = sums;
            assert!(
                (weighted - alike).abs() < 3.5 * (first + second).sqrt() + 0.1,
                "{name}: {weighted} {alike}"
            );
            told += usize::from((0.5..4.5).contains(&alike));
        }
        assert!(told > 1, "{told} questions tell");
        std::fs::remove_dir_all(place.path("run")).unwrap();
    }
}

#[test]
fn what_it_would_take_is_said() {
    let place = Place::new();
    let file = place.write("plan.toml", EXPERIMENT).display().to_string();
    place.amplicast(&["plan", &file, "--runs", "10", "--resolve", "1"]).expect(0).prints(&[
        "to resolve G = 1.0 at 95 % in 80 % of the runs, all else equal",
        "n_gen: ",
        "reference events: ",
    ]);
    let training = ["plan", &file, "--runs", "2", "--set", "metric.1.reference=training"];
    place.amplicast(&training).expect(0).prints(&["no forecast: against its own training events"]);
    place
        .amplicast(&["plan", &file, "--resolve", "0"])
        .expect(2)
        .says(&["expected a positive number, found `0`"]);
}
