//! A figure of a run: SVG and PDF.

use std::sync::{Arc, LazyLock};

use amplicast_sdk::{Error, Result};
use krilla_svg::SurfaceExt as _;

/// DejaVu Sans, cut down to Latin, Greek, Cyrillic and the signs of mathematics; license beside it.
pub(super) const FONTS: [&[u8]; 2] =
    [include_bytes!("fonts/DejaVuSans.ttf"), include_bytes!("fonts/DejaVuSans-Oblique.ttf")];

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
    /// The picture; one unit is one point.
    pub svg: String,
    /// What the reader should know to read it, as plain text.
    pub caption: String,
}

impl Figure {
    /// Whether this is the whole PDF of this picture, as this version makes it.
    pub fn is_shown_by(&self, pdf: &[u8]) -> bool {
        let mark = self.mark();
        pdf.ends_with(b"%%EOF") && pdf.windows(mark.len()).rev().any(|part| part == mark.as_bytes())
    }

    /// What a PDF of this picture carries.
    fn mark(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("amplicast figure 1");
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(self.svg.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The figure as a PDF page of its own size, with its font embedded and its mark among the keywords.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        let fail =
            |what: &str| Error::numeric(format!("the figure {} cannot be made a PDF: {what}", self.name));
        let options = usvg::Options { fontdb: fonts(&self.svg), ..usvg::Options::default() };
        let tree = usvg::Tree::from_str(&self.svg, &options).map_err(|error| fail(&error.to_string()))?;
        // usvg converts points to pixels at 96 a inch; the page is in points again.
        let (width, height) = (0.75 * tree.size().width(), 0.75 * tree.size().height());
        let size = krilla::geom::Size::from_wh(width, height).ok_or_else(|| fail("it has no size"))?;
        let mut document = krilla::Document::new();
        let title = krilla::metadata::Metadata::new().title(self.name.clone());
        document.set_metadata(title.keywords(vec![self.mark()]));
        let mut page = document.start_page_with(krilla::page::PageSettings::new(size));
        let mut surface = page.surface();
        surface
            .draw_svg(&tree, size, krilla_svg::SvgSettings::default())
            .ok_or_else(|| fail("krilla could not draw it"))?;
        surface.finish();
        page.finish();
        document.finish().map_err(|error| fail(&format!("{error:?}")))
    }
}

/// The embedded fonts; those of the system are added only for characters that they lack.
fn fonts(svg: &str) -> Arc<usvg::fontdb::Database> {
    static EMBEDDED: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        FONTS.iter().for_each(|font| fonts.load_font_data(font.to_vec()));
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    });
    if svg.chars().all(is_embedded) {
        return EMBEDDED.clone();
    }
    let mut fonts = (**EMBEDDED).clone();
    fonts.load_system_fonts();
    Arc::new(fonts)
}

/// Whether the embedded fonts were cut down to a set with this character.
fn is_embedded(c: char) -> bool {
    let code = c as u32;
    let letters =
        matches!(code, 0x0a | 0x20..=0x7e | 0xa0..=0x17f | 0x370..=0x3ff | 0x400..=0x45f | 0x1e00..=0x1ef9);
    let accents = matches!(code, 0x300..=0x308 | 0x30a..=0x30c);
    let signs = matches!(code, 0x2010..=0x2015 | 0x2018..=0x201e | 0x2026 | 0x2070..=0x209c | 0x2190..=0x2195 | 0x2200..=0x2265);
    letters || accents || signs
}
