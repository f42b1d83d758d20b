//! How fast events come out of an interpreter: a class that returns stored arrays, in chunks of 65 536 events of 24 numbers.
//!
//! `cargo run --release -p amplicast-python-plugins --example pipe [PYTHON]`

use std::time::Instant;

use amplicast_python_plugins::PythonGenerator;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::serde_json::json;
use amplicast_sdk::*;

const SOURCE: &str = "
import numpy

class Stored:
    def fit(self, events, rows, settings, seed): self.d = events.shape[1]
    def sample(self, n, seed): return self.stored[seed % 7 : seed % 7 + n]
    def state(self): return {'d': self.d}
    def load(self, state):
        self.d = int(state['d'])
        self.stored = numpy.random.default_rng(0).normal(size=(65536 + 7, self.d))
    stored = numpy.random.default_rng(0).normal(size=(65536 + 7, 24))
";
const EVENTS: usize = 1 << 16;
const COLUMNS: usize = 24;
const TIMES: usize = 21;

fn main() -> Result<()> {
    let failed = |error| Error::io("a file for the class", error);
    let folder = tempfile::tempdir().map_err(failed)?;
    let file = folder.path().join("stored.py");
    std::fs::write(&file, SOURCE).map_err(failed)?;
    let python = std::env::args().nth(1).unwrap_or_else(|| "python3".into());
    for batch in [1024, 4096, 16_384, EVENTS] {
        let config =
            json!({"file": file, "class": "Stored", "python": python, "batch": batch, "state_bytes": 100});
        let generator = PythonGenerator::new(read_config(&config.to_string())?)?;
        let training = Array2::from_elem((10, COLUMNS), 1.0);
        let rows: Vec<u64> = (0..10).collect();
        let columns = Schema::columns((0..COLUMNS).map(|k| format!("x{k}")));
        let model = generator.prepare(&Batch::new(training.view(), Origin::Training, &rows), &columns)?;
        let parameters = model.fit(&rows, &TrainingSettings::default(), Seed::new(1), &Alone)?;
        let (member, mut out) = (model.at(&parameters)?, Array2::zeros((EVENTS, COLUMNS)));
        let mut times = Vec::new();
        for index in 0..TIMES as u64 {
            let begun = Instant::now();
            member.sample(Chunk { index, first_event: 0, seed: Seed::new(index) }, out.view_mut())?;
            times.push(begun.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        let bytes = (8 * EVENTS * COLUMNS) as f64;
        let [best, median] = [times[0], times[TIMES / 2]];
        println!(
            "batch {batch:6}: {:.1} ms a chunk (best {:.1}), {:.2} GB/s (best {:.2})",
            1e3 * median,
            1e3 * best,
            bytes / median / 1e9,
            bytes / best / 1e9
        );
    }
    Ok(())
}
