//! A figure of a run: SVG and PDF.

use amplicast_sdk::{Error, Result};

use super::pdf::pdf;
use super::picture::Picture;
use super::svg::svg;

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The cell with this index in [`Results::cells`].
    Cell(usize),
    /// Cells that differ in generator and posterior alone: those of the question with this index.
    Compared(usize),
    /// The estimates of all training sets of the cell with this index.
    Sets(usize),
    /// The value that one fit generates on each training set, of the cell with this index.
    Funnel(usize),
    /// The distribution with this index in [`Results::distributions`].
    Distribution(usize),
    /// The plane with this index in [`Results::planes`].
    Plane(usize),
    /// The question with this index in a comparison of runs.
    Across(usize),
    /// Of the entry with this index in [`Results::diagnostics`] the figure with this one.
    Diagnostic(usize, usize),
}

/// A finished figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it shows.
    pub subject: Subject,
    /// File name without ending, safe on every system and unique within the run.
    pub name: String,
    /// The picture as SVG; one unit is one point.
    pub svg: String,
    picture: Picture,
    /// What the reader should know to read it, as plain text.
    pub caption: String,
}

impl Figure {
    /// Of a picture.
    pub fn new(subject: Subject, name: String, picture: Picture, caption: String) -> Self {
        Figure { subject, name, svg: svg(&picture), picture, caption }
    }

    /// Whether this is the whole PDF of this picture, as this version makes it.
    pub fn is_shown_by(&self, pdf: &[u8]) -> bool {
        let mark = self.mark();
        pdf.ends_with(b"%%EOF") && pdf.windows(mark.len()).rev().any(|part| part == mark.as_bytes())
    }

    /// What a PDF of this picture carries.
    fn mark(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("amplicast figure 2");
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(self.svg.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The figure as a PDF page of its own size, with its font embedded and its mark among the keywords.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        pdf(&self.picture, &self.name, &self.mark()).map_err(|error| {
            Error::numeric(format!("the figure {} cannot be made a PDF: its font: {error}", self.name))
        })
    }
}
