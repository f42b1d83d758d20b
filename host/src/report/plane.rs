//! Which generated events a selection cuts, in the plane of two summaries (Fig. 10, lower right).

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series};
use super::picture::{Picture, Rect};
use super::scale::Scale;
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::results::Plane;

/// The figure: the picture and its caption; none without events.
pub(super) fn draw(plane: &Plane, id: &str) -> Option<(Picture, String)> {
    let events = || plane.passed.iter().chain(&plane.cut);
    events().next()?;
    let scale = |k: usize| {
        let ends = events().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), e| (a.min(e[k]), b.max(e[k])));
        let margin = if ends.1 > ends.0 { 0.04 * (ends.1 - ends.0) } else { 0.5 };
        Scale::linear(ends.0 - margin, ends.1 + margin)
    };
    let panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT, WIDTH - 68.0, WIDTH - 68.0),
        x: scale(0),
        y: scale(1),
        x_title: Some(Text::plain(&*plane.axes[0])),
        y_title: Text::plain(&*plane.axes[1]),
    };
    let dots = |events: &[[f64; 2]], color| Mark::Points {
        points: events.iter().map(|e| Point { at: (e[0], e[1]), ..Point::default() }).collect(),
        shape: Shape::Disc,
        radius: 0.9,
        color,
        joined: None,
    };
    let series = [
        Series::new("passes", dots(&plane.passed, "#0072b2")),
        Series::new("cut", dots(&plane.cut, "#c4312a")),
    ];
    let heading = title::of_plane(plane);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    let all = plane.passed.len() + plane.cut.len();
    let caption = format!(
        "{all} generated events of the first member on the first training set; {} of them are cut.",
        plane.cut.len()
    );
    Some((canvas.finish(), caption))
}
