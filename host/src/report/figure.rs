//! The figures of a run: file names, SVG and PDF.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use amplicast_sdk::{Error, Result};
use krilla_svg::SurfaceExt as _;

use super::{compared, curves, diagnostic, distribution, plane, sets};
use crate::results::Results;

/// DejaVu Sans, cut down to Latin, Greek, Cyrillic and the signs of mathematics; licence beside it.
pub(super) const FONTS: [&[u8]; 2] =
    [include_bytes!("fonts/DejaVuSans.ttf"), include_bytes!("fonts/DejaVuSans-Oblique.ttf")];

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The cell with this index in [`Results::cells`].
    Cell(usize),
    /// Cells that differ in generator and posterior alone.
    Compared,
    /// The estimates of all training sets of the cell with this index.
    Sets(usize),
    /// The distribution with this index in [`Results::distributions`].
    Distribution(usize),
    /// The plane with this index in [`Results::planes`].
    Plane(usize),
    /// One of the figures of the entry with this index in [`Results::diagnostics`].
    Diagnostic(usize),
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
    /// The figure as a PDF page of its own size, with its font embedded.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        let fail =
            |what: &str| Error::numeric(format!("the figure {} cannot be made a PDF: {what}", self.name));
        let options = usvg::Options { fontdb: fonts(&self.svg), ..usvg::Options::default() };
        let tree = usvg::Tree::from_str(&self.svg, &options).map_err(|error| fail(&error.to_string()))?;
        // usvg converts points to pixels at 96 a inch; the page is in points again.
        let (width, height) = (0.75 * tree.size().width(), 0.75 * tree.size().height());
        let size = krilla::geom::Size::from_wh(width, height).ok_or_else(|| fail("it has no size"))?;
        let mut document = krilla::Document::new();
        document.set_metadata(krilla::metadata::Metadata::new().title(self.name.clone()));
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

/// All figures of a run: one for each cell that has a result and for each question that several generators or posteriors
/// answer, one for each distribution that has bins, and those
/// that posteriors and fitted summaries give.
pub fn figures(results: &Results) -> Vec<Figure> {
    let mut names = Names::default();
    let mut figures = Vec::new();
    for (i, cell) in results.cells.iter().enumerate() {
        let n = &cell.name;
        let name =
            names.unique(&[&n.generator, &n.uncertainty, &n.summary, &n.selection, &n.metric, &n.reference]);
        if let Some((svg, caption)) = curves::draw(cell, &results.null_laws, &name) {
            figures.push(Figure { subject: Subject::Cell(i), name, svg, caption });
        }
    }
    for (i, cell) in results.cells.iter().enumerate() {
        let n = &cell.name;
        let name = names.unique(&[
            "sets",
            &n.generator,
            &n.uncertainty,
            &n.summary,
            &n.selection,
            &n.metric,
            &n.reference,
        ]);
        if let Some((svg, caption)) = sets::draw(cell, &name) {
            figures.push(Figure { subject: Subject::Sets(i), name, svg, caption });
        }
    }
    for group in compared::groups(results) {
        let cells: Vec<_> = group.iter().map(|i| &results.cells[*i]).collect();
        let n = &cells[0].name;
        let name = names.unique(&["compared", &n.summary, &n.selection, &n.metric, &n.reference]);
        if let Some((svg, caption)) = compared::draw(&cells, &results.null_laws, &name) {
            figures.push(Figure { subject: Subject::Compared, name, svg, caption });
        }
    }
    for (i, d) in results.distributions.iter().enumerate() {
        let name = names.unique(&["distribution", &d.generator, &d.uncertainty, &d.summary, &d.selection]);
        if let Some((svg, caption)) = distribution::draw(d, &name) {
            figures.push(Figure { subject: Subject::Distribution(i), name, svg, caption });
        }
    }
    for (i, p) in results.planes.iter().enumerate() {
        let name = names.unique(&["plane", &p.generator, &p.uncertainty, &p.selection]);
        if let Some((svg, caption)) = plane::draw(p, &name) {
            figures.push(Figure { subject: Subject::Plane(i), name, svg, caption });
        }
    }
    for (i, d) in results.diagnostics.iter().enumerate() {
        for figure in &d.figures {
            let summary = d.summary.as_deref().unwrap_or("posterior");
            let name = names.unique(&["diagnostic", &d.generator, &d.uncertainty, summary, &figure.title]);
            if let Some((svg, caption)) = diagnostic::draw(d, figure, &name) {
                figures.push(Figure { subject: Subject::Diagnostic(i), name, svg, caption });
            }
        }
    }
    figures
}

