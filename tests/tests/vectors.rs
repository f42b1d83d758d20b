//! Summaries of several numbers, and metrics that bring their own words.

use amplicast::results::{Cell, Results, TrueDeviation};
use amplicast_tests::{GAUSSIAN, Place, built, fits, hostile_plugin};

const SIZES: &str =
    "name = \"vectors\"\nn_train = 200\nn_gen = 20_000\nmembers = 8\ncheckpoints = 3\nn_truth = 20_000";

/// Three columns of different widths, the last two of which are a vector as well.
const DATASET: &str =
    "plugin = \"gaussian\"\ndimension = 3\nmean = [1.0, -2.0, 30.0]\nwidth = [1.0, 0.01, 50.0]";

const COLUMNS: &str = "[[summary]]\nname = \"y\"\nplugin = \"coordinate\"\nindex = 1\n[[summary]]\nname = \"z\"\n\
                       plugin = \"coordinate\"\nindex = 2\n";
const VECTOR: &str = "[[summary]]\nname = \"both\"\nplugin = \"coordinates\"\nindices = [1, 2]\n";
const MEAN: &str = "[[metric]]\nplugin = \"mean\"\n";

fn run(place: &Place, more: &str) -> Results {
    let fit = "plugin = \"gaussian-fit\"\n";
    place.write("x.toml", fits(DATASET, SIZES, more).replace(fit, &format!("{fit}fit_width = true\n")));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    serde_json::from_slice(&std::fs::read(place.path("run/results.json")).expect("results")).expect("results")
}

fn cell<'r>(results: &'r Results, summary: &str) -> &'r Cell {
    results.cells.iter().find(|c| c.name.summary == summary).expect("a cell")
}

/// 1 / n_equiv of a vector is the mean of that of its numbers: each counts in units of its own spread, whatever its width.
#[test]
fn the_mean_of_a_vector_is_that_of_its_numbers() {
    let place = Place::new();
    let results = run(&place, &[COLUMNS, VECTOR, MEAN].concat());
    let inverse =
        |summary: &str| 1.0 / cell(&results, summary).replicas[0].estimate.n_equiv.expect("n_equiv");
    let (found, expected) = (inverse("both"), 0.5 * (inverse("y") + inverse("z")));
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    // Against the truth as well, in the same units: the spread of the generated events, which is in the null law.
    let deviation = |summary: &str| cell(&results, summary).replicas[0].deviation.clone().expect("a truth");
    let unit = |summary: &str| {
        let point = &results.null_laws[cell(&results, summary).replicas[0].null_law][0];
        point.n * point.mean
    };
    let sum =
        |of: &dyn Fn(&str) -> f64| ["y", "z"].map(|summary| of(summary) / unit(summary)).iter().sum::<f64>();
    let all: [fn(TrueDeviation) -> f64; 3] = [|d| d.single_member, |d| d.posterior_mean, |d| d.null_scale];
    for of in all {
        let (found, expected) = (of(deviation("both")), sum(&|summary| of(deviation(summary))));
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    }
    assert!((unit("y") / 1e-4 - 1.0).abs() < 0.5 && (unit("z") / 2500.0 - 1.0).abs() < 0.5);
    assert_eq!(cell(&results, "both").axis, "x2, x3");
    // One line a column, but none of the vector.
    let drawn: Vec<&str> = results.distributions.iter().map(|d| d.summary.as_str()).collect();
    assert_eq!(drawn, ["x", "y", "z"]);
    let figure = "run/figures/gaussian-fit_ensemble_both_all_mean.svg";
    assert!(std::fs::read_to_string(place.path(figure)).expect("a figure").contains("of the mean"));
    let header = std::fs::read_to_string(place.path("run/results.csv")).expect("a table");
    assert!(header.contains(",variance 2,"), "{}", &header[..200]);
    place.amplicast(&["plan", "x.toml", "--runs", "5"]).expect(0).prints(&["both, mean"]);
    // Again from what is stored.
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
}

/// A cut on one number holds for all numbers of an event.
#[test]
fn a_vector_under_a_cut_has_whole_events() {
    let place = Place::new();
    let cut = "[[selection]]\nname = \"high\"\ncuts = [{ summary = \"x\", interval = [1.0, inf] }]\n";
    let results = run(&place, &[COLUMNS, VECTOR, MEAN, cut].concat());
    let passed = |summary: &str| {
        let replica = &cell(&results, summary).replicas[0];
        (replica.n_train_passed, replica.curve.iter().map(|p| p.n_passed).collect::<Vec<_>>())
    };
    assert_eq!(passed("both"), passed("y"));
    let (n_train, n_gen) = passed("both");
    // Half of the events, to 5 standard deviations.
    assert!(n_train.abs_diff(100) < 36 && (n_gen[2] / 20_000.0 - 0.5).abs() < 0.1, "{n_train} {n_gen:?}");
}

