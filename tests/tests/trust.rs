//! What runs when an experiment is opened: nothing of its author's, unless the user trusts it, and not before it is named.

use amplicast_tests::{Finished, GAUSSIAN, Place, fits, library};

const SIZES: &str = "name = \"theirs\"\nn_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000\n\
                     plugin_path = [\"their-plugins\"]";
const METRICS: &str = "[[metric]]\nname = \"half\"\nplugin = \"integral\"\nintervals = [[0.0, 20.0]]\n";

/// Somebody's experiment, with a library beside it that comes before the metric that the experiment uses, and leaves a file when it
/// is loaded.
fn theirs() -> Place {
    let place = Place::new();
    place.write("theirs.toml", fits(GAUSSIAN, SIZES, METRICS));
    let ran = place.path("ran");
    let code = format!("FILE *f = fopen(\"{}\", \"w\"); fclose(f);", ran.display());
    library(&place, "their-plugins", &[("metric", "integral")], &code);
    place
}

const COMMANDS: [&[&str]; 4] = [
    &["check", "theirs.toml"],
    &["plan", "theirs.toml", "--runs", "1"],
    &["run", "theirs.toml", "--out", "run"],
    &["calibrate", "theirs.toml", "--training-sets", "2", "--out", "run"],
];

#[test]
fn an_experiments_own_plugins_need_the_users_word() {
    let place = theirs();
    for command in COMMANDS {
        place.amplicast(command).expect(2).says(&[
            "theirs.toml:",
            "experiment.plugin_path",
            "their-plugins: they are programs, and run with all your rights",
            "`--trust-plugins`",
        ]);
        assert!(!place.path("ran").exists(), "{command:?} ran it");
    }
    // It is named before it runs; since it is no plugin, the next one on the path is taken, which is said as well.
    place.amplicast(&[COMMANDS[0], &["--trust-plugins"]].concat()).expect(0).says(&[
        "note: metric `integral` is taken from ",
        "librude.so, not from ",
        "libamplicast_metrics.so after all: what is earlier cannot be loaded",
    ]);
    assert!(place.path("ran").exists());
}

/// Of a plugin that no component is needed of, nothing runs: what it holds is read.
#[test]
fn what_is_not_needed_does_not_run() {
    let place = theirs();
    let path = place.path("their-plugins").display().to_string();
    place.write(
        "x.toml",
        fits(GAUSSIAN, "n_train = 100", "[[metric]]\nplugin = \"ks\"\nreference = \"truth\"\n"),
    );
    for command in
        [&["plugins", "list"][..], &["plugins", "info", "ks"], &["schema", "radius"], &["check", "x.toml"]]
    {
        place.amplicast(&[command, &["--plugin-path", &path]].concat()).expect(0);
        assert!(!place.path("ran").exists(), "{command:?} ran it");
    }
    place.amplicast(&["plugins", "list", "--plugin-path", &path]).expect(0).prints(&[
        "integral",
        "Made in a test",
        "librude.so",
        "integral (shadowed by an earlier library)",
    ]);
    place
        .amplicast(&["plugins", "list", "--load", "--plugin-path", &path])
        .expect(1)
        .prints(&["librude.so: it has a tag but no symbol"]);
    assert!(place.path("ran").exists());
}

#[test]
fn folders_may_be_trusted_once_and_for_all() {
    let place = theirs();
    let with = |content: &str| {
        std::fs::create_dir_all(place.path("config/amplicast")).expect("a folder");
        place.write("config/amplicast/config.toml", content);
        let mut command = place.command(&["check", "theirs.toml"]);
        Finished::of(
            command.env("XDG_CONFIG_HOME", place.path("config")).output().expect("the host can be started"),
        )
    };
    with("trusted_plugins = [\"/nowhere\"]\n").expect(2).says(&["config.toml", "--trust-plugins"]);
    with("trusted_plugin = []\n").expect(2).says(&["config.toml", "trusted_plugins"]);
    assert!(!place.path("ran").exists());
    with(&format!("trusted_plugins = [\"{}\"]\n", place.path("").display())).expect(0);
    assert!(place.path("ran").exists());
}

#[test]
fn what_the_user_names_himself_is_his_own() {
    let place = theirs();
    place
        .amplicast(&["check", "theirs.toml", "--set", "experiment.plugin_path=[\"their-plugins\"]"])
        .expect(0);
    assert!(place.path("ran").exists());
}

#[test]
fn a_report_runs_nothing() {
    let place = theirs();
    place.amplicast(&["run", "theirs.toml", "--out", "run", "--trust-plugins"]).expect(0);
    std::fs::remove_file(place.path("ran")).expect("it ran");
    let mut command = place.command(&["report", "run"]);
    let command = command.env("AMPLICAST_PLUGIN_PATH", place.path("their-plugins"));
    Finished::of(command.output().expect("the host can be started")).expect(0);
    assert!(!place.path("ran").exists());
}

#[test]
fn programs_are_named_before_they_run() {
    let place = Place::new();
    place.write(
        "nets.toml",
        "[dataset]\nplugin = \"gaussian\"\n\n[[generator]]\nplugin = \"torchscript\"\nfiles = [\"nets/*.pt\"]\n\n\
         [[summary]]\nplugin = \"coordinate\"\n\n[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n",
    );
    let ended = place.amplicast(&["check", "nets.toml"]).expect(2);
    let note = "note: generator[0].files[0] names a program, nets/*.pt: it runs with all your rights when it is opened";
    let (named, error) = (ended.err.find(note), ended.err.find("error: "));
    assert!(named.is_some() && named < error, "{}", ended.err);
}

/// `check` says where every component comes from, and which one another library hides.
#[test]
fn check_names_the_library_of_every_component() {
    let place = Place::new();
    place.write("x.toml", fits(GAUSSIAN, &SIZES.replace("plugin_path = [\"their-plugins\"]", ""), METRICS));
    let ended = place.amplicast(&["check", "x.toml"]).expect(0);
    for (component, library) in
        [("integral", "libamplicast_metrics.so"), ("gaussian", "libamplicast_datasets.so")]
    {
        let line = |line: &&str| line.contains(component) && line.contains(library);
        assert!(ended.out.lines().any(|l| line(&l)), "{component}: {}", ended.out);
    }
    assert!(!ended.err.contains("is taken from"), "{}", ended.err);
    // The same library once more, earlier on the path.
    std::fs::create_dir(place.path("first")).expect("a folder");
    std::fs::copy(amplicast_tests::built("libamplicast_metrics.so"), place.path("first/libother.so"))
        .expect("a copy");
    let ended = place.amplicast(&["check", "x.toml", "--plugin-path", "first"]).expect(0);
    ended.says(&["note: metric `integral` is taken from ", "first/libother.so, not from "]);
}
