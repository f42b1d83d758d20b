//! Events from a Python class, against events from a file: what the pipe to its interpreter costs.

use std::path::Path;
use std::process::Command;

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{
    Alone, Batch, CHUNK_EVENTS, Error, Model, Origin, Result, Schema, Seed, TrainingSettings,
};
use serde_json::json;

use crate::plugins::Plugins;
use crate::ring::chunk;
use crate::table::{Row, cost, rate};
use crate::timing::{Pairs, REPETITIONS};

/// Six four-momenta.
const COLUMNS: usize = 24;
/// A class that returns stored events, and with `--write` the file in which they are.
const STORED: &str = "
import pathlib, sys
import numpy

events = pathlib.Path(__file__).with_name('events.npy')
if '--write' in sys.argv:
    numpy.save(events, numpy.random.default_rng(1).normal(size=(65536 + 7, 24)))

class Stored:
    def fit(self, events, rows, settings, seed): pass
    def sample(self, n, seed): return self.stored[seed % 7:][:n]
    def state(self): return b''
    def load(self, state): pass
    stored = numpy.load(events)
";

/// A chunk of a Python class beside the same events of `samples`, in the batches of the default and in one.
pub fn measure(plugins: &Plugins, python: &Path) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().map_err(|error| Error::io("a folder for a class", error))?;
    let (script, stored) = (folder.path().join("stored.py"), folder.path().join("events.npy"));
    std::fs::write(&script, STORED).map_err(|error| Error::io(script.display(), error))?;
    let written = Command::new(python).arg(&script).arg("--write").status();
    if !written.is_ok_and(|status| status.success()) {
        return Err(Error::data(format!("expected {} to write {}", python.display(), stored.display())));
    }
    let events = Array2::<f64>::ones((10, COLUMNS));
    let rows: Vec<u64> = (0..10).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let schema = Schema::columns((0..COLUMNS).map(|k| format!("x{k}")));

    let samples = plugins.generator("samples", &json!({"members": [stored]}))?.prepare(&batch, &schema)?;
    let own = samples.own_members().and_then(|members| members.into_iter().next());
    let file = samples.at(&own.ok_or_else(|| Error::plugin("expected a member of `samples`, found none"))?)?;

    let mut table = Vec::new();
    for batch_events in [4096, CHUNK_EVENTS] {
        let config = json!({
            "file": script, "class": "Stored", "python": python, "batch": batch_events, "state_bytes": 100,
        });
        let model = plugins.generator("python", &config)?.prepare(&batch, &schema)?;
        let class = model.at(&model.fit(&rows, &TrainingSettings::default(), Seed::new(1), &Alone)?)?;
        let [mut first, mut second] = [(); 2].map(|()| Array2::zeros((CHUNK_EVENTS, COLUMNS)));
        let pairs = Pairs::of(
            2 * REPETITIONS,
            || file.sample(chunk(0), first.view_mut()),
            || class.sample(chunk(0), second.view_mut()),
        )?;
        let what = format!("a chunk of 2^16 x {COLUMNS} from a Python class, batch {batch_events}");
        let against = format!("`samples`, {}", cost(&pairs.first, 1e-3, "ms"));
        let shown = cost(&pairs.second, 1e-3, "ms");
        table.push(Row::new(&what, shown, against).times(pairs.ratio, Some(0.8)));
        let bytes = (8 * CHUNK_EVENTS * COLUMNS) as f64;
        let per_byte = pairs.second.per(bytes);
        table.push(Row::new(what, rate(&per_byte, "B"), "").at_least(1.0 / per_byte.median(), 1e9, "B/s"));
    }
    Ok(table)
}
