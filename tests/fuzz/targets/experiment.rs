//! Experiments: what `check` does with one.

use std::path::Path;
use std::sync::Arc;

use amplicast::config::{Experiment, Source};
use amplicast::pipeline::{Components, check_models, own_dataset, plan};
use amplicast::plugins::{Catalogue, Loading};
use amplicast::session::Session;
use amplicast::supervise::Journal;
use amplicast_tests::{GAUSSIAN, Place, fits, light_folder};

use super::{Outcome, Target, files, root};
use crate::structure::Language;

const SIZES: &str =
    "name = \"small\"\nn_train = 100\nn_gen = 2000\nmembers = 3\ncheckpoints = 3\nn_truth = 2000";

/// One of each kind of component that needs no libtorch.
const MUCH: &str = r#"
[[generator]]
plugin = "resample"
[[generator]]
name = "own"
plugin = "samples"
members = ["member-*.npy"]
members_data = "bootstrap"
[[uncertainty]]
plugin = "point"
[[summary]]
plugin = "radius"
[[summary]]
plugin = "true-lr"
[[selection]]
name = "cut"
cuts = [{ summary = "x", quantiles = [0.2, 1.0] }, { summary = "radius", interval = [0.0, 3.0] }]
plane = ["x", "radius"]
[[metric]]
name = "quarters"
plugin = "integral"
quantiles = 4
regions = "2-3"
[[metric]]
plugin = "ks"
reference = ["training", "truth", "holdout"]
[[exclude]]
uncertainty = "point"
metric = "quarters"
[[exclude]]
summary = "true-lr"
generator = ["resample", "own"]
[[exclude]]
summary = "true-lr"
metric = "quarters"
selection = "cut"
[[exclude]]
generator = "own"
selection = "cut"
[[pair]]
cells = { generator = "own" }
with = { metric = ["quarters", "ks"] }
"#;

/// Events beyond which reading them is only slower.
const SMALL: u64 = 20_000;
/// Cells, members and the like.
const FEW: u64 = 100;

pub fn target() -> Outcome<Target> {
    let place = Place::new();
    place.normal_npy("true.npy", 2000, 2, 1);
    (0..3).for_each(|i| drop(place.normal_npy(&format!("member-{i}.npy"), 2000, 2, 2 + i)));
    place.normal_npy("holdout.npy", 2000, 2, 9);
    let of_files = "plugin = \"events-file\"\ntrain = \"true.npy\"\nholdout = \"holdout.npy\"";
    // Files know no density, and no more events than they hold.
    let without_truth = MUCH.replace("\"truth\", ", "").replace("\"true-lr\"", "\"coordinate\"");
    let seeds = [
        fits(&format!("{GAUSSIAN}\ndimension = 2"), SIZES, MUCH).into_bytes(),
        fits(of_files, SIZES, &without_truth).into_bytes(),
        fits("plugin = \"gaussian-ring\"\ndimension = 2", SIZES, MUCH).into_bytes(),
    ];
    let mut examples = files(&root().join("examples"), "toml")?;
    examples.extend(files(&root().join("examples/paper"), "toml")?);
    // Those of a few cells are read beyond the parser: every other input is one of them.
    let seeds =
        examples.into_iter().enumerate().flat_map(|(i, e)| [seeds[i % seeds.len()].clone(), e]).collect();

    let journal = Arc::new(Journal::new(None));
    let mut session = Session::new(&[], &[], journal.clone(), Vec::new(), Arc::default())?;
    // Without those that lie beside this program, which may need libtorch: the same ones wherever it lies.
    let loading = Loading { journal: &journal, failures: &[] };
    session.catalogue = Catalogue::of_folders(vec![light_folder().into()], loading, &|| false);
    let read = move |_: usize, input: &[u8]| {
        let Ok(text) = String::from_utf8(input.to_vec()) else { return Ok(false) };
        let said = match checked(&session, &place.path(""), text) {
            Ok(said) => said,
            Err(error) => vec![error],
        };
        match said.iter().find(|error| error.contains("panicked")) {
            Some(panic) => Err(panic.clone()),
            None => Ok(said.is_empty()),
        }
    };
    Ok(Target { seeds, language: Some(Language::Toml), is_caught: false, read: Box::new(read) })
}

/// What `check` does with an experiment; the errors of components that cannot work.
fn checked(session: &Session, folder: &Path, text: String) -> Result<Vec<String>, String> {
    let source = Source::parse(&folder.join("x.toml"), text).map_err(|e| e.to_string())?;
    let mut experiment = Experiment::read(&source).map_err(|e| e.to_string())?;
    experiment.folder = folder.into();
    let components =
        Components::make(session, &source, &mut experiment, &own_dataset).map_err(|e| e.to_string())?;
    let plan = plan(&source, &experiment, &components).map_err(|e| e.to_string())?;
    let made = [
        components
            .generators
            .iter()
            .filter_map(|m| m.component.as_ref().err())
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        components
            .uncertainties
            .iter()
            .filter_map(|m| m.component.as_ref().err())
            .map(ToString::to_string)
            .collect(),
        components
            .summaries
            .iter()
            .filter_map(|m| m.component.as_ref().err())
            .map(ToString::to_string)
            .collect(),
        components
            .metrics
            .iter()
            .filter_map(|m| m.component.as_ref().err())
            .map(ToString::to_string)
            .collect(),
    ];
    let sizes = &experiment.experiment;
    let events = [sizes.n_train, sizes.n_gen, sizes.n_truth, sizes.n_holdout.unwrap_or(0)];
    let numbers = [plan.cells.len() as u64, sizes.members, sizes.training_sets, sizes.checkpoints as u64];
    if events.iter().all(|&n| n <= SMALL) && numbers.iter().all(|&n| n <= FEW) {
        check_models(session, &source, &experiment, &components, &plan).map_err(|e| e.to_string())?;
    }
    Ok(made.concat())
}
