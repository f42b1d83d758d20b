//! Les Houches events: final-state particles of known kinds, and a weight.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use amplicast_sdk::ndarray::ArrayView1;
use amplicast_sdk::{Error, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use super::file::{Block, Contents, EventFile, LesHouches, begin, keep};

/// Where text goes: as it is, or packed with gzip.
enum Text {
    Plain(BufWriter<NamedTempFile>),
    Packed(Box<BufWriter<GzEncoder<NamedTempFile>>>),
}

/// A file of Les Houches events.
pub struct LheFile {
    path: PathBuf,
    text: Text,
    ids: Vec<i32>,
}

impl Text {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Text::Plain(file) => file,
            Text::Packed(file) => file,
        }
    }

    fn finish(self) -> std::io::Result<NamedTempFile> {
        match self {
            Text::Plain(file) => file.into_inner().map_err(std::io::IntoInnerError::into_error),
            Text::Packed(file) => file.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish(),
        }
    }
}

impl LheFile {
    pub fn create(path: &Path, contents: Contents<'_>) -> Result<Self> {
        let particles = contents.schema.particles();
        let Some(LesHouches { ids, beam_energy }) = contents.les_houches else {
            return Err(Error::config(
                "--ids",
                format!(
                    "expected the Monte Carlo number (PDG) of each of {} particles, found none",
                    particles.len()
                ),
            ));
        };
        if particles.is_empty() {
            return Err(Error::config(
                "--out",
                "expected events of four-momenta for Les Houches events, found plain numbers",
            ));
        }
        if contents.grouped {
            return Err(Error::config(
                "--out",
                "expected .parquet or .npy for events that belong together: Les Houches events have no place for the numbers of their groups",
            ));
        }
        if ids.len() != particles.len() {
            return Err(Error::config(
                "--ids",
                format!(
                    "expected {} Monte Carlo numbers, of {}, found {}",
                    particles.len(),
                    particles.join(", "),
                    ids.len()
                ),
            ));
        }
        let file = begin(path)?;
        let text = match path.extension().is_some_and(|ending| ending == "gz") {
            true => Text::Packed(Box::new(BufWriter::new(GzEncoder::new(file, Compression::default())))),
            false => Text::Plain(BufWriter::new(file)),
        };
        let mut file = LheFile { path: path.into(), text, ids };
        // A comment may not hold two hyphens in a row.
        let origin = contents.origin.replace("--", "- -");
        // Protons on protons; weights of either sign, of which the cross section is no concern here (IDWTUP = -4, XSECUP = 1 pb).
        file.say(format_args!(
            "<LesHouchesEvents version=\"3.0\">\n<!-- {origin} -->\n<init>\n2212 2212 {beam_energy:.8e} {beam_energy:.8e} -1 -1 -1 -1 -4 1\n\
             1.0 0.0 1.0 1\n</init>\n"
        ))?;
        Ok(file)
    }

    fn say(&mut self, text: std::fmt::Arguments<'_>) -> Result<()> {
        self.text.writer().write_fmt(text).map_err(|e| Error::io(self.path.display(), e))
    }

    fn event(&mut self, event: ArrayView1<'_, f64>, weight: f64) -> Result<()> {
        // No scale, and no couplings, are known.
        self.say(format_args!("<event>\n{} 1 {weight:.17e} -1 -1 -1\n", self.ids.len()))?;
        for (k, momentum) in event.exact_chunks(4).into_iter().enumerate() {
            let [e, x, y, z] = [0, 1, 2, 3].map(|c| momentum[c]);
            let square = e * e - x * x - y * y - z * z;
            // A momentum that is next to massless may have a square below zero by rounding.
            let mass = square.max(0.0).sqrt();
            let id = self.ids[k];
            self.say(format_args!("{id} 1 0 0 0 0 {x:.16e} {y:.16e} {z:.16e} {e:.16e} {mass:.16e} 0 9\n"))?;
        }
        self.say(format_args!("</event>\n"))
    }
}

impl EventFile for LheFile {
    fn write(&mut self, block: Block<'_>) -> Result<()> {
        for (i, event) in block.events.rows().into_iter().enumerate() {
            self.event(event, block.weights.map_or(1.0, |weights| weights[i]))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.say(format_args!("</LesHouchesEvents>\n"))?;
        let file = self.text.finish().map_err(|e| Error::io(self.path.display(), e))?;
        keep(file, &self.path)
    }
}
