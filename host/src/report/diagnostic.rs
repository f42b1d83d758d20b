//! Figures that posteriors and fitted summaries give of themselves, such as a calibration curve.

use amplicast_sdk::{DiagnosticCurve, DiagnosticFigure};

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series};
use super::picture::{Picture, Rect, Stroke};
use super::scale::Scale;
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::results::Diagnosed;

/// Colors and shapes of the curves with errors, in turn.
const LOOKS: [(&str, Shape); 4] = [
    ("#0072b2", Shape::Disc),
    ("#d55e00", Shape::Square),
    ("#009e73", Shape::Triangle),
    ("#7f3f98", Shape::Diamond),
];
/// Of those without: what should be, or a trace.
const LINES: [Stroke; 4] = [
    Stroke::dashed("#7f7f7f", 1.1, "5 3"),
    Stroke::solid("#0072b2", 1.1),
    Stroke::solid("#d55e00", 1.1),
    Stroke::solid("#009e73", 1.1),
];

/// The figure: the picture and its caption; none without points.
pub(super) fn draw(of: &Diagnosed, figure: &DiagnosticFigure, id: &str) -> Option<(Picture, String)> {
    let series = series(&figure.curves);
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (low <= high).then_some((low, high))
    };
    let (left, right) = ends(&mut figure.curves.iter().flat_map(|c| c.x.iter().copied()))?;
    let (bottom, top) = ends(&mut figure.curves.iter().flat_map(heights))?;
    let margin = |low: f64, high: f64| if high > low { 0.04 * (high - low) } else { 0.5 };
    let (dx, dy) = (margin(left, right), margin(bottom, top));
    // What is never negative begins at zero.
    let floor = if bottom >= 0.0 && bottom < 0.3 * top { 0.0 } else { bottom - dy };
    let panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT, WIDTH - 68.0, 205.0),
        x: Scale::linear(left - dx, right + dx),
        y: Scale::linear(floor, top + dy),
        x_title: Some(Text::plain(&*figure.x)),
        y_title: Text::plain(&*figure.y),
    };
    let heading = title::of_diagnostic(of, figure);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    let caption = match of.fits {
        1 => format!("{}, first training set.", figure.title),
        n => format!("{}: the first of {n} fits, first training set.", figure.title),
    };
    Some((canvas.finish(), caption))
}

/// Ends of a curve's error bars; those that reach below zero should not stretch the axis.
fn heights(curve: &DiagnosticCurve) -> impl Iterator<Item = f64> + '_ {
    let error = |i: usize| curve.error.get(i).copied().unwrap_or(0.0);
    curve.y.iter().enumerate().flat_map(move |(i, y)| {
        let low = y - error(i);
        [if *y >= 0.0 { low.max(0.0) } else { low }, y + error(i)]
    })
}

fn series(curves: &[DiagnosticCurve]) -> Vec<Series> {
    let (mut looks, mut lines) = (LOOKS.iter().cycle(), LINES.iter().cycle());
    let mut one = |curve: &DiagnosticCurve| {
        let at = || curve.x.iter().copied().zip(curve.y.iter().copied());
        let mark = if curve.error.is_empty() {
            Mark::Line(at().collect(), *lines.next()?)
        } else {
            let (color, shape) = *looks.next()?;
            let bar = |(at, error): ((f64, f64), &f64)| Point {
                at,
                y_bar: Some((at.1 - error, at.1 + error)),
                x_bar: None,
            };
            let points = at().zip(&curve.error).map(bar).collect();
            Mark::Points { points, shape, radius: 2.2, color, joined: Some(Stroke::solid(color, 0.7)) }
        };
        Some(Series { mark, label: Some(Text::plain(&*curve.name)) })
    };
    curves.iter().filter(|c| c.x.len() == c.y.len()).filter_map(&mut one).collect()
}
