//! The estimates of all training sets beside the true G: what an interval leaves out.

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series};
use super::picture::{Picture, Rect, Stroke};
use super::scale::Scale;
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::results::{Cell, Interval};

/// Fewest training sets that are worth a figure.
pub const LEAST: usize = 5;
const BLUE: &str = "#0072b2";
const PALE: &str = "#9ecae1";
const BLACK: &str = "#000000";
const ORANGE: &str = "#d55e00";

/// The figure of a cell: the picture and its caption; none for few training sets.
pub(super) fn draw(cell: &Cell, id: &str) -> Option<(Picture, String)> {
    let usable = |g: &f64| g.is_finite() && *g > 0.0;
    let mut sets: Vec<_> =
        cell.replicas.iter().filter_map(|r| Some((r.estimate.g.filter(usable)?, &r.estimate))).collect();
    if sets.len() < LEAST {
        return None;
    }
    sets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let overall = cell.overall.as_ref()?;
    let truths = [
        (overall.g_true_posterior_mean, "true $G$, posterior mean", Stroke::solid(ORANGE, 1.3)),
        (overall.g_true_single_member, "true $G$, single member", Stroke::dashed(ORANGE, 1.3, "5 3")),
    ];
    let truths: Vec<_> = truths
        .into_iter()
        .filter_map(|(g, name, stroke)| Some((g?.value.filter(usable)?, name, stroke)))
        .collect();
    let ends = |i: Interval| [i.low, i.high].into_iter().flatten().filter(usable).collect::<Vec<f64>>();
    let heights = sets.iter().flat_map(|(g, e)| [vec![*g], ends(e.interval_68)].concat());
    let y = Scale::log(heights.chain(truths.iter().map(|t| t.0)), 0.1);
    let bars = |interval: fn(&crate::results::Estimate) -> Interval| {
        let bar = |(i, (g, e)): (usize, &(f64, &crate::results::Estimate))| {
            let Interval { low, high } = interval(e);
            let (low, high) = (low.filter(usable).unwrap_or(y.low), high.filter(usable).unwrap_or(y.high));
            Point { at: ((i + 1) as f64, *g), y_bar: Some((low, high)), x_bar: None }
        };
        sets.iter().enumerate().map(bar).collect::<Vec<Point>>()
    };
    let points =
        |points, color, radius| Mark::Points { points, shape: Shape::Disc, radius, color, joined: None };
    let mut series = vec![
        Series::new("95 % interval", points(bars(|e| e.interval_95), PALE, 0.0)),
        Series::new("$G$ with 68 % interval", points(bars(|e| e.interval_68), BLUE, 2.4)),
    ];
    series.extend(truths.into_iter().map(|(g, name, stroke)| Series::new(name, Mark::Across(g, stroke))));
    series.push(Series::unnamed(Mark::Across(1.0, Stroke::dashed(BLACK, 0.6, "1 3"))));
    let panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT + 15.0, WIDTH - 68.0, 190.0),
        x: Scale::linear(0.0, sets.len() as f64 + 1.0),
        y,
        x_title: Some(Text::markup("training set, in the order of its estimate")),
        y_title: Text::markup("amplification $G$"),
    };
    let heading = title::of_cell(&cell.name);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    let caption = format!(
        "The estimates on {} independent training sets with their intervals, which are made from the members of one set \
         alone, and the true G, which is one number for all of them.",
        sets.len()
    );
    Some((canvas.finish(), caption))
}
