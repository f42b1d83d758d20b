//! True events from `.npy` files.

use std::ops::Range;
use std::path::PathBuf;

use amplicast_npy::EventFile;
use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Chunk, Component, Dataset, Error, Result, Schema, Split, config};

config! {
    /// True events from `.npy` files: n x d numbers, or n x particles x 4 four-momenta (E, px, py, pz) in GeV.
    pub struct EventsFileConfig {
        /// File of the training events.
        pub train: PathBuf,
        /// Rows [first, end) of `train` that are training events; all by default.
        pub train_rows: Option<[u64; 2]>,
        /// File of the holdout events; may be the same file with other rows. None by default.
        pub holdout: Option<PathBuf>,
        /// Rows [first, end) of `holdout` that are holdout events; all by default.
        pub holdout_rows: Option<[u64; 2]>,
        /// Names of the particles of n x particles x 4 files; `p0`, `p1` ... by default.
        pub particles: Option<Vec<String>>,
        /// Names of the columns of n x d files; `x1`, `x2` ... by default.
        pub columns: Option<Vec<String>>,
    }
}

/// True events from `.npy` files (little-endian f32 or f64, C order), read row by row when they are asked for.
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
    const ABOUT: &'static str = "True events from .npy files: columns, or four-momenta in GeV";

    fn new(config: EventsFileConfig) -> Result<Self> {
        let training = Part::open(config.train, "train_rows", config.train_rows)?;
        let holdout = match (config.holdout, config.holdout_rows) {
            (Some(path), rows) => Some(Part::open(path, "holdout_rows", rows)?),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::config("holdout_rows", "expected `holdout` (a file) with it, found none"));
            }
        };
        if let Some(holdout) = &holdout {
            holdout.check_against(&training)?;
        }
        let schema = training.file.shape().schema(config.columns.as_deref(), config.particles.as_deref())?;
        for part in [Some(&training), holdout.as_ref()].into_iter().flatten() {
            part.file.check_finite(part.rows.start, part.rows.end)?;
        }
        Ok(EventsFile { schema, training, holdout })
    }
}

impl Part {
    fn open(path: PathBuf, field: &str, rows: Option<[u64; 2]>) -> Result<Part> {
        let file = EventFile::open(path)?;
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

    /// Refuses a holdout of another shape, or one that shares rows with the training set.
    fn check_against(&self, training: &Part) -> Result<()> {
        let (shape, expected) = (self.file.shape(), training.file.shape());
        if shape != expected {
            let error = format!("expected events of {expected} as in the training file, found {shape}");
            return Err(Error::data(error).at(self.file.path().display().to_string()));
        }
        let (first, end) = (self.rows.start.max(training.rows.start), self.rows.end.min(training.rows.end));
        if first < end && self.file.is_same_file(&training.file)? {
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
            train_rows: None,
            holdout: None,
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
            holdout: Some(path.clone()),
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
        assert_eq!(error, "holdout_rows: expected `holdout` (a file) with it, found none");
        let error = refusal(EventsFileConfig { particles: Some(vec!["b".into()]), ..config(&b) });
        assert!(error.contains("particles: expected no particles"), "{error}");
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
