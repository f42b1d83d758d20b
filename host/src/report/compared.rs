//! The same question put to several generators and posteriors, in one frame: Figs 13 to 15.

use std::collections::HashMap;

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Series};
use super::picture::{Picture, Stroke};
use super::scale::Scale;
use super::text::Text;
use super::{curves, title};
use crate::format;
use crate::results::{Cell, CellReplica, NullPoint, Results, Verdict};
use amplicast_sdk::Shown;

/// Colors and shapes, one for each generator and posterior; more of them do not fit into one frame.
pub(super) const LOOKS: [(&str, Shape); 6] = [
    ("#0072b2", Shape::Disc),
    ("#d55e00", Shape::Square),
    ("#009e73", Shape::Triangle),
    ("#cc79a7", Shape::Diamond),
    ("#56b4e9", Shape::Disc),
    ("#e69f00", Shape::Square),
];
const GREY: &str = "#7f7f7f";

/// Cells with results that differ in generator and posterior alone, by their places in the results.
pub(super) fn groups(results: &Results) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<[&str; 4], usize> = HashMap::new();
    for (i, cell) in results.cells.iter().enumerate().filter(|(_, cell)| !cell.replicas.is_empty()) {
        let place = *known.entry(cell.name.question()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    groups.retain(|group| (2..=LOOKS.len()).contains(&group.len()));
    groups
}

/// The figure of such cells: the picture and its caption.
pub(super) fn draw(
    cells: &[&Cell],
    shown: &Shown,
    laws: &[Vec<NullPoint>],
    id: &str,
) -> Option<(Picture, String)> {
    let first = cells.first()?.replicas.first()?;
    let curves = || cells.iter().filter_map(|cell| Some((*cell, cell.replicas.first()?)));
    let sizes = curves().flat_map(|(_, r)| r.curve.iter().map(|p| p.n_passed));
    let x = Scale::log(sizes.chain([first.n_train()]).filter(|n| *n > 0.0), 0.04);
    let mut series = if shown.parts { Vec::new() } else { curves::law(curves::null(first, laws), shown) };
    let (common, names) = names(cells);
    for (((_, replica), look), name) in curves().zip(LOOKS).zip(names) {
        series.extend(if shown.parts { parts(replica, look, shown) } else { Vec::new() });
        series.push(estimate(replica, look, &name, shown));
    }
    series.push(Series::unnamed(Mark::Upright(first.n_train(), Stroke::solid(GREY, 0.8))));
    series.retain(|s| curves::drawable(&s.mark));
    let y = Scale::log(curves::heights(&series, &x), 0.07);
    let panel = curves::frame(cells[0], shown, (x, y));
    let [_, question] = title::of_cell(&cells[0].name);
    let heading = [common, question];
    let mut canvas = Canvas::new(id, &heading.join(": "), title::WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    Some((canvas.finish(), caption(cells, shown)))
}

/// Of an averaging metric: the law through the limit, whose crossing is n_equiv, and the deviation from the truth.
fn parts(replica: &CellReplica, (color, _): (&'static str, Shape), shown: &Shown) -> Vec<Series> {
    let height = |of: fn(&crate::results::CurvePoint) -> Option<f64>| {
        curves::line(&replica.curve, |p| of(p).map(curves::height(shown)))
    };
    let statistical = Mark::Line(height(|p| p.statistical), Stroke::solid(GREY, 0.8));
    let truth = Mark::Line(height(|p| p.truth), Stroke::dashed(color, 1.1, "5 3"));
    vec![Series::new(curves::names_of_parts(shown)[0], statistical), Series::unnamed(truth)]
}

/// What all have in common, for the heading, and what tells each of them from the others.
pub(super) fn names(cells: &[&Cell]) -> (String, Vec<String>) {
    let same = |of: fn(&Cell) -> &str| cells.iter().all(|cell| of(cell) == of(cells[0]));
    let names = |of: &dyn Fn(&Cell) -> String| cells.iter().map(|cell| of(cell)).collect();
    let generator = |cell: &Cell| cell.name.generator.clone();
    let uncertainty = |cell: &Cell| cell.name.uncertainty.clone();
    if same(|cell| &cell.name.uncertainty) {
        (format!("generators × {}", uncertainty(cells[0])), names(&generator))
    } else if same(|cell| &cell.name.generator) {
        (format!("{} × posteriors", generator(cells[0])), names(&uncertainty))
    } else {
        let both = |cell: &Cell| title::generator(&cell.name.generator, &cell.name.uncertainty);
        ("generators and posteriors".into(), names(&both))
    }
}

/// What was found, with G in the legend.
fn estimate(
    replica: &CellReplica,
    (color, shape): (&'static str, Shape),
    name: &str,
    shown: &Shown,
) -> Series {
    let points = curves::spread(replica, shown);
    let g = format::estimate(&replica.estimate).replace("+-", "±");
    let g = match replica.estimate.verdict {
        Verdict::Unresolved => "unresolved".into(),
        _ if g.starts_with(['<', '>']) => format!("$G$ {g}"),
        _ if replica.estimate.g.is_some() => format!("$G$ = {g}"),
        _ => g,
    };
    // Names are the user's own: whatever they hold is no markup.
    let label = Some(Text::plain(format!("{name}: ")).then(Text::markup(&g)));
    let joined = Some(Stroke::solid(color, 0.9));
    Series { mark: Mark::Points { points, shape, radius: 2.4, color, joined }, label }
}

fn caption(cells: &[&Cell], shown: &Shown) -> String {
    let drawn = match (shown.root, shown.parts) {
        (true, true) => "Standard deviations",
        (true, false) => "The root of the mean over members",
        (false, true) => "The metric",
        (false, false) => "Mean and standard deviation over members",
    };
    let beside = match shown.parts {
        true => "; dashed in the same color the deviation from the truth, where it is known.",
        false => ". Black line and gray bands: the law of the metric for true events.",
    };
    let mut caption = format!("{drawn} against the size of the generated sample{beside}");
    caption += " The gray upright line is n_train.";
    if cells.iter().any(|cell| cell.replicas.len() > 1) {
        caption += " Of several training sets the first is shown.";
    }
    caption
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn cell(base: &Cell, generator: &str, uncertainty: &str) -> Cell {
        let mut cell = base.clone();
        (cell.name.generator, cell.name.uncertainty) = (generator.into(), uncertainty.into());
        cell
    }

    #[test]
    fn a_question_that_several_answer_has_a_frame() {
        let mut results = testing::results();
        let (integral, ks) = (testing::integral_cell(1), testing::ks_cell(Verdict::AtLeast));
        let mut failed = cell(&ks, "c", "ensemble");
        failed.replicas.clear();
        results.cells = vec![
            cell(&integral, "a", "ensemble"),
            cell(&ks, "a", "ensemble"),
            cell(&integral, "b", "ensemble"),
            failed,
            cell(&ks, "b", "ensemble"),
        ];
        let found = groups(&results);
        assert_eq!(found, [[0, 2], [1, 4]]);
        for group in found {
            let cells: Vec<&Cell> = group.iter().map(|i| &results.cells[*i]).collect();
            let shown = results.shown(cells[0]);
            let (picture, caption) = draw(&cells, &shown, &results.null_laws, "id").unwrap();
            let svg = super::super::svg::svg(&picture);
            for text in ["generators × ensemble", "a: ", "b: "] {
                assert!(svg.contains(text), "{text} is not in {svg}");
            }
            assert!(caption.contains("n_train"));
        }
        // Alone, or too many for one frame.
        results.cells.truncate(2);
        assert!(groups(&results).is_empty());
        results.cells = (0..7).map(|i| cell(&ks, &i.to_string(), "ensemble")).collect();
        assert!(groups(&results).is_empty());
    }

    #[test]
    fn legends_say_what_differs() {
        let ks = testing::ks_cell(Verdict::Resolved);
        let of = |list: &[(&str, &str)]| {
            let cells: Vec<Cell> = list.iter().map(|(g, u)| cell(&ks, g, u)).collect();
            names(&cells.iter().collect::<Vec<_>>())
        };
        assert_eq!(of(&[("a", "x"), ("a", "y")]), ("a × posteriors".into(), vec!["x".into(), "y".into()]));
        assert_eq!(of(&[("a", "x"), ("b", "y")]).1, ["a × x", "b × y"]);
    }
}