/// Names given so far, in lower case: some file systems do not tell `A` from `a`.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The parts joined by `_`, with everything but letters, digits, `.`, `-` of ASCII replaced, and a number if needed.
    fn unique(&mut self, parts: &[&str]) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '-' };
        let parts: Vec<String> = parts
            .iter()
            .map(|part| {
                part.trim_matches(|c: char| c == '.' || c.is_whitespace())
                    .chars()
                    .map(safe)
                    .take(32)
                    .collect()
            })
            .filter(|part: &String| !part.is_empty())
            .collect();
        let stem = if parts.is_empty() { "figure".to_string() } else { parts.join("_") };
        let numbered = |i: u32| if i == 1 { stem.clone() } else { format!("{stem}_{i}") };
        (1..).map(numbered).find(|name| self.taken.insert(name.to_lowercase())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::results::{Estimate, Interval, Verdict};

    fn check(results: &Results) -> Vec<Figure> {
        let figures = figures(results);
        for figure in &figures {
            for bad in ["NaN", "inf", "e+", "e-3"] {
                let body = figure.svg.split("<rect").nth(1).unwrap();
                let drawn = body.lines().filter(|l| !l.starts_with("<text"));
                assert!(!drawn.clone().any(|l| l.contains(bad)), "{} has {bad}", figure.name);
            }
            assert!(figure.pdf().unwrap().starts_with(b"%PDF"), "{}", figure.name);
        }
        figures
    }

    #[test]
    fn a_run_gives_a_figure_for_each_cell_and_distribution() {
        let results = testing::results();
        let figures = check(&results);
        let failed = results.cells.iter().filter(|c| c.replicas.is_empty()).count();
        let beside = |f: &&Figure| !matches!(f.subject, Subject::Sets(_) | Subject::Compared);
        let of_cells = figures.iter().filter(beside).count();
        assert_eq!(of_cells, results.cells.len() - failed + results.distributions.len() + 2);
        // Estimates of several training sets have a figure of their own.
        let many = results.cells.iter().filter(|c| c.replicas.len() >= 5).count();
        let compared = compared::groups(&results).len();
        assert_eq!(figures.len() - of_cells, many + compared);
        assert!(failed > 0 && many > 0 && compared > 0);
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        let [a, b] = [figures(&testing::results()), figures(&testing::results())];
        assert_eq!(a, b);
        assert_eq!(a[0].pdf().unwrap(), b[0].pdf().unwrap());
    }

    #[test]
    fn odd_cells_can_be_drawn() {
        let mut results = testing::results();
        let base = testing::integral_cell(1);
        let ks = testing::ks_cell(Verdict::AtLeast);
        let mut odd = Vec::new();
        let mut change = |cell: &crate::results::Cell, edit: &dyn Fn(&mut crate::results::CellReplica)| {
            let mut cell = cell.clone();
            cell.replicas.iter_mut().for_each(edit);
            odd.push(cell);
        };
        for cell in [&base, &ks] {
            change(cell, &|r| r.curve.iter_mut().for_each(|p| p.model = p.model.map(|_| -1e-6)));
            change(cell, &|r| r.curve.truncate(1));
            change(cell, &|r| r.curve.clear());
            change(cell, &|r| r.null_law = usize::MAX);
            change(cell, &|r| r.null_law = testing::ODD);
            change(cell, &|r| r.n_train_passed = 0);
            change(cell, &|r| r.curve.iter_mut().for_each(|p| p.value = f64::NAN));
            change(cell, &|r| r.curve.iter_mut().for_each(|p| p.n_passed = 0.0));
            change(cell, &|r| r.curve.iter_mut().for_each(|p| (p.value, p.spread) = (1e-300, f64::INFINITY)));
            change(cell, &|r| r.curve[0].value = 1e300);
            for n_equiv in [0.0, 1e-30, f64::INFINITY, f64::NAN, 1e30] {
                let interval = Interval { low: Some(0.0), high: Some(f64::INFINITY) };
                let estimate = testing::estimate(Verdict::Resolved, Some(n_equiv), interval, interval);
                let limit = if n_equiv > 1.0 { 0.0 } else { -1.0 };
                let estimate = Estimate { n_equiv: Some(n_equiv), limit, ..estimate };
                change(cell, &|r| r.estimate = estimate.clone());
            }
        }
        results.cells = odd;
        assert_eq!(check(&results).len(), results.cells.len() + results.distributions.len() + 2);
    }

    #[test]
    fn odd_distributions_can_be_drawn_or_left_out() {
        let mut results = testing::results();
        results.cells.clear();
        let good = results.distributions[0].clone();
        let bins = good.training.len();
        let mut empty = good.clone();
        (empty.training, empty.training_events, empty.truth) = (vec![0; bins], 0, None);
        (empty.generated, empty.generated_spread) = (vec![0.0; bins], vec![0.0; bins]);
        let mut wild = good.clone();
        wild.generated = (0..bins).map(|i| [f64::NAN, f64::INFINITY, 1e300, 0.0][i % 4]).collect();
        let mut none = good.clone();
        none.edges.clear();
        let mut short = good.clone();
        short.generated.pop();
        let mut unsorted = good.clone();
        unsorted.edges[3] = f64::NAN;
        let mut far = good.clone();
        far.edges.iter_mut().for_each(|e| *e = 1e15 + *e * 1e12);
        results.distributions = vec![good, empty, wild, none, short, unsorted, far];
        // Of a diagnostic figure without points, and of a plane without events, nothing is drawn.
        results.diagnostics[0].figures[0].curves.clear();
        results.planes[0].passed.clear();
        results.planes[0].cut.clear();
        assert_eq!(check(&results).len(), 4);
    }

    #[test]
    fn names_that_map_to_one_file_stay_apart() {
        let mut names = Names::default();
        assert_eq!(names.unique(&["a/b", "x <&\"> y", ""]), "a-b_x------y");
        assert_eq!(names.unique(&["a:b", "x <&\"> y"]), "a-b_x------y_2");
        assert_eq!(names.unique(&["A-B", "x <&\"> y"]), "A-B_x------y_3");
        assert_eq!(names.unique(&["..", "/etc"]), "-etc");
        assert_eq!(names.unique(&["", "."]), "figure");
    }

    #[test]
    fn strange_names_are_drawn_as_they_are() {
        let mut results = testing::results();
        results.cells.truncate(1);
        results.distributions.clear();
        results.cells[0].name.generator = "<b>\"flow\" & tt̄ 漢 $x_{".into();
        results.cells[0].name.summary = "m".repeat(300);
        let figures = check(&results);
        assert!(figures[0].svg.contains("&lt;b&gt;&quot;flow&quot; &amp; tt̄ 漢 $x_{"));
    }
}
