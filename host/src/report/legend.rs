//! Legends and notes, put where they hide nothing.

use super::canvas::{Canvas, Shape};
use super::panel::{LEGEND_SIZE, Mark, Panel, Series};
use super::picture::{Anchor, Rect, Stroke};
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

/// Steps from one side of the frame to the other in which a place for a block is looked for.
const STEPS: usize = 24;

/// A place for each block, and how many points of the curves they hide in sum.
fn arrange(panel: &Panel, series: &[Series], blocks: &[Block<'_>]) -> (usize, Vec<Rect>) {
    let obstacles = panel.obstacles(series);
    let mut places: Vec<Rect> = Vec::new();
    let mut hidden = 0;
    for block in blocks {
        let (width, height) = block.size();
        let room = (panel.area.width() - width - 2.0 * INSET, panel.area.height() - height - 2.0 * INSET);
        let step = |i: usize| i as f64 / STEPS as f64;
        let place = |i: usize, j: usize| {
            let left = panel.area.left + INSET + step(i) * room.0.max(0.0);
            Rect::new(left, panel.area.top + INSET + step(j) * room.1.max(0.0), width, height)
        };
        let grown = |i: usize, j: usize| {
            let place = place(i, j);
            Rect::new(place.left - 5.0, place.top - 3.0, width + 10.0, height + 6.0)
        };
        let [covered, crossed] = obstacles.each_ref().map(|points| inside(points, grown));
        let mut best: Option<((usize, usize, f64), [usize; 2])> = None;
        for i in 0..=STEPS {
            for j in 0..=STEPS {
                let (u, v) = (step(i), step(j));
                let taken = places.iter().filter(|other| grown(i, j).overlaps(other)).count();
                // Corners before edges before the middle; the top before the bottom, the right before the left.
                let inner = u.min(1.0 - u) + v.min(1.0 - v) + 0.10 * v + 0.05 * (1.0 - u);
                let cost = (covered[i][j] + 1000 * taken, crossed[i][j], inner);
                if best.as_ref().is_none_or(|(lowest, _)| cost < *lowest) {
                    best = Some((cost, [i, j]));
                }
            }
        }
        if let Some(((covered, ..), [i, j])) = best {
            hidden += covered;
            places.push(place(i, j));
        }
    }
    (hidden, places)
}

/// How many of the points are in each of the rectangles, whose sides move to the right with the first step and down with the
/// second.
///
/// A point is in those of a block of steps: it is counted at the corners of the block, and the counts are added up.
fn inside(points: &[(f64, f64)], rect: impl Fn(usize, usize) -> Rect) -> [[usize; STEPS + 1]; STEPS + 1] {
    let columns: [Rect; STEPS + 1] = std::array::from_fn(|i| rect(i, 0));
    let rows: [Rect; STEPS + 1] = std::array::from_fn(|j| rect(0, j));
    let mut counts = [[0_i64; STEPS + 2]; STEPS + 2];
    for &(x, y) in points {
        let i = columns.partition_point(|c| c.right < x)..columns.partition_point(|c| c.left <= x);
        let j = rows.partition_point(|r| r.bottom < y)..rows.partition_point(|r| r.top <= y);
        if !i.is_empty() && !j.is_empty() {
            counts[i.start][j.start] += 1;
            counts[i.end][j.start] -= 1;
            counts[i.start][j.end] -= 1;
            counts[i.end][j.end] += 1;
        }
    }
    let mut found = [[0; STEPS + 1]; STEPS + 1];
    let mut above = [0_i64; STEPS + 1];
    for (i, found) in found.iter_mut().enumerate() {
        let mut before = 0;
        for (j, found) in found.iter_mut().enumerate() {
            before += counts[i][j];
            above[j] += before;
            *found = above[j] as usize;
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_counted_in_every_rectangle() {
        let rect = |i: usize, j: usize| Rect::new(3.0 * i as f64, 2.0 * j as f64, 20.0, 11.0);
        let mut points: Vec<(f64, f64)> =
            (0..500).map(|k| ((k * 37 % 113) as f64 - 5.0, (k * 53 % 71) as f64 - 5.0)).collect();
        // On the edges, where they are inside.
        points.extend([(0.0, 0.0), (20.0, 11.0), (92.0, 59.0), (72.0, 48.0)]);
        let found = inside(&points, rect);
        for (i, column) in found.iter().enumerate() {
            for (j, count) in column.iter().enumerate() {
                let expected = points.iter().filter(|p| rect(i, j).contains(**p)).count();
                assert_eq!(*count, expected, "{i}, {j}");
            }
        }
    }
}
