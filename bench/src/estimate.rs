//! `amplicast estimate` on files of events, beside a script of the same numbers.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, Result, Seed};

use crate::npy;
use crate::peers::{Beside, Peers};
use crate::table::{Row, cost};
use crate::whole;

const MEMBERS: usize = 20;
const N_TRAIN: usize = 10_000;
const REPETITIONS: usize = 3;
/// Megabytes.
const MEMORY: f64 = 100.0;

/// A question to files.
struct Asked {
    name: &'static str,
    /// The script's work.
    key: &'static str,
    events: usize,
    columns: usize,
    arguments: &'static [&'static str],
    /// Times as fast as the script.
    target: f64,
}

const ASKED: [Asked; 2] = [
    Asked {
        name: "1e7 rows of one column, a region and ks",
        key: "column",
        events: 10_000_000,
        columns: 1,
        arguments: &["--summary", "coordinate:0", "--region", "0.2:0.4"],
        target: 8.0,
    },
    Asked {
        name: "1e6 events of 6 particles, two regions of the mass and ks",
        key: "masses",
        events: 1_000_000,
        columns: 24,
        arguments: &[
            "--particles",
            "a,b,c,d,e,f",
            "--summary",
            "invariant-mass:0,1,2,3,4,5",
            "--region",
            "200:250",
            "--region",
            "250:300",
        ],
        target: 10.0,
    },
];

/// Seconds of whole processes on two threads, the peak memory, and what reading the files alone takes.
pub fn measure(folder: &Path, peers: &Peers) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for asked in &ASKED {
        let place = tempfile::tempdir().map_err(io)?;
        asked.write(place.path()).map_err(io)?;
        let what = format!("estimate, {MEMBERS} files of {}", asked.name);
        let mut peak = 0;
        let mut seconds = Vec::new();
        let mut run = || -> Result<()> {
            let start = Instant::now();
            peak = whole::estimate(folder, place.path(), asked.arguments)?.max(peak);
            seconds.push(start.elapsed().as_secs_f64());
            Ok(())
        };
        let key = format!("{}:{}", asked.key, place.path().display());
        match peers.beside(&key, REPETITIONS, 1.0, &mut run)? {
            Some(Beside { name, pairs }) => {
                let against = format!("{name}, {}", cost(&pairs.first, 1.0, "s"));
                let row = Row::new(&what, cost(&pairs.second, 1.0, "s"), against);
                rows.push(row.times(pairs.ratio, Some(asked.target)));
            }
            None => run()?,
        }
        let own = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let read = asked.read(place.path()).map_err(io)?;
        let row = Row::new(&what, format!("{own:.2} s"), format!("reading the files alone, {read:.2} s"));
        rows.push(row.times(read / own, Some(0.7)));
        let megabytes = peak as f64 / 1e6;
        let row = Row::new(format!("{what}: peak memory"), format!("{megabytes:.0} MB"), "");
        rows.push(row.at_most(megabytes, MEMORY, "MB"));
    }
    Ok(rows)
}

fn io(error: std::io::Error) -> Error {
    Error::io("cannot write the benchmark's files", error)
}

impl Asked {
    /// The training events, and a file for each member.
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        self.file(&folder.join("train.npy"), N_TRAIN, 0)?;
        (0..MEMBERS).try_for_each(|member| {
            self.file(&folder.join(format!("gen_{member:02}.npy")), self.events, 1 + member as u64)
        })
    }

    fn file(&self, path: &Path, events: usize, seed: u64) -> std::io::Result<()> {
        let mut stream = Seed::new(seed).split("estimate").stream();
        if self.columns == 1 {
            return npy::write(
                path,
                "<f8",
                [events, 1],
                (0..events).map(|_| stream.random::<f64>().to_le_bytes()),
            );
        }
        let particles = (0..events * self.columns / 4).flat_map(|_| npy::massless(&mut stream));
        npy::write(path, "<f4", [events, self.columns], particles.map(f32::to_le_bytes))
    }

    /// Seconds that it takes to read all files, which the system holds in memory.
    fn read(&self, folder: &Path) -> std::io::Result<f64> {
        let mut buffer = vec![0; 1 << 17];
        let mut best = f64::INFINITY;
        for _ in 0..REPETITIONS {
            let start = Instant::now();
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == "npy") {
                    let mut file = File::open(path)?;
                    while file.read(&mut buffer)? > 0 {}
                }
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best)
    }
}
