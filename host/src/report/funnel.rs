//! The value that one fit generates on each training set, against the number of generated events (Matchev et al. 2022, Fig. 7).

use super::canvas::Canvas;
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Series};
use super::picture::{Picture, Rect, Stroke};
use super::scale::Scale;
use super::sets::LEAST;
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::moments::mean;
use crate::results::{Cell, CurvePoint};

const BLUE: &str = "#0072b2";
const RED: &str = "#c4312a";
const BLACK: &str = "#000000";
const GREY: &str = "#7f7f7f";

/// Most training sets that are drawn: more lines hide each other.
const MOST: usize = 100;

/// The values of a training set's fit, where it has some.
fn path(curve: &[CurvePoint]) -> Vec<(f64, f64)> {
    let known = |p: &CurvePoint| Some((p.n_passed, p.one_fit?));
    curve.iter().filter_map(known).filter(|(n, value)| *n > 0.0 && value.is_finite()).collect()
}

/// Whether enough training sets have a fit to all of their events, and the question one quantity whose truth is known.
pub(super) fn can_be_drawn(cell: &Cell) -> bool {
    let known = cell.replicas.iter().filter(|r| r.curve.iter().any(|p| p.one_fit.is_some()));
    known.count() >= LEAST && truth(cell).is_some()
}

/// The true value, the variance of an event's, and the number of training events: means over training sets.
fn truth(cell: &Cell) -> Option<[f64; 3]> {
    let known: Vec<[f64; 3]> = cell
        .replicas
        .iter()
        .filter_map(|r| {
            let deviation = r.deviation.as_ref()?;
            Some([deviation.true_value?, deviation.null_scale, r.n_train()])
        })
        .collect();
    let of = |i: usize| mean(&known.iter().map(|k| k[i]).collect::<Vec<f64>>());
    let found = [of(0), of(1), of(2)];
    (!known.is_empty() && found.iter().all(|x| x.is_finite()) && found[1] > 0.0 && found[2] > 0.0)
        .then_some(found)
}

/// The figure of a cell: the picture and its caption.
pub(super) fn draw(cell: &Cell, id: &str) -> Option<(Picture, String)> {
    let [value, variance, n_train] = truth(cell)?;
    let paths: Vec<Vec<(f64, f64)>> =
        cell.replicas.iter().map(|r| path(&r.curve)).filter(|path| path.len() > 1).take(MOST).collect();
    if paths.len() < LEAST {
        return None;
    }
    let sizes = || paths.iter().flatten().map(|(n, _)| *n);
    let x = Scale::log(sizes().chain([n_train]), 0.04);
    let error = |n: f64| (variance / n).sqrt();
    let of_training = error(n_train);
    // Few generated events scatter far: the frame shows what is of interest, the scatter that stays.
    let reach = paths.iter().filter_map(|path| path.last()).map(|(_, last)| (last - value).abs());
    let half = 1.15 * reach.fold(3.0 * of_training, f64::max);
    let y = Scale::linear(value - half, value + half);
    let ends = [sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max)];
    let steps = (0..=60).map(|k| ends[0] * (ends[1] / ends[0]).powf(f64::from(k) / 60.0));
    let steps: Vec<f64> = steps.collect();
    let mut series = Vec::new();
    for (i, path) in paths.into_iter().enumerate() {
        let mark = Mark::Line(path, Stroke::solid(BLUE, 0.45));
        series.push(if i == 0 { Series::new("one fit a training set", mark) } else { Series::unnamed(mark) });
    }
    let edge = |sign: f64| {
        Mark::Line(steps.iter().map(|n| (*n, value + sign * error(*n))).collect(), Stroke::solid(BLACK, 1.1))
    };
    series.push(Series::new("true events, 68 %", edge(1.0)));
    series.push(Series::unnamed(edge(-1.0)));
    let dashed = |at| Mark::Across(at, Stroke::dashed(RED, 0.9, "4 2"));
    series.push(Series::new("error of the training events", dashed(value + of_training)));
    series.push(Series::unnamed(dashed(value - of_training)));
    series.push(Series::new("truth", Mark::Across(value, Stroke::solid(RED, 1.1))));
    series.push(Series::unnamed(Mark::Upright(n_train, Stroke::solid(GREY, 0.8))));
    let panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT + 15.0, WIDTH - 68.0, 220.0),
        x,
        y,
        x_title: Some(Text::markup("generated events $n$_{gen}")),
        y_title: Text::plain("generated value"),
    };
    let heading = title::of_cell(&cell.name);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    let caption = "What the generated events of one fit to each training set give, the more events are generated. True events come to \
                   the truth (black: their 68 % band); a fit comes to a value of its own, and stays there: its distance from the truth is the \
                   error that no generated event removes. It is smaller than that of the training events themselves (dashed) where G is above 1. \
                   The gray upright line is n_train.";
    Some((canvas.finish(), caption.into()))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn cell() -> Cell {
        let mut cell = testing::integral_cell(5);
        testing::with_one_fit(&mut cell);
        cell
    }

    #[test]
    fn a_line_a_training_set() {
        let cell = cell();
        assert!(can_be_drawn(&cell));
        let (picture, caption) = draw(&cell, "id").unwrap();
        let svg = super::super::svg::svg(&picture);
        assert!(
            svg.contains("one fit a training set") && svg.contains("truth") && caption.contains("n_train")
        );
        assert_eq!(svg.matches("stroke-width=\"0.45\"").count(), 5 + 1, "lines, and one in the legend");
    }

    #[test]
    fn few_sets_or_no_truth_have_none() {
        let mut few = cell();
        few.replicas.truncate(4);
        let mut unknown = cell();
        unknown.replicas.iter_mut().for_each(|r| r.deviation.as_mut().unwrap().true_value = None);
        let plain = testing::integral_cell(5);
        for cell in [few, unknown, plain] {
            assert!(!can_be_drawn(&cell) && draw(&cell, "id").is_none());
        }
    }
}
