//! What is wrong in an experiment is said with file, line and column, what is allowed, and the nearest name.

use amplicast_tests::{Finished, GAUSSIAN, Place, fits};

/// A sound experiment; every test changes a line of it.
const SOUND: &str = r#"[experiment]
name = "sound"
n_train = 200
n_gen = 20_000
members = 4

[dataset]
plugin = "gaussian"

[[generator]]
plugin = "gaussian-fit"

[[generator]]
plugin = "resample"

[[uncertainty]]
plugin = "ensemble"

[[summary]]
name = "first"
plugin = "coordinate"

[[metric]]
plugin = "integral"
intervals = [[0.0, 0.5]]

[[metric]]
plugin = "ks"
reference = ["training", "holdout"]
"#;

fn check(text: &str, options: &[&str]) -> Finished {
    let place = Place::new();
    place.write("x.toml", text);
    place.amplicast(&[&["check", "x.toml"], options].concat())
}

/// With `old` replaced by `new`, the error is at this line and column, and has these texts.
#[track_caller]
fn refused(old: &str, new: &str, place: &str, texts: &[&str]) {
    assert!(SOUND.contains(old), "`{old}` is not in the experiment");
    let ended = check(&SOUND.replacen(old, new, 1), &[]).expect(2);
    let first = ended.err.lines().next().unwrap_or_default().to_string();
    assert!(first.contains(&format!("x.toml:{place}: ")), "expected x.toml:{place}, found {first}");
    ended.says(texts);
}

/// Arguments that override values, and what is said of them.
#[track_caller]
fn override_refused(assignment: &str, text: &str) {
    check(SOUND, &["--set", assignment]).expect(2).says(&[&format!("--set {assignment}: "), text]);
}

#[test]
fn a_sound_experiment_is_listed_cell_by_cell() {
    let listed = check(SOUND, &[]).expect(0).prints(&["6 cells", "gaussian-fit", "resample", "holdout"]);
    assert!(listed.err.is_empty(), "{}", listed.err);
}

#[test]
fn an_unknown_key_of_the_host() {
    let texts = [
        "experiment.n_trian: unknown field `n_trian`, expected one of `name`",
        "did you mean `n_train`?",
        "^^^^^^^",
    ];
    refused("n_train = 200", "n_trian = 200", "3:1", &texts);
}

#[test]
fn an_unknown_key_of_a_plugin() {
    let texts = [
        "dataset.widht: unknown field `widht`, expected one of `dimension`, `mean`, `width`, `bias`, `negative`, `oversampled`, `correlation`; did you mean `width`?",
    ];
    refused("plugin = \"gaussian\"", "plugin = \"gaussian\"\nwidht = [2.0]", "9:1", &texts);
}

#[test]
fn an_unknown_table() {
    let texts = ["unknown table `experimnt`, expected one of `experiment`, ", "did you mean `experiment`?"];
    refused("[experiment]", "[experimnt]", "1:2", &texts);
}

#[test]
fn a_single_table_where_a_list_is_meant() {
    let once = SOUND.replacen("[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n", "", 1);
    let ended = check(&once.replacen("[[metric]]", "[metric]", 1), &[]).expect(2);
    ended.says(&["x.toml:24:2: metric: expected tables [[metric]] (double brackets), found something else"]);
}

#[test]
fn a_wrong_type() {
    let texts = ["experiment.n_train: expected a whole number, 0 or more, found text \"many\""];
    refused("n_train = 200", "n_train = \"many\"", "3:1", &texts);
    let texts = ["experiment.members: expected a whole number, 0 or more, found `2.5`"];
    refused("members = 4", "members = 2.5", "5:1", &texts);
    let texts = ["dataset.width: expected a list, found text \"wide\""];
    refused("plugin = \"gaussian\"", "plugin = \"gaussian\"\nwidth = \"wide\"", "9:1", &texts);
    refused("plugin = \"resample\"", "plugin = 7", "14:1", &["generator[1].plugin: expected text, found 7"]);
}

