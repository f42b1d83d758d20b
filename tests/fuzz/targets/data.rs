//! Files of events, read as `estimate` reads them.

use std::path::Path;

use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, Pass, Selection};

use super::{Outcome, Target, files, root};

/// Larger files only make it slower.
const LARGEST: usize = 50_000;

/// Rows of which numbers are read.
const ROWS: u64 = 1000;

fn numbers(path: &Path, key: Option<&str>) -> amplicast_sdk::Result<()> {
    let selection = Selection { key: key.map(str::to_string), ..Selection::default() };
    let file = EventFile::open(path, &selection)?;
    let _ = file.notes().count();
    file.schema(None)?;
    Pass::over(&file, 0, file.rows())?.expect_momenta()?;
    let rows = file.rows().min(ROWS) as usize;
    file.read(file.rows() - rows as u64, Array2::zeros((rows, file.shape().dimension())).view_mut())
}

/// The arrays of a file that it lists when none is named.
fn keys(error: &str) -> Vec<String> {
    let Some((_, list)) = error.split_once("expected one of ") else { return Vec::new() };
    let list = list.split_once(", found").map_or(list, |(list, _)| list);
    list.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

pub fn target(format: &str) -> Outcome<Target> {
    let fixtures = root().join("plugins/tables/fixtures");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(format!("events.{format}"));
    let (mut seeds, mut keys_of) = (Vec::new(), Vec::new());
    for under in ["", "kinds", "more"] {
        for bytes in files(&fixtures.join(under), format)?.into_iter().filter(|bytes| bytes.len() < LARGEST) {
            std::fs::write(&path, &bytes)?;
            let several =
                numbers(&path, None).err().map(|error| keys(&error.to_string())).unwrap_or_default();
            // A file that is refused as it is may be read when it is changed.
            let several: Vec<_> =
                if several.is_empty() { vec![None] } else { several.into_iter().map(Some).collect() };
            for key in several {
                seeds.push(bytes.clone());
                keys_of.push(key);
            }
        }
    }
    let read = move |seed: usize, input: &[u8]| {
        let _ = &folder;
        std::fs::write(&path, input).map_err(|e| e.to_string())?;
        Ok(numbers(&path, keys_of[seed].as_deref()).is_ok())
    };
    Ok(Target { seeds, language: None, is_caught: true, read: Box::new(read) })
}