#[test]
fn what_takes_one_number_refuses_a_vector_by_name_and_line() {
    let place = Place::new();
    let refused = |more: &str, place_in_file: &str, said: &[&str]| {
        place.write("x.toml", fits(DATASET, SIZES, more));
        let ended = place.amplicast(&["run", "x.toml", "--out", "run"]).expect(2);
        ended.says(&[place_in_file]).says(said);
        assert!(!place.path("run").exists());
    };
    let both = "`both` has 2: x2, x3";
    for metric in
        ["plugin = \"ks\"\nreference = \"truth\"", "plugin = \"integral\"\nintervals = [[0.0, 1.0]]"]
    {
        let name = metric.split('"').nth(1).expect("a name");
        let said = format!("metric `{name}` takes summaries of one number, {both}; leave the pair out");
        let advice = format!("[[exclude]] metric = \"{name}\", summary = \"both\"");
        refused(&format!("{VECTOR}[[metric]]\n{metric}\n"), "x.toml:", &[&said, &advice]);
    }
    let cut = "[[selection]]\nname = \"c\"\ncuts = [{ summary = \"both\", interval = [0.0, 1.0] }]\n";
    refused(&[VECTOR, MEAN, cut].concat(), "x.toml:", &["a cut takes a summary of one number", both]);
    let plane = "[[selection]]\nname = \"c\"\nplane = [\"x\", \"both\"]\n";
    refused(
        &[VECTOR, MEAN, plane].concat(),
        "x.toml:",
        &["an axis of a plane takes a summary of one number", both],
    );
    let far = "[[summary]]\nplugin = \"coordinates\"\nindices = [0, 3]\n";
    refused(&[far, MEAN].concat(), "x.toml:", &["expected a column from 0 to 2, found 3"]);
    // As the advice says.
    let ks = "[[metric]]\nplugin = \"ks\"\nreference = \"truth\"\n[[exclude]]\nmetric = \"ks\"\nsummary = \"both\"\n";
    place.write("x.toml", fits(DATASET, SIZES, &[VECTOR, MEAN, ks].concat()));
    place.amplicast(&["check", "x.toml"]).expect(0);
}

#[test]
fn files_alone_are_asked_for_a_vector() {
    let place = Place::new();
    place.normal_npy("train.npy", 300, 2, 1);
    for member in 0..4 {
        place.normal_npy(&format!("gen_{member}.npy"), 2000, 2, 10 + member);
    }
    let base = ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--members-data", "bootstrap"];
    let of = |summary: &str, metric: &str| {
        place.amplicast(&[&base[..], &["--summary", summary, "--metric", metric, "--out", "run"]].concat())
    };
    of("coordinates:0,1", "mean").expect(0).prints(&["mean"]);
    of("coordinates:0,1", "ks").expect(2).says(&["metric `ks` takes summaries of one number"]);
    of("coordinate:0", "meen").expect(2).says(&["--metric meen: ", "did you mean `mean`?"]);
    of("coordinate:0", "integral").expect(2).says(&["--metric integral: its defaults are not enough"]);
}

/// A metric that the program has never heard of has its axis in the figures, and in the file.
#[test]
fn a_strangers_metric_brings_its_axis() {
    let place = Place::new();
    place.write(
        "x.toml",
        fits(GAUSSIAN, SIZES, "[[metric]]\nplugin = \"metric-honest\"\nreference = \"truth\"\n"),
    );
    let folder = built("examples/libfaulty.so").parent().expect("a folder").display().to_string();
    place.amplicast(&["run", "x.toml", "--out", "run", "--plugin-path", &folder]).expect(0);
    let results: Results =
        serde_json::from_slice(&std::fs::read(place.path("run/results.json")).expect("results"))
            .expect("results");
    assert_eq!(results.metrics.len(), 1);
    let shown = &results.metrics[0];
    assert_eq!((shown.name.as_str(), shown.shown.axis.as_str()), ("metric-honest", "distance of the means"));
    let figure = "run/figures/gaussian-fit_ensemble_x_all_metric-honest_truth.svg";
    let svg = std::fs::read_to_string(place.path(figure)).expect("a figure");
    assert!(svg.contains("distance of the means") && !svg.contains("KS distance"));
    // The report is made of the file alone.
    place.amplicast(&["report", "run"]).expect(0);
    assert_eq!(std::fs::read_to_string(place.path(figure)).expect("a figure"), svg);
}

#[test]
fn the_list_says_which_summaries_are_fitted() {
    let plugins = hostile_plugin().display().to_string();
    let listed = Place::new().amplicast(&["plugins", "list", "--plugin-path", &plugins]).expect(0);
    let line = |name: &str| {
        let of = |l: &&str| l.split_whitespace().any(|word| word == name);
        listed.out.lines().find(of).unwrap_or_else(|| panic!("no `{name}` in {}", listed.out)).to_string()
    };
    assert!(line("coordinates").contains("summary") && !line("coordinates").contains("fitted"));
    assert!(line("hostile-fitted-summary").contains("fitted summary"));
}
