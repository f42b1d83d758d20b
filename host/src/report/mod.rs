//! The report: figures, the table of G, and one HTML page, all drawn from [`Results`] alone.
//!
//! Every function is pure but for [`write()`] and what it calls, and gives the same bytes for the same results. The
//! pictures are written as SVG and as PDF by small writers of our own (`docs/decisions/plotting.md`).

mod across;
mod album;
mod calibration;
mod canvas;
mod columns;
mod compared;
mod curves;
mod demonstration;
mod diagnostic;
mod distribution;
mod embedded;
mod figure;
mod fonts;
mod funnel;
mod html;
mod html_cell;
mod html_diagnostics;
mod html_looked;
mod html_sections;
mod html_table;
mod html_text;
mod legend;
mod pages;
mod panel;
mod pdf;
mod picture;
mod plane;
mod scale;
mod sets;
mod svg;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod title;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};
use rayon::prelude::*;

pub use crate::format::{amplification, short, true_g};
pub use across::{Run, across, write_across};
pub use calibration::calibration_table;
pub use columns::Columns;
pub use demonstration::demonstrations;
pub use sets::LEAST as LEAST_SETS;
pub use table::table;
pub use title::cell_title;

use crate::calibration::Calibration;
use crate::results::Results;
use crate::store::{regular_file, replace, update};

use album::Album;
use figure::{Figure, Subject};
use html_sections::Pictures;

/// Writes `report.html` and `figures/*.svg`, `figures/*.pdf` into `folder`, and gives the path of the page. The figures of a large
/// run are on pages of their own, `pages/*.html`.
///
/// A page needs no network, and the report of a small run no other file. `provenance` and `effective_config` stand at its end as
/// they are. What is there already and has not changed is not written again.
pub fn write(
    results: &Results,
    provenance: &serde_json::Value,
    effective_config: &str,
    calibration: Option<&Calibration>,
    folder: &Path,
) -> Result<PathBuf> {
    let album = Album::of(results);
    let parts = pages::divide(&album);
    let figures = own(folder.join("figures"))?;
    let mut pictures = Pictures::of(Vec::new(), "figures");
    if parts.is_empty() {
        let planned: Vec<_> = album.planned.iter().collect();
        pictures = Pictures::of(draw(&album, &planned, &figures)?, "figures");
    } else {
        let pages = own(folder.join(html::FOLDER))?;
        let planned: HashMap<Subject, &(Subject, String)> =
            album.planned.iter().map(|planned| (planned.0, planned)).collect();
        // One after the other: a page is as large as its figures, which are drawn side by side.
        for (k, part) in parts.iter().enumerate() {
            let with_sets = |subject: &Subject| match subject {
                Subject::Cell(i) => [Some(*subject), Some(Subject::Sets(*i)), Some(Subject::Funnel(*i))],
                _ => [Some(*subject), None, None],
            };
            let wanted = part.subjects.iter().flat_map(with_sets).flatten();
            let wanted: Vec<_> = wanted.filter_map(|subject| planned.get(&subject).copied()).collect();
            let pictures = Pictures::of(draw(&album, &wanted, &figures)?, "../figures");
            let page = html::page(&album, &parts, k, &pictures, calibration);
            drop(pictures);
            update(&pages.join(format!("{}.html", part.file)), page.as_bytes())?;
        }
    }
    remove_others(&folder.join(html::FOLDER), &parts)?;
    let page = folder.join("report.html");
    let about = (provenance, effective_config);
    replace(&page, html::report(&album, &parts, &pictures, about, calibration).as_bytes())?;
    Ok(page)
}

/// Makes a folder of the run's own.
fn own(path: PathBuf) -> Result<PathBuf> {
    if path.is_symlink() {
        // Its files would replace those of somewhere else.
        return Err(
            Error::data("expected a folder of the run's own, found a link").at(path.display().to_string())
        );
    }
    fs::create_dir_all(&path).map_err(|error| Error::io(path.display(), error))?;
    Ok(path)
}

/// Draws figures, and sees to their files.
fn draw(album: &Album<'_>, planned: &[&(Subject, String)], folder: &Path) -> Result<Vec<Figure>> {
    let one = |planned: &&(Subject, String)| {
        let Some(figure) = album.draw(planned) else { return Ok(None) };
        put(&figure, folder)?;
        Ok(Some(figure))
    };
    let drawn: Vec<Option<Figure>> = planned.par_iter().map(one).collect::<Result<_>>()?;
    Ok(drawn.into_iter().flatten().collect())
}

/// Sees to a figure's files: a PDF, which takes far longer to make than the picture that it shows, is made only if there is none of
/// this picture.
fn put(figure: &Figure, folder: &Path) -> Result<()> {
    update(&folder.join(format!("{}.svg", figure.name)), figure.svg.as_bytes())?;
    let pdf = folder.join(format!("{}.pdf", figure.name));
    if pdf.is_symlink() || !regular_file(&pdf).is_ok_and(|bytes| figure.is_shown_by(&bytes)) {
        replace(&pdf, &figure.pdf()?)?;
    }
    Ok(())
}

/// Removes the pages of an earlier report that this one does not lead to.
fn remove_others(pages: &Path, parts: &[pages::Part]) -> Result<()> {
    if pages.is_symlink() {
        return Ok(());
    }
    let kept: HashSet<String> = parts.iter().map(|part| format!("{}.html", part.file)).collect();
    for entry in fs::read_dir(pages).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let stale = name.to_str().is_some_and(|name| name.ends_with(".html") && !kept.contains(name));
        if stale {
            fs::remove_file(entry.path()).map_err(|error| Error::io(entry.path().display(), error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_page_and_its_figures() {
        let folder = tempfile::tempdir().unwrap();
        let results = testing::results();
        let provenance = serde_json::json!({"seed": 1, "note": "</pre><script>alert(1)</script>"});
        let page = write(&results, &provenance, "name = \"<ring>\"", None, folder.path()).unwrap();
        let html = fs::read_to_string(&page).unwrap();
        let files = fs::read_dir(folder.path().join("figures")).unwrap().count();
        assert_eq!(files, 2 * Album::of(&results).planned.len());
        assert!(!html.contains("<script"), "text is not escaped");
        assert!(html.contains("name = &quot;&lt;ring&gt;&quot;"));
        for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!html.contains(outside), "{outside} needs the network");
        }
        // Again over the old files.
        write(&results, &provenance, "", None, folder.path()).unwrap();
        let error = write(&results, &provenance, "", None, &page).unwrap_err();
        assert_eq!(error.kind(), amplicast_sdk::ErrorKind::Io);
    }

    #[test]
    fn cells_whose_names_map_to_one_file_do_not_overwrite_each_other() {
        let mut results = testing::results();
        results.cells.truncate(2);
        results.distributions.clear();
        results.cells[1] = results.cells[0].clone();
        results.cells[0].name.summary = "a/b".into();
        results.cells[1].name.summary = "a:b".into();
        let folder = tempfile::tempdir().unwrap();
        write(&results, &serde_json::Value::Null, "", None, folder.path()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join("figures").join(name));
        let names: Vec<String> = Album::of(&results).planned.into_iter().map(|(_, name)| name).collect();
        assert!(read(&format!("{}.svg", names[0])).unwrap().contains("a/b"));
        assert!(read(&format!("{}.svg", names[1])).unwrap().contains("a:b"));
    }
}