#[test]
fn a_value_out_of_range() {
    refused(
        "n_train = 200",
        "n_train = 1",
        "3:1",
        &["experiment.n_train: expected at least 2 events, found 1"],
    );
    refused("members = 4", "members = 0", "5:1", &["experiment.members: expected at least 1, found 0"]);
    let texts = ["experiment.left_out: expected a fraction from 0 to 0.9, found 1.5"];
    refused("members = 4", "members = 4\nleft_out = 1.5", "6:1", &texts);
    let texts = ["training.learning_rate: expected a positive number, found -1"];
    refused("[dataset]", "[training]\nlearning_rate = -1.0\n[dataset]", "8:1", &texts);
    let texts = ["dataset.width: expected positive numbers, found -1"];
    refused("plugin = \"gaussian\"", "plugin = \"gaussian\"\nwidth = [-1.0]", "9:1", &texts);
    let texts = ["metric[0].intervals[0]: expected low < high, found [0.5, 0]"];
    refused("[[0.0, 0.5]]", "[[0.5, 0.0]]", "25:14", &texts);
    let texts = ["metric[0].regions: expected numbers from 1 to 10 such as \"2-19\", found `2-19`"];
    refused("intervals = [[0.0, 0.5]]", "quantiles = 10\nregions = \"2-19\"", "26:1", &texts);
    let texts = ["summary[0].index: expected a column from 0 to 0, found 3; the columns are: x1"];
    refused("plugin = \"coordinate\"", "plugin = \"coordinate\"\nindex = 3", "22:1", &texts);
}

#[test]
fn numbers_that_are_none() {
    refused(
        "n_train = 200",
        "n_train = nan",
        "3:11",
        &["experiment.n_train: expected a finite number, found NaN"],
    );
    let texts = ["dataset.width[1]: expected a finite number, found inf"];
    refused("plugin = \"gaussian\"", "plugin = \"gaussian\"\nwidth = [1.0, inf]", "9:15", &texts);
}

#[test]
fn text_that_is_no_toml() {
    refused("members = 4", "members = = 4", "5:11", &["extra `=`"]);
    refused("members = 4", "members = 4\nmembers = 5", "6:1", &["duplicate key"]);
    refused("name = \"sound\"", "name = \"sound", "2:14", &["invalid basic string"]);
}

#[test]
fn a_missing_plugin() {
    let texts = [
        "dataset.plugin: no dataset component `gausian` in any plugin; did you mean `gaussian`?",
        "there are: events-file, gaussian, gaussian-mixture, gaussian-ring",
        "searched: ",
    ];
    refused("\"gaussian\"", "\"gausian\"", "8:1", &texts);
    let texts = ["generator[1].plugin: no generator component `ks` in any plugin; `ks` is a metric"];
    refused("\"resample\"", "\"ks\"", "14:1", &texts);
    refused("plugin = \"gaussian\"\n", "", "7:2", &["dataset: expected `plugin = \"...\"`, found none"]);
}

#[test]
fn an_impossible_pair() {
    let texts = [
        "uncertainty `bayesian` needs gradients of the loss, which generator `resample` does not have",
        "[[exclude]] generator = \"resample\", uncertainty = \"bayesian\"",
    ];
    refused("\"ensemble\"", "\"bayesian\"", "16:1", &texts);
    let texts = [
        "metric `integral` needs at least 2 members, `point` gives 1; leave the pair out: [[exclude]] uncertainty = \"point\"",
    ];
    refused("\"ensemble\"", "\"point\"", "23:1", &texts);
    let texts = ["uncertainty `ensemble` needs at least 2 members, found 1"];
    refused("members = 4", "members = 1", "5:1", &texts);
    let texts = ["summary[0].particles: expected events of four-momenta, found events without particles"];
    refused("plugin = \"coordinate\"", "plugin = \"invariant-mass\"\nparticles = [0]", "22:1", &texts);
}

#[test]
fn the_pair_that_is_excluded_is_no_longer_impossible() {
    let text = SOUND.replacen("\"ensemble\"", "\"bayesian\"", 1) + "[[exclude]]\ngenerator = \"resample\"\n";
    check(&text, &[]).expect(0).prints(&["3 cells"]);
}

#[test]
fn an_impossible_reference() {
    let texts = [
        "metric[1].reference: unknown variant `trainin`, expected one of `training`",
        "did you mean `training`?",
    ];
    refused("\"training\"", "\"trainin\"", "29:1", &texts);
    let texts = ["reference `left-out` needs `left_out` in [experiment]"];
    refused("\"training\"", "\"left-out\"", "29:1", &texts);
    let texts =
        ["metric `ks` needs `reference`: one or more of \"training\", \"left-out\", \"holdout\", \"truth\""];
    refused("reference = [\"training\", \"holdout\"]\n", "", "27:1", &texts);
    let texts = ["metric `integral` compares with no reference sample: expected no `reference`"];
    refused("intervals = [[0.0, 0.5]]", "intervals = [[0.0, 0.5]]\nreference = \"holdout\"", "26:1", &texts);
}

