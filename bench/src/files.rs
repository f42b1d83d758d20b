//! Reading files of event generators.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{CHUNK_EVENTS, Chunk, Error, Result, Seed, Split};
use serde_json::json;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::table::{Row, rate};
use crate::timing::REPETITIONS;

/// Events of each file and particles of each event: partons of a process, and a shower.
const LHE: (usize, usize) = (10_000, 8);
const HEPMC: (usize, usize) = (1000, 200);

/// Events a second that are opened, checked and read into memory, two particles of each.
pub fn measure(plugins: &Plugins, peers: &Peers) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().map_err(|e| Error::io("cannot make a folder", e))?;
    let mut rows = Vec::new();
    for (key, what, (events, particles), text, target) in [
        ("lhe", "Les Houches events, 8 particles", LHE, les_houches as fn(usize, usize) -> String, 10.0),
        ("hepmc", "HepMC3 events, 200 particles", HEPMC, hepmc, 3.0),
    ] {
        let path = folder.path().join(format!("events.{key}"));
        std::fs::write(&path, text(events, particles)).map_err(|e| Error::io(path.display(), e))?;
        let read = || read(plugins, &path, events);
        let name = format!("{key}:{}", path.display());
        if let Some(Beside { name, pairs }) = peers.beside(&name, REPETITIONS, events as f64, read)? {
            let against = format!("{name}, {}", rate(&pairs.first, "events"));
            let ours = rate(&pairs.second, "events");
            rows.push(Row::new(what, ours, against).times(pairs.ratio, Some(target)));
        }
    }
    Ok(rows)
}

/// All events of a file, the hardest b quarks of each.
fn read(plugins: &Plugins, path: &Path, events: usize) -> Result<()> {
    let config = json!({ "train": PathBuf::from(path), "select": ["5", "-5"] });
    let dataset = plugins.dataset("events-file", &config)?;
    let mut first_event = 0;
    let mut out = Array2::zeros((CHUNK_EVENTS.min(events), dataset.schema().dimension()));
    while first_event < events as u64 {
        let n = CHUNK_EVENTS.min(events - first_event as usize);
        let chunk = Chunk { index: first_event / CHUNK_EVENTS as u64, first_event, seed: Seed::new(1) };
        dataset.read(Split::Training, chunk, out.slice_mut(amplicast_sdk::ndarray::s![..n, ..]))?;
        first_event += n as u64;
    }
    Ok(())
}

/// Four-momenta of massless particles.
fn momenta(seed: u64) -> impl FnMut() -> [f64; 4] {
    let mut stream = Seed::new(seed).stream();
    move || {
        let [x, y, z]: [f64; 3] = std::array::from_fn(|_| {
            let z: f64 = StandardNormal.sample(&mut stream);
            100.0 * z
        });
        [x, y, z, (x * x + y * y + z * z).sqrt()]
    }
}

/// The number of the particle with that place: b and anti-b first, then gluons.
fn kind(place: usize) -> i32 {
    [5, -5].get(place).copied().unwrap_or(21)
}

/// Events as a process writes them, all of them final.
fn les_houches(events: usize, particles: usize) -> String {
    let mut text = String::from(
        "<LesHouchesEvents version=\"3.0\">\n<init>\n2212 2212 6.5e3 6.5e3 0 0 0 0 3 1\n1.0 0.1 1.0 1\n</init>\n",
    );
    let mut momentum = momenta(1);
    for _ in 0..events {
        let _ = writeln!(text, "<event>\n{particles} 1 1.0e+00 9.1e+01 7.8e-03 1.2e-01");
        for place in 0..particles {
            let [x, y, z, e] = momentum();
            let id = kind(place);
            let _ = writeln!(text, "{id} 1 0 0 501 502 {x:.10e} {y:.10e} {z:.10e} {e:.10e} 0.0e+00 0. 9.");
        }
        text.push_str("</event>\n");
    }
    text.push_str("</LesHouchesEvents>\n");
    text
}

/// Events of one vertex of two protons.
fn hepmc(events: usize, particles: usize) -> String {
    let mut text = String::from("HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n");
    let mut momentum = momenta(2);
    for event in 0..events {
        let _ = writeln!(text, "E {event} 1 {}\nU GEV MM", particles + 2);
        for (i, z) in [(1, 6500.0), (2, -6500.0)] {
            let _ = writeln!(text, "P {i} 0 2212 0 0 {z:.16e} {:.16e} 0 4", 6500.0);
        }
        text.push_str("V -1 0 [1,2]\n");
        for place in 0..particles {
            let [x, y, z, e] = momentum();
            let (i, id) = (place + 3, kind(place));
            let _ = writeln!(text, "P {i} -1 {id} {x:.16e} {y:.16e} {z:.16e} {e:.16e} 0 1");
        }
    }
    text.push_str("HepMC::Asciiv3-END_EVENT_LISTING\n");
    text
}
