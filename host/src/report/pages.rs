//! How the figures of a large run are divided among pages: those of one observable, that is, of a summary under a selection, stand
//! together.

use std::collections::HashMap;

use super::album::{Album, Names};
use super::figure::Subject;
use super::{sets, title};

/// Figures that a report has room for: four megabytes.
const ALONE: usize = 150;
/// Figures that a page of a larger run holds: two or three megabytes, which a browser opens at once.
const MOST: usize = 100;

/// A page of figures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Name of its file, without ending.
    pub file: String,
    /// What it is about.
    pub title: String,
    /// What it shows, in this order. A cell stands here also if it has no figure.
    pub subjects: Vec<Subject>,
}

impl Part {
    /// The cells on it, by their places in the results.
    pub fn cells(&self) -> impl Iterator<Item = usize> {
        self.subjects
            .iter()
            .filter_map(|subject| if let Subject::Cell(i) = subject { Some(*i) } else { None })
    }
}

/// The pages; none if the report has room for all figures.
pub(super) fn divide(album: &Album<'_>) -> Vec<Part> {
    if album.planned.len() <= ALONE {
        return Vec::new();
    }
    let results = album.results;
    let mut names = Names::default();
    let mut parts = Vec::new();
    let mut add = |title: &str, file: &[&str], blocks: Vec<Vec<Subject>>| {
        let pages = filled(blocks, |subject| match subject {
            Subject::Cell(i) if results.cells[*i].replicas.len() >= sets::LEAST => 2,
            _ => 1,
        });
        for (i, subjects) in pages.iter().enumerate() {
            let place =
                if pages.len() > 1 { format!(" ({} of {})", i + 1, pages.len()) } else { String::new() };
            let title = format!("{title}{place}");
            parts.push(Part { file: names.unique(file), title, subjects: subjects.clone() });
        }
    };
    for ([summary, selection], blocks) in observables(album) {
        let title = format!("{summary}{}", title::selection(selection));
        add(&title, &[summary, selection], blocks);
    }
    let planes = (0..results.planes.len()).map(|i| vec![Subject::Plane(i)]);
    add("What selections cut", &["selections"], planes.collect());
    let diagnostic = |i: usize| {
        (0..results.diagnostics[i].figures.len().max(1)).map(|k| Subject::Diagnostic(i, k)).collect()
    };
    add("Diagnostics", &["diagnostics"], (0..results.diagnostics.len()).map(diagnostic).collect());
    parts
}

/// What belongs to each summary under a selection, in the order of the experiment: its distributions, then question by question
/// the comparison and the cells, which should not be torn apart.
fn observables<'a>(album: &Album<'a>) -> Vec<([&'a str; 2], Vec<Vec<Subject>>)> {
    let results = album.results;
    let mut found: Vec<([&str; 2], Vec<Vec<Subject>>)> = Vec::new();
    let mut places: HashMap<[&str; 2], usize> = HashMap::new();
    let mut place = |found: &mut Vec<([&'a str; 2], Vec<Vec<Subject>>)>, of: [&'a str; 2]| {
        *places.entry(of).or_insert_with(|| {
            found.push((of, Vec::new()));
            found.len() - 1
        })
    };
    for (i, d) in results.distributions.iter().enumerate() {
        let at = place(&mut found, [&d.summary, &d.selection]);
        found[at].1.push(vec![Subject::Distribution(i)]);
    }
    let compared = album.groups.iter().enumerate();
    let compared: HashMap<[&str; 4], usize> =
        compared.map(|(k, group)| (results.cells[group[0]].name.question(), k)).collect();
    let mut questions: HashMap<[&str; 4], [usize; 2]> = HashMap::new();
    for (i, cell) in results.cells.iter().enumerate() {
        let question = cell.name.question();
        let [at, block] = *questions.entry(question).or_insert_with(|| {
            let at = place(&mut found, [question[0], question[1]]);
            let compared = compared.get(&question).map(|k| Subject::Compared(*k));
            found[at].1.push(compared.into_iter().collect());
            [at, found[at].1.len() - 1]
        });
        found[at].1[block].push(Subject::Cell(i));
    }
    found
}

/// Blocks on pages; one that is longer than a page is cut up.
fn filled(blocks: Vec<Vec<Subject>>, figures: impl Fn(&Subject) -> usize) -> Vec<Vec<Subject>> {
    let mut pages: Vec<Vec<Subject>> = Vec::new();
    let mut used = MOST;
    for block in blocks {
        let whole: usize = block.iter().map(&figures).sum();
        let mut torn = used + whole > MOST;
        for subject in block {
            let more = figures(&subject);
            if torn || used + more > MOST {
                pages.push(Vec::new());
                (used, torn) = (0, false);
            }
            used += more;
            if let Some(page) = pages.last_mut() {
                page.push(subject);
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    /// So many generators answer two questions about the same observable, and one about another.
    fn many(generators: usize) -> crate::results::Results {
        let mut results = testing::results();
        let base = results.cells.remove(0);
        results.cells.clear();
        for i in 0..generators {
            for (summary, metric) in [("radius", "a"), ("radius", "b"), ("mass", "a")] {
                let mut cell = base.clone();
                cell.name.generator = format!("g{i}");
                (cell.name.summary, cell.name.metric) = (summary.into(), metric.into());
                results.cells.push(cell);
            }
        }
        results
    }

    #[test]
    fn a_small_run_has_no_pages() {
        assert_eq!(divide(&Album::of(&testing::results())), []);
        assert_eq!(divide(&Album::of(&many(48))), []);
    }

    #[test]
    fn every_figure_stands_on_one_page_with_those_of_its_observable() {
        for generators in [49, 60, 250] {
            let results = many(generators);
            let album = Album::of(&results);
            let parts = divide(&album);
            let mut shown: Vec<Subject> = parts.iter().flat_map(|p| p.subjects.clone()).collect();
            assert_eq!(shown.len(), album.planned.len());
            shown.retain(|subject| album.planned.iter().any(|(planned, _)| planned == subject));
            assert_eq!(shown.len(), album.planned.len());
            let files: std::collections::BTreeSet<_> = parts.iter().map(|p| p.file.to_lowercase()).collect();
            assert_eq!(files.len(), parts.len());
            for part in &parts {
                assert!((1..=MOST).contains(&part.subjects.len()), "{}", part.title);
                for i in part.cells() {
                    assert!(part.title.starts_with(&results.cells[i].name.summary), "{}", part.title);
                }
            }
        }
        // 49 generators: the two questions about the radius fit on a page, with its distribution.
        let parts = divide(&Album::of(&many(49)));
        let titles: Vec<&str> = parts.iter().map(|p| p.title.as_str()).collect();
        assert_eq!(titles, ["radius", "mass", "What selections cut", "Diagnostics"]);
        assert_eq!(parts[0].subjects.len(), 99);
        // 60 do not, and each has a page.
        let parts = divide(&Album::of(&many(60)));
        assert_eq!([&parts[0].title, &parts[1].title], ["radius (1 of 2)", "radius (2 of 2)"]);
        assert_eq!([&parts[0].file, &parts[1].file], ["radius_all", "radius_all_2"]);
        assert!(parts[1].cells().all(|i| many(60).cells[i].name.metric == "b"));
    }
}