#[test]
fn a_name_that_is_used_twice() {
    let texts = [
        "generator[1]: expected a name of its own, found `gaussian-fit` here and in generator[0]: give a `name`",
    ];
    refused("\"resample\"", "\"gaussian-fit\"", "13:1", &texts);
}

#[test]
fn a_name_of_no_table() {
    let texts = [
        "exclude[0].generator: unknown generator `resampel`, expected one of `gaussian-fit`, `resample`; did you mean `resample`?",
    ];
    refused("[dataset]", "[[exclude]]\ngenerator = \"resampel\"\n[dataset]", "8:1", &texts);
    let cut =
        "[[selection]]\nname = \"low\"\ncuts = [{summary = \"frist\", interval = [0.0, 1.0]}]\n[dataset]";
    refused(
        "[dataset]",
        cut,
        "9:10",
        &["unknown summary `frist`, expected one of `first`; did you mean `first`?"],
    );
    let cut =
        "[[selection]]\nname = \"low\"\ncuts = [{summary = \"first\", interval = [1.0, 0.0]}]\n[dataset]";
    refused("[dataset]", cut, "9:9", &["selection[0].cuts[0]: expected [low, high] with low < high"]);
    let plane = "[[selection]]\nname = \"low\"\nplane = [\"first\", \"second\"]\n[dataset]";
    refused("[dataset]", plane, "9:19", &["unknown summary `second`, expected one of `first`"]);
}

#[test]
fn rules_that_leave_nothing() {
    let text = SOUND.to_string() + "[[exclude]]\ngenerator = [\"resample\", \"gaussian-fit\"]\n";
    check(&text, &[])
        .expect(2)
        .says(&["expected at least one cell, found none: the rules exclude everything"]);
}

#[test]
fn what_is_not_supported_yet_is_refused_by_name() {
    let texts = ["unknown table `weights`", "event weights are those of a file"];
    refused("[dataset]", "[weights]\nfile = \"w.npy\"\n[dataset]", "7:2", &texts);
    let texts = ["unknown field `weights`", "event weights are those of a file"];
    refused("plugin = \"gaussian\"", "plugin = \"gaussian\"\nweights = \"w.npy\"", "9:1", &texts);
}

/// It stands for the truth in the validation, whether a metric compares with it or not.
#[test]
fn more_holdout_events_than_the_file_has() {
    let place = Place::new();
    place.normal_npy("t.npy", 100, 1, 1);
    place.normal_npy("h.npy", 30, 1, 2);
    let text = SOUND
        .replace("plugin = \"gaussian\"", "plugin = \"events-file\"\ntrain = \"t.npy\"\nholdout = \"h.npy\"")
        .replace("reference = [\"training\", \"holdout\"]", "reference = \"training\"");
    place.write("x.toml", text);
    let check =
        |n: &str| place.amplicast(&["check", "x.toml", "--set", "experiment.n_train=100", "--set", n]);
    check("experiment.n_holdout=30").expect(0);
    check("experiment.n_holdout=31")
        .expect(2)
        .says(&["experiment.n_holdout: expected 31 holdout events, found 30 in the dataset"]);
}

/// A likelihood ratio needs two densities, and is no summary for regions that all members share.
#[test]
fn densities_that_are_not_there() {
    let with_ratio = |old: &str, new: &str| {
        let text = SOUND.replace("plugin = \"coordinate\"", "plugin = \"true-lr\"");
        let text = text.replace("[[generator]]\nplugin = \"resample\"\n\n", "");
        check(&text.replace(old, new), &[])
    };
    with_ratio("", "").expect(2).says(&[
        "x.toml:20:1: metric[0]: metric `integral` compares members in the same regions, but `first` with selection `all` differs \
         from member to member; leave the pair out: [[exclude]] metric = \"integral\", summary = \"first\"",
    ]);
    let integral = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n\n";
    with_ratio(integral, "").expect(0);
    let text = SOUND.replace("plugin = \"coordinate\"", "plugin = \"true-lr\"").replace(integral, "");
    check(&text, &[]).expect(2).says(&[
        "summary `first` needs the density of generated events, which generator `resample` does not have; leave the pair \
         out: [[exclude]] generator = \"resample\", summary = \"first\"",
    ]);
    let place = Place::new();
    place.normal_npy("t.npy", 200, 1, 1);
    let text = text.replace("plugin = \"gaussian\"", "plugin = \"events-file\"\ntrain = \"t.npy\"");
    place
        .write("x.toml", text.replace("reference = [\"training\", \"holdout\"]", "reference = \"training\""));
    place.amplicast(&["check", "x.toml"]).expect(2).says(&[
        "summary `first` needs the density of the truth, which dataset `events-file` does not have; it works with datasets \
         of a known law",
    ]);
}

