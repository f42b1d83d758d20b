//! `amplicast estimate` on the kinds of files that people bring.

use std::path::PathBuf;
use std::process::Command;

use amplicast_tests::{Finished, Place, last_of_curve, results};
use ndarray::{Array2, Array3, ArrayView1, s};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugins/tables/fixtures").join(name)
}

/// A training set of 400 normal numbers, and four members of 5000 around means of their own.
fn place() -> Place {
    let place = Place::new();
    place.normal_npy("train.npy", 400, 1, 1);
    for member in 0..4 {
        let events = place.normal_npy("unshifted.npy", 5000, 1, 10 + member);
        let events: Array2<f64> = ndarray_npy::read_npy(events).expect("just written");
        place.npy(&format!("gen_{member}.npy"), &(events + 0.1 * (member as f64 - 1.5)));
    }
    place
}

/// The momenta of `kinds/momenta.h5`: p = (3, 4, 12) s, E = 13 s, s = 10 (1 + particle) + row / 10, so that H_T = 150 + row for
/// rows below 300; a member's momenta are larger by a factor, and each row comes as often as the others, in an order of its own.
fn momenta(blocks: u64, seed: u64, factor: f64) -> Array3<f64> {
    let mixed = |row: u64| {
        let mut x = (row + 1000 * (seed + 1)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    };
    let mut rows: Vec<u64> = (0..300 * blocks).collect();
    rows.sort_by_key(|row| mixed(*row));
    let components = [13.0, 3.0, 4.0, 12.0];
    Array3::from_shape_fn((rows.len(), 2, 4), |(i, particle, c)| {
        factor * (10.0 * (1 + particle) as f64 + (rows[i] % 300) as f64 / 10.0) * components[c]
    })
}

/// A folder with the fixture as `train.h5`, and four members in .npy.
fn jets() -> Place {
    let place = Place::new();
    std::fs::copy(fixture("kinds/momenta.h5"), place.path("train.h5")).expect("the fixture can be copied");
    for member in 0..4_u32 {
        let events = momenta(2, u64::from(member), 1.0 + 0.03 * f64::from(member));
        ndarray_npy::write_npy(place.path(&format!("gen_{member}.npy")), &events).expect("written");
    }
    place
}

fn estimate(place: &Place, more: &[&str]) -> Finished {
    place.amplicast(&[&["estimate", "--out", "run"][..], more].concat())
}

/// The variance over members in the first cell, at its last checkpoint.
fn last_value(place: &Place) -> f64 {
    last_of_curve(&results(&place.path("run"))["cells"][0]["replicas"][0], "value")
}

const HT: [&str; 6] = ["--members", "gen_*.npy", "--summary", "ht", "--region", "200:300"];

/// Fractions of 300 rows with 200 <= (150 + row) factor < 300, and their variance over members.
#[test]
fn keys_belong_to_files() {
    let place = jets();
    let fraction = |factor: f64| {
        let inside = (0..300).filter(|row| (200.0..300.0).contains(&(factor * (150.0 + f64::from(*row)))));
        inside.count() as f64 / 300.0
    };
    let fractions = [1.0, 1.03, 1.06, 1.09].map(fraction);
    let mean = fractions.iter().sum::<f64>() / 4.0;
    let expected = fractions.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / 3.0;
    for keys in [
        &["--train", "train.h5::reco/momenta"][..],
        &["--train", "train.h5", "--train-key", "reco/momenta"],
        &["--train", "train.h5", "--key", "reco/momenta"],
    ] {
        estimate(&place, &[keys, &HT].concat()).expect(0).prints(&["ht"]);
        assert!((last_value(&place) - expected).abs() < 1e-12, "{keys:?}: {} {expected}", last_value(&place));
    }
    let train = ["--train", "train.h5::reco/momenta"];
    // One array of a file for the training set, another one for a member.
    ndarray_npy::write_npy(place.path("other.npy"), &momenta(1, 9, 1.03)).expect("written");
    for members in [
        &["--members", "train.h5::gen/momenta", "other.npy"][..],
        &["--members", "train.h5", "other.npy", "--key", "gen/momenta"],
    ] {
        let question = ["--summary", "ht", "--region", "200:300"];
        estimate(&place, &[&train, members, &question].concat()).expect(0);
    }
    estimate(&place, &[&["--train", "train.h5", "--train-key", "missing"], &HT[..]].concat())
        .expect(2)
        .says(&["--train-key: expected one of `counts`, `gen/momenta`, `reco/momenta`, `reco/name`, found"]);
    let both = [&train, &HT[..], &["--members-key", "x"]].concat();
    estimate(&place, &both)
        .expect(2)
        .says(&["--members-key: expected no key for a file of one array, found `x`"]);
    let counts = ["--train", "train.h5::counts", "--particles", "a"];
    estimate(&place, &[&counts, &HT[..]].concat())
        .expect(2)
        .says(&["--particles: expected no particles, or 4 columns", "found 2 columns"]);
    let holdout = [&train, &HT[..], &["--holdout", "gen_0.npy", "--holdout-key", "x"]].concat();
    estimate(&place, &holdout).expect(2).says(&["--holdout-key: expected no key for a file of one array"]);
}

/// The same momenta in three orders give the same bits.
#[test]
fn a_layout_is_said_or_asked_for() {
    let place = jets();
    estimate(&place, &[&["--train", "train.h5::reco/momenta"], &HT[..]].concat()).expect(0);
    let expected = last_value(&place);
    for member in 0..4 {
        let name = place.path(&format!("gen_{member}.npy"));
        let events: Array3<f64> = ndarray_npy::read_npy(&name).expect("just written");
        let last = ndarray::concatenate![
            ndarray::Axis(2),
            events.slice(s![.., .., 1..]),
            events.slice(s![.., .., ..1])
        ];
        let wide = last.to_shape((600, 8)).expect("eight numbers").to_owned();
        ndarray_npy::write_npy(place.path(&format!("last_{member}.npy")), &wide).expect("written");
    }
    let base = [
        "--train",
        "train.h5::reco/momenta",
        "--members",
        "last_*.npy",
        "--summary",
        "ht",
        "--region",
        "200:300",
    ];
    estimate(&place, &base).expect(2).says(&[
        "last_0.npy: row 0, particle 0: expected a four-momentum with E >= |p|, found E = ",
        "100 % of the particles; in the order `px,py,pz,E` they fit",
        "--layout px,py,pz,E",
    ]);
    estimate(&place, &[&base[..], &["--members-layout", "px,py,pz,E"]].concat()).expect(0);
    assert_eq!(last_value(&place), expected);
    // The training file has another one.
    estimate(&place, &[&base[..], &["--layout", "PxPyPzE"]].concat())
        .expect(2)
        .says(&["train.h5: row 0, particle 0: expected a four-momentum"]);
    estimate(&place, &[&base[..], &["--members-layout", "px,py,pz"]].concat())
        .expect(2)
        .says(&["--members-layout: expected a layout of an array of shape [600, 8], found `px,py,pz`"]);
    estimate(&place, &[&base[..], &["--members-layout", "px,py,pz,pt"]].concat())
        .expect(2)
        .says(&["--members-layout: expected the components of a particle in their order, such as"]);
}

#[test]
fn what_is_left_out_of_a_file_is_a_warning() {
    let place = Place::new();
    for (name, from) in [("train.parquet", "kinds/index.parquet"), ("gen_0.parquet", "kinds/brotli.parquet")]
    {
        std::fs::copy(fixture(from), place.path(name)).expect("the fixture can be copied");
    }
    std::fs::copy(fixture("kinds/named.parquet"), place.path("gen_1.parquet")).expect("copied");
    let files = ["--train", "train.parquet", "--members", "gen_*.parquet", "--events", "20"];
    let question = ["--summary", "coordinate:0", "--region", "0:950"];
    estimate(&place, &[&files[..], &question].concat()).expect(0).prints(&[
        "train.parquet: the column `__index_level_0__` is left out",
        "gen_1.parquet: the column `event` is left out",
    ]);
    // They stand in the results as well.
    let warnings = results(&place.path("run"))["warnings"].clone();
    let left_out =
        warnings.as_array().expect("warnings").iter().filter(|w| w.to_string().contains("is left out"));
    assert_eq!(left_out.count(), 2, "{warnings}");

    std::fs::copy(fixture("kinds/weight.parquet"), place.path("train.parquet")).expect("copied");
    estimate(&place, &[&files[..], &question].concat()).expect(2).says(&[
        "--columns: expected features of events, found `mcWeight`, which is what event weights are called",
    ]);
}

#[test]
fn a_pattern_that_the_shell_expands() {
    let place = place();
    let members = ["--members", "gen_0.npy", "gen_1.npy", "gen_2.npy", "--summary", "coordinate:0"];
    estimate(&place, &[&["--train", "train.npy", "--region", "0:1"], &members[..]].concat()).expect(0);
    // As the pattern of these three does.
    let expanded = last_value(&place);
    let pattern = ["--members", "gen_[0-2].npy", "--summary", "coordinate:0"];
    estimate(&place, &[&["--train", "train.npy", "--region", "0:1"], &pattern[..]].concat()).expect(0);
    assert_eq!(last_value(&place), expanded);
}

#[test]
fn without_a_question_there_is_a_hint() {
    let place = place();
    place.normal_npy("holdout.npy", 3000, 1, 2);
    let files = ["--train", "train.npy", "--members", "gen_*.npy", "--summary", "coordinate:0"];
    let ended = estimate(&place, &files).expect(2);
    ended.says(&[
        "expected a question, found none: `--region LOW:HIGH`",
        "`--quantiles 20 --regions 2-19`",
        "`--holdout FILE`",
    ]);
    assert!(!place.path("run").exists(), "nothing is written");
    estimate(&place, &[&files[..], &["--holdout", "holdout.npy"]].concat()).expect(0);
}

/// Fractions beyond 0.5 of the members themselves, and their variance; the same in a file.
#[test]
fn a_tail_is_a_region() {
    let place = place();
    let fraction = |member: usize| {
        let events: Array2<f64> =
            ndarray_npy::read_npy(place.path(&format!("gen_{member}.npy"))).expect("just written");
        let column: ArrayView1<'_, f64> = events.column(0);
        column.iter().filter(|x| **x >= 0.5).count() as f64 / 5000.0
    };
    let fractions = [0, 1, 2, 3].map(fraction);
    let mean = fractions.iter().sum::<f64>() / 4.0;
    let expected = fractions.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / 3.0;
    let files = ["--train", "train.npy", "--members", "gen_*.npy", "--summary", "coordinate:0"];
    for region in ["0.5:inf", "-inf:0.5"] {
        // I and 1 - I have the same variance.
        estimate(&place, &[&files[..], &["--region", region]].concat()).expect(0);
        assert!((last_value(&place) - expected).abs() < 1e-12, "{region}: {} {expected}", last_value(&place));
        assert!(std::fs::read_to_string(place.path("run/report.html")).expect("a report").contains(region));
    }
    estimate(&place, &[&files[..], &["--region", "-inf:inf"]].concat())
        .expect(2)
        .says(&["expected a part of the summary's range, found all of it"]);
    estimate(&place, &[&files[..], &["--region", "nan:1"]].concat())
        .expect(2)
        .says(&["--region nan:1: expected LOW:HIGH, two numbers"]);

    place.write(
        "tail.toml",
        "[experiment]\nn_train = 400\nn_gen = 5000\n[dataset]\nplugin = \"events-file\"\ntrain = \"train.npy\"\n[[generator]]\nplugin \
         = \"samples\"\nmembers = [\"gen_*.npy\"]\n[[summary]]\nplugin = \"coordinate\"\n[[selection]]\nname = \"all\"\n[[selection]]\n\
         name = \"above\"\ncuts = [{ summary = \"coordinate\", interval = [-inf, inf] }]\n[[metric]]\nplugin = \"integral\"\nintervals = \
         [[0.5, inf]]\n",
    );
    place.amplicast(&["run", "tail.toml", "--out", "run"]).expect(0);
    assert!((last_value(&place) - expected).abs() < 1e-12);
    // Two cells, of which the second cuts nothing.
    let cells = results(&place.path("run"))["cells"].clone();
    let g = |cell: usize| cells[cell]["replicas"][0]["estimate"]["g"].clone();
    assert_eq!((cells.as_array().map(Vec::len), g(0)), (Some(2), g(1)));
}

#[test]
fn unequal_members_of_an_experiment_are_refused_before_it_runs() {
    let place = place();
    place.normal_npy("gen_2.npy", 300, 1, 7);
    place.write(
        "short.toml",
        "[experiment]\nn_train = 400\nn_gen = 5000\n[dataset]\nplugin = \"events-file\"\ntrain = \"train.npy\"\n[[generator]]\nplugin \
         = \"samples\"\nmembers = [\"gen_*.npy\"]\n[[summary]]\nplugin = \"coordinate\"\n[[metric]]\nplugin = \"integral\"\nintervals = \
         [[0.5, 1]]\n",
    );
    let ended = place.amplicast(&["check", "short.toml"]).expect(2);
    ended.says(&[
        "gen_2.npy: expected 5000 events as in ",
        "found 300; a smaller n_gen takes as many of each member",
    ]);
    place.amplicast(&["check", "short.toml", "--set", "experiment.n_gen=300"]).expect(0);
}

/// 150 members, and no more than 60 files open at a time.
#[test]
fn more_members_than_files_that_may_be_open() {
    let place = Place::new();
    place.normal_npy("train.npy", 100, 1, 1);
    for member in 0..150 {
        place.normal_npy(&format!("gen_{member}.npy"), 50, 1, 10 + member);
    }
    let arguments =
        ["estimate", "--train", "train.npy", "--members", "gen_*.npy", "--summary", "coordinate:0"];
    let whole = [&arguments[..], &["--region", "0:1", "--out", "run"]].concat();
    let host = place.command(&whole);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 60 && exec \"$0\" \"$@\""]).arg(host.get_program()).args(&whole);
    limited.current_dir(place.path(""));
    for (key, value) in host.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    Finished::of(limited.output().expect("a shell")).expect(0);
    assert_eq!(results(&place.path("run"))["cells"][0]["failures"].as_array().map(Vec::len), Some(0));
}

/// Columns in Fortran order, as `DataFrame.to_numpy()` gives them, are the same events.
#[test]
fn the_order_in_memory_does_not_matter() {
    let place = place();
    let files = ["--train", "train.npy", "--members", "gen_*.npy", "--summary", "radius", "--region", "0:1"];
    let turn = |fortran: bool| {
        for (i, name) in ["train.npy", "gen_0.npy", "gen_1.npy", "gen_2.npy", "gen_3.npy"].iter().enumerate()
        {
            let rows = if i == 0 { 400 } else { 2000 };
            let events =
                Array2::from_shape_fn((rows, 3), |(n, k)| ((n * (7 + i) + 3 * k) % 11) as f64 / 10.0);
            let mut turned = Array2::zeros(ndarray::ShapeBuilder::set_f((rows, 3), fortran));
            turned.assign(&events);
            ndarray_npy::write_npy(place.path(name), &turned).expect("written");
        }
        estimate(&place, &files).expect(0);
        last_value(&place)
    };
    assert_eq!(turn(true), turn(false));
}
