//! The likelihood ratio as a summary: it differs from member to member.

use amplicast_tests::{GAUSSIAN, Place, built, fits};

use crate::run::{cell, run, run_file};

const SIZES: &str = "
n_train = 1000
n_gen = 150_000
members = 6
n_truth = 20_000
n_holdout = 5000
training_sets = 2
";

const TABLES: &str = r#"
[[summary]]
plugin = "true-lr"

[[selection]]
name = "all"

[[selection]]
name = "near 1"
cuts = [{summary = "true-lr", interval = [-0.03, 0.03]}]
plane = ["x", "true-lr"]

[[metric]]
plugin = "ks"
reference = ["training", "holdout", "truth"]
"#;

/// In one dimension, with a known width, log p_gen / p_true is linear in x: every distance is that of x itself.
#[test]
fn of_a_gaussian_is_as_good_as_the_coordinate() {
    let results = run(&fits(GAUSSIAN, SIZES, TABLES));
    for reference in ["training", "holdout", "truth"] {
        for selection in ["all", "near 1"] {
            let of = |summary: &str| {
                let found = results.cells.iter().find(|c| {
                    c.name.summary == summary
                        && c.name.selection == selection
                        && c.name.reference == reference
                });
                found.unwrap().replicas.clone()
            };
            let (x, ratio) = (of("x"), of("true-lr"));
            assert_eq!(x.len(), 2);
            for (x, ratio) in x.iter().zip(&ratio) {
                // Rounding may exchange neighbors: one step of the distribution function of the reference.
                let step = 1.0 / x.n_reference as f64;
                assert!((x.estimate.limit - ratio.estimate.limit).abs() <= step, "{reference}, {selection}");
                assert_eq!(x.n_reference, ratio.n_reference);
                assert_eq!(x.n_train_passed, ratio.n_train_passed);
                // Outside of the cut there are events: about |log p_gen / p_true| > 0.03 for |x| > 1.
                assert_eq!(x.n_train_passed < 1000, selection == "near 1");
            }
        }
    }
    assert_eq!(results.distributions.len(), 4);
    // The plane shows both kinds of events, each on its side of the cut.
    let [plane] = &results.planes[..] else { panic!("expected one plane") };
    let inside = |event: &[f64; 2]| (-0.03..0.03).contains(&event[1]);
    assert!(plane.passed.iter().all(inside) && !plane.cut.iter().any(inside));
    assert!(!plane.passed.is_empty() && !plane.cut.is_empty());
    assert_eq!(plane.passed.len() + plane.cut.len(), 2000);
}

/// Nothing depends on the number of threads, on what is stored, or on how many members there were before.
#[test]
fn is_the_same_for_any_threads_and_after_a_restart() {
    let place = Place::new();
    let file = place.write("experiment.toml", fits(GAUSSIAN, SIZES, TABLES)).display().to_string();
    let run = |out: &str, more: &[&str]| {
        let arguments = [&["run", &file, "--out", out], more].concat();
        let done = place.command_of(&built("amplicast"), &arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (
            std::fs::read(place.path(out).join("results.json")).unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    let (first, _) = run("one", &["--threads", "1", "--set", "experiment.members=4"]);
    let (grown, said) = run("one", &["--threads", "1"]);
    assert!(said.contains("2 member(s) sampled, 4 stored before"), "{said}");
    let (fresh, _) = run("two", &["--threads", "2"]);
    assert!(grown == fresh && first != fresh);
    let (again, said) = run("two", &[]);
    assert!(said.contains("0 member(s) sampled, 6 stored before"), "{said}");
    assert!(again == fresh);
}

/// The most powerful summary finds what a projection does not: its distance is larger than that of one column.
#[test]
fn of_a_product_of_gaussians_finds_what_one_column_hides() {
    let sizes = SIZES
        .replace("n_holdout = 5000", "n_holdout = 50_000")
        .replace("training_sets = 2", "training_sets = 10");
    let text = fits(&format!("{GAUSSIAN}\ndimension = 4"), &sizes, TABLES);
    let place = Place::new();
    let file = place.write("experiment.toml", text).display().to_string();
    let results = run_file(&place, &file, &[]);
    let limit = |summary: &str| {
        let cell = results.cells.iter().find(|c| {
            c.name.summary == summary && c.name.selection == "all" && c.name.reference == "holdout"
        });
        let replicas = &cell.unwrap().replicas;
        replicas.iter().map(|r| r.estimate.limit).sum::<f64>() / replicas.len() as f64
    };
    // The shift of each column is N(0, 1/n); along the ratio it is the norm of four of them, twice that of one, or more.
    assert!(limit("true-lr") > 1.5 * limit("x"), "{} {}", limit("true-lr"), limit("x"));
    assert!(cell(&results, "gaussian-fit", "ks", "holdout").failures.is_empty());
}
