//! How time and memory of a whole run grow with each of its sizes.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use amplicast_sdk::{Error, Result, Seed};

use crate::npy;
use crate::table::Row;
use crate::whole;

/// A run with a Gaussian fit, which costs next to nothing itself.
#[derive(Clone, Copy)]
struct Sizes {
    n_train: u64,
    n_gen: u64,
    members: u64,
    /// Metrics of one summary: a cell each.
    cells: u64,
    /// Numbers of an event.
    dimension: u64,
}

const SMALL: Sizes = Sizes { n_train: 1000, n_gen: 100_000, members: 10, cells: 10, dimension: 1 };

/// A size and how it is set.
type Axis = (&'static str, [u64; 3], fn(&mut Sizes, u64));

const AXES: [Axis; 5] = [
    ("n_train", [10_000, 100_000, 1_000_000], |sizes, n| sizes.n_train = n),
    ("n_gen", [100_000, 1_000_000, 10_000_000], |sizes, n| sizes.n_gen = n),
    ("members", [10, 100, 1000], |sizes, n| sizes.members = n),
    ("cells", [20, 200, 2000], |sizes, n| sizes.cells = n),
    ("dimension", [1, 10, 100], |sizes, n| sizes.dimension = n),
];

/// Events of each of the files with so many particles, members, and particles.
const FILE_EVENTS: usize = 20_000;
const FILES: usize = 4;
const PARTICLES: [u64; 3] = [1, 10, 100];

/// Two decades of each size: seconds, the worker's peak memory, and the power of the size with which the time grows in the last of them.
pub fn measure(folder: &Path) -> Result<Vec<Row>> {
    let place = tempfile::tempdir().map_err(io)?;
    let experiment = place.path().join("scaling.toml");
    let run = |text: String| -> Result<Cost> {
        std::fs::write(&experiment, text).map_err(io)?;
        Cost::of(folder, &experiment)
    };
    let mut rows = Vec::new();
    for (name, sizes, set) in AXES {
        let costs = sizes.map(|n| {
            let mut of = SMALL;
            set(&mut of, n);
            run(of.text())
        });
        rows.push(row(name, sizes, costs)?);
    }
    let costs = PARTICLES.map(|particles| {
        for file in 0..=FILES {
            let path = place.path().join(format!("events_{file}.npy"));
            let mut stream = Seed::new(file as u64).split("momenta").stream();
            let numbers = (0..FILE_EVENTS * particles as usize).flat_map(|_| npy::massless(&mut stream));
            npy::write(&path, "<f4", [FILE_EVENTS, 4 * particles as usize], numbers.map(f32::to_le_bytes))
                .map_err(io)?;
        }
        run(of_files(particles))
    });
    rows.push(row("particles, files", PARTICLES, costs)?);
    Ok(rows)
}

fn io(error: std::io::Error) -> Error {
    Error::io("cannot write the benchmark's files", error)
}

/// What a run takes.
struct Cost {
    seconds: f64,
    megabytes: f64,
}

impl Cost {
    fn of(folder: &Path, experiment: &Path) -> Result<Self> {
        let start = Instant::now();
        let peak = whole::run(folder, &experiment.display().to_string(), &[])?.peak;
        Ok(Cost { seconds: start.elapsed().as_secs_f64(), megabytes: peak as f64 / 1e6 })
    }
}

fn row(name: &str, sizes: [u64; 3], costs: [Result<Cost>; 3]) -> Result<Row> {
    let costs = costs.into_iter().collect::<Result<Vec<Cost>>>()?;
    let joined = |of: &dyn Fn(usize) -> String| (0..3).map(of).collect::<Vec<_>>().join(" / ");
    let sizes = joined(&|i| format!("{:.0e}", sizes[i] as f64));
    let seconds = joined(&|i| format!("{:.2}", costs[i].seconds));
    let memory = joined(&|i| format!("{:.0}", costs[i].megabytes));
    let power = (costs[2].seconds / costs[1].seconds).log10();
    Ok(Row::new(format!("scaling, {name} = {sizes}"), format!("{seconds} s, {memory} MB"), "")
        .power(power, 1.1))
}

impl Sizes {
    fn text(self) -> String {
        let Sizes { n_train, n_gen, members, cells, dimension } = self;
        let mut text = format!(
            "[experiment]\nn_train = {n_train}\nn_gen = {n_gen}\nmembers = {members}\nn_truth = 100_000\n\n\
             [dataset]\nplugin = \"gaussian\"\ndimension = {dimension}\n\n[[generator]]\nplugin = \"gaussian-fit\"\n\n\
             [[uncertainty]]\nplugin = \"halves\"\n\n[[summary]]\nplugin = \"coordinate\"\nindex = 0\n"
        );
        for cell in 0..cells {
            // Neighboring regions of one width between -1 and 1.
            let [low, high] = [cell, cell + 1].map(|edge| 2.0 * edge as f64 / cells as f64 - 1.0);
            _ = write!(
                text,
                "\n[[metric]]\nname = \"region {cell}\"\nplugin = \"integral\"\nintervals = [[{low:?}, {high:?}]]\n"
            );
        }
        text
    }
}

fn of_files(particles: u64) -> String {
    let names: Vec<String> = (0..particles).map(|i| format!("p{i}")).collect();
    let members: Vec<String> = (1..=FILES).map(|file| format!("events_{file}.npy")).collect();
    format!(
        "[experiment]\nn_train = {FILE_EVENTS}\nn_gen = {FILE_EVENTS}\n\n[dataset]\nplugin = \"events-file\"\ntrain = \"events_0.npy\"\n\
         particles = {names:?}\n\n[[generator]]\nplugin = \"samples\"\nmembers = {members:?}\nmembers_data = \"bootstrap\"\n\n\
         [[summary]]\nplugin = \"transverse-momentum\"\nparticles = [0]\n\n\
         [[metric]]\nplugin = \"integral\"\nintervals = [[20.0, 50.0]]\n"
    )
}
