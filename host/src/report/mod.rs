//! The report: figures, the table of G, and one HTML page, all drawn from [`Results`] alone.
//!
//! Every function is pure but for [`write()`], and gives the same bytes for the same results. The
//! figures are written by a small SVG writer of our own, and turned into PDF by krilla (`docs/decisions/plotting.md`).

mod calibration;
mod canvas;
mod columns;
mod compared;
mod curves;
mod diagnostic;
mod distribution;
mod figure;
mod format;
mod html;
mod html_cell;
mod html_diagnostics;
mod html_text;
mod legend;
mod panel;
mod plane;
mod scale;
mod sets;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod title;

use std::fs;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Result};

pub use calibration::calibration_table;
pub use columns::{Columns, wrapped};
pub use figure::{Figure, Subject, figures};
pub use format::{amplification, short, true_g};
pub use table::table;
pub use title::cell_title;

use crate::calibration::Calibration;
use crate::results::Results;
use crate::store::replace;

/// Writes `report.html` and `figures/*.svg`, `figures/*.pdf` into `folder`, and gives the path of the page.
///
/// The page needs no other file and no network. `provenance` and `effective_config` stand at its end as they are.
pub fn write(
    results: &Results,
    provenance: &serde_json::Value,
    effective_config: &str,
    calibration: Option<&Calibration>,
    folder: &Path,
) -> Result<PathBuf> {
    let figures = figures(results);
    let pictures = folder.join("figures");
    if pictures.is_symlink() {
        // Its files would replace those of somewhere else.
        return Err(Error::data("expected a folder of the run's own, found a link")
            .at(pictures.display().to_string()));
    }
    fs::create_dir_all(&pictures).map_err(|error| Error::io(pictures.display(), error))?;
    for figure in &figures {
        replace(&pictures.join(format!("{}.svg", figure.name)), figure.svg.as_bytes())?;
        replace(&pictures.join(format!("{}.pdf", figure.name)), &figure.pdf()?)?;
    }
    let page = folder.join("report.html");
    replace(&page, html::page(results, &figures, provenance, effective_config, calibration).as_bytes())?;
    Ok(page)
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
        assert_eq!(files, 2 * figures(&results).len());
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
        let names: Vec<String> = figures(&results).into_iter().map(|f| f.name).collect();
        assert!(read(&format!("{}.svg", names[0])).unwrap().contains("a/b"));
        assert!(read(&format!("{}.svg", names[1])).unwrap().contains("a:b"));
    }
}
