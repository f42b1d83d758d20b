//! All figures of a run: what they show and what their files are called, known before one of them is drawn.

use std::collections::BTreeSet;

use super::figure::{Figure, Subject};
use super::{compared, curves, diagnostic, distribution, funnel, plane, sets};
use crate::results::Results;

/// The figures of a run, which are drawn when they are asked for: all of them at once would fill the memory.
pub(super) struct Album<'a> {
    pub results: &'a Results,
    /// Cells that answer the same question, by their places in the results.
    pub groups: Vec<Vec<usize>>,
    /// What each figure shows, with its name.
    pub planned: Vec<(Subject, String)>,
}

impl<'a> Album<'a> {
    /// One for each cell that has a result, for each question that several generators or posteriors answer, for each
    /// distribution, and those that posteriors and fitted summaries give.
    pub fn of(results: &'a Results) -> Self {
        let mut names = Names::default();
        let mut planned = Vec::new();
        let mut add = |subject: Subject, parts: &[&str]| planned.push((subject, names.unique(parts)));
        let cell = |i: usize| {
            let n = &results.cells[i].name;
            [&n.generator, &n.uncertainty, &n.summary, &n.selection, &n.metric, &n.reference]
                .map(String::as_str)
        };
        let cells = 0..results.cells.len();
        cells.clone().for_each(|i| add(Subject::Cell(i), &cell(i)));
        cells.clone().for_each(|i| add(Subject::Sets(i), &[&["sets"], &cell(i)[..]].concat()));
        cells.for_each(|i| add(Subject::Funnel(i), &[&["funnel"], &cell(i)[..]].concat()));
        let groups = compared::groups(results);
        for (i, group) in groups.iter().enumerate() {
            let question = results.cells[group[0]].name.question();
            add(Subject::Compared(i), &[&["compared"], &question[..]].concat());
        }
        for (i, d) in results.distributions.iter().enumerate() {
            let parts = ["distribution", &d.generator, &d.uncertainty, &d.summary, &d.selection];
            add(Subject::Distribution(i), &parts);
        }
        for (i, p) in results.planes.iter().enumerate() {
            add(Subject::Plane(i), &["plane", &p.generator, &p.uncertainty, &p.selection]);
        }
        for (i, d) in results.diagnostics.iter().enumerate() {
            for (k, figure) in d.figures.iter().enumerate() {
                let summary = d.summary.as_deref().unwrap_or("posterior");
                let parts = ["diagnostic", &d.generator, &d.uncertainty, summary, &figure.title];
                add(Subject::Diagnostic(i, k), &parts);
            }
        }
        planned.retain(|(subject, _)| match subject {
            Subject::Cell(i) => !results.cells[*i].replicas.is_empty(),
            Subject::Sets(i) => results.cells[*i].replicas.len() >= sets::LEAST,
            Subject::Funnel(i) => funnel::can_be_drawn(&results.cells[*i]),
            _ => true,
        });
        Album { results, groups, planned }
    }

    /// Draws one of the figures; none if it would show nothing.
    pub fn draw(&self, (subject, name): &(Subject, String)) -> Option<Figure> {
        let results = self.results;
        let (picture, caption) = match *subject {
            Subject::Cell(i) => {
                let cell = &results.cells[i];
                curves::draw(cell, &results.shown(cell), &results.null_laws, name)
            }
            Subject::Sets(i) => sets::draw(&results.cells[i], name),
            Subject::Funnel(i) => funnel::draw(&results.cells[i], name),
            Subject::Compared(i) => {
                let cells: Vec<_> = self.groups[i].iter().map(|i| &results.cells[*i]).collect();
                let shown = results.shown(cells.first()?);
                compared::draw(&cells, &shown, &results.null_laws, name)
            }
            Subject::Distribution(i) => distribution::draw(&results.distributions[i], name),
            Subject::Plane(i) => plane::draw(&results.planes[i], name),
            Subject::Diagnostic(i, k) => {
                let of = &results.diagnostics[i];
                diagnostic::draw(of, &of.figures[k], name)
            }
            // Of no run alone.
            Subject::Across(_) => None,
        }?;
        Some(Figure::new(*subject, name.clone(), picture, caption))
    }
}

/// Names given so far, in lower case: some file systems do not tell `A` from `a`.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The parts joined by `_`, with everything but letters, digits, `.`, `-` of ASCII replaced, and a number if needed.
    pub fn unique(&mut self, parts: &[&str]) -> String {
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

    fn figures(results: &Results) -> Vec<Figure> {
        let album = Album::of(results);
        album.planned.iter().filter_map(|planned| album.draw(planned)).collect()
    }

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
        let beside =
            |f: &&Figure| !matches!(f.subject, Subject::Sets(_) | Subject::Funnel(_) | Subject::Compared(_));
        let of_cells = figures.iter().filter(beside).count();
        assert_eq!(of_cells, results.cells.len() - failed + results.distributions.len() + 2);
        // Estimates of several training sets have a figure of their own.
        let many = results.cells.iter().filter(|c| c.replicas.len() >= 5).count();
        let compared = compared::groups(&results).len();
        let funnels = results.cells.iter().filter(|c| funnel::can_be_drawn(c)).count();
        assert_eq!(figures.len() - of_cells, many + compared + funnels);
        assert!([failed, many, compared, funnels].iter().all(|count| *count > 0));
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
