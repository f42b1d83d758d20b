//! True events from files.

use std::ops::Range;
use std::path::PathBuf;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Chunk, Component, Dataset, Error, Result, Schema, Split, config};
use amplicast_tables::{EventFile, Selection};

config! {
    /// True events from files: n x d numbers, or n x particles x 4 four-momenta (E, px, py, pz) in GeV.
    pub struct EventsFileConfig {
        /// File of the training events: .npy, .npz, .h5 or .parquet.
        pub train: PathBuf,
        /// Which array of `train`, if it holds several (.npz, .h5).
        pub key: Option<String>,
        /// Rows [first, end) of `train` that are training events; all by default.
        pub train_rows: Option<[u64; 2]>,
        /// File of the holdout events; `train` if only its key or its rows are given. None by default.
        pub holdout: Option<PathBuf>,
        /// Which array of `holdout`; `key` by default.
        pub holdout_key: Option<String>,
        /// Rows [first, end) of `holdout` that are holdout events; all by default.
        pub holdout_rows: Option<[u64; 2]>,
        /// Names of the particles; four columns E, px, py, pz each. `p0`, `p1` ... by default for n x particles x 4.
        pub particles: Option<Vec<String>>,
        /// Columns to take from a file that knows their names (.parquet), otherwise names for those of n x d; `x1`, `x2` ...
        /// by default.
        pub columns: Option<Vec<String>>,
    }
}

/// True events from files, read row by row when they are asked for.
///
/// Making it reads the rows in use once, to refuse NaN and infinite numbers before anything else runs.
#[derive(Debug)]
pub struct EventsFile {
    schema: Schema,
    training: Part,
    holdout: Option<Part>,
}

/// Rows of a file.
#[derive(Debug)]
struct Part {
    file: EventFile,
    rows: Range<u64>,
}

impl Component for EventsFile {
    type Config = EventsFileConfig;
    const NAME: &'static str = "events-file";
    const ABOUT: &'static str =
        "True events from .npy, .npz, .h5 or .parquet files: columns, or four-momenta in GeV";

    fn new(config: EventsFileConfig) -> Result<Self> {
        let selection = Selection { key: config.key, columns: config.columns };
        let training = Part::open(config.train.clone(), &selection, "train_rows", config.train_rows)?;
        let schema = training.file.schema(config.particles.as_deref())?;
        let holdout = match (config.holdout, config.holdout_key, config.holdout_rows) {
            (None, None, None) => None,
            (path, key, rows) => {
                let selection = Selection { key: key.or(selection.key), columns: selection.columns };
                let part = Part::open(path.unwrap_or(config.train), &selection, "holdout_rows", rows);
                Some(part.map_err(|error| match error.place() {
                    "key" => Error::config("holdout_key", error.message()),
                    _ => error,
                })?)
            }
        };
        if let Some(holdout) = &holdout {
            holdout.file.expect(&schema, "in the training file")?;
            holdout.check_against(&training)?;
        }
        for part in [Some(&training), holdout.as_ref()].into_iter().flatten() {
            part.file.check_finite(part.rows.start, part.rows.end)?;
        }
        Ok(EventsFile { schema, training, holdout })
    }
}

impl Part {
    fn open(path: PathBuf, selection: &Selection, field: &str, rows: Option<[u64; 2]>) -> Result<Part> {
        let file = EventFile::open(path, selection)?;
        let [first, end] = rows.unwrap_or([0, file.rows()]);
        if first >= end || end > file.rows() {
            let (path, events) = (file.path().display(), file.rows());
            return Err(Error::config(
                field,
                format!(
                    "expected [first, end) with first < end <= {events} (events in {path}), found [{first}, {end})"
                ),
            ));
        }
        Ok(Part { file, rows: first..end })
    }

    /// Refuses a holdout that shares rows with the training set.
    fn check_against(&self, training: &Part) -> Result<()> {
        let (first, end) = (self.rows.start.max(training.rows.start), self.rows.end.min(training.rows.end));
        if first < end && self.file.is_same_array(&training.file) {
            return Err(Error::config(
                "holdout_rows",
                format!(
                    "expected rows that are not in the training set, found rows {first}..{end} of the same file in \
                     both; set train_rows and holdout_rows apart"
                ),
            ));
        }
        Ok(())
    }
}

