//! Legends and notes, put where they hide nothing.

use super::canvas::{Anchor, Canvas, Rect, Shape, Stroke};
use super::panel::{LEGEND_SIZE, Mark, Panel, Series};
use super::text::Text;

const LINE: f64 = 1.42 * LEGEND_SIZE;
const SAMPLE: f64 = 20.0;
const INSET: f64 = 9.0;

/// A block of text lines, with a sample of a series before each if it is a legend.
pub(super) struct Block<'a> {
    lines: Vec<(Option<&'a Mark>, Text)>,
}

impl<'a> Block<'a> {
    /// The legend of the series that have a label; equal labels appear once.
    pub fn legend(series: &'a [Series]) -> Self {
        let mut lines: Vec<(Option<&Mark>, Text)> = Vec::new();
        for s in series {
            if let Some(label) =
                s.label.as_ref().filter(|label| !lines.iter().any(|(_, known)| known == *label))
            {
                lines.push((Some(&s.mark), label.clone()));
            }
        }
        Block { lines }
    }

    /// Lines of text.
    pub fn note(lines: Vec<Text>) -> Self {
        Block { lines: lines.into_iter().map(|line| (None, line)).collect() }
    }

    fn size(&self) -> (f64, f64) {
        let width = |(mark, text): &(Option<&Mark>, Text)| {
            text.width() * LEGEND_SIZE + if mark.is_some() { SAMPLE + 5.0 } else { 0.0 }
        };
        (self.lines.iter().map(width).fold(0.0, f64::max), LINE * self.lines.len() as f64)
    }

    fn draw(&self, canvas: &mut Canvas, at: &Rect) {
        if self.lines.is_empty() {
            return;
        }
        let (left, right) = (at.left - 3.0, at.right + 3.0);
        canvas.polygon(
            &[(left, at.top), (right, at.top), (right, at.bottom), (left, at.bottom)],
            "#ffffff",
            0.85,
        );
        for (i, (mark, text)) in self.lines.iter().enumerate() {
            let middle = at.top + LINE * (i as f64 + 0.5);
            let mut x = at.left;
            if let Some(mark) = mark {
                sample(canvas, mark, (x, middle));
                x += SAMPLE + 5.0;
            }
            canvas.text((x, middle + 0.36 * LEGEND_SIZE), LEGEND_SIZE, Anchor::Start, "#000000", text);
        }
    }
}

/// Draws a panel with its series and the blocks where they hide nothing; the y axis grows upwards until they fit.
pub(super) fn draw_with_blocks(
    canvas: &mut Canvas,
    panel: &Panel,
    series: &[Series],
    blocks: &[Block<'_>],
) -> Panel {
    let mut best: Option<(usize, Panel, Vec<Rect>)> = None;
    for step in 0..9 {
        let raised = Panel { y: panel.y.raised(0.08 * f64::from(step)), ..panel.clone() };
        let (hidden, places) = arrange(&raised, series, blocks);
        if best.as_ref().is_none_or(|(fewest, ..)| hidden < *fewest) {
            best = Some((hidden, raised, places));
        }
        if hidden == 0 {
            break;
        }
    }
    let (_, panel, places) = best.unwrap_or_else(|| (0, panel.clone(), Vec::new()));
    panel.draw(canvas, series);
    blocks.iter().zip(&places).for_each(|(block, place)| block.draw(canvas, place));
    panel
}

/// A place for each block, and how many points of the curves they hide in sum.
fn arrange(panel: &Panel, series: &[Series], blocks: &[Block<'_>]) -> (usize, Vec<Rect>) {
    // From the top down, so that those beside a column of places keep this order.
    let [obstacles, soft] = panel.obstacles(series).map(|mut points| {
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        points
    });
    let mut places: Vec<Rect> = Vec::new();
    let mut hidden = 0;
    for block in blocks {
        let (width, height) = block.size();
        let room = (panel.area.width() - width - 2.0 * INSET, panel.area.height() - height - 2.0 * INSET);
        const STEPS: usize = 24;
        let mut best: Option<((usize, usize, f64), Rect)> = None;
        for i in 0..=STEPS {
            let u = i as f64 / STEPS as f64;
            let left = panel.area.left + INSET + u * room.0.max(0.0);
            let column = Rect::new(left - 5.0, 0.0, width + 10.0, 0.0);
            let [obstacles, soft] = [&obstacles, &soft].map(|points| heights_within(points, &column));
            for j in 0..=STEPS {
                let v = j as f64 / STEPS as f64;
                let place = Rect::new(left, panel.area.top + INSET + v * room.1.max(0.0), width, height);
                let grown = Rect::new(place.left - 5.0, place.top - 3.0, width + 10.0, height + 6.0);
                let [covered, crossed] = [&obstacles, &soft].map(|heights| count(heights, &grown));
                let taken = places.iter().filter(|other| grown.overlaps(other)).count();
                // Corners before edges before the middle; the top before the bottom, the right before the left.
                let inner = u.min(1.0 - u) + v.min(1.0 - v) + 0.10 * v + 0.05 * (1.0 - u);
                let cost = (covered + 1000 * taken, crossed, inner);
                if best.as_ref().is_none_or(|(lowest, _)| cost < *lowest) {
                    best = Some((cost, place));
                }
            }
        }
        if let Some(((covered, ..), place)) = best {
            hidden += covered;
            places.push(place);
        }
    }
    (hidden, places)
}

/// The heights of the points between the sides of a rectangle, in the order of the points.
fn heights_within(points: &[(f64, f64)], sides: &Rect) -> Vec<f64> {
    points.iter().filter(|(x, _)| *x >= sides.left && *x <= sides.right).map(|(_, y)| *y).collect()
}

/// How many of the heights, from the top down, are between top and bottom of a rectangle.
fn count(heights: &[f64], of: &Rect) -> usize {
    heights.partition_point(|y| *y <= of.bottom) - heights.partition_point(|y| *y < of.top)
}

fn sample(canvas: &mut Canvas, mark: &Mark, (x, y): (f64, f64)) {
    let line = |canvas: &mut Canvas, stroke: &Stroke| canvas.line((x, y), (x + SAMPLE, y), stroke);
    let middle = (x + SAMPLE / 2.0, y);
    match mark {
        Mark::Line(_, stroke) | Mark::Across(_, stroke) | Mark::Upright(_, stroke) => line(canvas, stroke),
        Mark::Points { points, shape, radius, color, joined } => {
            if let Some(stroke) = joined {
                line(canvas, stroke);
            }
            let bar = Stroke::solid(color, 0.9);
            if points.iter().any(|p| p.y_bar.is_some()) {
                canvas.line((middle.0, y - 4.5), (middle.0, y + 4.5), &bar);
            }
            if points.iter().any(|p| p.x_bar.is_some()) && matches!(shape, Shape::Disc | Shape::Diamond) {
                canvas.line((x + 3.0, y), (x + SAMPLE - 3.0, y), &bar);
            }
            canvas.point(middle, *shape, *radius, color);
        }
        Mark::Band(_, fill, opacity) => {
            let corners = [(x, y - 4.0), (x + SAMPLE, y - 4.0), (x + SAMPLE, y + 4.0), (x, y + 4.0)];
            canvas.polygon(&corners, fill, *opacity);
        }
    }
}
