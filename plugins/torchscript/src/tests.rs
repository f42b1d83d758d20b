//! Modules that PyTorch wrote (`fixtures/make.py`).

use amplicast_sdk::*;
use ndarray::{Array2, arr2};

use crate::{TorchScript, TorchScriptConfig};

fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn config(files: &[&str]) -> TorchScriptConfig {
    TorchScriptConfig {
        files: files.iter().map(|name| fixture(name).into()).collect(),
        sample: "sample".into(),
        log_density: None,
        batch: 1000,
        drop_non_finite: 0.0,
        largest_weight: None,
        device: "cpu".into(),
    }
}

fn refusal(config: TorchScriptConfig) -> String {
    TorchScript::new(config).unwrap_err().to_string()
}

fn member(config: TorchScriptConfig, columns: &[&str], number: usize) -> Box<dyn Member> {
    let generator = TorchScript::new(config).unwrap();
    let events = Array2::zeros((1, columns.len()));
    let training = Batch::new(events.view(), Origin::Training, &[0]);
    let model = generator.prepare(&training, &Schema::columns(columns.iter().copied())).unwrap();
    assert_eq!(model.max_concurrency(), Some(1));
    model.at(&model.own_members().unwrap()[number]).unwrap()
}

fn chunk(seed: u64) -> Chunk {
    Chunk { index: 0, first_event: 0, seed: Seed::new(seed) }
}

fn sample(member: &dyn Member, (n, d): (usize, usize), seed: u64) -> Array2<f64> {
    let mut out = Array2::from_elem((n, d), f64::NAN);
    member.sample(chunk(seed), out.view_mut()).unwrap();
    out
}

#[test]
fn events_are_those_of_the_module() {
    let member = member(config(&["plane.pt"]), &["x", "y"], 0);
    let events = sample(&*member, (20_000, 2), 1);
    // x = 1 + 2 a, y = -2 + (a + b) / 2.
    let mean = events.mean_axis(ndarray::Axis(0)).unwrap();
    assert!((mean[0] - 1.0).abs() < 0.06 && (mean[1] + 2.0).abs() < 0.03, "{mean}");
    let product = events.rows().into_iter().map(|e| (e[0] - 1.0) * (e[1] + 2.0)).sum::<f64>() / 20_000.0;
    assert!((product - 1.0).abs() < 0.05, "{product}");
    // The seed alone decides, whatever was drawn before.
    assert_eq!(sample(&*member, (50, 2), 2), sample(&*member, (50, 2), 2));
    assert_ne!(sample(&*member, (50, 2), 2), sample(&*member, (50, 2), 3));
    assert_eq!(sample(&*member, (0, 2), 2).len(), 0);
}

#[test]
fn two_threads_draw_what_one_draws() {
    let member = member(config(&["plane.pt"]), &["x", "y"], 0);
    let alone: Vec<_> = (0..20).map(|seed| sample(&*member, (100, 2), seed)).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..20).for_each(|i| assert_eq!(alone[i], sample(&*member, (100, 2), i as u64))));
        }
    });
}

#[test]
fn the_method_gets_the_seed() {
    let member = member(TorchScriptConfig { sample: "seeds".into(), ..config(&["odd.pt"]) }, &["x"], 0);
    let of = |seed| sample(&*member, (2, 1), seed)[[1, 0]];
    assert!(of(1) == of(1) && (0..8).any(|seed| of(seed) != of(8)));
}