#[test]
fn overrides_are_checked_like_the_file_and_named_in_the_error() {
    override_refused("nothing", "expected KEY.KEY=VALUE, found no `=`");
    override_refused(".=3", "expected KEY.KEY=VALUE, found an empty key");
    override_refused("experiment.n_trian=3", "unknown field `n_trian`");
    override_refused("experiment.n_trian=3", "did you mean `n_train`?");
    override_refused("experiment.members=many", "expected a whole number, 0 or more, found text \"many\"");
    override_refused("experiment.n_train.deep=3", "expected a table at `experiment.n_train`, found a value");
    override_refused("generator.7.plugin=x", "expected a number below 2 or a name in `generator`, found `7`");
    override_refused(
        "summary.second.plugin=radius",
        "expected a number below 1 or a name in `summary`, found `second`",
    );
    override_refused("summary.first.index=7", "summary[0].index: expected a column from 0 to 0, found 7");
    override_refused("metric.ks.reference=left-out", "reference `left-out` needs `left_out`");
}

#[test]
fn overrides_reach_tables_by_number_and_by_name() {
    // A whole number may be written with an exponent.
    let swaps = [
        "--set",
        "generator.1.plugin=samples",
        "--set",
        "metric.ks.reference=truth",
        "--set",
        "experiment.n_gen=1e3",
    ];
    let ended = check(SOUND, &swaps).expect(2);
    ended.says(&["x.toml:13:1: generator[1]: missing field `members`"]);
    let listed =
        check(SOUND, &["--set", "metric.ks.reference=truth", "--set", "summary.first.plugin=radius"])
            .expect(0);
    let listed = listed.prints(&["4 cells", "truth"]);
    assert!(!listed.out.contains("holdout"), "{}", listed.out);
}

#[test]
fn an_experiment_that_is_not_there() {
    Place::new()
        .amplicast(&["check", "nothing.toml"])
        .expect(2)
        .says(&["nothing.toml: cannot read the experiment: "]);
}

#[test]
fn a_name_that_is_no_folder() {
    let texts = ["experiment.name: expected a name without slashes, found ../x"];
    refused("name = \"sound\"", "name = \"../x\"", "2:1", &texts);
}

/// A key of an earlier version is read, and it is said what it is called now.
#[test]
fn a_former_name_of_a_key_is_read() {
    let place = Place::new();
    let sizes = "n_train = 100\nn_gen = 1000\nmembers = 2\nreplicas = 2";
    let metric = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n";
    let text = fits(GAUSSIAN, sizes, metric);
    place.write("former.toml", &text);
    let note = "note: experiment.replicas is called experiment.training_sets now";
    place.amplicast(&["check", "former.toml"]).expect(0).says(&[note]).prints(&["2 training set(s)"]);
    let set = ["check", "former.toml", "--set", "experiment.replicas=3"];
    place.amplicast(&set).expect(0).prints(&["3 training set(s)"]);
    place.write("wrong.toml", text.replace("replicas = 2", "replicas = 0"));
    place.amplicast(&["check", "wrong.toml"]).expect(2).says(&[
        "wrong.toml:6:1: experiment.training_sets: expected at least 1, found 0\n 6 | replicas = 0\n   | ^^^^^^^^",
    ]);
    place.write("twice.toml", text.replace("replicas = 2", "training_sets = 2\nreplicas = 2"));
    let ended = place.amplicast(&["check", "twice.toml"]).expect(2);
    ended.says(&["experiment.training_sets: it is given twice: `experiment.replicas` is its former name"]);
}
