//! Members that somebody else made: one file of generated events each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;
use amplicast_tables::{EventFile, Selection, matching_files};

config! {
    /// Generated events from files, one file a member.
    pub struct SamplesConfig {
        /// Paths of .npy, .npz, .h5 or .parquet files, or patterns of them such as `members/*.npy`.
        pub members: Vec<String>,
        /// Which array of each file, if they hold several (.npz, .h5).
        pub key: Option<String>,
        /// Columns to take from files that know their names (.parquet); all by default.
        pub columns: Option<Vec<String>>,
    }
}

/// A generator whose members are files of generated events, in the natural order of their names (`m2` before
/// `m10`); every uncertainty model is left out.
///
/// Parameters: segment `file` \[1\], the number of the member's file. Files may differ in length if none has fewer than
/// n_gen events; their shapes must be the training set's. Making it reads every file once, to refuse NaN and infinite
/// numbers before anything else runs.
#[derive(Debug, Clone)]
pub struct Samples {
    files: Arc<Vec<EventFile>>,
}

impl Component for Samples {
    type Config = SamplesConfig;
    const NAME: &'static str = "samples";
    const ABOUT: &'static str = "Generated events from .npy, .npz, .h5 or .parquet files, one file a member";

    fn new(config: SamplesConfig) -> Result<Self> {
        let paths = matching_files("members", &config.members)?;
        let selection = Selection { key: config.key, columns: config.columns };
        let files: Vec<EventFile> =
            paths.iter().map(|path| EventFile::open(path, &selection)).collect::<Result<_>>()?;
        for file in &files {
            file.expect_like(&files[0])?;
            file.check_finite(0, file.rows())?;
        }
        Ok(Samples { files: Arc::new(files) })
    }
}

impl Generator for Samples {
    fn abilities(&self) -> Abilities {
        Abilities { own_members: true, ..Abilities::default() }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.files.iter().try_for_each(|file| file.expect(schema, "in the training set"))
    }

    fn prepare(&self, _training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        self.check(schema)?;
        Ok(Box::new(SamplesModel { files: Arc::clone(&self.files) }))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(EventFile::path).map(Path::to_owned).collect()
    }
}

/// The files, one a member.
struct SamplesModel {
    files: Arc<Vec<EventFile>>,
}

impl Model for SamplesModel {
    fn layout(&self) -> Layout {
        Layout::new([("file", vec![1])])
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok(vec![0.0])
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let count = self.files.len();
        match *parameters {
            [number] if number.fract() == 0.0 && (0.0..count as f32).contains(&number) => {
                Ok(Box::new(Sample { files: Arc::clone(&self.files), number: number as usize }))
            }
            _ => {
                Err(Error::data(format!("expected the number of a file below {count}, found {parameters:?}")))
            }
        }
    }

    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        Some((0..self.files.len()).map(|number| vec![number as f32]).collect())
    }
}

/// One file of generated events.
struct Sample {
    files: Arc<Vec<EventFile>>,
    number: usize,
}

impl Member for Sample {
    fn capacity(&self) -> Option<u64> {
        Some(self.files[self.number].rows())
    }

    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.files[self.number].read(chunk.first_event, out)
    }
}