#[test]
fn densities_are_those_of_the_module() {
    let with = TorchScriptConfig { log_density: Some("log_density".into()), ..config(&["plane.pt"]) };
    assert!(TorchScript::new(with.clone()).unwrap().abilities().log_density);
    let member = member(with, &["x", "y"], 0);
    let mut out = [f64::NAN; 2];
    member.log_density(arr2(&[[1.0, -2.0], [3.0, -1.0]]).view(), Seed::new(1), &mut out).unwrap();
    // (a, b) = (0, 0) and (1, 1); the volume's factor is 1.
    let first = -std::f64::consts::TAU.ln();
    assert!((out[0] - first).abs() < 1e-6 && (out[1] - first + 1.0).abs() < 1e-6, "{out:?}");

    let outside = TorchScriptConfig {
        log_density: Some("outside".into()),
        sample: "seeds".into(),
        ..config(&["odd.pt"])
    };
    let member = self::member(outside, &["x"], 0);
    member.log_density(arr2(&[[1.0], [2.0]]).view(), Seed::new(1), &mut out).unwrap();
    assert_eq!(out, [f64::NEG_INFINITY; 2]);
}

#[test]
fn without_a_method_there_is_no_density() {
    let member = member(config(&["plane.pt"]), &["x", "y"], 0);
    let error = member.log_density(arr2(&[[1.0, 2.0]]).view(), Seed::new(1), &mut [0.0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn members_are_files_of_one_dimension() {
    let generator = TorchScript::new(config(&["plane.pt", "plan?.pt"])).unwrap();
    assert_eq!(generator.files().len(), 1);
    let error = generator.check(&Schema::columns(["x", "y", "z"])).unwrap_err().to_string();
    assert!(
        error.ends_with("plane.pt: expected events of 3 numbers as in the training set, found 2"),
        "{error}"
    );
    let error = refusal(config(&["plane.pt", "space.pt"]));
    assert!(error.contains("space.pt: expected events of 2 numbers as in /"), "{error}");
    assert!(error.ends_with("plane.pt, found 3"), "{error}");
    assert_eq!(refusal(config(&[])), "files: expected at least one path or pattern of files, found none");
}

#[test]
fn files_that_are_no_modules_are_refused() {
    let error = refusal(config(&["plane.pt", "nowhere.pt"]));
    assert!(error.starts_with("files[1]: expected files, found none that match `"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let whole = std::fs::read(fixture("plane.pt")).unwrap();
    let truncated = write("truncated.pt", &whole[..whole.len() / 2]);
    let text = write("text.pt", b"not a module");
    for (file, message) in [
        (truncated, "failed finding central directory"),
        (text, "not a ZIP archive"),
        (fixture("later.pt"), "version 99"),
    ] {
        let error = refusal(TorchScriptConfig { files: vec![file.clone().into()], ..config(&[]) });
        assert!(error.starts_with(&format!("{file}: expected a TorchScript module")), "{error}");
        let (_, reason) = error.split_once("; libtorch: ").unwrap();
        assert!(reason.contains(message) && !reason.contains('\n'), "{error}");
    }
}

#[test]
fn results_of_the_wrong_kind_are_refused() {
    for (method, expected) in [
        ("nothing", "method `nothing`: libtorch: Method 'nothing' is not defined."),
        (
            "integers",
            "method `integers`, result: expected floating-point numbers of shape 2 x 2, found Int64 of shape 2 x 2",
        ),
        (
            "flat",
            "method `flat`, result: expected 2 x d, or 2 x particles x 4, for 2 events, found Float of shape 2",
        ),
        (
            "short",
            "method `short`, result: expected 2 x d, or 2 x particles x 4, for 2 events, found Float of shape 1 x 2",
        ),
        (
            "empty",
            "method `empty`, result: expected 2 x d, or 2 x particles x 4, for 2 events, found Float of shape 2 x 0",
        ),
        (
            "frozen",
            "method `frozen`, result: expected 3 events for 3, found Float of shape 2 x 2; a trace keeps the number of events that it \
             was made with: script the module, or take shapes from n",
        ),
        (
            "own_seed",
            "method `own_seed`, result: expected other events for another seed, found the same; a module must not set a random seed of \
             its own (torch.manual_seed), nor return stored events",
        ),
        (
            "pair",
            "method `pair`, result: expected a tensor, found a tuple of 2; for events with weights say which is the `largest_weight`",
        ),
        (
            "failing",
            "method `failing`: libtorch: RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x2 and 3x2)",
        ),
    ] {
        let error = refusal(TorchScriptConfig { sample: method.into(), ..config(&["odd.pt"]) });
        assert!(error.ends_with(&format!("odd.pt, {expected}")), "{error}");
    }
    for (method, expected) in [
        ("no_number", "method `no_number`, row 0 of 2: expected a number, or minus infinity, found NaN"),
        (
            "column",
            "method `column`, result: expected floating-point numbers of shape 2, found Float of shape 2 x 1",
        ),
        ("nothing", "method `nothing`: libtorch: Method 'nothing' is not defined."),
    ] {
        let log_density = Some(method.to_owned());
        let error = refusal(TorchScriptConfig { sample: "seeds".into(), log_density, ..config(&["odd.pt"]) });
        assert!(error.ends_with(&format!("odd.pt, {expected}")), "{error}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_named_with_their_row() {
    let member =
        member(TorchScriptConfig { sample: "infinite".into(), ..config(&["odd.pt"]) }, &["x", "y"], 0);
    let mut out = Array2::zeros((5, 2));
    let error = member.sample(chunk(1), out.view_mut()).unwrap_err().to_string();
    let expected = "odd.pt, method `infinite`, row 3 of 5, number 1: expected a finite number, found inf; `drop_non_finite";
    assert!(error.contains(expected), "{error}");
}

/// 20 of 20 000 events: they are drawn again, and their number is said; a smaller part is refused.
#[test]
fn events_that_are_not_finite_are_dropped_up_to_a_part() {
    let with = |drop_non_finite| TorchScriptConfig {
        sample: "seldom".into(),
        drop_non_finite,
        ..config(&["odd.pt"])
    };
    let generator = TorchScript::new(with(0.01)).unwrap();
    let note = &generator.notes()[0];
    // 10 of 10 000 are expected: 1 to 30 with certainty.
    let found: u32 = note.split("odd.pt: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((1..=30).contains(&found) && note.contains("of 10000 trial events are not finite"), "{note}");
    let events = sample(&*member(with(0.01), &["x", "y"], 0), (20_000, 2), 1);
    assert!(events.iter().all(|x| x.is_finite()));
    let member = member(with(1e-9), &["x", "y"], 0);
    let mut out = Array2::zeros((20_000, 2));
    // A batch of 1000 has one on average: sooner or later more than three.
    let refused =
        (0..40).find_map(|seed| member.sample(chunk(seed), out.view_mut()).err()).unwrap().to_string();
    assert!(refused.contains("at most a part of 0.000000001 that is not finite"), "{refused}");
    let error = refusal(with(0.9));
    assert_eq!(error, "drop_non_finite: expected a part from 0 to 0.5, found 0.9");
}

#[test]
fn a_chunk_is_drawn_in_batches() {
    let sizes = |batch| {
        let with = TorchScriptConfig { sample: "sizes".into(), batch, ..config(&["odd.pt"]) };
        sample(&*member(with, &["n", "x"], 0), (2500, 2), 1)
    };
    let events = sizes(1000);
    assert_eq!(
        [0, 999, 1000, 2000, 2499].map(|row| events[[row, 0]]),
        [1000.0, 1000.0, 1000.0, 500.0, 500.0]
    );
    // Each with a seed of its own.
    assert_ne!(events[[0, 1]], events[[1000, 1]]);
    assert_eq!(sizes(5000)[[0, 0]], 2500.0);
    assert!(
        refusal(TorchScriptConfig { batch: 0, ..config(&["odd.pt"]) })
            .starts_with("batch: expected at least one")
    );
}

/// Of uniform numbers x with the weight 2 x the density 2 x is left: a half of them, of the mean 2/3 and the variance 1/18.
#[test]
fn events_with_weights_are_kept_as_often_as_these_say() {
    let with = |largest| TorchScriptConfig { largest_weight: Some(largest), ..config(&["weighted.pt"]) };
    let notes = TorchScript::new(with(2.0)).unwrap().notes();
    let kept = notes[0].rsplit("alike: ").next().unwrap().split(' ').next().unwrap();
    let kept: f64 = kept.parse().unwrap();
    assert!((kept - 5000.0).abs() < 4.0 * 50.0 && notes[0].ends_with(" of 10000 trial events"), "{notes:?}");
    for largest in [2.0, 8.0] {
        let member = member(with(largest), &["x"], 0);
        let n = 20_000;
        let events = sample(&*member, (n, 1), 1);
        assert_eq!(events, sample(&*member, (n, 1), 1));
        let mean = events.mean().unwrap();
        assert!((mean - 2.0 / 3.0).abs() < 4.0 * (1.0 / 18.0 / n as f64).sqrt(), "{mean}");
        assert_eq!(sample(&*member, (0, 1), 1).len(), 0);
    }
}

#[test]
fn weights_that_keep_no_events_are_refused() {
    let with = |method: &str, largest| TorchScriptConfig {
        sample: method.into(),
        largest_weight: Some(largest),
        ..config(&["weighted.pt"])
    };
    for (method, expected) in [
        ("negative", "expected a weight from 0 to largest_weight = 2, found -"),
        ("column", "result: expected floating-point numbers of shape 1000, found Float of shape 1000 x 1"),
        (
            "alone",
            "expected a tuple of two tensors, events and their weights, since there is a largest_weight, found one tensor",
        ),
    ] {
        let error = refusal(with(method, 2.0));
        assert!(error.contains("weighted.pt, method `") && error.contains(expected), "{error}");
    }
    assert!(refusal(with("negative", 2.0)).contains("events of both signs cannot be unweighted one by one"));
    // One of 1000 numbers below 2 is above 1.9.
    let error = refusal(with("sample", 1.9));
    assert!(error.contains("expected a weight from 0 to largest_weight = 1.9, found 1.9"), "{error}");
    let member = member(with("hardly", 1.0), &["x"], 0);
    let mut out = Array2::zeros((5, 1));
    let error = member.sample(chunk(1), out.view_mut()).unwrap_err().to_string();
    let expected = "weights: expected weights by which at least one of 10000 events is kept, with the probability of its weight over \
                    largest_weight = 1, found 0 of 10000";
    assert!(error.contains(expected), "{error}");
    for largest in [0.0, -1.0, f64::INFINITY] {
        let error = refusal(with("sample", largest));
        assert!(error.starts_with("largest_weight: expected a number above 0, found"), "{error}");
    }
}

#[test]
fn particles_times_four_are_momenta() {
    let with = TorchScriptConfig { sample: "momenta".into(), ..config(&["odd.pt"]) };
    let generator = TorchScript::new(with.clone()).unwrap();
    generator.check(&Schema::four_momenta(["a", "b"])).unwrap();
    let columns: Vec<String> = (0..8).map(|i| format!("x{i}")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let events = sample(&*member(with, &columns, 0), (10, 8), 1);
    assert!(events.row(3)[0] > 0.0 && events.row(3)[4] > 0.0 && events.row(3)[5] == 0.0);
}

#[test]
fn what_torch_wrote_otherwise_is_told_by_its_entries() {
    for (file, found) in [
        ("compiled.pt2", "found machine code that AOTInductor compiled (.pt2), which only C++ loads"),
        ("weights.pt", "found weights or another object that torch.save wrote (a state_dict, a checkpoint)"),
        ("exported.pt2", "found an exported program (torch.export.save)"),
    ] {
        let error = refusal(config(&[file]));
        assert!(
            error.contains(&format!(
                "{file}: expected a TorchScript module as torch.jit.save writes it, {found}"
            )),
            "{error}"
        );
    }
}
