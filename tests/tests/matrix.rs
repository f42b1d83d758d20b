//! A large matrix of cells: files that grow with what they say, a report in pages, and a run that makes nothing again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use amplicast_tests::{Place, results};
use serde_json::Value;

/// The matrix of `cargo xtask bench`, with a part of its generators, summaries and selections: cells of every kind.
fn experiment() -> String {
    let whole = include_str!("../../bench/matrix.toml");
    let without = r#"
[[exclude]]
generator = ["resample 2", "fit 2"]
[[exclude]]
summary = ["x_2", "x_3", "x_4"]
[[exclude]]
selection = ["left", "right"]
"#;
    format!("{whole}{without}")
}

const CELLS: usize = 3 * 2 * 2 * 20;

/// Every file of a folder, and whether it is still the same one.
fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let entry = |entry: std::fs::DirEntry| {
        let about = entry.metadata().expect("a file");
        let name = entry.file_name().into_string().expect("a name");
        (name, (about.ino(), about.modified().expect("a time")))
    };
    std::fs::read_dir(folder).expect("a folder").flatten().map(entry).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The targets of all links, and the names of all places, in a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().expect("an end")).collect()
}

#[test]
fn a_large_matrix_has_small_files_and_is_not_drawn_again() {
    let place = Place::new();
    place.write("matrix.toml", experiment());
    let run = || place.amplicast(&["run", "matrix.toml", "--out", "run"]).expect(0);
    let first = run();
    let folder = place.path("run");
    let [figures, pages] = ["figures", "pages"].map(|name| folder.join(name));

    // Each null law once, a line for each cell, and numbers without their names: 2000 cells stay below 11 MB, of which what
    // the spread alone gives, beside an estimate that includes the bias, is one.
    let found = results(&folder);
    let cells = found["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), CELLS);
    let size = std::fs::metadata(folder.join("results.json")).expect("results").len() as usize;
    assert!(size < 5_500 * CELLS, "{size} bytes for {CELLS} cells");
    let laws: BTreeSet<String> =
        found["null_laws"].as_array().expect("laws").iter().map(Value::to_string).collect();
    assert_eq!(laws.len(), found["null_laws"].as_array().expect("laws").len(), "a law stands twice");
    let of = |metric: &str| {
        let those = cells.iter().filter(|cell| cell["name"]["metric"] == metric);
        those.map(|cell| cell["replicas"][0]["null_law"].as_u64()).collect::<BTreeSet<_>>()
    };
    // Those of distances depend on the reference alone, and how far they are drawn: not on the generator.
    assert!(of("ks").len() <= 32, "{} laws of 48 distances", of("ks").len());

    // The report is a table that leads to every cell.
    let report = read(&folder.join("report.html"));
    assert!(report.len() < 250_000 + 2_500 * CELLS, "{} bytes", report.len());
    assert!(!report.contains("<svg"), "the figures are on the pages");
    let listed = files(&pages);
    let links: Vec<&str> =
        attributes(&report, "href").into_iter().filter(|to| to.starts_with("pages/")).collect();
    assert_eq!(links.iter().filter(|to| to.contains("#cell-")).count(), CELLS);
    let mut whole: BTreeMap<&str, String> = BTreeMap::new();
    for link in &links {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let page = whole.entry(file).or_insert_with(|| read(&folder.join(file)));
        assert!(anchor.is_empty() || page.contains(&format!(" id=\"{anchor}\"")), "{link}");
    }
    assert_eq!(whole.len(), listed.len(), "the report leads to every page");
    for (file, page) in &whole {
        assert!(page.contains("default-src 'none'") && !page.contains("<script"), "{file}");
        assert!(page.len() < 5_000_000, "{file}");
        for link in attributes(page, "href") {
            let target = pages.join(link.split('#').next().expect("a file"));
            assert!(target.exists(), "{file} leads to {link}");
        }
        assert!(attributes(page, "href").contains(&"../report.html"), "{file} leads back");
    }
    // Every figure is on one page, and has its two files.
    let drawn: usize = whole.values().map(|page| page.matches("<svg").count()).sum();
    assert!(drawn > CELLS && files(&figures).len() == 2 * drawn, "{drawn} figures");

    // Nothing has changed: nothing is made again.
    let before = [files(&figures), files(&pages)];
    let bytes = std::fs::read(folder.join("results.json")).expect("results");
    assert_eq!(run().out, first.out);
    assert!([files(&figures), files(&pages)] == before, "a figure or a page was written again");
    assert!(std::fs::read(folder.join("results.json")).expect("results") == bytes);

    // What is missing, changed or cut off comes back, and nothing else is touched.
    let names: Vec<&String> = before[0].keys().collect();
    let [pdfs, svgs] =
        [".pdf", ".svg"].map(|end| names.iter().filter(|n| n.ends_with(end)).collect::<Vec<_>>());
    let kept = |name: &str| std::fs::read(figures.join(name)).expect("a figure");
    let changed = [pdfs[0], pdfs[1], pdfs[2], svgs[3], svgs[4]];
    let content = changed.map(|name| kept(name));
    std::fs::remove_file(figures.join(changed[0])).expect("removed");
    std::fs::write(figures.join(changed[1]), kept(pdfs[5])).expect("written");
    std::fs::write(figures.join(changed[2]), &content[2][..content[2].len() / 2]).expect("written");
    std::fs::remove_file(figures.join(changed[3])).expect("removed");
    std::fs::write(figures.join(changed[4]), "<svg/>").expect("written");
    let page = before[1].keys().next().expect("a page");
    let of_page = read(&pages.join(page));
    std::fs::write(pages.join(page), "").expect("written");
    std::fs::write(pages.join("of-before.html"), "").expect("written");
    place.amplicast(&["report", "run"]).expect(0);
    for (name, content) in changed.iter().zip(&content) {
        assert!(kept(name) == *content, "{name}");
    }
    assert_eq!(read(&pages.join(page)), of_page);
    assert!(!pages.join("of-before.html").exists(), "a page that nothing leads to");
    for (name, about) in files(&figures).iter().filter(|(name, _)| !changed.contains(&name)) {
        assert_eq!(about, &before[0][name], "{name} was written again");
    }

    // A run that fits on one page has no others, and those of before are gone.
    place
        .amplicast(&[
            "run",
            "matrix.toml",
            "--out",
            "run",
            "--set",
            "exclude.0.generator=[\"fit 1\", \"fit 2\", \"resample 2\", \"resample 3\"]",
            "--set",
            "exclude.2.selection=[\"bulk\", \"left\", \"right\"]",
        ])
        .expect(0);
    assert_eq!(files(&pages).len(), 0);
    let report = read(&folder.join("report.html"));
    assert_eq!(attributes(&report, "id").iter().filter(|id| id.starts_with("cell-")).count(), 40);
    assert!(report.matches("<svg").count() >= 40 && !report.contains("pages/"));
}

/// Results of the first edition, in which every training set of a cell had its own null law, and a curve was a list of points.
#[test]
fn results_of_the_first_edition_are_shown() {
    let place = Place::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/edition-1");
    std::fs::create_dir(place.path("run")).expect("a folder");
    for name in ["results.json", "provenance.json", "experiment.toml"] {
        std::fs::copy(fixture.join(name), place.path("run").join(name)).expect("copied");
    }
    let ended = place.amplicast(&["report", "run"]).expect(0);
    ended.prints(&["x, half", "4.1 [1.0, 8.2]", "x, ks, against truth", "> 0.88 (95 %)"]);
    let report = read(&place.path("run/report.html"));
    // A distribution, and both cells with their null law, that of the distance with its bands.
    assert_eq!(report.matches("<svg").count(), 3);
    assert_eq!(report.matches(">null law").count(), 3);

    // One that a newer program has written is refused in words.
    let mut newer = results(&place.path("run"));
    newer["schema"]["version"] = 99.into();
    place.write("run/results.json", newer.to_string());
    place.amplicast(&["report", "run"]).expect(2).says(&["results.json", "edition 99", "newer amplicast"]);
}