impl Dataset for EventsFile {
    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn capacity(&self, split: Split) -> Option<u64> {
        let part = match split {
            Split::Training => Some(&self.training),
            Split::Holdout => self.holdout.as_ref(),
        };
        Some(part.map_or(0, |part| part.rows.end - part.rows.start))
    }

    fn read(&self, split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let part = match split {
            Split::Training => &self.training,
            Split::Holdout => {
                self.holdout.as_ref().ok_or_else(|| Error::data("expected a holdout file, found none"))?
            }
        };
        let capacity = part.rows.end - part.rows.start;
        let end = chunk.first_event.saturating_add(out.nrows() as u64);
        if end > capacity {
            return Err(Error::data(format!(
                "expected at most {capacity} events (the rows in use), found a request for events up to {end}"
            ))
            .at(part.file.path().display().to_string()));
        }
        part.file.read(part.rows.start + chunk.first_event, out)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.training.file.path().to_owned()];
        files.extend(self.holdout.as_ref().map(|part| part.file.path().to_owned()));
        files.dedup();
        files
    }
}

amplicast_sdk::register_dataset!(EventsFile);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Array3, array};

    use super::*;

    fn config(train: &Path) -> EventsFileConfig {
        EventsFileConfig {
            train: train.to_owned(),
            key: None,
            train_rows: None,
            holdout: None,
            holdout_key: None,
            holdout_rows: None,
            particles: None,
            columns: None,
        }
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let events = Array3::from_shape_fn((100, 2, 4), |(n, p, c)| (8 * n + 4 * p + c) as f32);
        ndarray_npy::write_npy(folder.path().join("a.npy"), &events).unwrap();
        ndarray_npy::write_npy(folder.path().join("b.npy"), &array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
        folder
    }

    #[test]
    fn two_parts_of_one_file() {
        let folder = folder();
        let path = folder.path().join("a.npy");
        let data = EventsFile::new(EventsFileConfig {
            train_rows: Some([10, 60]),
            holdout_rows: Some([60, 100]),
            particles: Some(vec!["b".into(), "q".into()]),
            ..config(&path)
        })
        .unwrap();
        assert_eq!((data.capacity(Split::Training), data.capacity(Split::Holdout)), (Some(50), Some(40)));
        assert_eq!(data.schema().column_names()[4], "q.E");
        assert_eq!(data.files(), [path]);
        let mut out = Array2::zeros((3, 8));
        let chunk = Chunk { index: 0, first_event: 5, seed: Seed::new(0) };
        data.read(Split::Training, chunk, out.view_mut()).unwrap();
        assert_eq!(out[[0, 0]], 15.0 * 8.0);
        data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
        assert_eq!(out[[0, 0]], 65.0 * 8.0);
        // The file goes on after row 60, the training set does not.
        let chunk = Chunk { first_event: 48, ..chunk };
        let error = data.read(Split::Training, chunk, out.view_mut()).unwrap_err().to_string();
        assert!(
            error.contains("a.npy: expected at most 50 events (the rows in use), found a request"),
            "{error}"
        );
    }

    #[test]
    fn refusals() {
        let folder = folder();
        let (a, b) = (folder.path().join("a.npy"), folder.path().join("b.npy"));
        let refusal = |config| EventsFile::new(config).unwrap_err().to_string();
        let error = refusal(EventsFileConfig { train_rows: Some([50, 101]), ..config(&a) });
        assert!(error.starts_with("train_rows: expected [first, end) with first < end <= 100"), "{error}");
        assert!(error.ends_with("found [50, 101)"), "{error}");
        let error = refusal(EventsFileConfig { train_rows: Some([5, 5]), ..config(&a) });
        assert!(error.ends_with("found [5, 5)"), "{error}");
        let link = folder.path().join("link.npy");
        std::os::unix::fs::symlink(&a, &link).unwrap();
        let error = refusal(EventsFileConfig {
            train_rows: Some([0, 60]),
            holdout: Some(link),
            holdout_rows: Some([50, 100]),
            ..config(&a)
        });
        assert!(
            error.contains("holdout_rows: expected rows that are not in the training set, found rows 50..60"),
            "{error}"
        );
        let error = refusal(EventsFileConfig { holdout: Some(b.clone()), ..config(&a) });
        assert!(
            error.ends_with(
                "b.npy: expected events of 2 particles x 4 as in the training file, found 2 columns"
            ),
            "{error}"
        );
        let error = refusal(EventsFileConfig { holdout_rows: Some([0, 1]), ..config(&a) });
        assert!(error.contains("holdout_rows: expected rows that are not in the training set"), "{error}");
        let error = refusal(EventsFileConfig { particles: Some(vec!["b".into()]), ..config(&b) });
        assert!(error.contains("particles: expected no particles"), "{error}");
        let error = refusal(EventsFileConfig { key: Some("x".into()), ..config(&a) });
        assert!(error.starts_with("key: expected no key for a file of one array, found `x` ("), "{error}");
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tables/fixtures").join(name)
    }

    #[test]
    fn two_arrays_of_one_file() {
        let path = fixture("stored.npz");
        let of = |key: &str, holdout: &str| EventsFileConfig {
            key: Some(key.into()),
            holdout_key: Some(holdout.into()),
            ..config(&path)
        };
        let data = EventsFile::new(of("train", "test")).unwrap();
        assert_eq!((data.capacity(Split::Training), data.capacity(Split::Holdout)), (Some(50), Some(20)));
        assert_eq!(data.files(), std::slice::from_ref(&path));
        let refusal = |config| EventsFile::new(config).unwrap_err().to_string();
        let error = refusal(of("train", "train"));
        assert!(error.contains("found rows 0..50 of the same file"), "{error}");
        let error = refusal(of("train", "valid"));
        assert!(
            error.starts_with("holdout_key: expected one of `train`, `test`, found `valid` ("),
            "{error}"
        );
        let error = refusal(config(&path));
        assert!(error.starts_with("key: expected one of `train`, `test`, found none ("), "{error}");
    }

    #[test]
    fn columns_are_four_momenta_if_particles_are_named() {
        let of = |jets: usize, holdout: Option<&str>| EventsFileConfig {
            key: Some(format!("ttbar+{jets}jet")),
            train_rows: Some([0, 1]),
            holdout_key: holdout.map(str::to_owned),
            holdout_rows: Some([1, 2]),
            particles: Some((0..6 + jets).map(|jet| format!("j{jet}")).collect()),
            ..config(&fixture("ttbar.h5"))
        };
        let data = EventsFile::new(of(4, None)).unwrap();
        assert_eq!((data.schema().particles().len(), data.schema().dimension()), (10, 40));
        let mut out = Array2::zeros((1, 40));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(0) };
        data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
        assert_eq!(out[[0, 39]], 139.0);
        let error = EventsFile::new(of(4, Some("ttbar+0jet"))).unwrap_err().to_string();
        let expected = "expected events of 10 particles x 4 as in the training file, found 24 columns";
        assert!(error.ends_with(expected), "{error}");
    }

    #[test]
    fn columns_of_a_file_that_knows_names() {
        let path = fixture("zstd.parquet");
        let of = |columns: &[&str]| EventsFileConfig {
            columns: Some(columns.iter().map(|name| name.to_string()).collect()),
            train_rows: Some([0, 600]),
            holdout_rows: Some([600, 1000]),
            ..config(&path)
        };
        let data = EventsFile::new(of(&["eta", "pt"])).unwrap();
        assert_eq!(data.schema().column_names(), ["eta", "pt"]);
        let mut out = Array2::zeros((1, 2));
        let chunk = Chunk { index: 0, first_event: 2, seed: Seed::new(0) };
        data.read(Split::Holdout, chunk, out.view_mut()).unwrap();
        assert_eq!(out, array![[60201.0, 60200.0]]);
        let error = EventsFile::new(of(&["mass"])).unwrap_err().to_string();
        assert!(
            error.starts_with("columns: expected columns out of pt, eta, jets, tag, found `mass`"),
            "{error}"
        );
    }

    #[test]
    fn nan_outside_the_rows_in_use_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nan.npy");
        ndarray_npy::write_npy(&path, &array![[1.0], [2.0], [f64::INFINITY]]).unwrap();
        let error = EventsFile::new(config(&path)).unwrap_err().to_string();
        assert!(error.ends_with("nan.npy: row 2, number 0: expected a finite number, found inf"), "{error}");
        EventsFile::new(EventsFileConfig { train_rows: Some([0, 2]), ..config(&path) }).unwrap();
    }

    #[test]
    fn the_configuration_needs_a_file() {
        let error = amplicast_sdk::read_config::<EventsFileConfig>("{}").unwrap_err();
        assert_eq!(error.to_string(), "missing field `train`");
        amplicast_sdk::read_config::<EventsFileConfig>(r#"{"train": "x.npy"}"#).unwrap();
    }
}