register_generator!(Samples);

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{Array2, array};

    use super::*;

    fn new(members: &[String]) -> Result<Samples> {
        Samples::new(SamplesConfig { members: members.to_vec(), key: None, columns: None })
    }

    fn refusal(members: &[String]) -> String {
        new(members).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_a_member() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..12 {
            let events = Array2::from_elem((number + 2, 2), number as f32);
            ndarray_npy::write_npy(folder.path().join(format!("m{number}.npy")), &events).unwrap();
        }
        let pattern = format!("{}/m*.npy", folder.path().display());
        // A file that two patterns match is one member.
        let samples = new(&[pattern.clone(), pattern]).unwrap();
        assert_eq!(samples.files().len(), 12);
        let schema = Schema::columns(["a", "b"]);
        samples.check(&schema).unwrap();
        let error = samples.check(&Schema::columns(["a"])).unwrap_err().to_string();
        assert!(
            error.contains("m0.npy: expected events of 1 columns as in the training set, found 2 columns"),
            "{error}"
        );

        let events = array![[0.0, 0.0]];
        let training = Batch::new(events.view(), Origin::Training, &[0]);
        let model = samples.prepare(&training, &schema).unwrap();
        let members = model.own_members().unwrap();
        let member = model.at(&members[10]).unwrap();
        assert_eq!(member.capacity(), Some(12));
        let mut out = Array2::zeros((3, 2));
        member.sample(Chunk { index: 0, first_event: 9, seed: Seed::new(0) }, out.view_mut()).unwrap();
        assert_eq!(out, Array2::from_elem((3, 2), 10.0));
        let chunk = Chunk { index: 0, first_event: 10, seed: Seed::new(0) };
        assert!(member.sample(chunk, out.view_mut()).unwrap_err().to_string().contains("found 10..13"));
        assert!(model.at(&[12.0]).is_err());
    }

    #[test]
    fn refusals() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        ndarray_npy::write_npy(path("a.npy"), &array![[1.0, 2.0]]).unwrap();
        ndarray_npy::write_npy(path("b.npy"), &array![[1.0]]).unwrap();
        ndarray_npy::write_npy(path("c.npy"), &array![[1.0, 2.0], [3.0, f64::NAN]]).unwrap();
        assert_eq!(refusal(&[]), "members: expected at least one path or pattern of files, found none");
        let error = refusal(&[path("a.npy"), path("x*.npy")]);
        assert!(error.starts_with("members[1]: expected files, found none that match"), "{error}");
        let error = refusal(&[path("a.npy"), path("b.npy")]);
        assert!(error.contains("b.npy: expected events of 2 columns as in"), "{error}");
        let error = refusal(&[path("c.npy")]);
        assert!(error.ends_with("c.npy: row 1, number 1: expected a finite number, found NaN"), "{error}");
    }

    fn open(name: &str, key: Option<&str>, columns: Option<&[&str]>) -> Result<Samples> {
        let columns = columns.map(|names| names.iter().map(|name| name.to_string()).collect());
        let members = vec![format!("{}/../tables/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))];
        Samples::new(SamplesConfig { members, key: key.map(str::to_owned), columns })
    }

    #[test]
    fn members_of_other_formats() {
        let samples = open("ttbar.h5", Some("ttbar+2jet"), None).unwrap();
        // 32 columns are what the training set says: numbers, or 8 four-momenta.
        samples.check(&Schema::four_momenta((0..8).map(|p| format!("p{p}")))).unwrap();
        samples.check(&Schema::columns((0..32).map(|i| format!("x{i}")))).unwrap();
        let error = open("ttbar.h5", None, None).unwrap_err().to_string();
        assert!(error.starts_with("key: expected one of `ttbar+0jet`, "), "{error}");

        let columns = open("[zg]*.parquet", None, Some(&["eta", "pt"])).unwrap();
        assert_eq!(columns.files().len(), 2);
        columns.check(&Schema::columns(["eta", "pt"])).unwrap();
        let error = columns.check(&Schema::columns(["pt", "eta"])).unwrap_err().to_string();
        let expected = "gzip.parquet: expected the columns pt, eta as in the training set, found eta, pt; name them with \
                        `columns`";
        assert!(error.ends_with(expected), "{error}");

        // Files of one pattern need not hold the same.
        let error = open("*.parquet", None, Some(&["pt", "jets"])).unwrap_err().to_string();
        assert!(error.contains("columns: expected columns out of pt, eta, found `jets` ("), "{error}");
    }

    /// Lengths may differ, shapes not.
    #[test]
    fn members_of_different_lengths_and_shapes() {
        let lengths = |samples: &Samples| {
            let schema = Schema::columns(["pt", "eta"]);
            let events = array![[0.0, 0.0]];
            let training = Batch::new(events.view(), Origin::Training, &[0]);
            let model = samples.prepare(&training, &schema).unwrap();
            let length = |member: &Vec<f32>| model.at(member).unwrap().capacity().unwrap();
            model.own_members().unwrap().iter().map(length).collect::<Vec<_>>()
        };
        let both = "[ct]h*.h5";
        assert_eq!(lengths(&open(both, Some("counts"), None).unwrap()), [500, 20]);
        let error = open(both, Some("reco/momenta"), None).unwrap_err().to_string();
        assert!(error.contains("third.h5: expected events of 2 particles x 4 as in "), "{error}");
        assert!(error.ends_with("chunked.h5, found 3 particles x 4"), "{error}");

        let both = "*ed.parquet";
        assert_eq!(lengths(&open(both, None, Some(&["pt", "eta"])).unwrap()), [10, 20]);
        let error = open(both, None, None).unwrap_err().to_string();
        assert!(error.contains("reversed.parquet: expected the columns pt, eta as in "), "{error}");
        assert!(error.ends_with("ordered.parquet, found eta, pt; name them with `columns`"), "{error}");
    }
}
